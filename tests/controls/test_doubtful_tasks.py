"""A task that nobody understands is never taken for good, and never for bad."""

import random
from typing import Any

import msgspec
import pytest

from audit.controls import CONTROLS
from audit.judging.findings import Control, Outcome, Verdict
from audit.records import Task
from audit.subjects import Resource, SubjectKind, VaultSubject
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    a_backup,
    a_point,
    a_policy,
    a_policy_subject,
    a_replica,
    a_resource,
    a_vault,
    a_vault_subject,
    arranged,
    facts_of,
    limits,
    points_of,
)
from tests.controls.random_resources import a_random_resource
from tests.controls.test_registry import some_tasks

BY_ID = {control.id: control for control in CONTROLS}
ODDITIES: dict[str, dict[str, Any]] = {
    "status": {"status": "partial_success"},
    "case": {"status": "SUCCESS"},
    "operation": {"operation": "auto_backup"},
    "error": {"status": "success", "error_code": "BackupService.6107"},
    "message": {"status": "success", "error_message": "one disk was left out"},
}
ODDITY = pytest.mark.parametrize("oddity", ODDITIES.values(), ids=ODDITIES)
COPYING = a_policy_subject(a_policy("copies", operation="replication", patterns=("FREQ=DAILY;BYHOUR=3;BYMINUTE=0",)))
FULL = a_policy_subject(a_policy(full_backup_interval=1))
ORDERING = (a_vault(consistent_level="app_consistent"),)


def judged(control: str, *tasks: Task, **changes: Any) -> Verdict:
    if control == "101":
        changes = {"recovery_points": points_of(tasks), **changes}
    return BY_ID[f"CBR-{control}"].judge(a_resource(*tasks, **changes), limits())


def judged_vault(control: str, *tasks: Task, **changes: Any) -> Verdict:
    return BY_ID[f"CBR-{control}"].judge(a_vault_subject(*tasks, **changes), limits())


def nightly(*days: int, **changes: Any) -> list[Task]:
    """The planned backups of these nights, as many days ago."""
    return [a_backup(day * DAY + 2 * HOUR, policy_id="policy-1", **changes) for day in days]


@ODDITY
def test_nobody_knows_whether_a_doubtful_task_is_a_recent_backup(oddity: dict[str, Any]) -> None:
    (task,) = nightly(0, **oddity)
    verdict = judged("101", a_backup(9 * DAY), task)

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, (task.id,))
    assert set(oddity.values()) & set(facts_of(verdict).values())


@ODDITY
def test_a_sure_success_within_the_limit_needs_no_other(oddity: dict[str, Any]) -> None:
    assert judged("101", *nightly(1), *nightly(0, **oddity)).outcome is Outcome.PASS


@ODDITY
@pytest.mark.parametrize(("age", "outcome"), [(30, Outcome.UNKNOWN), (31, Outcome.FAIL)])
def test_a_doubtful_task_from_before_the_limit_decides_nothing(
    oddity: dict[str, Any], age: int, outcome: Outcome
) -> None:
    assert judged("101", a_backup(age * HOUR, **oddity)).outcome is outcome


@pytest.mark.parametrize("status", ["failed", "timeout", "skipped"])
def test_what_surely_came_to_nothing_is_no_backup_whatever_it_was(status: str) -> None:
    verdict = judged("101", *nightly(0, status=status, operation="auto_backup"))

    assert verdict.outcome is Outcome.FAIL


