"""Estates some rows of which nobody can use: what they hide is unknown, as their builder says, and nothing else is."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from audit.app.run import Done
from audit.judging.findings import Outcome
from audit.simulator import Estate, Simulator, build_estate
from tests.pretend import AS_OF, audit

Pair = tuple[str, str, str]


def pairs(done: Done, outcome: Outcome) -> set[Pair]:
    return {
        (finding.control, finding.kind, finding.id)
        for finding in done.report.findings
        if finding.outcome is outcome and not finding.control.startswith("CBR-9")
    }


def stated(estate: Estate, part: str) -> set[Pair]:
    return {(each["control"], each["subject"]["kind"], each["subject"]["id"]) for each in estate.truth()[part]}


@pytest.mark.parametrize("seed", range(1, 4))
def test_what_an_auditor_must_not_know_is_unknown_and_nothing_else_is(seed: int, tmp_path: Path) -> None:
    as_of = AS_OF - seed * timedelta(hours=7)
    size = {"resources": (2, 5, 9, 14)[seed % 4], "days": (6, 20, 40)[seed % 3]}
    estate = build_estate("unusable", seed=seed, as_of=as_of, **size)
    simulator, plain = Simulator(estate), Simulator(_plain(estate))
    done, without = audit(simulator, tmp_path / "odd", as_of=as_of), audit(plain, tmp_path / "plain", as_of=as_of)

    assert estate.spoilt
    assert pairs(done, Outcome.FAIL) == pairs(without, Outcome.FAIL) == stated(estate, "expected")
    unknown, before = pairs(done, Outcome.UNKNOWN), pairs(without, Outcome.UNKNOWN)
    assert unknown >= stated(estate, "unknown")
    touched = {(kind, subject) for _, kind, subject in stated(estate, "unknown")}
    newly = {(kind, subject) for _, kind, subject in unknown - before if kind in {"resource", "vault"}}
    assert newly <= touched
    assert done.report.conclusion == estate.truth()["conclusion"]
    assert len(done.report.collection.rejected) == len(estate.spoilt) + 1


def test_an_estate_without_resources_has_nothing_that_could_be_hidden() -> None:
    estate = build_estate("unusable", resources=0, as_of=AS_OF)

    assert (estate.spoilt, estate.delivered, "unknown" in estate.truth()) == (frozenset(), estate, False)


def _plain(estate: Estate) -> Estate:
    """The same estate as it is where every row can be used."""
    tasks = [row for row in estate.tasks if row["operation_type"] != "backup" or row["extra_info"].get("resource")]
    return replace(estate, spoilt=frozenset(), tasks=tasks)
