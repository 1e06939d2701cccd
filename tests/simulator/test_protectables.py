import json
from typing import Any

import pytest

from audit.simulator import Simulator
from audit.simulator.protectables import INNER_ADDRESS, KINDS, OUTER_ADDRESS, PASSWORD, USER_DATA
from tests.simulator.asking import a_simulator, ask, body_of, found

Row = dict[str, Any]


@pytest.fixture(scope="module")
def mixed() -> Simulator:
    return a_simulator(resources=120, days=3)


def everything(simulator: Simulator) -> list[Row]:
    paths = [f"protectables/{kind}/instances?offset={offset}" for kind in KINDS for offset in range(0, 200, 50)]
    return [row for path in paths for row in found(simulator, path)["instances"]]


def test_every_resource_of_a_vault_is_listed_with_its_vault(mixed: Simulator) -> None:
    vaults = {vault["id"]: vault for vault in found(mixed, "vaults")["vaults"]}
    servers = [vault for vault in vaults.values() if vault["billing"]["object_type"] == "server"]
    page = found(mixed, "protectables/server/instances?limit=50&offset=0")
    second = found(mixed, "protectables/server/instances?limit=50&offset=50")
    rows = page["instances"] + second["instances"]

    assert set(page) == {"instances", "count"}
    assert len(page["instances"]) == 50
    assert page["count"] == len(rows) > sum(len(vault["resources"]) for vault in servers)
    for row in rows:
        vault = row["protectable"]["vault"]
        assert vault is None or vault == vaults[vault["id"]]
        assert vault is None or row["id"] in {resource["id"] for resource in vault["resources"]}


def test_some_resources_are_in_no_vault_and_some_cannot_be(mixed: Simulator) -> None:
    loose = [row for row in everything(mixed) if row["protectable"]["vault"] is None]

    assert {row["protectable"]["result"] for row in loose} == {True, False}
    (refused,) = [row for row in loose if not row["protectable"]["result"]]
    assert refused["protectable"]["code"] == "BackupService.7101"
    assert refused["status"] == "ERROR"


def test_a_healthy_project_protects_whatever_can_be_protected() -> None:
    rows = everything(a_simulator("healthy", resources=20, days=3))

    assert all(row["protectable"]["vault"] for row in rows if row["protectable"]["result"])


@pytest.mark.parametrize("secret", [PASSWORD, USER_DATA, INNER_ADDRESS, OUTER_ADDRESS])
def test_answers_hold_what_must_never_be_stored(mixed: Simulator, secret: str) -> None:
    assert secret in json.dumps(found(mixed, "protectables/server/instances"))


def test_children_say_nothing_about_protection(mixed: Simulator) -> None:
    page = found(mixed, "protectables/server/instances")
    children = [child for row in page["instances"] for child in row["children"]]

    assert children
    assert all("protectable" not in child for child in children)


def test_instances_can_be_chosen(mixed: Simulator) -> None:
    rows = found(mixed, "protectables/disk/instances")["instances"]
    first, second = rows[:2]

    for query in (f"id={first['id']}", f"name={first['name']}&status=available", f"server_id={first['id']}"):
        assert found(mixed, f"protectables/disk/instances?{query}") == {"instances": [first], "count": 1}
    assert found(mixed, f"protectables/disk/instances?marker={first['id']}&limit=1")["instances"] == [second]


@pytest.mark.parametrize("path", ["server/instances?limit=51", "server/instances?sort=name", "vmware/instances"])
def test_what_the_documents_do_not_allow_is_refused(mixed: Simulator, path: str) -> None:
    assert (ask(mixed, f"protectables/{path}").status, body_of(ask(mixed, f"protectables/{path}"))["error_code"]) == (
        400,
        "BackupService.9900",
    )
