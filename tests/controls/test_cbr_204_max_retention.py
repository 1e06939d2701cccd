from typing import Any

import pytest

from audit.controls.cbr_204_max_retention import judge
from audit.judging.findings import Outcome, Verdict
from audit.records import KeepingRule
from audit.schedule.rules import Schedule
from tests.builders import DAILY, DAY, TICK, a_policy, a_policy_subject, facts_of, limits


def judged(days: int | None = None, number: int | None = None, **changes: Any) -> Verdict:
    allowed = limits(max_retention=changes.pop("most", 30 * DAY))
    sources = (Schedule([DAILY], None),)
    return judge(
        a_policy_subject(a_policy(retention_days=days, max_backups=number, **changes), sources=sources), allowed
    )


@pytest.mark.parametrize("operation", ["backup", "replication"])
@pytest.mark.parametrize(
    ("days", "number", "outcome"),
    [
        (30, None, Outcome.PASS),
        (31, None, Outcome.FAIL),
        (None, 30, Outcome.PASS),
        (None, 31, Outcome.FAIL),
        (30, 31, Outcome.PASS),
        (None, None, Outcome.FAIL),
        (-1, -1, Outcome.FAIL),
        (0, 0, Outcome.FAIL),
    ],
)
def test_nothing_may_be_kept_for_too_long(
    operation: str, days: int | None, number: int | None, outcome: Outcome
) -> None:
    assert judged(days, number, operation=operation).outcome is outcome


@pytest.mark.parametrize(("most", "outcome"), [(30 * DAY, Outcome.PASS), (30 * DAY - TICK, Outcome.FAIL)])
def test_the_limit_itself_is_allowed(most: object, outcome: Outcome) -> None:
    assert judged(30, most=most).outcome is outcome


@pytest.mark.parametrize(
    ("copies", "outcome"),
    [
        ({"daily_copies": 30}, Outcome.PASS),
        ({"daily_copies": 31}, Outcome.FAIL),
        ({"weekly_copies": 4}, Outcome.PASS),
        ({"weekly_copies": 5}, Outcome.FAIL),
        ({"monthly_copies": 1}, Outcome.FAIL),
        ({"yearly_copies": 1}, Outcome.FAIL),
    ],
)
def test_long_term_copies_count_in_full(copies: dict[str, int], outcome: Outcome) -> None:
    assert judged(7, **copies).outcome is outcome


def test_years_of_copies_may_be_allowed() -> None:
    assert judged(7, yearly_copies=10, most=3660 * DAY).outcome is Outcome.PASS
    assert judged(7, yearly_copies=11, most=3660 * DAY).outcome is Outcome.FAIL


def test_it_says_what_may_be_kept_and_what_is_allowed() -> None:
    assert facts_of(judged(7, monthly_copies=12)) == {"operation": "backup", "limit_days": 30, "kept_days": 372}
    assert facts_of(judged()) == {"operation": "backup", "limit_days": 30}


def test_a_part_of_a_day_counts_as_a_day() -> None:
    twice = a_policy(patterns=("FREQ=DAILY;BYHOUR=0,12;BYMINUTE=0",), retention_days=None, max_backups=3)

    assert facts_of(judge(a_policy_subject(twice), limits(max_retention=DAY)))["kept_days"] == 2


def test_a_number_is_unknown_where_the_schedule_cannot_be_read() -> None:
    subject = a_policy_subject(a_policy(retention_days=None, max_backups=3), schedule=None)

    assert judge(subject, limits(max_retention=DAY)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("changes", [{"enabled": False}, {"vault_ids": frozenset()}, {"most": None}])
def test_it_does_not_apply_to_a_policy_that_nobody_relies_on_or_without_a_bound(changes: dict[str, Any]) -> None:
    assert judged(**changes).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        ({"weekly_rule": KeepingRule(periods=10, weekdays=("SU",))}, Outcome.PASS),
        ({"weekly_rule": KeepingRule(periods=11, weekdays=("SU",))}, Outcome.FAIL),
        ({"monthly_rule": KeepingRule(periods=2, picks_by="Monthly", days=(1,))}, Outcome.PASS),
        ({"monthly_rule": KeepingRule(periods=3, picks_by="Monthly", days=(1,))}, Outcome.FAIL),
        ({"yearly_rule": KeepingRule(periods=1)}, Outcome.FAIL),
        ({"yearly_rule": KeepingRule(periods=None)}, Outcome.UNKNOWN),
        ({"yearly_rule": KeepingRule(periods=None), "weekly_rule": KeepingRule(periods=11)}, Outcome.FAIL),
        ({"yearly_rule": KeepingRule(periods=None), "retention_days": 71}, Outcome.FAIL),
        ({"weekly_rule": KeepingRule(periods=1), "retention_days": None}, Outcome.FAIL),
    ],
)
def test_advanced_rules_count_in_full_and_one_without_a_length_may_keep_for_ever(
    rules: dict[str, Any], outcome: Outcome
) -> None:
    policy = a_policy(**{"retention_days": 14, **rules})

    assert judge(a_policy_subject(policy), limits(max_retention=70 * DAY)).outcome is outcome
