from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_403_actual_retention import judge
from audit.judging.findings import Outcome, Verdict
from audit.records import Backup, KeepingRule
from audit.subjects import PolicySubject, Terms
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
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
    short = a_resource(recovery_points=(kept(DAY),), policies=())

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


def following(*terms: Terms, policy_id: str = "policy-1") -> PolicySubject:
    last = terms[-1]
    policy = a_policy(policy_id, retention_days=last.days, max_backups=last.number)
    return a_policy_subject(policy, terms=terms)


LONG_AGO = NOW - 60 * DAY
A_MONTH = Terms(LONG_AGO, NOW, 30, None)
FIRST_SEEN = Terms(NOW, NOW, 30, None)


def held_to(policies: Any, *points: Backup, tasks: Any = (), min_retention: Any = 7 * DAY, **changes: Any) -> Verdict:
    resource = a_resource(*tasks, recovery_points=points, policies=policies, **changes)
    return judge(resource, limits(min_retention=min_retention))


@pytest.mark.parametrize(
    ("time", "outcome"),
    [(30 * DAY, Outcome.PASS), (30 * DAY - HOUR, Outcome.PASS), (30 * DAY - HOUR - TICK, Outcome.FAIL)],
)
def test_a_backup_is_held_to_what_its_policy_promised_when_it_was_made(time: timedelta, outcome: Outcome) -> None:
    verdict = held_to([following(A_MONTH)], kept(time, 2 * DAY))

    assert verdict.outcome is outcome
    assert facts_of(verdict).get("too_short", 0) == (outcome is Outcome.FAIL)


@pytest.mark.parametrize("min_retention", [None, 7 * DAY])
def test_a_promise_counts_whatever_the_profile_demands(min_retention: timedelta | None) -> None:
    verdict = held_to([following(A_MONTH)], kept(9 * DAY), min_retention=min_retention)

    assert (verdict.outcome, verdict.reason) == (
        Outcome.FAIL,
        "backups end before the time that their policy promised",
    )
    assert held_to([following(A_MONTH)], kept(30 * DAY), min_retention=min_retention).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("then", "now", "outcome"),
    [
        (Terms(LONG_AGO, NOW - DAY, 9, None), Terms(NOW, NOW, 30, None), Outcome.PASS),
        (Terms(LONG_AGO, NOW - DAY, 30, None), Terms(NOW, NOW, 9, None), Outcome.FAIL),
        (Terms(LONG_AGO, NOW - DAY, None, 9), Terms(NOW, NOW, 30, None), Outcome.PASS),
        (Terms(LONG_AGO, NOW - 3 * DAY, 9, None), Terms(NOW - DAY, NOW, 30, None), Outcome.PASS),
        (Terms(LONG_AGO, NOW - 4 * DAY, 9, None), Terms(NOW - 3 * DAY, NOW, 30, None), Outcome.FAIL),
    ],
)
def test_a_rule_that_was_changed_counts_from_then_on(then: Terms, now: Terms, outcome: Outcome) -> None:
    assert held_to([following(then, now)], kept(9 * DAY, 2 * DAY)).outcome is outcome


def test_a_shorter_life_is_unknown_where_no_run_saw_the_rule_of_then() -> None:
    verdict = held_to([following(FIRST_SEEN)], kept(9 * DAY), kept(9 * DAY, 2 * DAY), kept(9 * DAY, 3 * DAY))

    assert (verdict.outcome, facts_of(verdict)["too_short"]) == (Outcome.UNKNOWN, 3)


def ending(age: timedelta, end: timedelta) -> Backup:
    """A recovery point of this age that ends so long after NOW."""
    return a_point(age, expired_at=NOW + end)


@pytest.mark.parametrize(
    ("points", "outcome"),
    [
        ([ending(9 * DAY, DAY), ending(8 * DAY, DAY), ending(7 * DAY, DAY)], Outcome.FAIL),
        ([ending(9 * DAY, DAY), ending(8 * DAY, DAY + HOUR), ending(7 * DAY, DAY)], Outcome.FAIL),
        ([ending(9 * DAY, DAY), ending(8 * DAY, DAY + HOUR + TICK), ending(7 * DAY, DAY)], Outcome.UNKNOWN),
        ([ending(9 * DAY, DAY), ending(8 * DAY, DAY)], Outcome.UNKNOWN),
        ([ending(9 * DAY, DAY), ending(8.5 * DAY, DAY), ending(8 * DAY + HOUR, DAY)], Outcome.UNKNOWN),
        ([ending(9 * DAY, DAY), ending(8.5 * DAY, DAY), ending(8 * DAY, DAY)], Outcome.FAIL),
    ],
)
def test_ends_that_fall_together_were_moved_as_no_rule_in_days_makes_them(
    points: list[Backup], outcome: Outcome
) -> None:
    assert held_to([following(FIRST_SEEN)], *points).outcome is outcome


def test_a_task_that_moves_ends_shows_that_an_early_one_was_moved() -> None:
    def moved(age: timedelta) -> Verdict:
        move = a_backup(age, operation="update_expiration_time", task_id="move", resource_id=None)
        return held_to([following(FIRST_SEEN)], kept(9 * DAY, 2 * DAY), moves_of_ends=(move,))

    assert (moved(DAY).outcome, moved(DAY).tasks) == (Outcome.FAIL, ("move",))
    assert moved(2 * DAY).outcome is Outcome.FAIL
    assert moved(2 * DAY + TICK).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("named", "by_policy", "outcome"),
    [
        ("long", True, Outcome.FAIL),
        ("short", True, Outcome.PASS),
        ("another", True, Outcome.PASS),
        (None, True, Outcome.PASS),
        ("long", None, Outcome.FAIL),
    ],
)
def test_the_task_says_which_policy_made_a_promise(named: str | None, by_policy: Any, outcome: Outcome) -> None:
    point = kept(9 * DAY, by_policy=by_policy)
    policies = [following(A_MONTH, policy_id="long"), following(Terms(LONG_AGO, NOW, 8, None), policy_id="short")]
    tasks = [a_backup(DAY, policy_id=named, backup_id=point.id)]

    assert held_to(policies, point, tasks=tasks).outcome is outcome


def test_nobody_knows_whether_a_policy_promised_more_to_what_does_not_say_who_made_it() -> None:
    point = kept(9 * DAY, by_policy=None)

    assert held_to([following(A_MONTH)], point).outcome is Outcome.UNKNOWN
    assert held_to([following(A_MONTH)], kept(30 * DAY, by_policy=None)).outcome is Outcome.PASS


def test_without_a_task_the_policy_that_promised_least_counts() -> None:
    number = following(Terms(LONG_AGO, NOW, None, 9), policy_id="number")

    assert held_to([following(A_MONTH)], kept(9 * DAY)).outcome is Outcome.FAIL
    assert held_to([following(A_MONTH), number], kept(9 * DAY)).outcome is Outcome.PASS
    assert held_to([number], kept(9 * DAY)).outcome is Outcome.PASS
    assert held_to([number], kept(9 * DAY), min_retention=None).outcome is Outcome.NOT_APPLICABLE


def test_policies_that_were_not_read_leave_open_what_was_promised() -> None:
    assert held_to(None, kept(30 * DAY)).outcome is Outcome.UNKNOWN
    assert held_to(None, kept(6 * DAY)).outcome is Outcome.UNKNOWN
