"""What a row of the task log that could not be used keeps in doubt, and what it does not."""

from datetime import datetime
from typing import Any

import pytest

from audit.collection import About, Kind, Rejected
from audit.controls import CONTROLS
from audit.judging.findings import Outcome
from audit.records import Task
from audit.subjects import Resource, VaultSubject
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    a_backup,
    a_collection,
    a_point,
    a_policy,
    a_policy_subject,
    a_rejected,
    a_resource,
    a_task,
    a_vault,
    a_vault_subject,
    arranged,
    limits,
)

FAIL, NOT_APPLICABLE, PASS, UNKNOWN = Outcome.FAIL, Outcome.NOT_APPLICABLE, Outcome.PASS, Outcome.UNKNOWN
OF = {control.id: control for control in CONTROLS}
DAILY = tuple(
    a_backup(days * DAY + 2 * HOUR, task_id=f"daily-{days}", ended_at=NOW - days * DAY - HOUR)
    for days in range(29, -1, -1)
)
COPYING = a_policy_subject(a_policy("copies", operation="replication", destination_region="eu-west-0"))
FULL = a_policy_subject(a_policy(full_backup_interval=2))


def a_row(at: datetime | None = None, operation: str | None = None, status: str | None = None) -> Rejected:
    return a_rejected(about=About(operation=operation, status=status, at=at))


def with_row(row: Rejected | None, *tasks: Task, **changes: Any) -> Resource:
    rows = {} if row is None else {"unusable": (row,), "log_complete": False}
    return a_resource(*tasks, **{**rows, **changes})


def a_vault_with(row: Rejected | None, *tasks: Task, **changes: Any) -> VaultSubject:
    rows = {} if row is None else {"unusable": (row,), "log_complete": False}
    return a_vault_subject(*tasks, **{**rows, **changes})


def run(age_days: int, status: str = "success", **changes: Any) -> Task:
    return a_backup(age_days * DAY, status, **changes)


def outcome(control: str, subject: Any, **changed: Any) -> Outcome:
    return OF[control].judge(subject, limits(**changed)).outcome


