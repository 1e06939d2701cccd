from typing import Any

import pytest

from audit.controls.cbr_205_long_term_copies import judge
from audit.judging.findings import Outcome, Verdict
from audit.records import KeepingRule
from tests.builders import a_policy, a_policy_subject, facts_of, limits

ZONE = "UTC+08:00"
BY_NUMBER: dict[str, Any] = {"retention_days": None, "max_backups": 7, "timezone": ZONE}
PERIODS = ["daily", "weekly", "monthly", "yearly"]


def judged(demanded: dict[str, int], **changes: Any) -> Verdict:
    return judge(a_policy_subject(a_policy(**{**BY_NUMBER, **changes})), limits(**demanded))


@pytest.mark.parametrize("operation", ["backup", "replication"])
@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize(("kept", "outcome"), [(3, Outcome.PASS), (2, Outcome.FAIL), (0, Outcome.FAIL)])
def test_each_kind_must_be_kept_as_often_as_demanded(operation: str, period: str, kept: int, outcome: Outcome) -> None:
    demanded = {f"min_{period}_copies": 3}

    assert judged(demanded, operation=operation, **{f"{period}_copies": kept}).outcome is outcome


def test_it_says_what_lacks() -> None:
    demanded = {"min_daily_copies": 7, "min_weekly_copies": 4, "min_monthly_copies": 12}
    verdict = judged(demanded, daily_copies=7, weekly_copies=3, monthly_copies=5, yearly_copies=2)

    assert facts_of(verdict) == {
        "operation": "backup",
        "days": 7,
        "limit_days": 7,
        "weeks": 3,
        "limit_weeks": 4,
        "months": 5,
        "limit_months": 12,
        "lacking": "weeks, months",
    }


@pytest.mark.parametrize("filler", [None, -1, 0])
def test_a_policy_that_keeps_everything_for_ever_keeps_those_too(filler: int | None) -> None:
    verdict = judged({"min_yearly_copies": 10}, retention_days=filler, max_backups=filler, timezone=None)

    assert verdict.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("demanded", "days"),
    [
        ({"min_daily_copies": 30}, 30),
        ({"min_weekly_copies": 4}, 28),
        ({"min_monthly_copies": 12}, 372),
        ({"min_yearly_copies": 2}, 732),
    ],
)
def test_an_age_that_reaches_back_as_far_needs_no_rule(demanded: dict[str, int], days: int) -> None:
    enough: dict[str, Any] = {"retention_days": days, "max_backups": -1, "timezone": None}

    assert judged(demanded, **enough).outcome is Outcome.PASS
    assert judged(demanded, **{**enough, "retention_days": days - 1}).outcome is Outcome.FAIL
    assert judged(demanded, **{**enough, "max_backups": 5}).outcome is Outcome.FAIL


def test_a_rule_must_say_whose_days_and_weeks_it_means() -> None:
    demanded = {"min_weekly_copies": 4}

    assert judged(demanded, weekly_copies=4).outcome is Outcome.PASS
    assert judged(demanded, weekly_copies=4, timezone=None).outcome is Outcome.FAIL
    assert judged(demanded, weekly_copies=4, timezone=None, retention_days=28, max_backups=None).outcome is Outcome.FAIL
    assert judged(demanded, retention_days=28, max_backups=None, yearly_copies=1, timezone=None).outcome is Outcome.FAIL


@pytest.mark.parametrize("changes", [{"enabled": False}, {"vault_ids": frozenset()}])
def test_it_does_not_apply_to_a_policy_that_nobody_relies_on(changes: dict[str, Any]) -> None:
    assert judged({"min_weekly_copies": 4}, **changes).outcome is Outcome.NOT_APPLICABLE


def test_it_does_not_apply_without_a_demand() -> None:
    assert judged({}, timezone=None, weekly_copies=4).outcome is Outcome.NOT_APPLICABLE


WEEKLY = KeepingRule(periods=8, weekdays=("SU",))
MONTHLY = KeepingRule(periods=12, picks_by="Monthly", days=(1,))
YEARLY = KeepingRule(periods=5, picks_by="Monthly", days=(1,), months=("January",))
WORKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=2;BYMINUTE=0"
DEMANDED = {"min_weekly_copies": 8, "min_monthly_copies": 12, "min_yearly_copies": 5}
RULES: dict[str, Any] = {"weekly_rule": WEEKLY, "monthly_rule": MONTHLY, "yearly_rule": YEARLY, "retention_days": 14}


def test_advanced_rules_keep_long_term_copies() -> None:
    verdict = judged(DEMANDED, **RULES, max_backups=None)

    assert verdict.outcome is Outcome.PASS
    assert {unit: facts_of(verdict)[unit] for unit in ("weeks", "months", "years")} == {
        "weeks": 8,
        "months": 12,
        "years": 5,
    }


@pytest.mark.parametrize(
    ("changes", "outcome", "units"),
    [
        ({"weekly_rule": None}, Outcome.FAIL, "weeks"),
        ({"weekly_rule": KeepingRule(periods=7, weekdays=("SU",))}, Outcome.FAIL, "weeks"),
        ({"weekly_rule": None, "retention_days": 56}, Outcome.PASS, None),
        ({"patterns": (WORKDAYS,)}, Outcome.FAIL, "weeks"),  # never on a Sunday
        ({"patterns": (WORKDAYS,), "weekly_copies": 8}, Outcome.UNKNOWN, "months, years"),  # not always on the first
        ({"weekly_rule": KeepingRule(periods=None, weekdays=("SU",))}, Outcome.UNKNOWN, "weeks"),
        ({"weekly_rule": KeepingRule(periods=8)}, Outcome.UNKNOWN, "weeks"),
        ({"weekly_rule": KeepingRule(periods=8), "yearly_rule": None}, Outcome.FAIL, "years"),
        ({"retention_days": None, "weekly_rule": None}, Outcome.UNKNOWN, "weeks"),  # the others may be kept for ever
        ({"retention_days": None}, Outcome.PASS, None),
        ({"timezone": None}, Outcome.PASS, None),  # some day of each week is a Sunday, wherever it is
        ({"timezone": None, "daily_copies": 3}, Outcome.FAIL, None),
    ],
)
def test_a_rule_counts_only_where_the_schedule_surely_meets_it(
    changes: dict[str, Any], outcome: Outcome, units: str | None
) -> None:
    verdict = judged(DEMANDED, **{**RULES, "max_backups": None, **changes})
    facts = facts_of(verdict)

    assert verdict.outcome is outcome
    assert facts.get("lacking", facts.get("unsure")) == units