def test_a_task_on_the_vault_may_have_backed_up_what_is_in_it() -> None:
    task = a_backup(HOUR, operation="auto_backup", resource_id=None)

    assert judged("101", strange_around=(task,)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("code", ["", "0", None])
def test_no_error_is_no_doubt(code: str | None) -> None:
    assert judged("101", *nightly(0, error_code=code)).outcome is Outcome.PASS


def test_code_0_means_no_error_whatever_the_message_says() -> None:
    assert judged("101", *nightly(0, error_code="0", error_message="done")).outcome is Outcome.PASS


@pytest.mark.parametrize("oddity", [ODDITIES[name] for name in ("status", "case", "error", "message")])
@pytest.mark.parametrize("control", ["102", "103", "104", "105", "107", "108"])
def test_controls_of_runs_leave_open_what_doubtful_tasks_would_decide(control: str, oddity: dict[str, Any]) -> None:
    failure = a_backup(27 * HOUR, "failed")
    known_since = NOW - 5 * HOUR if control in {"102", "108"} else None

    verdict = judged(control, failure, *nightly(0, **oddity), known_since=known_since)
    assert verdict.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("control", ["102", "103", "104", "107", "108"])
def test_backups_of_a_new_kind_every_night_are_neither_missing_nor_made(control: str) -> None:
    verdict = judged(control, *nightly(*range(7, -1, -1), operation="auto_backup"))

    assert (verdict.outcome, facts_of(verdict)["operation"]) == (Outcome.UNKNOWN, "auto_backup")


@pytest.mark.parametrize("control", ["101", "102", "103", "104", "107", "112"])
def test_a_harmless_task_of_a_new_kind_takes_nothing_from_a_sound_resource(control: str) -> None:
    task = a_backup(30 * HOUR, operation="update_tags", ended_at=NOW - 29 * HOUR)
    tasks = sorted([*nightly(*range(29, -1, -1), incremental=False), task], key=lambda each: each.created_at)

    assert judged(control, *tasks, policies=(FULL,)).outcome is Outcome.PASS


def test_a_synchronisation_that_does_not_say_what_it_brought_is_named() -> None:
    silent = a_backup(HOUR, operation="sync")
    verdict = judged("103", silent, vaults=(a_vault(protect_type="hybrid"),))

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, "a backup does not say what it brought")


def test_a_task_of_a_new_kind_may_have_synchronised() -> None:
    hybrid = (a_vault(protect_type="hybrid"),)
    old, odd = a_backup(9 * DAY, operation="sync", synced=3), a_backup(HOUR, operation="sync_v2")

    assert judged("101", old, vaults=hybrid, recovery_points=()).outcome is Outcome.FAIL
    assert judged("101", old, odd, vaults=hybrid, recovery_points=()).outcome is Outcome.UNKNOWN


def test_an_older_success_with_too_many_doubtful_tasks_behind_it_is_no_row_of_successes() -> None:
    odd = [a_backup(age * HOUR, "failed", operation="auto_backup") for age in (9, 8, 7)]

    assert judged("104", *nightly(1), *odd[:2]).outcome is Outcome.PASS
    assert judged("104", *nightly(1), *odd).outcome is Outcome.UNKNOWN


def test_a_failure_may_have_been_repaired_by_a_task_of_a_new_kind() -> None:
    failure, repair = a_backup(3 * DAY, "failed"), a_backup(2 * DAY, operation="auto_backup")

    assert judged("105", failure).outcome is Outcome.FAIL
    assert judged("105", failure, repair).outcome is Outcome.UNKNOWN


def test_skipped_tasks_of_a_new_kind_count_where_they_would_be_too_many() -> None:
    skipped = a_backup(5 * HOUR, "skipped", operation="auto_backup")

    assert judged("107", *nightly(0), skipped).outcome is Outcome.UNKNOWN
    assert judged("107", *nightly(0)).outcome is Outcome.PASS


