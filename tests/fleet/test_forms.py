"""The stored forms of a fleet run."""

import pytest

from audit.errors import ChainError
from audit.fleet.forms import FleetPlan, Receipt, sorted_targets
from tests.fleet.builders import AS_OF, a_plan, a_receipt, a_target


def test_what_is_written_is_read_again_and_written_the_same() -> None:
    plan, receipt = a_plan(a_target(unit=("root", "finance"), tags={"owner": "ann"})), a_receipt(a_target())

    assert FleetPlan.load(plan.dump(), "plan.json") == plan
    assert FleetPlan.load(plan.dump(), "plan.json").dump() == plan.dump()
    assert Receipt.load(receipt.dump(), "a receipt") == receipt


def test_times_are_written_as_in_all_reports() -> None:
    assert b'"as_of":"2026-11-23T04:00:00Z"' in a_plan().dump()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ((b'"fleet":"all"', b'"fleet":"All of them"'), "fleet"),
        ((b'"schema_version":1', b'"schema_version":2'), "schema_version"),
        ((b'"account":"account-1"', b'"account":"../../etc"'), "targets.0.account"),
        ((b'"left_out"', b'"leftout"'), "leftout"),
        ((b"2026-11-23T04:00:00Z", b"2026-11-23T04:00:00"), "as_of"),
        ((b"{", b"["), ""),
    ],
)
def test_another_form_is_refused_with_its_place(change: tuple[bytes, bytes], where: str) -> None:
    data = a_plan(a_target()).dump().replace(*change)

    with pytest.raises(ChainError, match=f"^plan.json has no known form: {where}"):
        FleetPlan.load(data, "plan.json")


def test_a_run_lies_below_the_scope_of_its_fleet_and_its_day() -> None:
    plan = a_plan()

    assert plan.scope == "fleet-all"
    assert plan.prefix == f"fleet-all/2026/11/23/{plan.run}"
    assert plan.as_of == AS_OF


def test_targets_are_sorted_by_what_sets_them_apart() -> None:
    first, second, third = a_target(1, region="a-1"), a_target(1, region="b-1"), a_target(2)

    assert sorted_targets([third, second, first]) == (first, second, third)
