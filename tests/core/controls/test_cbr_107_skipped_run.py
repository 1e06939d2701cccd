from datetime import timedelta

import pytest

from audit.controls.cbr_107_skipped_run import judge
from audit.findings import Outcome
from audit.records import Task
from tests.core.builders import DAY, HOUR, TICK, a_backup, a_resource, a_window, facts_of, limits


def skipped(*ages: timedelta) -> list[Task]:
    return [a_backup(age, "skipped") for age in ages]


@pytest.mark.parametrize(("allowed", "outcome"), [(2, Outcome.PASS), (1, Outcome.FAIL), (0, Outcome.FAIL)])
def test_as_many_may_be_skipped_as_the_limit_allows(allowed: int, outcome: Outcome) -> None:
    resource = a_resource(*skipped(3 * DAY, 2 * DAY), a_backup(DAY))

    assert judge(resource, limits(max_skipped_runs=allowed)).outcome is outcome


def test_a_failure_names_every_skipped_backup() -> None:
    verdict = judge(a_resource(*skipped(3 * DAY), a_backup(2 * DAY), *skipped(DAY)), limits())

    assert verdict.tasks == ("backup-72h", "backup-24h")
    assert facts_of(verdict) == {"since": "2026-11-20T04:00:00Z", "skipped": 2, "limit": 0}


@pytest.mark.parametrize(("age", "outcome"), [(7 * DAY, Outcome.FAIL), (7 * DAY + TICK, Outcome.PASS)])
def test_only_backups_of_the_period_count(age: timedelta, outcome: Outcome) -> None:
    assert judge(a_resource(*skipped(age), a_backup(HOUR)), limits()).outcome is outcome


def test_other_skipped_operations_do_not_count() -> None:
    resource = a_resource(a_backup(2 * DAY, "skipped", operation="replication"), a_backup(DAY))

    assert judge(resource, limits()).outcome is Outcome.PASS


def test_without_a_backup_in_the_period_it_does_not_apply() -> None:
    assert judge(a_resource(a_backup(8 * DAY)), limits()).outcome is Outcome.NOT_APPLICABLE


def test_a_backup_with_a_status_that_is_not_documented_is_unknown_unless_too_many_were_skipped() -> None:
    odd = a_backup(HOUR, "paused")
    verdict = judge(a_resource(a_backup(DAY), odd), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, (odd.id,))
    assert "not documented" in verdict.reason
    assert judge(a_resource(odd), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_resource(*skipped(DAY), odd), limits()).outcome is Outcome.FAIL


@pytest.mark.parametrize("tasks", [[], [a_backup(DAY)]])
def test_a_window_that_does_not_cover_the_period_is_unknown_unless_too_many_were_skipped(tasks: list[Task]) -> None:
    window = a_window(3)
    covered, longer = limits(skipped_runs_period=3 * DAY), limits(skipped_runs_period=3 * DAY + TICK)

    verdict = judge(a_resource(*tasks, window=window), longer)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, "the task log does not cover the period")
    assert judge(a_resource(*tasks, window=window), covered).outcome is not Outcome.UNKNOWN
    assert judge(a_resource(*tasks, *skipped(HOUR), window=window), longer).outcome is Outcome.FAIL


def test_a_log_with_gaps_is_unknown_unless_too_many_were_seen() -> None:
    assert judge(a_resource(a_backup(DAY), log_complete=False), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_resource(*skipped(DAY), log_complete=False), limits()).outcome is Outcome.FAIL