class TestCopies:
    def copied(self, *tasks: Task, **changes: Any) -> Verdict:
        point = a_point(30 * HOUR, **changes)
        made = a_backup(30 * HOUR, backup_id=point.id)
        return judged("109", made, *tasks, policies=(a_policy_subject(), COPYING), recovery_points=(point,))

    @pytest.mark.parametrize("oddity", [ODDITIES[name] for name in ("status", "case", "error", "message")])
    def test_a_doubtful_copy_is_none_and_no_failure(self, oddity: dict[str, Any]) -> None:
        copy = a_backup(24 * HOUR, backup_id="point-30h", **{"operation": "replication", **oddity})

        assert self.copied(copy).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("status", ["success", "running"])
    def test_a_task_of_a_new_kind_may_have_copied_what_is_not(self, status: str) -> None:
        assert self.copied().outcome is Outcome.FAIL
        assert self.copied(a_backup(9 * HOUR, status, operation="mirror")).outcome is Outcome.UNKNOWN

    def test_one_that_failed_may_be_the_newest_copy(self) -> None:
        odd = a_backup(9 * HOUR, "failed", operation="mirror")

        assert self.copied(replicas=(a_replica(),)).outcome is Outcome.PASS
        assert self.copied(odd, replicas=(a_replica(),)).outcome is Outcome.UNKNOWN

    def test_one_after_a_failed_copy_may_have_made_up_for_it(self) -> None:
        copy = a_backup(20 * HOUR, "failed", operation="replication")

        assert self.copied(copy).outcome is Outcome.FAIL
        assert self.copied(copy, a_backup(9 * HOUR, operation="mirror")).outcome is Outcome.UNKNOWN


class TestConsistency:
    def test_a_backup_that_is_not_consistent_is_one_whatever_error_it_names(self) -> None:
        newest = a_backup(HOUR, app_consistency="0", error_code="BackupService.6107")

        assert judged("110", newest, vaults=ORDERING).outcome is Outcome.FAIL

    def test_a_newer_task_of_a_new_kind_may_be_the_newest_backup(self) -> None:
        newest, odd = a_backup(9 * HOUR, app_consistency="1"), a_backup(HOUR, operation="auto_backup")

        assert judged("110", newest, vaults=ORDERING).outcome is Outcome.PASS
        assert judged("110", newest, odd, vaults=ORDERING).outcome is Outcome.UNKNOWN
        assert judged("110", odd, vaults=ORDERING).outcome is Outcome.UNKNOWN

    def test_one_in_another_vault_is_not(self) -> None:
        newest, odd = a_backup(9 * HOUR, app_consistency="1"), a_backup(HOUR, operation="x", vault_id="vault-2")

        assert judged("110", newest, odd, vaults=ORDERING).outcome is Outcome.PASS


class TestChains:
    @ODDITY
    def test_doubtful_tasks_may_end_or_lengthen_a_chain(self, oddity: dict[str, Any]) -> None:
        full, first, second = nightly(3, incremental=False) + nightly(2, 1, incremental=True)
        (odd,) = nightly(0, incremental=True, **oddity)

        assert judged("112", full, first, second, policies=(FULL,)).outcome is Outcome.FAIL
        assert judged("112", full, first, second, odd, policies=(FULL,)).outcome is Outcome.UNKNOWN
        assert judged("112", full, first, odd, policies=(FULL,)).outcome is Outcome.UNKNOWN
        assert judged("112", full, odd, policies=(FULL,)).outcome is Outcome.PASS
        assert judged("112", odd, policies=(FULL,)).outcome is Outcome.UNKNOWN


class TestAttribution:
    def test_a_task_of_a_new_kind_may_be_a_backup_of_another_policy(self) -> None:
        odd = a_backup(HOUR, operation="auto_backup", policy_id="gone")

        assert judged("113", odd).outcome is Outcome.UNKNOWN
        assert judged("113", *nightly(0), odd).outcome is Outcome.UNKNOWN

    def test_or_of_one_that_is_applied(self) -> None:
        foreign, odd = a_backup(26 * HOUR, policy_id="gone"), a_backup(HOUR, operation="auto_backup")

        assert judged("113", *nightly(2), foreign).outcome is Outcome.FAIL
        assert judged("113", *nightly(2), foreign, odd).outcome is Outcome.UNKNOWN


