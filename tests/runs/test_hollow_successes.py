"""Whole audits over a socket of tasks that say success and made nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.simulator import Estate, Simulator, build_estate
from tests.pretend import AS_OF, audit, whole_report

Row = dict[str, Any]
DAYS = timedelta(days=4)


def an_estate() -> Estate:
    """One resource whose policy runs every day or more often."""
    return build_estate("healthy", seed=1, resources=1, days=20, as_of=AS_OF)


def claims(estate: Estate, *, recent: bool) -> list[Row]:
    """The tasks that say that they made a backup, newest first: those of the last days, or those before."""
    made = [row for row in estate.tasks if row["operation_type"] == "backup" and row["status"] == "success"]
    since = AS_OF.replace(tzinfo=None) - DAYS
    return [row for row in made if (datetime.fromisoformat(row["created_at"]) > since) == recent]


def name(task: Row) -> str:
    found: str = task["extra_info"]["backup"]["backup_id"]
    return found


def lose(estate: Estate, tasks: list[Row]) -> None:
    gone = {name(task) for task in tasks}
    estate.backups[:] = [row for row in estate.backups if row["id"] not in gone]


def names_an_old_one(estate: Estate, tasks: list[Row]) -> None:
    old = name(claims(estate, recent=False)[0])
    for task in tasks:
        task["extra_info"]["backup"]["backup_id"] = old


def names_none(_estate: Estate, tasks: list[Row]) -> None:
    for task in tasks:
        del task["extra_info"]["backup"]["backup_id"]


def names_what_is_not_there(_estate: Estate, _tasks: list[Row]) -> None:
    """What it names was lost already."""


def outcomes(simulator: Simulator, folder: Path) -> tuple[dict[str, str], Any]:
    done = audit(simulator, folder)
    report = whole_report(folder / done.prefix)
    of_resources = (found for found in report["findings"] if found["subject"]["kind"] == "resource")
    return {found["control"]: found["outcome"] for found in of_resources}, report


@pytest.mark.parametrize("spoil", [names_an_old_one, names_none, names_what_is_not_there])
def test_days_of_hollow_successes_are_one_problem(spoil: Callable[[Estate, list[Row]], None], tmp_path: Path) -> None:
    estate = an_estate()
    tasks = claims(estate, recent=True)
    lose(estate, tasks)
    spoil(estate, tasks)

    found, report = outcomes(Simulator(estate), tmp_path)

    assert {found[control] for control in ("CBR-101", "CBR-401", "CBR-404")} == {"fail"}
    (problem,) = report["problems"]
    assert problem["control"] == "CBR-101"
    assert {"CBR-401", "CBR-404"} <= set(problem["also"])
    (line,) = report["resources"]
    newest = max(row["created_at"] for row in estate.backups if row["image_type"] == "backup")
    assert line["newest_point"] == f"{newest[:19]}Z"
    assert line["newest_point"] < report["findings"][0]["facts"]["last_claim"]


def test_without_the_list_of_backups_a_success_is_unknown(tmp_path: Path) -> None:
    found, report = outcomes(Simulator(an_estate(), denied=["cbr:backups:list"]), tmp_path)

    assert {found[control] for control in ("CBR-101", "CBR-401", "CBR-404")} == {"unknown"}
    assert (found["CBR-102"], report["conclusion"]) == ("pass", "incomplete")
    (line,) = report["resources"]
    assert (line["newest_point"], line["points"]) == (None, None)


def test_without_the_list_of_backups_the_log_still_shows_a_failure(tmp_path: Path) -> None:
    estate = an_estate()
    for task in claims(estate, recent=True):
        task["status"] = "failed"

    found, _report = outcomes(Simulator(estate, denied=["cbr:backups:list"]), tmp_path)

    assert (found["CBR-101"], found["CBR-105"]) == ("fail", "fail")


def test_a_vault_that_counts_none_contradicts_the_list(tmp_path: Path) -> None:
    estate = an_estate()
    for vault in estate.vaults:
        for held in vault["resources"]:
            held["backup_count"] = 0

    found, report = outcomes(Simulator(estate), tmp_path)

    assert (found["CBR-101"], found["CBR-404"]) == ("pass", "unknown")
    assert report["conclusion"] == "incomplete"


def test_backups_that_shrink_from_one_day_to_the_next_are_found(tmp_path: Path) -> None:
    profile = "limits: {min_backup_size_percent: 50}"
    estate = an_estate()
    outcome = []
    for day in range(5):
        held = [held for vault in estate.vaults for held in vault["resources"]]
        for each in held:
            each["backup_size"] = 900 if day == 4 else 2000
        done = audit(Simulator(estate), tmp_path, as_of=AS_OF + timedelta(days=day), CBR_AUDIT_PROFILE=profile)
        report = whole_report(tmp_path / done.prefix)
        outcome += [found["outcome"] for found in report["findings"] if found["control"] == "CBR-406"]

    assert outcome == ["unknown", "unknown", "unknown", "pass", "fail"]
    assert report["resources"][0]["taken_mb"] == [2000, 2000, 2000, 2000, 900]
