"""What is backed up elsewhere and synchronised into a hybrid vault, as the controls see it."""

from datetime import timedelta
from typing import Any

import pytest

from audit.controls import (
    cbr_101_recent_backup,
    cbr_102_scheduled_run,
    cbr_103_success_rate,
    cbr_104_consecutive_failures,
    cbr_105_unresolved_failure,
    cbr_107_skipped_run,
    cbr_110_app_consistency,
    cbr_113_policy_attribution,
    cbr_301_vault_has_policy,
    cbr_401_newest_backup_available,
    cbr_404_task_backup_agreement,
    cbr_501_auto_protect,
    cbr_502_excluded_disk,
)
from audit.judging.findings import Outcome, Verdict
from audit.records import Task, Vault
from audit.subjects import Resource
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_collection,
    a_point,
    a_policy,
    a_policy_subject,
    a_protected,
    a_resource,
    a_task,
    a_vault,
    a_vault_subject,
    arranged,
    facts_of,
    limits,
)

WEEK_AND_GRACE = 7 * DAY + 6 * HOUR
BY_PLAN = {"max_backup_age": None, "repair_within": None}


def a_sync(age: timedelta, status: str = "success", synced: int | None = 1, **changes: Any) -> Task:
    return a_backup(age, status, operation="sync", synced=synced, policy_id=None, **changes)


def a_hybrid_vault(vault_id: str = "vault-1", *held: str, **changes: Any) -> Vault:
    held_ids = held or ("server-1",)
    resources = tuple(a_protected(name, type="VMware::VirtualMachine", auto_protect=True) for name in held_ids)
    return a_vault(vault_id, **{"protect_type": "hybrid", "resources": resources, **changes})


def a_machine(*tasks: Task, **changes: Any) -> Resource:
    return a_resource(*tasks, **{"vaults": (a_hybrid_vault(),), "policies": (), "type": "VMware", **changes})


def age_of(*tasks: Task, **changes: Any) -> Verdict:
    return cbr_101_recent_backup.judge(a_machine(*tasks, **changes), limits(**BY_PLAN))


@pytest.mark.parametrize(
    ("age", "outcome"),
    [(DAY, Outcome.PASS), (WEEK_AND_GRACE, Outcome.PASS), (WEEK_AND_GRACE + TICK, Outcome.FAIL)],
)
def test_a_synchronisation_that_brought_backups_is_one(age: timedelta, outcome: Outcome) -> None:
    verdict = age_of(a_sync(age))

    assert verdict.outcome is outcome
    assert facts_of(verdict)["limit_hours"] == 174
    assert "policy" not in verdict.reason


def test_the_limit_of_the_profile_or_of_a_policy_counts_where_there_is_one() -> None:
    demanded = limits(max_backup_age=30 * HOUR)
    synced = a_machine(a_sync(2 * DAY), policies=(a_policy_subject(),))

    assert cbr_101_recent_backup.judge(a_machine(a_sync(2 * DAY)), demanded).outcome is Outcome.FAIL
    assert cbr_101_recent_backup.judge(synced, limits(**BY_PLAN)).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    "task",
    [
        a_sync(HOUR, synced=0),
        a_sync(HOUR, synced=-1),
        a_sync(HOUR, "failed"),
        a_sync(HOUR, "running"),
    ],
)
def test_one_that_brought_none_is_none(task: Task) -> None:
    verdict = age_of(a_sync(20 * DAY), task)

    assert verdict.outcome is Outcome.FAIL
    assert facts_of(verdict)["since"] == "2026-11-03T04:00:00Z"


def test_nothing_at_all_is_no_backup() -> None:
    verdict = age_of()

    assert (verdict.outcome, verdict.reason) == (
        Outcome.FAIL,
        "the task log shows no backup at all",
    )


