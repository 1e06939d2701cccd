from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.simulator import Estate, build_estate
from tests.pretend import AS_OF

DAY = timedelta(days=1)


def an_estate(scenario: str, **changes: Any) -> Estate:
    return build_estate(scenario, **{"resources": 26, "days": 5, "as_of": AS_OF, **changes})


def deeds(estate: Estate) -> Counter[tuple[str, str]]:
    return Counter((row["trace_name"], row["user"]["name"] if row["user"] else "the cloud") for row in estate.traces)


def test_in_a_healthy_project_the_cloud_alone_deletes_and_only_what_expired() -> None:
    assert set(deeds(an_estate("healthy", days=95))) == {("deleteBackup", "the cloud")}


def test_what_people_took_away_names_them_and_what_it_was() -> None:
    estate = an_estate("mixed")
    people = [row for row in estate.traces if row["user"] and row["trace_rating"] == "normal"]
    found = {row["trace_name"]: row for row in people if row["user"]["name"] in {"operator", "mallory"}}
    tasks = {row["operation_type"]: row for row in estate.tasks if row["operation_type"] == "remove_resource"}

    assert {name: row["user"]["name"] for name, row in found.items()} == {
        **dict.fromkeys(("deleteBackup", "deleteVault", "removeResources"), "operator"),
        **dict.fromkeys(("deletePolicy", "deleteTracker"), "mallory"),
    }
    assert deeds(estate)["deleteVault", "mallory"] == 1  # which failed
    assert found["removeResources"]["resource_id"] == tasks["remove_resource"]["vault_id"]


def test_what_else_people_did_names_one_of_them_or_nobody() -> None:
    estate = an_estate("failing")
    told = {each.trace: each.actor for each in estate.culprits if each.trace}
    rows = {row["trace_id"]: row for row in estate.traces}

    assert {rows[trace]["user"] is None for trace, actor in told.items() if not actor} == {True}
    assert {rows[trace]["trace_rating"] for trace in told} == {"normal"}
    assert {"sts::account-1:assumed-agency:ops-automation/nightly", "SIMULATEDKEYOFDEPLOY"} <= {*told.values()}


@pytest.mark.parametrize("seed", [1, 2])
def test_in_a_drifting_project_traces_are_written_in_odd_ways(seed: int) -> None:
    rows = an_estate("drifting", seed=seed, days=95).traces

    assert {type(row["code"]) for row in rows} == {int, str}
    assert {type(row["user"]) for row in rows} == {dict, str, type(None)}
    assert {type(row["request"]) for row in rows} == {dict, str}
    assert {"500", "200"} <= {row["code"] for row in rows if row["trace_rating"] == "normal"}
    assert {"resource_id" in row for row in rows} == {True, False}
    assert {row["record_time"] > row["time"] for row in rows} == {True, False}
    assert {row["trace_name"][:1].isupper() for row in rows} == {True, False}
    assert max(Counter(row["trace_id"] for row in rows).values()) == 2


@pytest.mark.parametrize("scenario", ["mixed", "failing"])
def test_what_is_nearly_as_old_as_traces_are_shown_has_none(scenario: str) -> None:
    estate = an_estate(scenario, days=30)
    times = [datetime.fromtimestamp(row["time"] / 1000, UTC) for row in estate.traces]

    assert AS_OF - 6 * DAY - timedelta(minutes=2) < min(times) <= max(times) <= AS_OF - timedelta(minutes=5)
    assert {bool(each.trace) for each in estate.culprits} == {True, False}


def test_an_estate_without_vaults_has_no_traces() -> None:
    assert an_estate("healthy", resources=0).traces == []
