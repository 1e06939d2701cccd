from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.controls.cbr_103_success_rate import judge
from audit.judging.findings import Outcome
from audit.records import Task
from tests.builders import DAY, HOUR, NOW, TICK, a_backup, a_policy_subject, a_resource, a_window, facts_of, limits


def some(succeeded: int, broken: int, status: str = "failed") -> list[Task]:
    statuses = [*["success"] * succeeded, *[status] * broken]
    return [a_backup((100 - number) * HOUR, status) for number, status in enumerate(statuses)]


@pytest.mark.parametrize("status", ["failed", "timeout"])
@pytest.mark.parametrize(
    ("succeeded", "broken", "outcome"),
    [
        (1, 0, Outcome.PASS),
        (19, 1, Outcome.PASS),
        (18, 1, Outcome.FAIL),
        (37, 2, Outcome.FAIL),
        (38, 2, Outcome.PASS),
        (0, 1, Outcome.FAIL),
    ],
)
def test_the_share_of_successes_is_compared_exactly(succeeded: int, broken: int, status: str, outcome: Outcome) -> None:
    verdict = judge(a_resource(*some(succeeded, broken, status)), limits())

    assert verdict.outcome is outcome
    facts = facts_of(verdict)
    assert (facts["succeeded"], facts["finished"], facts["limit_percent"]) == (succeeded, succeeded + broken, 95)


def test_a_failure_names_every_failed_backup_and_since_when() -> None:
    verdict = judge(a_resource(*some(1, 2)), limits())

    assert verdict.tasks == ("backup-99h", "backup-98h")
    assert facts_of(verdict)["since"] == "2026-11-19T01:00:00Z"


def test_a_pass_names_the_newest_success() -> None:
    assert judge(a_resource(*some(3, 0)), limits()).tasks == ("backup-98h",)


@pytest.mark.parametrize(("age", "outcome"), [(30 * DAY, Outcome.FAIL), (30 * DAY + TICK, Outcome.PASS)])
def test_only_backups_of_the_period_count(age: timedelta, outcome: Outcome) -> None:
    assert judge(a_resource(a_backup(age, "failed"), a_backup(HOUR)), limits()).outcome is outcome


@pytest.mark.parametrize("status", ["skipped", "running", "waiting"])
def test_what_neither_succeeded_nor_broke_does_not_count(status: str) -> None:
    assert judge(a_resource(a_backup(DAY, status), a_backup(HOUR)), limits()).outcome is Outcome.PASS
    assert judge(a_resource(a_backup(DAY, status)), limits()).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("others", [[], some(1, 0), some(0, 1)])
def test_a_backup_with_a_status_that_is_not_documented_is_unknown(others: list[Task]) -> None:
    verdict = judge(a_resource(*others, a_backup(HOUR, "paused")), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, ("backup-1h",))
    assert "not documented" in verdict.reason


def test_a_restore_with_a_status_that_is_not_documented_changes_nothing() -> None:
    resource = a_resource(a_backup(DAY), a_backup(HOUR, "paused", operation="restore"))

    assert judge(resource, limits()).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("tasks", "outcome"),
    [(some(0, 0), Outcome.NOT_APPLICABLE), (some(1, 0), Outcome.PASS), (some(0, 1), Outcome.FAIL)],
)
def test_a_window_that_does_not_cover_the_period_is_unknown(tasks: list[Task], outcome: Outcome) -> None:
    window = a_window(10)

    assert judge(a_resource(*tasks, window=window), limits(success_rate_period=10 * DAY)).outcome is outcome
    shorter = judge(a_resource(*tasks, window=window), limits(success_rate_period=10 * DAY + TICK))
    assert (shorter.outcome, shorter.reason) == (Outcome.UNKNOWN, "the task log does not cover the period")


def test_other_operations_do_not_count() -> None:
    assert judge(a_resource(a_backup(DAY, "failed", operation="restore")), limits()).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("tasks", [some(0, 0), some(1, 0), some(0, 1)])
def test_a_log_with_gaps_is_unknown(tasks: list[Task]) -> None:
    assert judge(a_resource(*tasks, log_complete=False), limits()).outcome is Outcome.UNKNOWN


def test_a_limit_of_nothing_is_always_met() -> None:
    assert judge(a_resource(*some(0, 1)), limits(min_success_rate=0)).outcome is Outcome.PASS


def test_a_limit_of_everything_allows_no_failure() -> None:
    assert judge(a_resource(*some(99, 1)), limits(min_success_rate=100)).outcome is Outcome.FAIL


def test_three_failures_that_a_success_made_up_for_before_the_next_run_are_no_alarm() -> None:
    tries = [a_backup(age * HOUR, status) for age, status in ((26, "failed"), (25, "timeout"), (24, "failed"))]
    verdict = judge(a_resource(*tries, a_backup(23 * HOUR)), limits())

    assert verdict.outcome is Outcome.PASS
    assert (facts_of(verdict)["succeeded"], facts_of(verdict)["finished"]) == (1, 1)


@pytest.mark.parametrize(("age", "outcome"), [(3 * HOUR, Outcome.PASS), (2 * HOUR, Outcome.FAIL)])
def test_a_failure_counts_where_the_success_came_with_the_next_run(age: timedelta, outcome: Outcome) -> None:
    tasks = [a_backup(26 * HOUR, "failed"), a_backup(age)]  # the runs were due 26 and 2 hours ago

    assert judge(a_resource(*tasks), limits()).outcome is outcome


def test_a_failure_after_the_success_counts() -> None:
    assert judge(a_resource(a_backup(26 * HOUR), a_backup(25 * HOUR, "failed")), limits()).outcome is Outcome.FAIL


def test_a_failure_whose_run_was_planned_in_a_maintenance_window_does_not_count() -> None:
    def maintenance(due: datetime) -> str:
        return "moving house" if due == NOW - 26 * HOUR else ""

    failure = a_backup(26 * HOUR, "failed")
    assert judge(a_resource(failure), limits(maintenance=maintenance)).outcome is Outcome.NOT_APPLICABLE
    before = [a_backup(50 * HOUR, "failed"), failure]
    verdict = judge(a_resource(*before), limits(maintenance=maintenance))
    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("backup-50h",))


@pytest.mark.parametrize("policies", [None, (a_policy_subject(schedule=None, unreadable="no"),)])
def test_nobody_knows_which_failures_count_where_the_plan_is_not_known(policies: Any) -> None:
    verdict = judge(a_resource(*some(1, 1), policies=policies), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, ("backup-99h",))
    assert judge(a_resource(*some(1, 0), policies=policies), limits()).outcome is Outcome.PASS


def test_every_failure_counts_where_nothing_is_planned() -> None:
    tasks = [a_backup(26 * HOUR, "failed"), a_backup(25 * HOUR)]

    assert judge(a_resource(*tasks, policies=()), limits()).outcome is Outcome.FAIL


def test_a_success_that_names_a_backup_again_counts_as_failed() -> None:
    again = a_backup(HOUR, task_id="again", backup_id="made by backup-100h")
    verdict = judge(a_resource(*some(18, 0), again), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("again",))
    assert (facts_of(verdict)["succeeded"], facts_of(verdict)["finished"]) == (18, 19)