@pytest.mark.parametrize("task", [a_sync(HOUR, synced=None), a_sync(HOUR, "a new status")])
def test_one_that_does_not_say_what_it_brought_is_unknown(task: Task) -> None:
    assert age_of(a_sync(20 * DAY), task).outcome is Outcome.UNKNOWN
    assert age_of(a_sync(DAY), task).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("age", "status", "outcome"),
    [
        (DAY, "available", Outcome.PASS),
        (WEEK_AND_GRACE + TICK, "available", Outcome.FAIL),
        (-HOUR, "available", Outcome.FAIL),
        (DAY, "error", Outcome.FAIL),
    ],
)
def test_a_backup_in_the_vault_shows_that_it_was_synchronised(age: timedelta, status: str, outcome: Outcome) -> None:
    verdict = age_of(recovery_points=(a_point(age, status=status),))

    assert verdict.outcome is outcome
    if outcome is Outcome.PASS:
        assert facts_of(verdict)["backup"] == "point-24h"


def arranged_101(*tasks: Task, vaults: tuple[Vault, ...] = (a_hybrid_vault(),)) -> Verdict:
    """Judge the resource server-1 of vaults in whose task log these are, and that it was there long ago."""
    there = a_backup(29 * DAY, operation="restore")
    found = arranged([there, *tasks], (), vaults, a_collection()).resources
    machine = next(each for each in found if each.id == "server-1")
    return cbr_101_recent_backup.judge(machine, limits(**BY_PLAN))


def nameless(age: timedelta = DAY, **changes: Any) -> Task:
    return a_sync(age, **{"resource_id": None, "resource_name": None, "resource_type": None, **changes})


@pytest.mark.parametrize(
    ("task", "outcome"),
    [
        (nameless(), Outcome.UNKNOWN),
        (nameless(vault_id=None, vault_name=None), Outcome.UNKNOWN),
        (nameless(synced=None), Outcome.UNKNOWN),
        (nameless(synced=0), Outcome.FAIL),
        (nameless(status="failed"), Outcome.FAIL),
        (nameless(age=9 * DAY), Outcome.FAIL),
        (nameless(vault_id="vault-2", vault_name="green"), Outcome.FAIL),
    ],
)
def test_what_came_into_the_vault_without_a_name_may_be_of_the_resource(task: Task, outcome: Outcome) -> None:
    assert arranged_101(task).outcome is outcome


def test_a_synchronisation_is_no_backup_of_what_cbr_backs_up_itself() -> None:
    both = (a_hybrid_vault(), a_vault("vault-2"))

    assert arranged_101(a_sync(DAY), vaults=both).outcome is Outcome.FAIL
    assert arranged_101(nameless(), vaults=(a_vault(),)).outcome is Outcome.FAIL


def test_only_hybrid_vaults_make_a_resource_a_synchronised_one() -> None:
    copies = a_vault("vault-2", protect_type="replication")

    assert a_machine(vaults=(a_hybrid_vault(), copies)).is_synchronised
    assert not a_machine(vaults=(a_hybrid_vault(), a_vault("vault-2"))).is_synchronised
    assert not a_machine(vaults=(copies,)).is_synchronised


def test_synchronisations_that_fail_are_judged_as_backups_that_fail() -> None:
    failing = a_machine(a_sync(20 * DAY), *(a_sync(day * DAY, "failed") for day in range(9, 0, -1)))
    skipped = a_machine(a_sync(2 * DAY, "skipped"), a_sync(DAY))

    assert cbr_103_success_rate.judge(failing, limits()).outcome is Outcome.FAIL
    assert cbr_105_unresolved_failure.judge(failing, limits(**BY_PLAN)).outcome is Outcome.FAIL
    assert cbr_107_skipped_run.judge(skipped, limits()).outcome is Outcome.FAIL


SOUND = a_machine(*(a_sync(day * DAY) for day in range(20, -1, -1)), recovery_points=())


@pytest.mark.parametrize(
    "control",
    [
        cbr_102_scheduled_run,
        cbr_105_unresolved_failure,
        cbr_110_app_consistency,
        cbr_113_policy_attribution,
        cbr_401_newest_backup_available,
        cbr_404_task_backup_agreement,
        cbr_501_auto_protect,
        cbr_502_excluded_disk,
    ],
)
def test_what_cbr_neither_plans_nor_makes_is_not_demanded_of_it(control: Any) -> None:
    assert control.judge(SOUND, limits()).outcome is Outcome.NOT_APPLICABLE


def test_a_backup_that_is_listed_must_be_one_that_can_be_restored_from() -> None:
    listed = a_machine(a_sync(DAY), recovery_points=(a_point(DAY, status="error"),))

    assert cbr_401_newest_backup_available.judge(listed, limits()).outcome is Outcome.FAIL


