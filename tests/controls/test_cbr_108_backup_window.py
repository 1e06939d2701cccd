from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_108_backup_window import judge
from audit.judging.findings import Outcome
from audit.records import Task
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_policy,
    a_policy_subject,
    a_resource,
    a_window,
    facts_of,
    limits,
)

DUE = NOW - 2 * HOUR
MINUTE = timedelta(minutes=1)


def a_run(day: int, took: timedelta | None = HOUR, status: str = "success", **changes: Any) -> Task:
    """The backup that was due so many days before today, and ended so long after it was due."""
    ended = None if took is None else DUE - day * DAY + took
    named = {"task_id": f"run-{day}", "policy_id": "policy-1", "ended_at": ended}
    return a_backup(day * DAY + 2 * HOUR, status, **{**named, **changes})


@pytest.mark.parametrize(("took", "outcome"), [(6 * HOUR, Outcome.PASS), (6 * HOUR + TICK, Outcome.FAIL)])
def test_a_backup_must_end_within_the_window(took: timedelta, outcome: Outcome) -> None:
    assert judge(a_resource(a_run(2, took)), limits()).outcome is outcome


def test_a_failure_names_every_slow_backup() -> None:
    verdict = judge(a_resource(a_run(4, 9 * HOUR), a_run(3), a_run(2, 7 * HOUR), a_run(1)), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("run-4", "run-2"))
    assert facts_of(verdict) == {
        "since": "2026-11-19T02:00:00Z",
        "started_late_minutes": 0,
        "took_minutes": 540,
        "backups": 4,
        "longest_start_delay_minutes": 0,
        "longest_minutes": 540,
        "limit_hours": 6,
    }


