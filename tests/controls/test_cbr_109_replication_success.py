from datetime import timedelta
from typing import Any

import pytest

from audit.collection import Kind
from audit.controls.cbr_109_replication_success import CONTROL, judge
from audit.judging.findings import Outcome
from audit.records import Backup, Task
from audit.subjects import PolicySubject, Resource
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_point,
    a_policy,
    a_policy_subject,
    a_replica,
    a_resource,
    a_vault,
    facts_of,
    limits,
)

COPY_DUE = NOW - 26 * HOUR  # the newest due time of the daily copies that is a day and more before NOW


def copies(**changes: Any) -> PolicySubject:
    values: dict[str, Any] = {"policy_id": "copies", "operation": "replication"}
    return a_policy_subject(a_policy(**{**values, **changes}))


def a_copy(age: timedelta, status: str = "success", of: timedelta | None = None, **changes: Any) -> Task:
    """A copy of the backup of that age, made so long before NOW."""
    named = {"task_id": f"copy-{age // HOUR}h", "operation": "replication", "policy_id": "copies"}
    backup_id = None if of is None else f"point-{of // HOUR}h"
    return a_backup(age, status, **{**named, "backup_id": backup_id, **changes})


def replicated(*tasks: Task, points: tuple[Backup, ...] | None, **changes: Any) -> Resource:
    in_order = sorted(tasks, key=lambda task: task.created_at)
    values: dict[str, Any] = {"policies": (a_policy_subject(), copies()), "recovery_points": points}
    return a_resource(*in_order, **{**values, **changes})


OLD, YOUNG = a_point(30 * HOUR), a_point(6 * HOUR)


