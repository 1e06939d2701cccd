from typing import Any

import pytest

from audit.simulator import Simulator, build_estate
from tests.simulator.asking import AS_OF, a_simulator, ask, found

Row = dict[str, Any]


def rows_of(simulator: Simulator, query: str = "") -> list[Row]:
    rows: list[Row] = found(simulator, f"storage_usage{query}")["storage_usage"]
    return rows


def held(simulator: Simulator) -> dict[str, int]:
    vaults = found(simulator, "vaults")["vaults"]
    kept = [vault for vault in vaults if vault["billing"]["protect_type"] != "replication"]
    return {each["id"]: each["backup_count"] for vault in kept for each in vault["resources"]}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_a_healthy_project_the_service_counts_what_vaults_count(seed: int) -> None:
    healthy = a_simulator("healthy", resources=20, seed=seed)

    assert {row["resource_id"]: row["backup_count"] for row in rows_of(healthy)} == held(healthy)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_elsewhere_it_counts_nothing_of_one_resource(seed: int) -> None:
    mixed = a_simulator("mixed", resources=20, seed=seed)
    counted = held(mixed)
    wrong = [row for row in rows_of(mixed) if row["backup_count"] != counted[row["resource_id"]]]
    expected = build_estate("mixed", resources=20, seed=seed, days=10, as_of=AS_OF).truth("strict")["expected"]

    assert [row["backup_count"] for row in wrong] == [0]
    planted = [entry["subject"]["id"] for entry in expected if entry["control"] == "CBR-408"]
    assert planted == [row["resource_id"] for row in wrong]


def test_usage_can_be_chosen_and_comes_in_pages_with_a_count_of_its_own() -> None:
    healthy = a_simulator("healthy", resources=9)
    first, *others = rows_of(healthy)

    assert found(healthy, "storage_usage?limit=1") == {"storage_usage": [first], "resource_count": 9}
    assert rows_of(healthy, "?offset=1") == others
    assert rows_of(healthy, f"?resource_id={first['resource_id']}") == [first]
    assert rows_of(healthy, "?resource_type=odd") == []
    assert ask(healthy, "storage_usage?colour=blue").status == 400


def test_who_may_not_see_vaults_is_refused() -> None:
    assert ask(a_simulator(resources=1, denied=["cbr:vaults:get"]), "storage_usage").status == 403
