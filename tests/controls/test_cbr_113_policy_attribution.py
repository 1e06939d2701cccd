from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_113_policy_attribution import judge
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
    facts_of,
    limits,
)

FOREIGN = a_backup(DAY, policy_id="gone", task_id="foreign")


@pytest.mark.parametrize(
    "changes", [{}, {"enabled": False}, {"patterns": ("FREQ=WEEKLY;BYDAY=SU;BYHOUR=9;BYMINUTE=0",)}]
)
def test_the_newest_backup_names_a_policy_that_is_applied(changes: dict[str, Any]) -> None:
    task = a_backup(HOUR, policy_id="policy-1")
    verdict = judge(a_resource(FOREIGN, task, policies=(a_policy_subject(a_policy(**changes)),)), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.PASS, (task.id,))
    assert facts_of(verdict) == {"policy": "policy-1"}


@pytest.mark.parametrize("status", ["success", "failed", "skipped", "running"])
def test_a_newest_backup_of_another_policy_fails(status: str) -> None:
    task = a_backup(HOUR, status, policy_id="gone")
    verdict = judge(a_resource(a_backup(DAY, policy_id="policy-1"), task), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, (task.id,))
    assert facts_of(verdict) == {"since": "2026-11-23T03:00:00Z", "policy": "gone"}


@pytest.mark.parametrize("backups", [[], [a_backup(DAY)], [a_backup(DAY, operation="restore", policy_id="gone")]])
def test_it_does_not_apply_where_no_backup_names_a_policy(backups: list[Task]) -> None:
    assert judge(a_resource(*backups), limits()).outcome is Outcome.NOT_APPLICABLE


def test_a_policy_that_is_applied_may_have_run_since_without_a_name() -> None:
    run = a_backup(2 * HOUR, task_id="run")
    verdict = judge(a_resource(FOREIGN, run), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.PASS, ("run",))


def test_a_backup_by_hand_since_says_nothing() -> None:
    by_hand = a_backup(12 * HOUR)

    assert judge(a_resource(FOREIGN, by_hand), limits()).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("known_since", "outcome"),
    [(NOW - DAY - 2 * HOUR, Outcome.FAIL), (NOW - DAY - 2 * HOUR + TICK, Outcome.NOT_APPLICABLE)],
)
def test_a_policy_that_was_replaced_since_does_not_count(known_since: Any, outcome: Outcome) -> None:
    replaced = a_policy_subject(known_since=known_since)

    assert judge(a_resource(FOREIGN, policies=(replaced,)), limits()).outcome is outcome


def test_an_applied_policy_that_made_an_earlier_backup_was_not_replaced() -> None:
    changed_today = a_policy_subject(known_since=NOW)
    earlier = a_backup(2 * DAY, policy_id="policy-1")

    assert judge(a_resource(earlier, FOREIGN, policies=(changed_today,)), limits()).outcome is Outcome.FAIL
    assert judge(a_resource(FOREIGN, policies=(changed_today,)), limits()).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(("late", "outcome"), [(timedelta(0), Outcome.FAIL), (TICK, Outcome.NOT_APPLICABLE)])
def test_a_run_must_have_been_due_before(late: timedelta, outcome: Outcome) -> None:
    weekly = a_policy_subject(a_policy(patterns=("FREQ=WEEKLY;BYDAY=MO;BYHOUR=2;BYMINUTE=0",)))
    task = a_backup(7 * DAY + 2 * HOUR + late, policy_id="gone")

    assert judge(a_resource(task, policies=(weekly,), known_since=NOW - 8 * DAY), limits()).outcome is outcome


@pytest.mark.parametrize("policies", [(), (a_policy_subject(a_policy(enabled=False)),)])
def test_it_does_not_apply_where_no_applied_policy_runs(policies: Any) -> None:
    assert judge(a_resource(FOREIGN, policies=policies), limits()).outcome is Outcome.NOT_APPLICABLE


def test_a_log_with_gaps_is_unknown() -> None:
    for tasks in ([], [FOREIGN], [a_backup(DAY, policy_id="policy-1")]):
        assert judge(a_resource(*tasks, log_complete=False), limits()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("policies", [None, (a_policy_subject(schedule=None, unreadable="no"),)])
def test_nobody_knows_where_the_policies_are_not_known(policies: Any) -> None:
    verdict = judge(a_resource(FOREIGN, policies=policies), limits())

    assert (verdict.outcome, list(facts_of(verdict))) == (Outcome.UNKNOWN, ["problem"])
