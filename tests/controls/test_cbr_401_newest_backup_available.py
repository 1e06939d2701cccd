from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_401_newest_backup_available import judge
from audit.judging.findings import Outcome, Verdict
from audit.records import Backup, Task
from audit.subjects import Terms
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_point,
    a_policy,
    a_policy_subject,
    a_resource,
    facts_of,
    limits,
)

OLD, NEW = a_point(2 * DAY, id="old"), a_point(DAY, id="new")
BROKEN = a_point(DAY, id="new", status="error")


def judged(points: list[Backup] | None, *tasks: Task, **changes: Any) -> Verdict:
    found = None if points is None else tuple(points)
    return judge(a_resource(*tasks, recovery_points=found, **changes), limits())


def made(status: str = "success", backup_id: str = "new", **changes: Any) -> Task:
    return a_backup(DAY, status, backup_id=backup_id, **changes)


@pytest.mark.parametrize("status", ["available", "restoring", "waiting_restore"])
def test_the_newest_backup_must_be_one_that_can_be_restored_from(status: str) -> None:
    verdict = judged([a_point(2 * DAY, status="error"), a_point(DAY, id="new", status=status)], made())

    assert (verdict.outcome, verdict.tasks) == (Outcome.PASS, ("backup-24h",))
    assert facts_of(verdict) == {"backup": "new", "created": "2026-11-22T04:00:00Z", "backups": 2, "in_error": 1}


def test_a_backup_without_a_task_in_the_log_can_be_restored_from_too() -> None:
    assert judged([OLD, NEW]).outcome is Outcome.PASS


@pytest.mark.parametrize(("life", "outcome"), [(90 * DAY, Outcome.UNKNOWN), (DAY, Outcome.PASS)])
def test_a_newer_one_that_is_gone_by_a_rule_that_no_run_saw_then_is_unknown_where_the_other_lives_longer(
    life: timedelta, outcome: Outcome
) -> None:
    first = (a_policy_subject(a_policy(retention_days=1), terms=(Terms(NOW, NOW, 1, None),)),)
    old = a_point(2 * DAY, id="old", expired_at=NOW - 2 * DAY + life)

    assert judged([old], made(), policies=first).outcome is outcome


def test_a_newer_one_that_was_the_last_of_a_week_that_the_policy_keeps_is_unknown() -> None:
    rules = a_policy(retention_days=None, max_backups=2, weekly_copies=4)
    policy = a_policy_subject(rules, terms=(Terms(NOW - 60 * DAY, NOW, None, 2),))
    tasks = [a_backup(day * DAY, backup_id=f"b-{day}") for day in range(28, 0, -1)]
    deletions = [a_backup(HOUR * day, f"d-{day}", operation="delete", backup_id=f"b-{day}") for day in (2, 1)]
    verdict = judged([a_point(28 * DAY, id="b-28", expired_at=None)], *tasks, *deletions, policies=(policy,))

    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.reason == "a backup is gone that the policy may keep as the one of its day, week, month or year"


@pytest.mark.parametrize("tasks", [(made(),), ()])
def test_a_newest_backup_in_error_fails(tasks: tuple[Task, ...]) -> None:
    verdict = judged([OLD, BROKEN], *tasks)

    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, tuple(task.id for task in tasks))
    assert facts_of(verdict)["since"] == "2026-11-22T04:00:00Z"


def test_an_older_one_in_error_is_counted_and_does_not_fail() -> None:
    assert judged([a_point(2 * DAY, id="old", status="error"), NEW]).outcome is Outcome.PASS


@pytest.mark.parametrize("status", ["failed", "timeout"])
def test_what_a_failed_task_left_behind_is_no_backup(status: str) -> None:
    verdict = judged([OLD, BROKEN], made(status))

    assert (verdict.outcome, facts_of(verdict)["backup"]) == (Outcome.PASS, "old")


def test_what_a_failed_task_made_all_the_same_is_one() -> None:
    assert facts_of(judged([OLD, NEW], made("failed")))["backup"] == "new"


@pytest.mark.parametrize("status", ["protecting", "waiting_protect", "deleting", "waiting_delete"])
def test_one_that_is_being_made_or_deleted_is_left_out(status: str) -> None:
    verdict = judged([OLD, a_point(DAY, id="new", status=status)])

    assert (verdict.outcome, facts_of(verdict)["backup"]) == (Outcome.PASS, "old")


@pytest.mark.parametrize("changes", [{"image_type": "replication"}, {"parent_id": "whole"}])
def test_a_copy_or_a_part_proves_nothing(changes: dict[str, Any]) -> None:
    verdict = judged([BROKEN, a_point(HOUR, **changes)])

    assert (verdict.outcome, facts_of(verdict)["backup"]) == (Outcome.FAIL, "new")


def test_a_status_that_is_not_documented_is_unknown() -> None:
    verdict = judged([OLD, a_point(DAY, id="new", status="odd")])

    assert (verdict.outcome, facts_of(verdict)["status"]) == (Outcome.UNKNOWN, "odd")


