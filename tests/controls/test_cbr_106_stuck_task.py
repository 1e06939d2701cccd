from datetime import timedelta

import pytest

from audit.collection import Kind
from audit.controls.cbr_106_stuck_task import judge
from audit.judging.findings import Outcome
from audit.records import Task
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_collection,
    a_resource,
    a_vault_subject,
    a_window,
    facts_of,
    limits,
)


def a_loose_task(age: timedelta, status: str) -> Task:
    """A task that concerns no resource and no vault."""
    return a_backup(age, status, operation="sync", resource_id=None, vault_id=None, vault_name=None)


@pytest.mark.parametrize("status", ["running", "waiting"])
@pytest.mark.parametrize("operation", ["backup", "restore", "replication"])
@pytest.mark.parametrize(("age", "outcome"), [(24 * HOUR, Outcome.PASS), (24 * HOUR + TICK, Outcome.FAIL)])
def test_a_task_may_stay_open_as_long_as_the_limit(
    status: str, operation: str, age: timedelta, outcome: Outcome
) -> None:
    task = a_backup(age, status, operation=operation)

    assert judge(a_resource(task), limits()).outcome is outcome


@pytest.mark.parametrize(("age", "outcome"), [(24 * HOUR, Outcome.PASS), (24 * HOUR + TICK, Outcome.UNKNOWN)])
def test_an_old_task_with_a_status_that_is_not_documented_is_unknown(age: timedelta, outcome: Outcome) -> None:
    task = a_backup(age, "paused")
    verdict = judge(a_resource(task), limits())

    assert (verdict.outcome, verdict.tasks) == (outcome, (task.id,))


def test_an_old_task_that_ended_is_not_stuck_whatever_its_status_is() -> None:
    task = a_backup(9 * DAY, "paused", ended_at=NOW - 8 * DAY)

    assert judge(a_resource(task), limits()).outcome is Outcome.PASS


def test_a_stuck_task_is_a_failure_and_one_with_an_odd_status_is_not_named() -> None:
    verdict = judge(a_resource(a_backup(9 * DAY, "paused"), a_backup(8 * DAY, "running")), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("backup-192h",))


def test_a_failure_names_every_stuck_task() -> None:
    tasks = [a_backup(9 * DAY, "waiting"), a_backup(8 * DAY), a_backup(2 * DAY, "running"), a_backup(HOUR, "running")]
    verdict = judge(a_resource(*tasks), limits())

    assert verdict.tasks == ("backup-216h", "backup-48h")
    assert facts_of(verdict) == {"since": "2026-11-14T04:00:00Z", "limit_hours": 24}


def test_the_age_counts_from_creation_even_if_the_work_began_late() -> None:
    assert judge(a_resource(a_backup(2 * DAY, "running", started_at=NOW)), limits()).outcome is Outcome.FAIL


@pytest.mark.parametrize("status", ["success", "failed", "timeout", "skipped"])
def test_a_task_that_ended_is_not_stuck(status: str) -> None:
    assert judge(a_resource(a_backup(9 * DAY, status)), limits()).outcome is Outcome.PASS


def test_a_vault_answers_for_tasks_that_name_no_resource() -> None:
    of_vault, of_resource = a_backup(2 * DAY, "running", resource_id=None), a_backup(3 * DAY, "running")

    assert judge(a_vault_subject(of_resource, of_vault), limits()).tasks == (of_vault.id,)
    assert judge(a_vault_subject(of_resource), limits()).outcome is Outcome.NOT_APPLICABLE


def test_the_collection_answers_for_tasks_that_concern_nothing_else() -> None:
    stuck = a_loose_task(2 * DAY, "running")
    verdict = judge(a_collection(tasks=(a_loose_task(9 * DAY, "success"), stuck)), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, (stuck.id,))
    assert judge(a_collection(tasks=(a_loose_task(9 * DAY, "success"),)), limits()).outcome is Outcome.PASS
    assert judge(a_collection(tasks=(a_loose_task(9 * DAY, "paused"),)), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_collection(), limits()).outcome is Outcome.NOT_APPLICABLE


def test_the_collection_is_unknown_when_the_task_log_has_gaps_and_only_then() -> None:
    assert judge(a_collection(Kind.TASKS), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_collection(doubts=("the log is empty",)), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_collection(Kind.POLICIES, Kind.VAULTS), limits()).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(("window_is_longer_by", "is_judged"), [(TICK, True), (timedelta(0), False)])
def test_a_window_that_is_not_longer_than_the_limit_cannot_show_a_stuck_task(
    window_is_longer_by: timedelta,
    is_judged: bool,  # noqa: FBT001  # the expectation
) -> None:
    allowed = limits(stuck_after=2 * DAY - window_is_longer_by)
    young = a_backup(HOUR, "running")

    for subject in (a_resource(window=a_window(2)), a_collection(window=a_window(2))):
        empty = judge(subject, allowed)
        assert empty.outcome is (Outcome.NOT_APPLICABLE if is_judged else Outcome.UNKNOWN)
    judged = judge(a_resource(young, window=a_window(2)), allowed)
    assert judged.outcome is (Outcome.PASS if is_judged else Outcome.UNKNOWN)
    assert judge(a_resource(a_backup(9 * DAY, "running"), window=a_window(1)), limits()).outcome is Outcome.FAIL


def test_without_tasks_it_does_not_apply() -> None:
    assert judge(a_resource(), limits()).outcome is Outcome.NOT_APPLICABLE
    assert judge(a_vault_subject(), limits()).outcome is Outcome.NOT_APPLICABLE


def test_a_log_with_gaps_is_unknown_unless_a_stuck_task_was_seen() -> None:
    assert judge(a_resource(a_backup(DAY), log_complete=False), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_resource(a_backup(9 * DAY, "running"), log_complete=False), limits()).outcome is Outcome.FAIL