class TestWhatWasTakenAway:
    @pytest.mark.parametrize("operation", ["delete", "remove_resource", "vault_delete"])
    @pytest.mark.parametrize("status", ["partial_success", "SUCCESS"])
    def test_a_deletion_of_which_nobody_knows_how_it_went_is_no_pass(self, operation: str, status: str) -> None:
        task = a_backup(DAY, status, operation=operation)
        verdict = judged_vault("111", task)

        assert (verdict.outcome, verdict.tasks, facts_of(verdict)["status"]) == (Outcome.UNKNOWN, (task.id,), status)

    @pytest.mark.parametrize("resource_id", ["server-1", None])
    @pytest.mark.parametrize("status", ["success", "running", "partial_success"])
    def test_neither_is_a_task_of_a_new_kind(self, status: str, resource_id: str | None) -> None:
        verdict = judged_vault("111", a_backup(DAY, status, operation="batch_delete", resource_id=resource_id))

        assert (verdict.outcome, facts_of(verdict)["operation"]) == (Outcome.UNKNOWN, "batch_delete")

    @pytest.mark.parametrize("operation", ["sync", "migrate_resources", "update_expiration_time", "copy"])
    def test_the_documented_kinds_take_nothing_away(self, operation: str) -> None:
        assert judged_vault("111", a_backup(DAY, operation=operation)).outcome is Outcome.PASS

    def test_a_removal_that_names_an_error_is_one_all_the_same(self) -> None:
        removal = a_backup(DAY, operation="remove_resource", error_code="BackupService.9999")

        assert judged_vault("111", removal).outcome is Outcome.FAIL

    @pytest.mark.parametrize(
        ("made", "outcome"),
        [
            ({}, Outcome.FAIL),
            (ODDITIES["error"], Outcome.FAIL),
            (ODDITIES["status"], Outcome.UNKNOWN),
            ({"status": "failed"}, Outcome.PASS),
        ],
    )
    def test_what_was_deleted_early_matters_as_far_as_it_was_a_backup(
        self, made: dict[str, Any], outcome: Outcome
    ) -> None:
        old = [a_backup(20 * DAY, backup_id="old"), a_backup(10 * DAY, operation="delete", backup_id="old")]
        young = [a_backup(3 * DAY, backup_id="young", **made), a_backup(DAY, operation="delete", backup_id="young")]

        assert judged_vault("111", *old, *young).outcome is outcome

    @pytest.mark.parametrize(("newer", "outcome"), [({}, Outcome.PASS), (ODDITIES["status"], Outcome.UNKNOWN)])
    def test_doubtful_backups_do_not_surely_push_an_older_one_out(
        self, newer: dict[str, Any], outcome: Outcome
    ) -> None:
        policy = a_policy_subject(a_policy(retention_days=None, max_backups=1))
        tasks = [a_backup(3 * DAY, backup_id="old"), a_backup(2 * DAY, **newer)]
        deletion = a_backup(DAY, operation="delete", backup_id="old")

        assert judged_vault("111", *tasks, deletion, policies=(policy,)).outcome is outcome