class TestCopiesInTime:
    def test_a_task_shows_a_copy(self) -> None:
        verdict = judge(replicated(a_copy(25 * HOUR, of=30 * HOUR), points=(OLD, YOUNG)), limits())

        assert (verdict.outcome, verdict.tasks) == (Outcome.PASS, ("copy-25h",))
        assert facts_of(verdict) == {"limit_hours": 24, "newest_copied": "2026-11-21T22:00:00Z"}

    def test_the_older_operation_shows_one_too(self) -> None:
        task = a_copy(25 * HOUR, of=30 * HOUR, operation="copy", policy_id=None)

        assert judge(replicated(task, points=(OLD,)), limits()).outcome is Outcome.PASS

    def test_the_backup_itself_shows_one(self) -> None:
        copied = a_point(30 * HOUR, replicas=(a_replica(status="fail"), a_replica()))
        verdict = judge(replicated(points=(copied,)), limits())

        assert (verdict.outcome, verdict.tasks) == (Outcome.PASS, ())

    @pytest.mark.parametrize("status", ["replicating", "fail", "skip", "waiting_replicate"])
    def test_only_a_finished_copy_counts(self, status: str) -> None:
        verdict = judge(replicated(points=(a_point(30 * HOUR, replicas=(a_replica(status=status),)),)), limits())

        assert verdict.outcome is Outcome.FAIL

    @pytest.mark.parametrize("status", ["copied", None])
    def test_a_copy_whose_status_nobody_knows_leaves_it_open(self, status: str | None) -> None:
        verdict = judge(replicated(points=(a_point(30 * HOUR, replicas=(a_replica(status=status),)),)), limits())

        assert verdict.outcome is Outcome.UNKNOWN
        assert facts_of(verdict)["backup"] == "point-30h"

    def test_a_copy_before_the_newest_that_may_have_been_of_what_is_missed_leaves_it_open(self) -> None:
        tasks = (a_copy(28 * HOUR, "half done"), a_copy(25 * HOUR, of=54 * HOUR))
        verdict = judge(replicated(*tasks, points=(a_point(54 * HOUR), OLD)), limits())

        assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, ("copy-28h",))

    def test_without_any_copy_it_fails_since_the_oldest_backup(self) -> None:
        verdict = judge(replicated(points=(a_point(54 * HOUR), OLD, YOUNG)), limits())

        assert verdict.outcome is Outcome.FAIL
        assert facts_of(verdict) == {
            "since": "2026-11-20T22:00:00Z",
            "not_copied": 2,
            "limit_hours": 24,
            "newest_copied": None,
        }

    def test_only_what_is_newer_than_the_newest_copy_is_missed(self) -> None:
        points = (a_point(100 * HOUR), a_point(78 * HOUR), a_point(54 * HOUR), OLD)
        verdict = judge(replicated(a_copy(74 * HOUR, of=78 * HOUR), points=points), limits())

        assert (verdict.outcome, facts_of(verdict)["not_copied"]) == (Outcome.FAIL, 2)

    def test_a_newer_copy_makes_up_for_an_older_backup(self) -> None:
        assert judge(replicated(a_copy(HOUR, of=6 * HOUR), points=(OLD, YOUNG)), limits()).outcome is Outcome.PASS

    @pytest.mark.parametrize(("late", "outcome"), [(timedelta(0), Outcome.FAIL), (TICK, Outcome.NOT_APPLICABLE)])
    def test_a_backup_must_have_been_there_when_the_copies_were_due(self, late: timedelta, outcome: Outcome) -> None:
        point = a_point(created_at=COPY_DUE + late)

        assert judge(replicated(points=(point,)), limits()).outcome is outcome

    @pytest.mark.parametrize(("late", "outcome"), [(timedelta(0), Outcome.FAIL), (TICK, Outcome.NOT_APPLICABLE)])
    def test_a_backup_is_there_when_its_task_has_ended(self, late: timedelta, outcome: Outcome) -> None:
        task = a_backup(30 * HOUR, backup_id=OLD.id, ended_at=COPY_DUE + late)

        assert judge(replicated(task, points=(OLD,)), limits()).outcome is outcome

    @pytest.mark.parametrize(
        ("lag", "outcome"), [(26 * HOUR, Outcome.FAIL), (26 * HOUR + TICK, Outcome.NOT_APPLICABLE)]
    )
    def test_the_lag_counts_from_when_the_copies_were_due(self, lag: timedelta, outcome: Outcome) -> None:
        assert judge(replicated(points=(OLD,)), limits(replication_lag=lag)).outcome is outcome

    def test_a_weekly_copy_is_not_six_daily_failures(self) -> None:
        weekly = copies(patterns=("FREQ=WEEKLY;BYDAY=TU;BYHOUR=2;BYMINUTE=0",))
        points = tuple(a_point(age * DAY) for age in (8, 5, 4, 3, 2))
        resource = replicated(a_copy(6 * DAY, of=8 * DAY), points=points, policies=(weekly,))

        assert judge(resource, limits()).outcome is Outcome.PASS

    @pytest.mark.parametrize("changes", [{"status": "error"}, {"image_type": "replication"}, {"vault_id": "other"}])
    def test_only_sound_backups_in_the_vaults_of_the_policy_must_be_copied(self, changes: dict[str, Any]) -> None:
        assert judge(replicated(points=(a_point(30 * HOUR, **changes),)), limits()).outcome is Outcome.NOT_APPLICABLE

    def test_each_policy_is_judged_by_its_own_vaults(self) -> None:
        other = copies(policy_id="other", vault_ids=frozenset({"vault-2"}))
        points = (a_point(54 * HOUR, vault_id="vault-2"), OLD)
        changes: dict[str, Any] = {
            "policies": (copies(), other),
            "vaults": (a_vault(), a_vault("vault-2")),
            "points": points,
        }

        verdict = judge(replicated(a_copy(25 * HOUR, of=30 * HOUR), **changes), limits())
        assert (verdict.outcome, facts_of(verdict)["not_copied"]) == (Outcome.FAIL, 1)
        both = (a_copy(25 * HOUR, of=30 * HOUR), a_copy(24 * HOUR, of=54 * HOUR))
        assert judge(replicated(*both, **changes), limits()).outcome is Outcome.PASS