ANY = a_row()
RECENT = a_row(NOW - 2 * HOUR, "backup")
CASES: list[tuple[str, tuple[Task, ...], dict[str, Any], Outcome, Rejected, Rejected]] = [
    # control, tasks, changes, outcome without a row, a row that matters, a row that does not
    ("CBR-101", (run(5),), {}, FAIL, RECENT, a_row(NOW - 3 * DAY, "backup")),
    ("CBR-101", (run(5),), {}, FAIL, ANY, a_row(NOW, "backup", "failed")),
    ("CBR-101", (), {}, FAIL, RECENT, a_row(NOW, "restore")),
    ("CBR-101", (run(1, backup_id="point-24h"),), {"recovery_points": (a_point(DAY),)}, PASS, None, ANY),  # type: ignore[list-item]
    ("CBR-102", DAILY[:-3], {}, FAIL, a_row(NOW, "backup"), a_row(NOW - 5 * DAY, "backup")),
    ("CBR-102", DAILY[:-3], {}, FAIL, a_row(NOW), a_row(NOW, "backup", "skipped")),
    ("CBR-102", DAILY, {}, PASS, None, ANY),  # type: ignore[list-item]
    ("CBR-103", DAILY, {}, PASS, a_row(NOW - 29 * DAY, "backup"), a_row(NOW, "backup", "skipped")),
    ("CBR-103", DAILY, {}, PASS, ANY, a_row(NOW - 31 * DAY)),
    ("CBR-104", (run(9), *map(run, (3, 2))), {}, PASS, RECENT, a_row(NOW - 4 * DAY, "backup")),
    ("CBR-104", tuple(run(day, "failed") for day in (9, 5, 3, 2)), {}, FAIL, RECENT, a_row(NOW - 6 * DAY)),
    ("CBR-104", (), {}, NOT_APPLICABLE, a_row(NOW - 9 * DAY), a_row(NOW, "backup", "skipped")),
    ("CBR-105", (run(9, "failed"), run(5)), {}, PASS, RECENT, a_row(NOW - 6 * DAY, "backup", "failed")),
    ("CBR-105", (run(5), run(3, "failed")), {}, FAIL, RECENT, a_row(NOW - 4 * DAY, "backup")),
    ("CBR-105", (run(5),), {}, NOT_APPLICABLE, RECENT, a_row(NOW - 6 * DAY, "backup")),
    ("CBR-105", (), {}, NOT_APPLICABLE, ANY, a_row(NOW, "backup", "success")),
    ("CBR-106", (run(1),), {}, PASS, ANY, a_row(None, None, "failed")),
    ("CBR-107", (run(2),), {}, PASS, RECENT, a_row(NOW, "backup", "failed")),
    ("CBR-107", (run(2, "skipped"),), {}, FAIL, RECENT, a_row(NOW - 8 * DAY)),
    ("CBR-108", DAILY, {}, PASS, RECENT, a_row(NOW - 8 * DAY)),
    ("CBR-109", (), {"policies": (COPYING,), "recovery_points": ()}, NOT_APPLICABLE, ANY, a_row(NOW, "backup")),
    (
        "CBR-109",
        (),
        {"policies": (COPYING,), "recovery_points": (a_point(9 * DAY),)},
        FAIL,
        a_row(NOW - 20 * DAY, "replication"),
        a_row(NOW - 20 * DAY, "backup"),
    ),
    (
        "CBR-109",
        (run(20, operation="replication", backup_id="other"),),
        {"policies": (COPYING,), "recovery_points": (a_point(9 * DAY),)},
        FAIL,
        a_row(NOW - 8 * DAY, "backup"),
        a_row(NOW - 21 * DAY, "replication"),
    ),
    (
        "CBR-110",
        (run(3, app_consistency="1"),),
        {"vaults": (a_vault(consistent_level="app_consistent"),)},
        PASS,
        RECENT,
        a_row(NOW - 4 * DAY),
    ),
    (
        "CBR-110",
        (),
        {"vaults": (a_vault(consistent_level="app_consistent"),)},
        NOT_APPLICABLE,
        ANY,
        a_row(NOW, "backup", "failed"),
    ),
    (
        "CBR-112",
        (run(5, incremental=False), run(3, incremental=True)),
        {"policies": (FULL,)},
        PASS,
        RECENT,
        a_row(NOW - 6 * DAY),
    ),
    (
        "CBR-112",
        tuple(run(day, incremental=True, policy_id="policy-1") for day in (8, 4, 3, 2)),
        {"policies": (FULL,)},
        FAIL,
        RECENT,
        a_row(NOW - 5 * DAY),
    ),
    ("CBR-112", (), {"policies": (FULL,)}, NOT_APPLICABLE, ANY, a_row(NOW, "delete")),
    ("CBR-113", (run(3, policy_id="policy-1"),), {}, PASS, RECENT, a_row(NOW - 4 * DAY)),
    ("CBR-113", (), {}, NOT_APPLICABLE, ANY, a_row(NOW, "restore")),
    (
        "CBR-401",
        (),
        {"recovery_points": (a_point(status="error"),)},
        FAIL,
        a_row(NOW, "backup", "failed"),
        a_row(NOW, "backup", "success"),
    ),
    ("CBR-401", (run(1),), {"recovery_points": ()}, FAIL, a_row(NOW, "remove_resource"), a_row(NOW, "backup")),
    ("CBR-401", (), {"recovery_points": ()}, NOT_APPLICABLE, ANY, a_row(NOW, "backup", "skipped")),
    (
        "CBR-404",
        (run(1, backup_id="gone"),),
        {"recovery_points": ()},
        FAIL,
        a_row(NOW, "delete"),
        a_row(NOW, "backup", "success"),
    ),
    (
        "CBR-404",
        (),
        {"recovery_points": (a_point(5 * DAY),)},
        FAIL,
        a_row(NOW - 5 * DAY, "backup", "failed"),
        a_row(NOW - 6 * DAY, "backup"),
    ),
    (
        "CBR-404",
        (run(5, backup_id="point-120h"),),
        {"recovery_points": (a_point(5 * DAY),)},
        PASS,
        a_row(NOW, "backup"),
        a_row(NOW, "backup", "skipped"),
    ),
    ("CBR-602", (), {}, NOT_APPLICABLE, ANY, a_row(NOW, "restore", "failed")),
    ("CBR-603", (), {}, NOT_APPLICABLE, a_row(NOW, "restore"), a_row(NOW, "backup")),
]


@pytest.mark.parametrize(("control", "tasks", "changes", "plain", "spoils", "harmless"), CASES)
def test_a_resource_is_in_doubt_only_where_a_row_matters(  # the columns of a table
    control: str,
    tasks: tuple[Task, ...],
    changes: dict[str, Any],
    plain: Outcome,
    spoils: Rejected | None,
    harmless: Rejected,
) -> None:
    assert outcome(control, with_row(None, *tasks, **changes)) is plain
    assert outcome(control, with_row(harmless, *tasks, **changes)) is plain
    if spoils is not None:
        assert outcome(control, with_row(spoils, *tasks, **changes)) is UNKNOWN