class TestRecoveryPoints:
    def test_a_broken_backup_of_a_doubtful_task_may_be_what_a_failure_left(self) -> None:
        point = a_point(2 * HOUR, status="error")
        made = a_backup(2 * HOUR, "partial_success", backup_id=point.id)

        assert judged("401", made, recovery_points=(point,)).outcome is Outcome.UNKNOWN
        assert judged("401", recovery_points=(point,)).outcome is Outcome.FAIL
        odd = a_backup(2 * HOUR, "failed", operation="auto_backup")
        assert judged("401", odd, recovery_points=(point,)).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize(
        "tasks",
        [
            [a_backup(DAY, "partial_success")],
            [a_backup(DAY, operation="auto_backup")],
            [a_backup(2 * DAY, backup_id="gone"), a_backup(DAY, operation="batch_delete")],
        ],
    )
    def test_nobody_knows_whether_there_should_be_a_backup(self, tasks: list[Task]) -> None:
        assert judged("401", *tasks, recovery_points=()).outcome is Outcome.UNKNOWN

    def test_a_task_of_a_new_kind_may_have_deleted_a_backup_or_made_one(self) -> None:
        made, odd = a_backup(2 * DAY, backup_id="gone"), a_backup(DAY, operation="batch")
        point = a_point(DAY)

        assert judged("404", made, recovery_points=()).outcome is Outcome.FAIL
        assert judged("404", made, odd, recovery_points=()).outcome is Outcome.UNKNOWN
        assert judged("404", recovery_points=(point,)).outcome is Outcome.FAIL
        assert judged("404", odd, recovery_points=(point,)).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("oddity", [ODDITIES["status"], ODDITIES["error"]])
    def test_a_doubtful_task_whose_backup_is_not_there_is_no_agreement(self, oddity: dict[str, Any]) -> None:
        made = a_backup(2 * DAY, backup_id="there")
        odd = a_backup(DAY, backup_id="gone", **oddity)

        points = (a_point(2 * DAY, id="there"),)
        assert judged("404", made, recovery_points=points).outcome is Outcome.PASS
        verdict = judged("404", made, odd, recovery_points=points)
        assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, (odd.id,))

    def test_nor_is_a_deletion_of_which_nobody_knows_how_it_went(self) -> None:
        made = a_backup(2 * DAY, backup_id="gone")
        odd = a_backup(DAY, "partial_success", operation="delete", backup_id="gone")

        assert judged("404", made, odd, recovery_points=()).outcome is Outcome.UNKNOWN

    def test_nor_is_a_doubtful_task_that_names_an_older_backup(self) -> None:
        made, point = a_backup(2 * DAY, backup_id="b"), a_point(2 * DAY, id="b")
        odd = a_backup(DAY, backup_id="b", error_code="BackupService.6107")

        assert judged("404", made, odd, recovery_points=(point,)).outcome is Outcome.UNKNOWN

    def test_a_newer_backup_that_is_gone_may_have_been_deleted_by_a_task_of_a_new_kind(self) -> None:
        tasks = [a_backup(2 * DAY, backup_id="old"), a_backup(DAY, backup_id="gone")]
        odd, points = a_backup(9 * HOUR, operation="batch_delete"), (a_point(2 * DAY, id="old"),)

        assert judged("401", *tasks, recovery_points=points).outcome is Outcome.FAIL
        assert judged("401", *tasks, odd, recovery_points=points).outcome is Outcome.UNKNOWN

    def test_a_success_that_made_nothing_may_have_been_followed_by_a_sound_one_of_a_new_kind(self) -> None:
        hollow, odd = a_backup(9 * HOUR, backup_id="b"), a_backup(HOUR, operation="auto_backup")

        assert judged("101", hollow, recovery_points=()).outcome is Outcome.FAIL
        assert judged("101", hollow, odd, recovery_points=()).outcome is Outcome.UNKNOWN


class TestRestores:
    @pytest.mark.parametrize("oddity", [ODDITIES[name] for name in ("status", "case", "error", "message")])
    def test_a_doubtful_restore_is_no_test_and_no_missing_one(self, oddity: dict[str, Any]) -> None:
        restore = a_backup(DAY, **{"operation": "restore", **oddity})
        verdict = judged_vault("601", restore)

        assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, (restore.id,))

    def test_a_task_of_a_new_kind_may_be_one(self) -> None:
        assert judged_vault("601", a_backup(DAY, operation="instant_restore")).outcome is Outcome.UNKNOWN
        assert judged_vault("601", a_backup(DAY, "failed", operation="instant_restore")).outcome is Outcome.FAIL
        assert judged_vault("601", a_backup(21 * DAY, operation="instant_restore")).outcome is Outcome.FAIL

    @pytest.mark.parametrize(("hours", "outcome"), [(12, Outcome.NOT_APPLICABLE), (13, Outcome.UNKNOWN)])
    def test_only_a_long_one_may_be_a_slow_restore(self, hours: int, outcome: Outcome) -> None:
        odd = a_backup(DAY, operation="instant_restore", ended_at=NOW - DAY + hours * HOUR)

        assert judged("602", odd).outcome is outcome

    def test_one_may_have_failed_or_made_up_for_a_failure(self) -> None:
        failure = a_backup(2 * DAY, "failed", operation="restore")
        odd = a_backup(DAY, operation="instant_restore")

        assert judged("603", a_backup(DAY, "failed", operation="instant_restore")).outcome is Outcome.UNKNOWN
        assert judged("603", failure).outcome is Outcome.FAIL
        assert judged("603", failure, odd).outcome is Outcome.UNKNOWN
        assert judged("603", odd).outcome is Outcome.NOT_APPLICABLE


