from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.controls.cbr_107_skipped_run import judge
from audit.judging.findings import Outcome
from audit.records import Task
from tests.builders import DAY, HOUR, NOW, TICK, a_backup, a_policy_subject, a_resource, a_window, facts_of, limits


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


@pytest.mark.parametrize("others", [[], [a_backup(DAY)], skipped(DAY)])
def test_a_backup_with_a_status_that_is_not_documented_is_unknown(others: list[Task]) -> None:
    odd = a_backup(HOUR, "paused")
    verdict = judge(a_resource(*others, odd), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, (odd.id,))
    assert "not documented" in verdict.reason


@pytest.mark.parametrize("tasks", [[], [a_backup(DAY)]])
def test_a_window_that_does_not_cover_the_period_is_unknown_unless_too_many_were_skipped(tasks: list[Task]) -> None:
    window = a_window(3)
    covered, longer = limits(skipped_runs_period=3 * DAY), limits(skipped_runs_period=3 * DAY + TICK)

    verdict = judge(a_resource(*tasks, window=window), longer)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, "the task log does not cover the period")
    assert judge(a_resource(*tasks, window=window), covered).outcome is not Outcome.UNKNOWN
    assert judge(a_resource(*tasks, *skipped(HOUR), window=window), longer).outcome is Outcome.FAIL


@pytest.mark.parametrize("tasks", [[], [a_backup(DAY)], skipped(DAY)])
def test_a_log_with_gaps_is_unknown_as_it_may_hide_what_made_up_for_it(tasks: list[Task]) -> None:
    assert judge(a_resource(*tasks, log_complete=False), limits()).outcome is Outcome.UNKNOWN


def test_a_success_before_the_next_run_was_due_makes_up_for_it() -> None:
    skip = a_backup(26 * HOUR, "skipped")  # the runs were due 26 and 2 hours ago

    in_time, too_late = a_backup(3 * HOUR), a_backup(2 * HOUR)
    verdict = judge(a_resource(skip, in_time), limits())
    assert (verdict.outcome, facts_of(verdict)["skipped"]) == (Outcome.PASS, 0)
    assert judge(a_resource(skip, too_late), limits()).outcome is Outcome.FAIL
    assert judge(a_resource(skip, a_backup(3 * HOUR, "failed")), limits()).outcome is Outcome.FAIL


def test_one_whose_run_was_planned_in_a_maintenance_window_does_not_count() -> None:
    def maintenance(due: datetime) -> str:
        return "moving house" if due == NOW - 26 * HOUR else ""

    verdict = judge(a_resource(a_backup(26 * HOUR, "skipped")), limits(maintenance=maintenance))
    assert (verdict.outcome, facts_of(verdict)["skipped"]) == (Outcome.PASS, 0)
    before = judge(a_resource(a_backup(50 * HOUR, "skipped")), limits(maintenance=maintenance))
    assert before.outcome is Outcome.FAIL


@pytest.mark.parametrize("policies", [None, (a_policy_subject(schedule=None, unreadable="no"),)])
def test_nobody_knows_which_of_too_many_count_where_the_plan_is_not_known(policies: Any) -> None:
    resource = a_resource(*skipped(3 * DAY), a_backup(DAY), policies=policies)

    assert judge(resource, limits()).outcome is Outcome.UNKNOWN
    assert judge(resource, limits(max_skipped_runs=1)).outcome is Outcome.PASS


def test_every_one_counts_where_nothing_is_planned() -> None:
    assert judge(a_resource(*skipped(DAY), a_backup(HOUR), policies=()), limits()).outcome is Outcome.FAIL