class TestNoBackup:
    @pytest.mark.parametrize("points", [[], [a_point(HOUR, status="protecting")], [a_point(DAY, parent_id="whole")]])
    def test_it_fails_where_backups_succeeded(self, points: list[Backup]) -> None:
        verdict = judged(points, made(backup_id="gone"), made("failed", task_id="failed"))

        assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("backup-24h",))
        assert facts_of(verdict) == {"last_success": "2026-11-22T04:00:00Z"}

    @pytest.mark.parametrize("tasks", [(), (made("failed"),), (made("running"),)])
    def test_it_does_not_apply_where_none_succeeded(self, tasks: tuple[Task, ...]) -> None:
        assert judged([], *tasks).outcome is Outcome.NOT_APPLICABLE

    def test_it_does_not_apply_where_failed_tasks_left_all_that_is_there(self) -> None:
        assert judged([BROKEN], made("failed")).outcome is Outcome.NOT_APPLICABLE

    def test_a_success_from_before_the_resource_was_taken_out_does_not_count(self) -> None:
        removal = a_backup(HOUR, operation="remove_resource")

        assert judged([], made(), removal).outcome is Outcome.NOT_APPLICABLE

    @pytest.mark.parametrize("changes", [{"log_complete": False}, {"vaults_complete": False}])
    def test_it_is_unknown_where_a_success_may_be_missing(self, changes: dict[str, Any]) -> None:
        assert judged([], **changes).outcome is Outcome.UNKNOWN


class TestALaterSuccessThatMadeNone:
    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"backup_id": "old"}, id="it names the same backup"),
            pytest.param({"backup_id": "gone"}, id="what it names is not there"),
            pytest.param({"backup_id": None}, id="it names none"),
        ],
    )
    def test_it_fails_although_the_newest_one_is_available(self, changes: dict[str, Any]) -> None:
        before = a_backup(2 * DAY, backup_id="old")
        verdict = judged([OLD], before, made(**changes), kind_is_listed=True)

        assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("backup-24h",))
        assert facts_of(verdict) == {"since": "2026-11-22T04:00:00Z", "newest": "2026-11-21T04:00:00Z"}

    def test_the_oldest_such_success_is_named_first(self) -> None:
        tasks = [a_backup(30 * HOUR, backup_id="old"), made(backup_id="gone"), a_backup(5 * HOUR, backup_id="old")]

        assert judged([OLD], *tasks).tasks == ("backup-30h", "backup-24h", "backup-5h")

    def test_the_same_backup_in_error_is_not_what_a_failed_task_left(self) -> None:
        tasks = [a_backup(2 * DAY, backup_id="new"), made()]

        assert judged([BROKEN], *tasks).outcome is Outcome.FAIL

    def test_one_of_the_last_hour_may_still_come(self) -> None:
        assert judged([NEW], made(), a_backup(HOUR / 2)).outcome is Outcome.PASS

    @pytest.mark.parametrize(("age", "outcome"), [(DAY - HOUR, Outcome.PASS), (DAY - HOUR - TICK, Outcome.FAIL)])
    def test_clocks_may_differ_by_an_hour(self, age: timedelta, outcome: Outcome) -> None:
        assert judged([NEW], made(), a_backup(age, backup_id="gone")).outcome is outcome

    def test_one_that_was_deleted_since_is_left_to_another_control(self) -> None:
        deletion = a_backup(2 * HOUR, operation="delete", backup_id="gone")

        assert judged([OLD], made(backup_id="gone"), deletion).outcome is Outcome.PASS

    def test_an_older_one_that_made_none_is_left_to_another_control(self) -> None:
        assert judged([NEW], a_backup(3 * DAY, backup_id="gone"), made()).outcome is Outcome.PASS

    @pytest.mark.parametrize(("backup_id", "outcome"), [("gone", Outcome.UNKNOWN), ("old", Outcome.FAIL)])
    def test_policies_that_were_not_read_may_explain_that_it_is_gone(self, backup_id: str, outcome: Outcome) -> None:
        assert judged([OLD], made(backup_id=backup_id), policies=None).outcome is outcome


class TestGaps:
    def test_backups_that_were_not_read_completely_are_unknown(self) -> None:
        assert judged(None, made()).outcome is Outcome.UNKNOWN

    def test_an_error_may_have_a_failed_task_that_is_missing(self) -> None:
        assert judged([OLD, BROKEN], log_complete=False).outcome is Outcome.UNKNOWN

    def test_what_took_all_backups_away_may_be_missing(self) -> None:
        assert judged([], made()).outcome is Outcome.FAIL
        assert judged([], made(), log_complete=False).outcome is Outcome.UNKNOWN

    def test_an_error_after_a_success_is_certain(self) -> None:
        assert judged([OLD, BROKEN], made(), log_complete=False).outcome is Outcome.FAIL

    def test_a_backup_that_is_available_needs_no_policies(self) -> None:
        assert judged([NEW], made(), policies=None).outcome is Outcome.PASS

    @pytest.mark.parametrize("changes", [{"log_complete": False}, {"vaults_complete": False}])
    def test_a_later_success_that_made_none_may_be_missing(self, changes: dict[str, Any]) -> None:
        assert judged([NEW], made(), **changes).outcome is Outcome.UNKNOWN


def test_the_newest_one_is_the_one_that_was_created_last() -> None:
    points = [a_point(DAY, id="error", status="error"), a_point(DAY, id="good", created_at=NOW - HOUR)]

    assert facts_of(judged(points))["backup"] == "good"
