from typing import Any

import pytest

from audit.simulator import Simulator
from tests.simulator.asking import a_simulator, ask, found

Row = dict[str, Any]


def shares(simulator: Simulator) -> list[Row]:
    backups = found(simulator, "backups")["backups"]
    return [row for backup in backups for row in found(simulator, f"backups/{backup['id']}/members")["members"]]


def test_in_a_healthy_project_the_only_share_was_rejected() -> None:
    assert [share["status"] for share in shares(a_simulator("healthy"))] == ["rejected"]


@pytest.mark.parametrize("scenario", ["mixed", "failing"])
def test_elsewhere_two_backups_are_shared_with_strangers(scenario: str) -> None:
    found_shares = shares(a_simulator(scenario, resources=40))

    assert sorted(share["status"] for share in found_shares) == ["accepted", "pending", "rejected"]
    assert len({share["backup_id"] for share in found_shares}) == 3


def test_members_can_be_chosen_and_come_in_pages() -> None:
    simulator = a_simulator("healthy")
    (share,) = shares(simulator)
    path = f"backups/{share['backup_id']}/members"

    assert found(simulator, f"{path}?status=rejected") == {"members": [share], "count": 1}
    assert found(simulator, f"{path}?status=pending") == {"members": [], "count": 0}
    assert found(simulator, f"{path}?limit=1&offset=1") == {"members": [], "count": 1}


@pytest.mark.parametrize(("query", "status"), [("none/members", 404), ("none/members/1", 404)])
def test_a_backup_that_is_not_there_has_no_members(query: str, status: int) -> None:
    assert ask(a_simulator(), f"backups/{query}").status == status
