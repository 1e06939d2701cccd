from collections.abc import Callable
from typing import Any

import pytest

from audit.simulator import ACTIONS, Simulator
from tests.simulator.asking import a_simulator, ask, body_of, found

Row = dict[str, Any]


@pytest.fixture(scope="module")
def mixed() -> Simulator:
    return a_simulator(resources=40, days=6)


def points(simulator: Simulator, query: str = "") -> list[Row]:
    rows: list[Row] = found(simulator, f"backups?{query}")["backups"]
    return rows


def test_a_walk_over_all_pages_sees_every_backup_once(mixed: Simulator) -> None:
    count = found(mixed, "backups?limit=1")["count"]
    seen: list[str] = []
    while len(seen) < count:
        page = found(mixed, f"backups?limit=70&offset={len(seen)}")
        assert (page["limit"], page["offset"], page["count"]) == (70, len(seen), count)
        seen += [row["id"] for row in page["backups"]]

    assert len(set(seen)) == count > 300
    assert found(mixed, f"backups?offset={count}")["backups"] == []


def test_a_marker_begins_after_the_backup_that_it_names(mixed: Simulator) -> None:
    first, second, third = points(mixed, "limit=3")

    assert points(mixed, f"limit=2&marker={first['id']}") == [second, third]
    assert points(mixed, "marker=unknown") == []


def test_copies_are_shown_only_to_those_who_ask(mixed: Simulator) -> None:
    assert not any(row["replication_records"] for row in points(mixed))
    assert not any(row["replication_records"] for row in points(mixed, "show_replication=false"))
    assert any(row["replication_records"] for row in points(mixed, "show_replication=True"))


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("status=protecting", lambda row: row["status"] == "protecting"),
        ("image_type=replication", lambda row: row["image_type"] == "replication"),
        ("resource_type=OS::Cinder::Volume", lambda row: row["resource_type"] == "OS::Cinder::Volume"),
        ("incremental=false", lambda row: row["incremental"] is False),
        ("start_time=2026-03-16T00:00:00Z", lambda row: row["created_at"] >= "2026-03-16"),
        (
            "start_time=2026-03-16T00:00:00Z&end_time=2026-03-17T00:00:00Z",
            lambda row: "2026-03-16" <= row["created_at"] < "2026-03-17",
        ),
    ],
)
def test_a_filter_keeps_the_backups_that_fit(mixed: Simulator, query: str, fits: Callable[[Row], bool]) -> None:
    chosen = points(mixed, query)

    assert chosen == [row for row in points(mixed) if fits(row)]
    assert 0 < len(chosen) < found(mixed, "backups")["count"]


@pytest.mark.parametrize(
    "name", ["checkpoint_id", "name", "resource_az", "resource_id", "resource_name", "vault_id", "status"]
)
def test_a_filter_compares_for_equality(mixed: Simulator, name: str) -> None:
    value = points(mixed, "limit=1")[0][name]

    assert {row[name] for row in points(mixed, f"{name}={value}")} == {value}


def test_what_nobody_shares_is_not_found(mixed: Simulator) -> None:
    everything = found(mixed, "backups")["count"]

    assert found(mixed, "backups?own_type=shared")["count"] == 0
    assert found(mixed, "backups?member_status=accepted")["count"] == 0
    assert found(mixed, "backups?dec=true")["count"] == 0
    assert found(mixed, "backups?own_type=all_granted&dec=false")["count"] == everything
    assert found(mixed, "backups?enterprise_project_id=all_granted_eps")["count"] == everything
    assert found(mixed, "backups?enterprise_project_id=unknown")["count"] == 0


def test_backups_of_full_vaults_can_be_asked_for(mixed: Simulator) -> None:
    full = {
        vault["id"]
        for vault in found(mixed, "vaults")["vaults"]
        if vault["billing"]["used"] * 100 >= 90 * vault["billing"]["size"] * 1024
    }

    assert full
    assert {row["vault_id"] for row in points(mixed, "used_percent=90")} == full


def test_backups_of_disks_are_found_by_their_parent_and_by_id(mixed: Simulator) -> None:
    parent = next(row for row in points(mixed) if row["children"])
    child = parent["children"][0]

    assert points(mixed, f"parent_id={parent['id']}") == parent["children"]
    assert found(mixed, f"backups/{child['id']}") == {"backup": child}
    assert found(mixed, f"backups/{parent['id']}")["backup"]["id"] == parent["id"]


def test_backups_can_be_sorted_by_several_keys(mixed: Simulator) -> None:
    by_name = points(mixed, "sort=resource_name,created_at:desc")

    assert by_name == sorted(points(mixed), key=lambda row: row["resource_name"])
    assert points(mixed, "sort=created_at:asc") == sorted(points(mixed), key=lambda row: row["created_at"])


@pytest.mark.parametrize(
    "query", ["sort=vault_id", "sort=name:up", "show_replication=1", "image_type=copy", "used_percent=0", "limit=1001"]
)
def test_a_bad_parameter_is_refused(mixed: Simulator, query: str) -> None:
    response = ask(mixed, f"backups?{query}")

    assert (response.status, body_of(response)["error_code"]) == (400, "BackupService.9900")


def test_an_unknown_backup_is_not_found(mixed: Simulator) -> None:
    response = ask(mixed, "backups/unknown")

    assert (response.status, body_of(response)["error_code"]) == (404, "BackupService.6200")


def test_hidden_backups_count_but_are_not_delivered() -> None:
    simulator = a_simulator("gapped", resources=9)
    page = found(simulator, "backups")
    first = found(simulator, "backups?limit=1000")["backups"][0]

    assert page["count"] - len(page["backups"]) >= 3
    assert ask(simulator, f"backups/{first['id']}").status == 200


PATHS = {
    "cbr:tasks:list": "operation-logs",
    "cbr:tasks:get": "operation-logs/1",
    "cbr:policies:list": "policies",
    "cbr:policies:get": "policies/1",
    "cbr:vaults:list": "vaults",
    "cbr:vaults:get": "vaults/1",
    "cbr:backups:list": "backups",
    "cbr:backups:get": "backups/1",
    "cbr:vaults:listProtectables": "protectables/server/instances",
    "cbr:agents:list": "agents",
    "cbr:member:list": "backups/1/members",
    "cbr:organizationPolicies:list": "organization-policies?operation_type=backup",
}


@pytest.mark.parametrize("action", PATHS)
def test_what_the_user_may_not_do_is_forbidden_and_the_rest_goes_on(action: str) -> None:
    simulator = a_simulator(resources=1, days=2, denied={action})
    refused = ask(simulator, PATHS[action])
    others = [ask(simulator, path) for name, path in PATHS.items() if name != action]

    assert refused.status == 403
    assert body_of(refused)["error_msg"] == f"Policy doesn't allow {action} to be performed."
    assert {other.status for other in others} == {200, 404}


def test_every_list_of_the_service_can_be_denied() -> None:
    assert PATHS.keys() == {action for action in ACTIONS if action.startswith("cbr:")}


def test_without_credentials_nobody_learns_what_is_forbidden() -> None:
    simulator = a_simulator(resources=1, days=2, denied={"cbr:backups:list"})

    assert ask(simulator, "backups", X_Auth_Token="guessed").status == 401
