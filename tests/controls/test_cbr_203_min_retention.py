from typing import Any

import pytest

from audit.controls.cbr_203_min_retention import judge
from audit.judging.findings import Outcome, Verdict
from audit.records import KeepingRule
from audit.schedule.rules import Schedule
from tests.builders import DAILY, DAY, TICK, a_policy, a_policy_subject, facts_of, limits

SUNDAYS = "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0"
TWICE_ON_MONDAYS = "FREQ=WEEKLY;BYDAY=MO;BYHOUR=1,2;BYMINUTE=0"


def judged(days: int | None = None, number: int | None = None, **changes: Any) -> Verdict:
    allowed = limits(min_retention=changes.pop("least", 7 * DAY))
    sources = (Schedule([DAILY], None),)
    return judge(
        a_policy_subject(a_policy(retention_days=days, max_backups=number, **changes), sources=sources), allowed
    )


@pytest.mark.parametrize("operation", ["backup", "replication"])
@pytest.mark.parametrize(
    ("days", "number", "outcome"),
    [
        (7, None, Outcome.PASS),
        (6, None, Outcome.FAIL),
        (7, -1, Outcome.PASS),
        (6, 0, Outcome.FAIL),
        (None, 8, Outcome.PASS),
        (None, 7, Outcome.FAIL),
        (-1, 8, Outcome.PASS),
        (0, 7, Outcome.FAIL),
        (7, 7, Outcome.FAIL),
        (7, 8, Outcome.PASS),
        (None, None, Outcome.PASS),
        (-1, -1, Outcome.PASS),
        (0, 0, Outcome.PASS),
    ],
)
def test_what_is_made_must_be_kept_long_enough(
    operation: str, days: int | None, number: int | None, outcome: Outcome
) -> None:
    assert judged(days, number, operation=operation).outcome is outcome


@pytest.mark.parametrize(("least", "outcome"), [(7 * DAY, Outcome.PASS), (7 * DAY + TICK, Outcome.FAIL)])
def test_the_limit_itself_is_long_enough(least: object, outcome: Outcome) -> None:
    assert judged(7, least=least).outcome is outcome
    assert judged(None, 8, least=least).outcome is outcome


def test_a_number_counts_by_the_shortest_stretch_of_the_schedule() -> None:
    changes = {"patterns": (TWICE_ON_MONDAYS,)}

    assert judged(None, 2, **changes).outcome is Outcome.FAIL
    assert judged(None, 3, **changes).outcome is Outcome.PASS


def test_long_term_copies_never_shorten_it() -> None:
    copies = {"daily_copies": 1, "weekly_copies": 1, "monthly_copies": 1, "yearly_copies": 1}

    assert judged(30, **copies).outcome is Outcome.PASS
    assert judged(None, 30, **copies).outcome is Outcome.PASS
    assert judged(None, None, **copies).outcome is Outcome.PASS


def test_a_rule_that_keeps_the_only_backup_of_each_day_prolongs_it() -> None:
    assert judged(None, 1, daily_copies=8).outcome is Outcome.PASS
    assert judged(None, 1, daily_copies=7).outcome is Outcome.FAIL


def test_it_says_what_is_kept_and_what_is_demanded() -> None:
    assert facts_of(judged(5)) == {"operation": "backup", "limit_days": 7, "kept_days": 5}
    assert facts_of(judged(None, 4)) == {"operation": "backup", "limit_days": 7, "max_backups": 4, "kept_days": 3}
    assert facts_of(judged()) == {"operation": "backup", "limit_days": 7}


def test_a_number_is_unknown_where_the_schedule_cannot_be_read_and_an_age_is_not() -> None:
    by_number = a_policy_subject(a_policy(retention_days=None, max_backups=3), schedule=None)
    by_age = a_policy_subject(a_policy(retention_days=3), schedule=None)

    assert judge(by_number, limits()).outcome is Outcome.UNKNOWN
    assert judge(by_age, limits()).outcome is Outcome.FAIL


@pytest.mark.parametrize("sources", [None, (), (None,)])
def test_a_number_of_copies_is_unknown_where_nobody_knows_what_is_copied(sources: Any) -> None:
    policy = a_policy(operation="replication", retention_days=None, max_backups=30)

    assert judge(a_policy_subject(policy, sources=sources), limits()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("changes", [{"enabled": False}, {"vault_ids": frozenset()}, {"least": None}])
def test_it_does_not_apply_to_a_policy_that_nobody_relies_on_or_without_a_demand(changes: dict[str, Any]) -> None:
    assert judged(1, **changes).outcome is Outcome.NOT_APPLICABLE


def test_what_advanced_rules_do_not_pick_may_go_at_any_time_where_nothing_else_limits_it() -> None:
    rule = KeepingRule(periods=52, weekdays=("SU",))
    policy = a_policy(retention_days=-1, max_backups=-1, weekly_rule=rule, timezone="UTC+00:00")
    verdict = judge(a_policy_subject(policy), limits(min_retention=7 * DAY))

    assert verdict.outcome is Outcome.UNKNOWN
    assert "advanced rules" in verdict.reason


def test_an_advanced_rule_prolongs_what_it_surely_keeps() -> None:
    rule = KeepingRule(periods=12, weekdays=("SU",))
    policy = a_policy(patterns=(SUNDAYS,), retention_days=14, weekly_rule=rule, timezone="UTC+00:00")

    assert judge(a_policy_subject(policy), limits(min_retention=84 * DAY)).outcome is Outcome.PASS
    assert judge(a_policy_subject(policy), limits(min_retention=85 * DAY)).outcome is Outcome.FAIL


def test_an_advanced_rule_does_not_prolong_what_it_does_not_pick() -> None:
    policy = a_policy(retention_days=14, weekly_rule=KeepingRule(periods=12, weekdays=("SU",)), timezone="UTC+00:00")

    assert judge(a_policy_subject(policy), limits(min_retention=15 * DAY)).outcome is Outcome.FAIL
