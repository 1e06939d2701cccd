from datetime import timedelta

import pytest

from audit.controls.cbr_106_stuck_task import judge
from audit.findings import Outcome
from tests.core.builders import DAY, HOUR, NOW, TICK, a_backup, a_resource, a_vault_subject, facts_of, limits


@pytest.mark.parametrize("status", ["running", "waiting", "paused"])
@pytest.mark.parametrize("operation", ["backup", "restore", "replication"])
@pytest.mark.parametrize(("age", "outcome"), [(24 * HOUR, Outcome.PASS), (24 * HOUR + TICK, Outcome.FAIL)])
def test_a_task_may_stay_open_as_long_as_the_limit(
    status: str, operation: str, age: timedelta, outcome: Outcome
) -> None:
    task = a_backup(age, status, operation=operation)

    assert judge(a_resource(task), limits()).outcome is outcome


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


def test_without_tasks_it_does_not_apply() -> None:
    assert judge(a_resource(), limits()).outcome is Outcome.NOT_APPLICABLE
    assert judge(a_vault_subject(), limits()).outcome is Outcome.NOT_APPLICABLE


def test_a_log_with_gaps_is_unknown_unless_a_stuck_task_was_seen() -> None:
    assert judge(a_resource(a_backup(DAY), log_complete=False), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_resource(a_backup(9 * DAY, "running"), log_complete=False), limits()).outcome is Outcome.FAIL