def test_the_disks_that_cbr_leaves_out_count_beside_a_hybrid_vault() -> None:
    left_out = a_vault("vault-2", resources=(a_protected(excluded=("disk-1",)),))
    machine = a_machine(vaults=(a_hybrid_vault(), left_out))

    assert cbr_502_excluded_disk.judge(machine, limits()).outcome is Outcome.FAIL


def test_a_consistency_that_a_hybrid_vault_orders_is_not_cbrs() -> None:
    ordered = a_hybrid_vault(consistent_level="app_consistent")

    assert (
        cbr_110_app_consistency.judge(a_machine(a_sync(DAY), vaults=(ordered,)), limits()).outcome
        is Outcome.NOT_APPLICABLE
    )


def test_an_unreadable_policy_leaves_no_limit() -> None:
    unreadable = a_policy_subject(a_policy(), schedule=None, unreadable="an odd rule")

    assert age_of(a_sync(DAY), policies=(unreadable,)).outcome is Outcome.UNKNOWN


def test_a_task_of_a_removed_machine_is_no_synchronisation() -> None:
    removal = a_task("removal", operation="remove_resource", created_at=NOW - DAY, removed=("server-1",))

    assert a_machine(a_sync(2 * DAY), removal).kept_successes == ()


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"vaults_complete": False}, Outcome.UNKNOWN),
        ({"log_complete": False}, Outcome.UNKNOWN),
        ({}, Outcome.FAIL),
    ],
)
def test_what_was_not_read_may_show_a_newer_synchronisation(changes: dict[str, Any], outcome: Outcome) -> None:
    assert age_of(a_sync(20 * DAY), **changes).outcome is outcome


def test_a_backup_task_is_no_synchronisation() -> None:
    assert age_of(a_sync(20 * DAY), a_backup(DAY)).outcome is Outcome.FAIL


def test_a_synchronisation_that_brought_none_and_could_not_bring_some_failed() -> None:
    machine = a_machine(a_sync(9 * DAY), *(a_sync(day * DAY, synced=0, failures=2) for day in (8, 7, 6)))

    assert cbr_103_success_rate.judge(machine, limits()).outcome is Outcome.FAIL
    assert cbr_104_consecutive_failures.judge(machine, limits()).outcome is Outcome.FAIL
    assert cbr_105_unresolved_failure.judge(machine, limits(repair_within=DAY)).outcome is Outcome.FAIL
    assert age_of(*machine.tasks).outcome is Outcome.FAIL


def test_nobody_can_say_how_a_synchronisation_went_that_brought_some_and_not_all() -> None:
    partial = a_sync(DAY, synced=3, failures=1)
    verdict = cbr_103_success_rate.judge(a_machine(a_sync(2 * DAY), partial), limits(**BY_PLAN))

    assert (verdict.outcome, facts_of(verdict)["failures"]) == (Outcome.UNKNOWN, 1)
    assert verdict.reason == "a backup says that it succeeded, but not with all"
    assert age_of(partial).outcome is Outcome.PASS


def test_a_vault_is_hybrid_by_its_kind_or_by_its_cloud_unless_it_takes_copies() -> None:
    kinds = [("hybrid", "public"), ("backup", "hybrid"), ("replication", "hybrid"), ("backup", "public")]
    vaults = [a_vault(protect_type=protect, cloud_type=cloud) for protect, cloud in kinds]

    assert [vault.is_synchronised for vault in vaults] == [True, True, False, False]
    assert [vault.is_filled_by_cbr for vault in vaults] == [False, False, False, True]


def test_no_policy_of_cbr_is_demanded_of_a_vault_of_the_hybrid_cloud() -> None:
    vault = a_hybrid_vault(protect_type="backup", cloud_type="hybrid")
    machine = a_resource(a_sync(DAY), vaults=(vault,), policies=())

    assert (
        cbr_301_vault_has_policy.judge(a_vault_subject(vault=vault, policies=()), limits()).outcome
        is Outcome.NOT_APPLICABLE
    )
    assert cbr_101_recent_backup.judge(machine, limits(**BY_PLAN)).outcome is Outcome.PASS
