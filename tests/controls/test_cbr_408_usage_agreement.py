from datetime import timedelta
from typing import Any

import pytest

from audit.collection import Kind
from audit.controls.cbr_408_usage_agreement import CONTROL, judge
from audit.judging.control_catalogue import OPT_IN
from audit.judging.findings import Outcome, Severity, Verdict
from audit.records import Backup, Usage
from tests.builders import DAY, HOUR, TICK, a_point, a_protected, a_resource, a_vault, facts_of, limits

THREE = (a_point(3 * DAY), a_point(2 * DAY), a_point(DAY + HOUR))


def judged(
    count: int | None, counted: int | None, *points: Backup, vault: dict[str, Any] | None = None, **changes: Any
) -> Verdict:
    kept = a_vault(resources=(a_protected(backup_count=counted),), **{"is_multi_az": False, **(vault or {})})
    values: dict[str, Any] = {
        "usages": (Usage(backup_count=count),),
        "vaults": (kept,),
        "recovery_points": points,
        **changes,
    }
    return judge(a_resource(**values), limits())


def test_three_equal_numbers_pass_and_are_named() -> None:
    verdict = judged(3, 3, *THREE)

    assert verdict.outcome is Outcome.PASS
    assert facts_of(verdict) == {"usage_counts": 3, "vaults_count": 3, "listed": 3}


def test_three_times_none_is_agreement_too() -> None:
    assert judged(0, 0).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("age", "outcome"),
    [(HOUR, Outcome.PASS), (DAY, Outcome.PASS), (DAY + TICK, Outcome.UNKNOWN)],
)
def test_what_was_made_within_a_day_need_not_be_counted(age: timedelta, outcome: Outcome) -> None:
    assert judged(3, 3, *THREE, a_point(age, id="new")).outcome is outcome
    assert judged(4, 4, *THREE, a_point(age, id="new")).outcome is Outcome.PASS


@pytest.mark.parametrize("status", ["protecting", "error", "deleting", "odd"])
def test_what_cannot_be_restored_from_may_be_counted_or_not(status: str) -> None:
    points = (*THREE, a_point(9 * DAY, status=status))

    assert [judged(count, count, *points).outcome for count in (2, 3, 4, 5)] == [
        Outcome.UNKNOWN,
        Outcome.PASS,
        Outcome.PASS,
        Outcome.UNKNOWN,
    ]


@pytest.mark.parametrize("changes", [{"image_type": "replication"}, {"parent_id": "whole"}, {"vault_id": "vault-9"}])
def test_copies_parts_and_what_is_elsewhere_are_not_listed(changes: dict[str, Any]) -> None:
    verdict = judged(3, 3, *THREE, a_point(9 * DAY, **changes))

    assert (verdict.outcome, facts_of(verdict)["listed"]) == (Outcome.PASS, 3)


def test_none_against_some_fails_since_the_oldest_of_them() -> None:
    verdict = judged(0, 3, *THREE)

    assert verdict.outcome is Outcome.FAIL
    assert facts_of(verdict) == {
        "usage_counts": 0,
        "vaults_count": 3,
        "listed": 3,
        "since": "2026-11-20T04:00:00Z",
    }


@pytest.mark.parametrize(("age", "outcome"), [(DAY + TICK, Outcome.FAIL), (DAY, Outcome.UNKNOWN)])
def test_it_fails_only_where_the_backups_are_old_enough_to_be_counted(age: timedelta, outcome: Outcome) -> None:
    assert judged(0, 1, a_point(age)).outcome is outcome


@pytest.mark.parametrize("is_multi_az", [True, None])
def test_backups_that_may_lie_in_several_zones_may_be_counted_apart(is_multi_az: bool | None) -> None:  # noqa: FBT001
    assert judged(0, 3, *THREE, vault={"is_multi_az": is_multi_az}).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("count", "counted", "points"),
    [
        (2, 3, THREE),
        (3, 2, THREE),
        (3, 3, ()),
        (2, 2, THREE),
        (3, 0, THREE),
        (3, 0, ()),
        (0, 3, ()),
        (0, 0, THREE),
        (0, 3, (a_point(9 * DAY, status="error"),)),
    ],
)
def test_other_differences_prove_nothing_and_every_number_is_named(
    count: int, counted: int, points: tuple[Backup, ...]
) -> None:
    verdict = judged(count, counted, *points)

    assert verdict.outcome is Outcome.UNKNOWN
    assert facts_of(verdict) == {"usage_counts": count, "vaults_count": counted, "listed": len(points)}


@pytest.mark.parametrize(("count", "counted"), [(None, 3), (3, None), (0, None), (None, None)])
def test_a_number_that_nobody_gives_is_unknown(count: int | None, counted: int | None) -> None:
    assert judged(count, counted, *THREE).outcome is Outcome.UNKNOWN


def test_what_was_synchronised_need_not_be_listed_but_what_is_listed_is_counted() -> None:
    hybrid = {"protect_type": "hybrid"}

    assert judged(5, 5, *THREE, vault=hybrid).outcome is Outcome.PASS
    assert judged(2, 2, *THREE, vault=hybrid).outcome is Outcome.UNKNOWN


def test_a_resource_that_is_named_twice_and_differently_is_unknown() -> None:
    twice = (Usage(backup_count=3), Usage(backup_count=0))

    assert judged(3, 3, *THREE, usages=twice).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("counted", "points", "outcome"),
    [
        (0, (), Outcome.NOT_APPLICABLE),
        (None, (), Outcome.NOT_APPLICABLE),
        (1, (), Outcome.UNKNOWN),
        (0, THREE, Outcome.UNKNOWN),
    ],
)
def test_a_resource_that_is_not_named_is_not_judged_unless_something_else_counts_it(
    counted: int | None, points: tuple[Backup, ...], outcome: Outcome
) -> None:
    assert judged(None, counted, *points, usages=()).outcome is outcome


@pytest.mark.parametrize("count", [0, 3])
@pytest.mark.parametrize("missing", [{"usages": None}, {"recovery_points": None}, {"vaults_complete": False}])
def test_it_is_unknown_where_a_list_was_not_read_completely(missing: dict[str, Any], count: int) -> None:
    assert judged(count, 3, *THREE, **missing).outcome is Outcome.UNKNOWN


def test_it_is_applied_only_where_a_profile_asks_for_it_and_weighs_little() -> None:
    assert (CONTROL.id in OPT_IN, CONTROL.severity) == (True, Severity.LOW)
    assert CONTROL.needs == {Kind.BACKUPS, Kind.STORAGE_USAGE}