class TestTheNewestCopy:
    @pytest.mark.parametrize("status", ["failed", "timeout"])
    def test_it_must_not_have_failed(self, status: str) -> None:
        tasks = [a_copy(25 * HOUR, of=30 * HOUR), a_copy(HOUR, status, of=6 * HOUR, error_code="BackupService.6129")]
        verdict = judge(replicated(*tasks, points=(OLD, YOUNG)), limits())

        assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("copy-1h",))
        assert facts_of(verdict) == {"since": "2026-11-23T03:00:00Z", "error": "BackupService.6129"}

    @pytest.mark.parametrize("status", ["success", "failed"])
    def test_a_later_success_makes_up_for_failures(self, status: str) -> None:
        tasks = [a_copy(25 * HOUR, "failed"), a_copy(24 * HOUR, status), a_copy(23 * HOUR, of=30 * HOUR)]

        assert judge(replicated(*tasks, points=(OLD,)), limits()).outcome is Outcome.PASS

    @pytest.mark.parametrize("status", ["running", "waiting", "skipped"])
    def test_one_that_neither_succeeded_nor_broke_says_nothing(self, status: str) -> None:
        assert (
            judge(replicated(a_copy(25 * HOUR, of=30 * HOUR), a_copy(HOUR, status), points=(OLD,)), limits()).outcome
            is Outcome.PASS
        )
        assert judge(replicated(a_copy(25 * HOUR, "failed"), a_copy(HOUR, status), points=()), limits()).outcome is (
            Outcome.FAIL
        )

    def test_a_status_that_is_not_documented_is_unknown(self) -> None:
        verdict = judge(replicated(a_copy(25 * HOUR, of=30 * HOUR), a_copy(HOUR, "paused"), points=(OLD,)), limits())

        assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, ("copy-1h",))


class TestNotApplicable:
    @pytest.mark.parametrize("policies", [(), (a_policy_subject(),), (copies(enabled=False),)])
    def test_where_no_replication_policy_is_enabled(self, policies: tuple[PolicySubject, ...]) -> None:
        resource = replicated(a_copy(HOUR, "failed"), points=(OLD,), policies=policies)

        assert judge(resource, limits()).outcome is Outcome.NOT_APPLICABLE

    def test_where_there_is_no_backup(self) -> None:
        assert judge(replicated(points=()), limits()).outcome is Outcome.NOT_APPLICABLE
        copied = a_copy(HOUR, of=6 * HOUR)
        assert judge(replicated(copied, points=(YOUNG,)), limits()).outcome is Outcome.NOT_APPLICABLE

    def test_where_the_policy_was_not_known_so_when_it_was_due(self) -> None:
        for late, outcome in ((timedelta(0), Outcome.FAIL), (TICK, Outcome.NOT_APPLICABLE)):
            changed = a_policy_subject(a_policy(operation="replication"), known_since=COPY_DUE + late)
            assert judge(replicated(points=(OLD,), policies=(changed,)), limits()).outcome is outcome

    def test_where_it_was_due_in_a_maintenance_window(self) -> None:
        def maintenance(due: Any) -> str:
            return "moving house" if due == COPY_DUE else ""

        assert judge(replicated(points=(OLD,)), limits(maintenance=maintenance)).outcome is Outcome.NOT_APPLICABLE
        older = a_point(54 * HOUR)
        assert judge(replicated(points=(older, OLD)), limits(maintenance=maintenance)).outcome is Outcome.FAIL


class TestUnknown:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"log_complete": False}, "gaps"),
            ({"points": None}, "backups could not be read"),
            ({"policies": None}, "policies could not be read"),
            ({"policies": (a_policy_subject(a_policy(operation="replication"), schedule=None),)}, "schedule"),
        ],
    )
    def test_where_something_could_not_be_read(self, changes: dict[str, Any], words: str) -> None:
        values: dict[str, Any] = {"points": (OLD,), **changes}
        verdict = judge(replicated(a_copy(25 * HOUR, of=30 * HOUR), **values), limits())

        assert (verdict.outcome, words in verdict.reason) == (Outcome.UNKNOWN, True)

    def test_a_newest_copy_that_failed_needs_no_list_of_backups(self) -> None:
        assert judge(replicated(a_copy(HOUR, "failed"), points=None), limits()).outcome is Outcome.FAIL


@pytest.mark.parametrize(("days", "outcome"), [(31, Outcome.FAIL), (32, Outcome.NOT_APPLICABLE)])
def test_days_of_the_replication_policy_are_counted_from_its_start(days: int, outcome: Outcome) -> None:
    every_third = copies(patterns=("FREQ=DAILY;INTERVAL=3;BYHOUR=2;BYMINUTE=0",), start_time=NOW - days * DAY)

    assert judge(replicated(points=(OLD,), policies=(every_third,)), limits()).outcome is outcome


def test_it_needs_the_backups() -> None:
    assert CONTROL.needs == {Kind.BACKUPS}
