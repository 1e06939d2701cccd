from datetime import timedelta

import pytest

from audit.controls.cbr_105_unresolved_failure import judge
from audit.judging.findings import Outcome
from audit.records import Task
from tests.builders import DAY, HOUR, NOW, TICK, a_backup, a_resource, facts_of, limits

LIMIT = 30 * HOUR


@pytest.mark.parametrize("status", ["failed", "timeout"])
@pytest.mark.parametrize(
    ("age", "outcome"), [(HOUR, Outcome.PASS), (LIMIT, Outcome.PASS), (LIMIT + TICK, Outcome.FAIL)]
)
def test_a_failure_may_stay_unresolved_as_long_as_the_limit(status: str, age: timedelta, outcome: Outcome) -> None:
    failure = a_backup(age, status)
    verdict = judge(a_resource(a_backup(9 * DAY), failure), limits())

    assert (verdict.outcome, verdict.tasks) == (outcome, (failure.id,))


def test_a_failure_without_any_success_is_unresolved() -> None:
    assert judge(a_resource(a_backup(2 * DAY, "failed")), limits()).outcome is Outcome.FAIL


def test_the_oldest_failure_since_the_last_success_counts() -> None:
    tasks = [a_backup(9 * DAY, "failed"), a_backup(8 * DAY), a_backup(3 * DAY, "failed"), a_backup(HOUR, "failed")]
    verdict = judge(a_resource(*tasks), limits())

    assert verdict.tasks == ("backup-72h", "backup-1h")
    assert facts_of(verdict) == {"since": "2026-11-20T04:00:00Z", "failures": 2, "limit_hours": 30}


def test_a_success_resolves_and_is_named() -> None:
    tasks = [a_backup(9 * DAY, "failed"), a_backup(8 * DAY), a_backup(7 * DAY, "skipped"), a_backup(HOUR, "running")]
    verdict = judge(a_resource(*tasks), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.PASS, ("backup-216h", "backup-192h"))


def test_a_success_that_began_at_the_same_time_resolves() -> None:
    tasks = [a_backup(3 * DAY, "failed", task_id="a"), a_backup(3 * DAY, task_id="b")]

    assert judge(a_resource(*tasks), limits()).outcome is Outcome.PASS


def test_what_began_last_counts_not_what_was_created_last() -> None:
    tasks = [a_backup(4 * DAY, "failed", started_at=NOW - 2 * DAY), a_backup(3 * DAY)]

    assert judge(a_resource(*tasks), limits()).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    "tasks", [[], [a_backup(HOUR)], [a_backup(DAY, "skipped")], [a_backup(DAY, "failed", operation="restore")]]
)
def test_without_a_failed_backup_it_does_not_apply(tasks: list[Task]) -> None:
    assert judge(a_resource(*tasks), limits()).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("tasks", [[], [a_backup(HOUR)], [a_backup(9 * DAY, "failed")]])
def test_a_log_with_gaps_is_unknown(tasks: list[Task]) -> None:
    assert judge(a_resource(*tasks, log_complete=False), limits()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "tasks",
    [[], [a_backup(9 * DAY, "failed")], [a_backup(9 * DAY, "failed"), a_backup(8 * DAY)]],
)
def test_a_backup_with_a_status_that_is_not_documented_is_unknown(tasks: list[Task]) -> None:
    verdict = judge(a_resource(*tasks, a_backup(HOUR, "paused")), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, ("backup-1h",))
    assert "not documented" in verdict.reason


def test_an_operation_that_is_not_documented_may_have_been_a_backup_that_failed() -> None:
    tasks = [a_backup(DAY), a_backup(HOUR, "failed", operation="rewind")]
    verdict = judge(a_resource(*tasks), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, ("backup-1h",))


def test_without_any_limit_an_open_failure_is_unknown_and_a_resolved_one_is_not() -> None:
    no_limit = limits(repair_within=None)
    tasks = [a_backup(9 * DAY, "failed"), a_backup(8 * DAY)]

    assert judge(a_resource(*tasks, policies=None), no_limit).outcome is Outcome.PASS
    assert judge(a_resource(tasks[0], policies=None), no_limit).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(("age", "outcome"), [(LIMIT, Outcome.PASS), (LIMIT + TICK, Outcome.FAIL)])
def test_without_a_limit_the_interval_of_the_policy_and_grace_is_the_limit(age: timedelta, outcome: Outcome) -> None:
    resource = a_resource(a_backup(9 * DAY), a_backup(age, "failed"))

    assert judge(resource, limits(repair_within=None)).outcome is outcome


def test_a_success_that_names_a_backup_again_resolves_nothing_and_is_unresolved_itself() -> None:
    tasks = [a_backup(9 * DAY), a_backup(3 * DAY, "failed"), a_backup(2 * DAY, backup_id="made by backup-216h")]
    verdict = judge(a_resource(*tasks), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("backup-72h", "backup-48h"))
    assert judge(a_resource(*tasks, a_backup(DAY)), limits()).outcome is Outcome.PASS