@pytest.mark.parametrize(
    ("late", "took", "reason"),
    [
        (timedelta(0), 7 * HOUR, "a planned backup took longer than its window"),
        (9 * HOUR, HOUR, "a planned backup began late"),
        (9 * HOUR, 6 * HOUR, "a planned backup began late"),
        (9 * HOUR, 6 * HOUR + TICK, "a planned backup took longer than its window"),
        (4 * HOUR, 3 * HOUR, "a planned backup began late"),
    ],
)
def test_late_is_not_long(late: timedelta, took: timedelta, reason: str) -> None:
    slow = a_run(2, late + took, started_at=DUE - 2 * DAY + late)
    verdict = judge(a_resource(a_run(4), slow, a_run(1)), limits())

    assert (verdict.outcome, verdict.reason) == (Outcome.FAIL, reason)
    facts = facts_of(verdict)
    assert (facts["started_late_minutes"], facts["took_minutes"]) == (late // MINUTE, took // MINUTE)


def test_the_run_that_ended_last_says_which_it_was() -> None:
    late = a_run(3, 8 * HOUR, started_at=DUE - 3 * DAY + 7 * HOUR)

    assert (
        judge(a_resource(late, a_run(2, 9 * HOUR)), limits()).reason == "a planned backup took longer than its window"
    )
    assert judge(a_resource(late, a_run(2, 7 * HOUR)), limits()).reason == "a planned backup began late"


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize(
    ("began", "took", "reason"),
    [
        (7 * HOUR, HOUR, None),
        (7 * HOUR, 6 * HOUR, None),
        (7 * HOUR, 6 * HOUR + TICK, "a planned backup took longer than its window"),
        (8 * HOUR + 5 * HOUR, HOUR, None),
        (8 * HOUR + 5 * HOUR, HOUR + TICK, "a planned backup began late"),
    ],
)
def test_a_run_that_begins_in_the_start_window_of_its_policy_is_not_late(
    began: timedelta, took: timedelta, reason: str | None, *, by_hand: bool
) -> None:
    policy = a_policy_subject(a_policy(start_window=8 * HOUR))
    slow = a_run(2, began + took, started_at=DUE - 2 * DAY + began)
    others = [a_backup(3 * DAY, policy_id=None, task_id="by hand")] if by_hand else []
    verdict = judge(a_resource(*others, a_run(4), slow, a_run(1), policies=(policy,)), limits())

    assert (verdict.outcome, verdict.reason if reason else None) == (Outcome.FAIL if reason else Outcome.PASS, reason)
    assert facts_of(verdict)["longest_start_delay_minutes"] == max(began - 8 * HOUR, timedelta(0)) // MINUTE


def test_a_pass_names_the_newest_backup_and_the_longest_times() -> None:
    slow_start = a_run(2, 2 * HOUR, started_at=DUE - 2 * DAY + 90 * MINUTE)
    verdict = judge(a_resource(a_run(3, 3 * HOUR), slow_start, a_run(1)), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.PASS, ("run-1",))
    facts = facts_of(verdict)
    assert (facts["longest_start_delay_minutes"], facts["longest_minutes"]) == (90, 180)


def test_the_time_counts_from_when_it_was_due() -> None:
    late = a_run(2, 7 * HOUR, started_at=DUE - 2 * DAY + 6 * HOUR + MINUTE)

    assert judge(a_resource(late), limits()).outcome is Outcome.FAIL


@pytest.mark.parametrize("status", ["failed", "timeout", "skipped", "running", "waiting"])
def test_only_a_success_is_judged(status: str) -> None:
    assert judge(a_resource(a_run(2, 9 * HOUR, status)), limits()).outcome is Outcome.NOT_APPLICABLE
    assert judge(a_resource(a_run(2, 9 * HOUR, status), a_run(1)), limits()).outcome is Outcome.PASS


def test_a_backup_by_hand_is_not_judged() -> None:
    by_hand = a_backup(12 * HOUR, policy_id=None, ended_at=NOW - HOUR)

    assert judge(a_resource(by_hand), limits()).outcome is Outcome.NOT_APPLICABLE
    assert judge(a_resource(a_run(2, HOUR, "failed"), a_run(2, 9 * HOUR, task_id="repair")), limits()).outcome is (
        Outcome.NOT_APPLICABLE
    )


def test_a_run_that_is_excused_is_not_judged() -> None:
    slow = a_resource(a_run(2, 9 * HOUR))

    assert judge(slow, limits(maintenance=lambda _due: "moving house")).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(("late", "outcome"), [(timedelta(0), Outcome.FAIL), (TICK, Outcome.PASS)])
def test_only_runs_of_the_period_count(late: timedelta, outcome: Outcome) -> None:
    resource = a_resource(a_run(6, 9 * HOUR), a_run(1))

    assert judge(resource, limits(scheduled_run_period=6 * DAY + 2 * HOUR - late)).outcome is outcome


def test_it_does_not_apply_where_nothing_is_planned() -> None:
    verdict = judge(a_resource(a_run(2), policies=()), limits())

    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert facts_of(verdict)["longest_minutes"] is None


def test_a_backup_that_does_not_say_when_it_ended_is_unknown_unless_another_was_slow() -> None:
    endless = a_run(2, None)

    assert judge(a_resource(endless, a_run(1)), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_resource(endless, a_run(1, 9 * HOUR)), limits()).outcome is Outcome.FAIL


def test_a_status_that_is_not_documented_is_unknown_unless_another_was_slow() -> None:
    odd = a_run(2, HOUR, "paused")
    verdict = judge(a_resource(odd, a_run(1)), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, (odd.id,))
    assert judge(a_resource(odd, a_run(1, 9 * HOUR)), limits()).outcome is Outcome.FAIL


@pytest.mark.parametrize("took", [HOUR, 9 * HOUR])
def test_a_log_with_gaps_is_unknown(took: timedelta) -> None:
    assert judge(a_resource(a_run(2, took), log_complete=False), limits()).outcome is Outcome.UNKNOWN


def test_a_window_that_does_not_cover_the_period_is_unknown_unless_one_was_slow() -> None:
    assert judge(a_resource(a_run(1), window=a_window(6)), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_resource(a_run(1), window=a_window(7)), limits()).outcome is Outcome.PASS
    assert judge(a_resource(a_run(1, 9 * HOUR), window=a_window(6)), limits()).outcome is Outcome.FAIL


@pytest.mark.parametrize("policies", [None, (a_policy_subject(schedule=None, unreadable="no"),)])
def test_nobody_knows_where_the_plan_is_not_known(policies: Any) -> None:
    verdict = judge(a_resource(a_run(2), policies=policies), limits())

    assert (verdict.outcome, list(facts_of(verdict))) == (Outcome.UNKNOWN, ["problem"])


@pytest.mark.parametrize(
    ("policy_id", "known", "outcome"),
    [
        (None, timedelta(0), Outcome.PASS),
        (None, -6 * HOUR, Outcome.FAIL),
        ("policy-1", timedelta(0), Outcome.FAIL),
    ],
)
def test_a_first_backup_that_may_have_been_made_by_hand_was_not_late(
    policy_id: str | None, known: timedelta, outcome: Outcome
) -> None:
    began = DUE - 4 * DAY + 5 * HOUR
    first = a_run(4, 7 * HOUR, policy_id=policy_id, created_at=began, started_at=began)
    resource = a_resource(first, a_run(2), a_run(1), known_since=began + known)

    assert judge(resource, limits()).outcome is outcome
