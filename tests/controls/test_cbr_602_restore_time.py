from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_602_restore_time import judge
from audit.judging.findings import Outcome
from audit.records import Task
from tests.builders import DAY, HOUR, NOW, TICK, a_backup, a_resource, a_window, facts_of, limits

LIMIT = 12 * HOUR


def a_restore(age: timedelta, took: timedelta | None = HOUR, status: str = "success", **changes: Any) -> Task:
    ended = None if took is None else NOW - age + took
    named = {"task_id": f"restore-{age // HOUR}h", "operation": "restore", "ended_at": ended}
    return a_backup(age, status, **{**named, **changes})


@pytest.mark.parametrize(("took", "outcome"), [(LIMIT, Outcome.PASS), (LIMIT + TICK, Outcome.FAIL)])
def test_a_restore_must_be_fast_enough(took: timedelta, outcome: Outcome) -> None:
    assert judge(a_resource(a_restore(2 * DAY, took)), limits()).outcome is outcome


def test_the_time_counts_from_when_it_began() -> None:
    waited = a_restore(2 * DAY, LIMIT + HOUR, started_at=NOW - 2 * DAY + HOUR)

    assert judge(a_resource(waited), limits()).outcome is Outcome.PASS


def test_a_failure_names_every_slow_restore() -> None:
    tasks = [a_restore(5 * DAY, 13 * HOUR), a_restore(4 * DAY), a_restore(3 * DAY, 20 * HOUR), a_restore(DAY)]
    verdict = judge(a_resource(*tasks), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("restore-120h", "restore-72h"))
    assert facts_of(verdict) == {
        "since": "2026-11-18T04:00:00Z",
        "restores": 4,
        "longest_minutes": 1200,
        "limit_minutes": 720,
    }


def test_a_pass_names_the_newest_restore() -> None:
    verdict = judge(a_resource(a_restore(3 * DAY, 2 * HOUR), a_restore(DAY)), limits())

    assert (verdict.tasks, facts_of(verdict)["longest_minutes"]) == (("restore-24h",), 120)


@pytest.mark.parametrize("status", ["failed", "timeout", "skipped", "running", "waiting"])
def test_only_a_success_is_judged(status: str) -> None:
    assert judge(a_resource(a_restore(2 * DAY, 20 * HOUR, status)), limits()).outcome is Outcome.NOT_APPLICABLE


def test_other_operations_are_not_judged() -> None:
    slow = a_backup(2 * DAY, ended_at=NOW)
    verdict = judge(a_resource(slow), limits())

    assert (verdict.outcome, facts_of(verdict)["longest_minutes"]) == (Outcome.NOT_APPLICABLE, None)


def test_only_restores_of_the_window_are_judged() -> None:
    slow = a_restore(3 * DAY, 20 * HOUR)

    assert judge(a_resource(slow, window=a_window(3)), limits()).outcome is Outcome.FAIL
    assert judge(a_resource(slow, window=a_window(2)), limits()).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("unclear", [a_restore(2 * DAY, None), a_restore(2 * DAY, HOUR, "paused")])
def test_one_that_does_not_say_how_long_it_took_is_unknown_unless_another_was_slow(unclear: Task) -> None:
    verdict = judge(a_resource(unclear, a_restore(DAY)), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, (unclear.id,))
    assert judge(a_resource(unclear, a_restore(DAY, 13 * HOUR)), limits()).outcome is Outcome.FAIL


def test_a_log_with_gaps_is_unknown_unless_one_was_slow() -> None:
    assert judge(a_resource(log_complete=False), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_resource(a_restore(DAY), log_complete=False), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_resource(a_restore(DAY, 13 * HOUR), log_complete=False), limits()).outcome is Outcome.FAIL
