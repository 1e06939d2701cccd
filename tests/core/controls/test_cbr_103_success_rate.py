from datetime import timedelta

import pytest

from audit.controls.cbr_103_success_rate import judge
from audit.findings import Outcome
from audit.records import Task
from tests.core.builders import DAY, HOUR, TICK, a_backup, a_resource, a_window, facts_of, limits


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
