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
    found = {row["trace_name"]: row for row in estate.traces if row["user"] and row["trace_rating"] == "normal"}
    tasks = {row["operation_type"]: row for row in estate.tasks if row["operation_type"] == "remove_resource"}

    assert {name: row["user"]["name"] for name, row in found.items()} == {
        **dict.fromkeys(("deleteBackup", "deleteVault", "removeResources"), "operator"),
        **dict.fromkeys(("deletePolicy", "deleteTracker"), "mallory"),
    }
    assert deeds(estate)["deleteVault", "mallory"] == 1  # which failed
    assert found["removeResources"]["resource_id"] == tasks["remove_resource"]["vault_id"]


@pytest.mark.parametrize("scenario", ["mixed", "failing"])
def test_what_is_nearly_as_old_as_traces_are_shown_has_none(scenario: str) -> None:
    times = [datetime.fromtimestamp(row["time"] / 1000, UTC) for row in an_estate(scenario, days=30).traces]

    assert AS_OF - 6 * DAY - timedelta(minutes=1) < min(times) <= max(times) < AS_OF - timedelta(hours=2)


def test_an_estate_without_vaults_has_no_traces() -> None:
    assert an_estate("healthy", resources=0).traces == []