class TestPolicies:
    UNREADABLE = a_policy(retention_days=None, limits_known=False)

    @pytest.mark.parametrize("control", ["203", "204", "205"])
    def test_a_life_that_cannot_be_read_is_no_promise(self, control: str) -> None:
        allowed = limits(max_retention=90 * DAY, min_weekly_copies=4)
        verdict = BY_ID[f"CBR-{control}"].judge(a_policy_subject(self.UNREADABLE), allowed)

        assert (verdict.outcome, verdict.reason) == (
            Outcome.UNKNOWN,
            "how long it keeps what it makes cannot be read",
        )

    def test_and_excuses_what_is_gone_no_more_than_it_accuses_it(self) -> None:
        made, deletion = a_backup(3 * DAY, backup_id="b"), a_backup(DAY, operation="delete", backup_id="b")
        policies = (a_policy_subject(self.UNREADABLE),)

        assert judged_vault("111", made, deletion, policies=policies).outcome is Outcome.UNKNOWN
        assert judged("404", made, policies=policies, recovery_points=()).outcome is Outcome.UNKNOWN

    def test_one_of_a_new_kind_leaves_open_what_it_plans(self) -> None:
        subjects = arranged(nightly(2), [a_policy(operation="archive")], [a_vault()])
        (resource,), (policy,), (vault,) = subjects.resources, subjects.policies, subjects.vaults
        open_ = {"102": resource, "109": resource, "202": policy, "206": vault, "301": vault}

        assert "archive" in policy.unreadable
        for control, subject in open_.items():
            assert BY_ID[f"CBR-{control}"].judge(subject, limits()).outcome is Outcome.UNKNOWN, control


OF_TASKS = [
    pytest.param(control, kind, id=f"{control.id}-{kind}")
    for control in CONTROLS
    for kind in control.kinds
    if kind in {SubjectKind.RESOURCE, SubjectKind.VAULT} and control.id[4] in "146"
]


@pytest.mark.parametrize(("control", "kind"), OF_TASKS)
@ODDITY
@pytest.mark.no_cover
def test_no_doubt_about_one_task_makes_a_failure_or_takes_one_away(
    control: Control[Any], kind: SubjectKind, oddity: dict[str, Any]
) -> None:
    chance = random.Random(f"{control.id} {oddity}")  # noqa: S311  # repeatable
    for _ in range(30):
        subject = a_subject(chance, kind)
        if not subject.tasks:
            continue
        place = chance.randrange(len(subject.tasks))
        tasks = [*subject.tasks]
        if not tasks[place].is_understood:
            continue
        if "error" in "".join(oddity) and not tasks[place].succeeded:
            continue  # only what succeeded contradicts itself
        tasks[place] = msgspec.structs.replace(tasks[place], **oddity)
        clear = control.judge(subject, limits()).outcome
        doubtful = control.judge(replaced(subject, tasks), limits()).outcome

        assert doubtful in {clear, Outcome.UNKNOWN} or {clear, doubtful} == {Outcome.PASS, Outcome.NOT_APPLICABLE}, (
            subject,
            tasks[place],
        )


def a_subject(chance: random.Random, kind: SubjectKind) -> Resource | VaultSubject:
    resource = a_random_resource(chance, *(some_tasks(chance) if chance.random() < 0.3 else ()))
    if kind is SubjectKind.RESOURCE:
        return resource
    return a_vault_subject(*resource.tasks, policies=resource.policies, recovery_points=resource.recovery_points)


def replaced(subject: Resource | VaultSubject, tasks: list[Task]) -> Resource | VaultSubject:
    if isinstance(subject, VaultSubject):
        return a_vault_subject(*tasks, policies=subject.policies, recovery_points=subject.recovery_points)
    return a_resource(
        *tasks,
        policies=subject.policies,
        vaults=subject.vaults,
        recovery_points=subject.recovery_points,
        known_since=subject.known_since,
    )