def test_a_deletion_that_could_not_be_used_may_explain_that_a_newer_backup_is_gone() -> None:
    tasks = (run(9, backup_id="point-216h"), run(2, backup_id="gone"))
    changes = {"recovery_points": (a_point(9 * DAY, expired_at=None),), "policies": ()}

    assert outcome("CBR-401", with_row(None, *tasks, **changes)) is FAIL
    assert outcome("CBR-401", with_row(a_row(NOW, "delete"), *tasks, **changes)) is UNKNOWN
    assert outcome("CBR-401", with_row(a_row(NOW - 3 * DAY, "delete"), *tasks, **changes)) is FAIL


REMOVAL = a_row(NOW, "remove_resource")


@pytest.mark.parametrize(
    ("control", "plain", "spoils", "harmless"),
    [
        ("CBR-106", NOT_APPLICABLE, ANY, a_row(None, None, "success")),
        ("CBR-111", PASS, REMOVAL, a_row(NOW, "backup")),
        ("CBR-111", PASS, a_row(NOW, "delete"), a_row(NOW, "vault_delete", "failed")),
        ("CBR-601", FAIL, a_row(NOW - DAY, "restore"), a_row(NOW - 21 * DAY, "restore")),
        ("CBR-601", FAIL, ANY, a_row(NOW, "restore", "failed")),
    ],
)
def test_a_vault_is_in_doubt_only_where_a_row_matters(
    control: str, plain: Outcome, spoils: Rejected, harmless: Rejected
) -> None:
    assert outcome(control, a_vault_with(None)) is plain
    assert outcome(control, a_vault_with(harmless)) is plain
    assert outcome(control, a_vault_with(spoils)) is UNKNOWN


def test_the_audit_itself_has_no_stuck_task_where_every_row_says_that_its_task_is_over() -> None:
    tasks = (a_task(resource_id=None, vault_id=None),)

    assert outcome("CBR-106", a_collection(tasks=tasks, rejected=(a_row(NOW, None, "failed"),))) is PASS
    assert outcome("CBR-106", a_collection(tasks=tasks, rejected=(a_row(NOW),))) is UNKNOWN


def test_gaps_keep_in_doubt_whatever_the_rows_say() -> None:
    harmless = a_row(NOW - 90 * DAY, "sync", "success")

    collection = a_collection(Kind.TASKS, rejected=(harmless,))
    subjects = arranged([run(5)], [a_policy()], [a_vault()], collection)
    for control in ("CBR-101", "CBR-102", "CBR-103", "CBR-104", "CBR-105", "CBR-106"):
        assert outcome(control, subjects.resources[0]) is UNKNOWN
    assert outcome("CBR-106", subjects.collection) is UNKNOWN


def test_a_run_that_a_failed_task_answers_may_have_been_made_good_unseen() -> None:
    tasks = [*DAILY[:-2], a_backup(26 * HOUR, "failed"), DAILY[-1]]
    hidden = a_row(NOW - 20 * HOUR, "backup")

    assert outcome("CBR-102", with_row(None, *tasks)) is FAIL
    assert outcome("CBR-102", with_row(hidden, *tasks)) is UNKNOWN


def test_a_slow_backup_is_slow_whatever_could_not_be_used() -> None:
    tasks = [*DAILY[:-2], a_backup(26 * HOUR, ended_at=NOW - 10 * HOUR), DAILY[-1]]

    assert outcome("CBR-108", with_row(ANY, *tasks)) is FAIL


def test_newer_backups_that_could_not_be_used_may_explain_a_deletion() -> None:
    rules = (a_policy_subject(a_policy(retention_days=None, max_backups=1)),)
    tasks = (
        a_backup(3 * DAY, backup_id="made"),
        a_backup(2 * DAY, task_id="deletion", operation="delete", backup_id="made"),
    )

    assert outcome("CBR-111", a_vault_with(None, *tasks, policies=rules)) is FAIL
    assert outcome("CBR-111", a_vault_with(a_row(NOW, "backup"), *tasks, policies=rules)) is UNKNOWN
    assert outcome("CBR-111", a_vault_with(a_row(NOW, "backup", "failed"), *tasks, policies=rules)) is FAIL
