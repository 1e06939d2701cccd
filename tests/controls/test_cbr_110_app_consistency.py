from typing import Any

import pytest

from audit.controls.cbr_110_app_consistency import judge
from audit.judging.findings import Outcome
from audit.records import Task
from audit.subjects import Resource
from tests.builders import DAY, HOUR, NOW, TICK, a_backup, a_resource, a_vault, facts_of, limits


def ordered(*tasks: Task, **changes: Any) -> Resource:
    return a_resource(*tasks, **{"vaults": (a_vault(consistent_level="app_consistent"),), **changes})


def test_a_consistent_backup_passes() -> None:
    task = a_backup(DAY, app_consistency="1", backup_id="backup-7")
    verdict = judge(ordered(task), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.PASS, (task.id,))
    assert facts_of(verdict)["backup"] == "backup-7"


@pytest.mark.parametrize(
    ("errors", "shown"),
    [
        ({}, None),
        ({"error_code": "BackupService.6109"}, "BackupService.6109"),
        ({"error_code": "BackupService.6109", "app_consistency_error": "202"}, "202"),
    ],
)
def test_another_one_fails_and_names_the_error(errors: dict[str, Any], shown: str | None) -> None:
    task = a_backup(DAY, app_consistency="0", **errors)
    verdict = judge(ordered(task), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, (task.id,))
    facts = facts_of(verdict)
    assert (facts["error"], facts["since"], facts["or_earlier"]) == (shown, "2026-11-22T04:00:00Z", True)


@pytest.mark.parametrize(("first", "second", "outcome"), [("0", "1", Outcome.PASS), ("1", "0", Outcome.FAIL)])
def test_the_newest_success_counts(first: str, second: str, outcome: Outcome) -> None:
    tasks = [a_backup(2 * DAY, app_consistency=first), a_backup(DAY, app_consistency=second)]
    others = [a_backup(9 * HOUR, "failed", app_consistency=first), a_backup(HOUR, "running", app_consistency=first)]

    assert judge(ordered(*tasks, *others), limits()).outcome is outcome


@pytest.mark.parametrize("status", [None, "2"])
def test_a_backup_that_does_not_say_is_unknown(status: str | None) -> None:
    assert judge(ordered(a_backup(DAY, app_consistency=status)), limits()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("level", ["crash_consistent", "new_level"])
def test_it_does_not_apply_where_nobody_ordered_it(level: str) -> None:
    resource = ordered(a_backup(DAY, app_consistency="0"), vaults=(a_vault(consistent_level=level),))

    assert judge(resource, limits()).outcome is Outcome.NOT_APPLICABLE


def test_a_vault_that_does_not_say_what_was_ordered_is_unknown() -> None:
    assert judge(ordered(vaults=(a_vault(consistent_level=None),)), limits()).outcome is Outcome.UNKNOWN
    both = (a_vault(consistent_level=None), a_vault("vault-2", consistent_level="app_consistent"))
    task = a_backup(DAY, app_consistency="0", vault_id="vault-2")
    assert judge(ordered(task, vaults=both), limits()).outcome is Outcome.FAIL


def test_a_vault_for_copies_orders_nothing() -> None:
    for level in ("app_consistent", None):
        vault = a_vault(consistent_level=level, protect_type="replication")
        assert judge(ordered(a_backup(DAY), vaults=(vault,)), limits()).outcome is Outcome.NOT_APPLICABLE


def test_only_backups_of_the_vault_that_orders_it_count() -> None:
    vaults = (a_vault(consistent_level="app_consistent"), a_vault("vault-2", consistent_level="crash_consistent"))
    own, other = a_backup(2 * DAY, app_consistency="1"), a_backup(DAY, app_consistency="0", vault_id="vault-2")

    assert judge(ordered(own, other, vaults=vaults), limits()).outcome is Outcome.PASS
    nameless = a_backup(HOUR, app_consistency="0", vault_id=None)
    assert judge(ordered(own, nameless, vaults=vaults), limits()).outcome is Outcome.FAIL


def test_without_a_success_it_does_not_apply() -> None:
    assert judge(ordered(a_backup(DAY, "failed", app_consistency="0")), limits()).outcome is Outcome.NOT_APPLICABLE
    late = a_backup(DAY, app_consistency="0", started_at=NOW + TICK)
    assert judge(ordered(late), limits()).outcome is Outcome.NOT_APPLICABLE


def test_a_newer_status_that_is_not_documented_is_unknown() -> None:
    good, odd = a_backup(2 * DAY, app_consistency="1"), a_backup(DAY, "paused", app_consistency="1")
    verdict = judge(ordered(good, odd), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, (odd.id,))
    assert judge(ordered(odd, a_backup(HOUR, app_consistency="1")), limits()).outcome is Outcome.PASS


@pytest.mark.parametrize("tasks", [[], [a_backup(DAY, app_consistency="0")], [a_backup(DAY, app_consistency="1")]])
def test_a_log_with_gaps_is_unknown(tasks: list[Task]) -> None:
    assert judge(ordered(*tasks, log_complete=False), limits()).outcome is Outcome.UNKNOWN
