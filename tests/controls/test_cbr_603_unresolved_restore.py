from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_603_unresolved_restore import judge
from audit.judging.findings import Outcome
from audit.records import Task
from tests.builders import DAY, HOUR, NOW, TICK, a_backup, a_resource, a_window, facts_of, limits


def a_restore(age: timedelta, status: str = "success", **changes: Any) -> Task:
    named = {"task_id": f"{status}-{age // HOUR}h", "operation": "restore"}
    return a_backup(age, status, **{**named, **changes})


@pytest.mark.parametrize("status", ["failed", "timeout"])
def test_a_failed_restore_without_a_success_fails(status: str) -> None:
    tasks = [a_restore(5 * DAY), a_restore(4 * DAY, status), a_restore(3 * DAY, "failed")]
    verdict = judge(a_resource(*tasks), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, (f"{status}-96h", "failed-72h"))
    assert facts_of(verdict) == {"since": "2026-11-19T04:00:00Z", "failures": 2}


def test_a_failed_restore_of_a_resource_that_was_never_restored_fails() -> None:
    assert judge(a_resource(a_restore(HOUR, "failed")), limits()).outcome is Outcome.FAIL


def test_a_later_success_resolves_every_failure() -> None:
    tasks = [a_restore(5 * DAY, "failed"), a_restore(4 * DAY, "timeout"), a_restore(3 * DAY)]
    verdict = judge(a_resource(*tasks), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.PASS, ("timeout-96h", "success-72h"))


@pytest.mark.parametrize(("late", "outcome"), [(timedelta(0), Outcome.PASS), (TICK, Outcome.FAIL)])
def test_a_success_resolves_what_began_no_later(late: timedelta, outcome: Outcome) -> None:
    failure = a_restore(2 * DAY, "failed", started_at=NOW - DAY + late)

    assert judge(a_resource(failure, a_restore(DAY)), limits()).outcome is outcome


@pytest.mark.parametrize("status", ["skipped", "running", "waiting"])
def test_nothing_but_a_success_resolves_it(status: str) -> None:
    assert judge(a_resource(a_restore(2 * DAY, "failed"), a_restore(DAY, status)), limits()).outcome is Outcome.FAIL


def test_a_backup_resolves_nothing() -> None:
    assert judge(a_resource(a_restore(2 * DAY, "failed"), a_backup(DAY)), limits()).outcome is Outcome.FAIL


@pytest.mark.parametrize("tasks", [[], [a_restore(DAY)], [a_restore(DAY, "skipped")], [a_backup(DAY, "failed")]])
def test_it_does_not_apply_where_no_restore_failed(tasks: list[Task]) -> None:
    assert judge(a_resource(*tasks), limits()).outcome is Outcome.NOT_APPLICABLE


def test_only_failures_of_the_window_are_judged() -> None:
    failure = a_restore(3 * DAY, "failed")

    assert judge(a_resource(failure, window=a_window(3)), limits()).outcome is Outcome.FAIL
    assert judge(a_resource(failure, window=a_window(2)), limits()).outcome is Outcome.NOT_APPLICABLE


def test_a_restore_that_began_after_the_time_of_judgement_does_not_count() -> None:
    late = a_restore(DAY, started_at=NOW + TICK)

    assert judge(a_resource(a_restore(2 * DAY, "failed"), late), limits()).outcome is Outcome.FAIL


def test_a_status_that_is_not_documented_is_unknown() -> None:
    odd = a_restore(DAY, "paused")
    verdict = judge(a_resource(a_restore(2 * DAY, "failed"), odd), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, (odd.id,))


@pytest.mark.parametrize("tasks", [[], [a_restore(DAY)], [a_restore(DAY, "failed")]])
def test_a_log_with_gaps_is_unknown(tasks: list[Task]) -> None:
    assert judge(a_resource(*tasks, log_complete=False), limits()).outcome is Outcome.UNKNOWN
