from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_403_actual_retention import judge
from audit.findings import Outcome, Verdict
from audit.records import Backup, KeepingRule
from tests.core.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_point,
    a_policy,
    a_policy_subject,
    a_resource,
    facts_of,
    limits,
)


def kept(time: timedelta | None, age: timedelta = DAY, **changes: Any) -> Backup:
    """A recovery point of this age that is to be kept for a time."""
    return a_point(age, **{"expired_at": time and NOW - age + time, **changes})


def judged(*points: Backup) -> Verdict:
    return judge(a_resource(recovery_points=points), limits(min_retention=7 * DAY))


@pytest.mark.parametrize(
    ("time", "outcome"),
    [
        (7 * DAY, Outcome.PASS),
        (7 * DAY - HOUR, Outcome.PASS),
        (7 * DAY - HOUR - TICK, Outcome.FAIL),
        (6 * DAY, Outcome.FAIL),
        (400 * DAY, Outcome.PASS),
        (None, Outcome.PASS),
    ],
)
def test_a_backup_must_be_kept_long_enough_give_or_take_an_hour(time: timedelta | None, outcome: Outcome) -> None:
    assert judged(kept(time)).outcome is outcome


def test_each_of_them_must() -> None:
    points = [kept(30 * DAY, 3 * DAY), kept(5 * DAY, 2 * DAY), kept(None), kept(4 * DAY, HOUR)]
    verdict = judged(*points)

    assert verdict.outcome is Outcome.FAIL
    assert facts_of(verdict) == {
        "since": "2026-11-21T04:00:00Z",
        "or_earlier": True,
        "backup": "point-48h",
        "too_short": 2,
        "backups": 4,
        "without_end": 1,
        "limit_days": 7,
        "shortest_days": 4,
    }


def test_a_pass_says_how_many_have_no_end() -> None:
    assert facts_of(judged(kept(None), kept(None))) == {"backups": 2, "without_end": 2, "limit_days": 7}
    assert facts_of(judged(kept(9 * DAY)))["shortest_days"] == 9


@pytest.mark.parametrize(
    "changes",
    [
        {"by_policy": False},
        {"by_policy": False, "expired_at": None},
        {"by_policy": None, "expired_at": None},
        {"image_type": "replication"},
        {"parent_id": "whole"},
        {"status": "error"},
        {"status": "protecting"},
        {"status": "deleting"},
    ],
)
def test_only_what_a_policy_made_and_is_there_counts(changes: dict[str, Any]) -> None:
    assert judged(kept(DAY, **changes)).outcome is Outcome.NOT_APPLICABLE
    assert judged(kept(DAY, **changes), kept(30 * DAY)).outcome is Outcome.PASS


def test_a_backup_with_an_end_counts_where_the_answer_does_not_say_who_made_it() -> None:
    assert judged(kept(DAY, by_policy=None)).outcome is Outcome.FAIL
    assert judged(kept(30 * DAY, by_policy=None)).outcome is Outcome.PASS


def test_it_does_not_apply_without_a_demand_or_without_backups() -> None:
    short = a_resource(recovery_points=(kept(DAY),))

    assert judge(short, limits(min_retention=None)).outcome is Outcome.NOT_APPLICABLE
    assert judged().outcome is Outcome.NOT_APPLICABLE


def test_backups_that_were_not_read_completely_are_unknown() -> None:
    assert judge(a_resource(recovery_points=None), limits()).outcome is Outcome.UNKNOWN


def judged_with(rule: KeepingRule | None, *points: Backup, **changes: Any) -> Verdict:
    policy = a_policy(weekly_rule=rule, timezone="UTC+00:00", **changes)
    resource = a_resource(recovery_points=points, policies=(a_policy_subject(policy),))
    return judge(resource, limits(min_retention=35 * DAY))


MONDAYS = KeepingRule(periods=12, weekdays=("MO",))


def test_an_end_that_an_advanced_rule_may_move_is_not_known() -> None:
    picked = kept(14 * DAY, 7 * DAY)  # a Monday, as NOW is
    verdict = judged_with(MONDAYS, picked)

    assert verdict.outcome is Outcome.UNKNOWN
    assert facts_of(verdict)["backup"] == picked.id


def test_an_end_that_no_advanced_rule_can_move_comes_too_early() -> None:
    picked, other = kept(14 * DAY, 7 * DAY), kept(14 * DAY, 6 * DAY)
    verdict = judged_with(MONDAYS, picked, other)

    assert verdict.outcome is Outcome.FAIL
    assert (facts_of(verdict)["backup"], facts_of(verdict)["too_short"]) == (other.id, 1)


@pytest.mark.parametrize(
    "rule", [None, KeepingRule(periods=4, weekdays=("MO",)), KeepingRule(periods=12, weekdays=("TU",))]
)
def test_a_rule_that_is_too_short_or_picks_another_day_explains_nothing(rule: KeepingRule | None) -> None:
    assert judged_with(rule, kept(14 * DAY, 7 * DAY)).outcome is Outcome.FAIL


def test_the_rules_of_a_replication_policy_keep_no_backups() -> None:
    assert judged_with(MONDAYS, kept(14 * DAY, 7 * DAY), operation="replication").outcome is Outcome.FAIL


def test_a_policy_that_was_not_read_may_have_such_a_rule() -> None:
    resource = a_resource(recovery_points=(kept(14 * DAY),), policies=None)

    assert judge(resource, limits(min_retention=35 * DAY)).outcome is Outcome.UNKNOWN
