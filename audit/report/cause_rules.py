"""Which failure explains which: a table from a cause to its effects.

A cause explains failures of its own subject and of dependent subjects: a policy explains those of its vaults and their
contents, a vault those of its contents, and a resource those of the vaults that hold it. Some entries have a further
condition. If there are several causes, the first one in this table counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from audit.judging.findings import Finding
from audit.records import BACKUP, REMOVE_RESOURCE
from audit.subjects import Resource, Subject, VaultSubject

Condition = Callable[[Finding, Subject], bool]
"""Whether a failure is the cause of a failure of a subject."""
_FULL_OR_FROZEN: Final = frozenset(f"BackupService.{number}" for number in (6107, 6112, 6113, 6114, 6123, 6142))
"""The error codes of tasks whose vault is full, or in a state that accepts no backups."""


def _always(_cause: Finding, _subject: Subject) -> bool:
    return True


def _is_without_plan(_cause: Finding, subject: Subject) -> bool:
    """Whether it follows no enabled policy."""
    return isinstance(subject, Resource) and subject.schedules == ()


def _is_followed_in_vain(cause: Finding, subject: Subject) -> bool:
    """Whether it follows this policy, and no enabled one."""
    return isinstance(subject, Resource) and subject.schedules == () and cause.id in (subject.follows or ())


def _is_as_rare_as_planned(_cause: Finding, subject: Subject) -> bool:
    """Whether its newest success is no older than every policy of it allows."""
    if not isinstance(subject, Resource) or not (last := subject.last_success):
        return False
    age = subject.window.until - last.began
    return all(age <= schedule.longest_gap for schedule in subject.schedules or ())


def _was_turned_away(cause: Finding, subject: Subject) -> bool:
    """Whether its newest backup task says that this vault is full or accepts no backups."""
    if not isinstance(subject, Resource):
        return False
    newest = next((task for task in reversed(subject.tasks) if task.operation == BACKUP), None)
    return newest is not None and newest.error_code in _FULL_OR_FROZEN and newest.vault_id in {None, cause.id}


def _waits_for_it(cause: Finding, subject: Subject) -> bool:
    """Whether the unfinished task is a backup: CBR starts no other meanwhile."""
    return isinstance(subject, Resource) and any(
        task.id in cause.verdict.tasks for task in subject.tasks if task.operation == BACKUP
    )


def _was_emptied(cause: Finding, subject: Subject) -> bool:
    """Whether resources were removed from it."""
    return isinstance(subject, VaultSubject) and any(
        task.id in cause.verdict.tasks for task in subject.tasks if task.operation == REMOVE_RESOURCE
    )


def _left_by_it(cause: Finding, subject: Subject) -> bool:
    """Whether the same task removed it from its last vault."""
    departure = subject.departure if isinstance(subject, Resource) else None
    return departure is not None and departure.task_id in cause.verdict.tasks


def _is_backed_up_by(cause: Finding, subject: Subject) -> bool:
    """Whether the policy makes its backups, not its copies."""
    policies = (subject.policies or ()) if isinstance(subject, Resource) else ()
    return any(policy.id == cause.id and policy.policy.operation == BACKUP for policy in policies)


def _weakened(*aspects: str) -> Condition:
    """Return a condition: one of these aspects became weaker since an earlier run."""
    names = frozenset(f"{aspect}_before" for aspect in aspects)
    return lambda cause, _subject: not names.isdisjoint(cause.facts)


_SWITCH: Final = _weakened("enabled")
_RHYTHM: Final = _weakened("longest_gap_minutes", "runs_a_year")
_RETENTION: Final = _weakened("retention_days", "max_backups")
_COPIES: Final = _weakened(
    *("daily_copies", "weekly_copies", "monthly_copies", "yearly_copies", "weekly_rule", "monthly_rule", "yearly_rule")
)


@dataclass(frozen=True, slots=True)
class Cause:
    """A control whose failure explains failures of other controls."""

    control: str
    explains: tuple[str, ...]
    when: Condition = _always


CAUSES: Final = (
    Cause("CBR-111", ("CBR-302",), _was_emptied),
    Cause("CBR-111", ("CBR-503",), _left_by_it),
    Cause("CBR-114", ("CBR-201",), _SWITCH),
    Cause("CBR-114", ("CBR-202",), _RHYTHM),
    Cause("CBR-114", ("CBR-203",), _RETENTION),
    Cause("CBR-114", ("CBR-205",), _COPIES),
    Cause("CBR-114", ("CBR-206",), _weakened("replication_policy")),
    Cause("CBR-114", ("CBR-301",), _weakened("backup_policy")),
    Cause("CBR-114", ("CBR-303",), _weakened("locked")),
    Cause("CBR-114", ("CBR-305",), _weakened("is_multi_az")),
    Cause("CBR-114", ("CBR-403",), _weakened("backup_end")),
    Cause("CBR-114", ("CBR-501",), _weakened("auto_protect")),
    Cause("CBR-114", ("CBR-502",), _weakened("excluded_disks", "included_disks")),
    Cause("CBR-114", ("CBR-503",), _weakened("held")),
    Cause("CBR-201", ("CBR-206", "CBR-301")),
    Cause("CBR-301", ("CBR-101", "CBR-113"), _is_without_plan),
    Cause("CBR-201", ("CBR-101", "CBR-113"), _is_followed_in_vain),
    Cause("CBR-304", ("CBR-101", "CBR-102", "CBR-103", "CBR-104", "CBR-105", "CBR-107"), _was_turned_away),
    Cause("CBR-501", ("CBR-101", "CBR-102")),
    Cause("CBR-106", ("CBR-101", "CBR-102", "CBR-107"), _waits_for_it),
    Cause("CBR-202", ("CBR-101",), _is_as_rare_as_planned),
    Cause("CBR-203", ("CBR-403",), _is_backed_up_by),
    Cause("CBR-206", ("CBR-109",)),
    Cause("CBR-603", ("CBR-601",)),
)

RUNS: Final = frozenset(
    {"CBR-101", "CBR-102", "CBR-103", "CBR-104", "CBR-105", "CBR-106", "CBR-107", "CBR-401", "CBR-404", "CBR-406"}
)
"""Controls that look at the same runs from different sides: their failures for one resource are one problem."""
