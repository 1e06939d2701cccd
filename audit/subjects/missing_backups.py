"""Backups that an earlier run saw and that are gone: each is judged by the expiry that it had then."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from audit.history import pick
from audit.records import DELETE, Backup, Task
from audit.records.keys import Key

SLACK: Final = timedelta(hours=1)
"""An expiry may count from a moment before the backup was recorded, and clocks differ."""


class Taken(Struct, frozen=True, kw_only=True):
    """A backup that an earlier run saw and that is gone.

    Attributes:
        end: its expiry; None if it had none.
        by_policy: whether a policy made it; None if the response did not say.
        is_copy: whether it came from another region.
        gone: when the task that deleted it was created, or else the time of the run that first missed it.
    """

    id: str
    key: Key
    vault_id: str
    resource_id: str
    made: datetime
    end: datetime | None
    by_policy: bool | None
    is_copy: bool
    gone: datetime

    @property
    def was_early(self) -> bool | None:
        """Whether it went before its expiry, or was made by hand and had none; None if its policy decides."""
        if self.end is not None:
            return self.gone < self.end - SLACK
        return True if self.by_policy is False and not self.is_copy else None


def find_taken(
    then: Iterable[Backup], passed_on: Iterable[Taken], there: Collection[str], now: datetime
) -> Mapping[str, tuple[Taken, ...]]:
    """Return the backups that are gone, by vault and sorted by id.

    Args:
        then: what the previous run saw.
        passed_on: what its report says about backups that were already gone.
        there: the ids of the current backups.
        now: the time of judgement.
    """
    found = {each.id: each for each in passed_on if each.id not in there}
    found |= {each.id: _taken(each, now) for each in then if each.id not in there and _counts(each)}
    by_vault: dict[str, list[Taken]] = defaultdict(list)
    for backup_id in sorted(found):
        by_vault[found[backup_id].vault_id].append(found[backup_id])
    return {vault_id: tuple(taken) for vault_id, taken in by_vault.items()}


def dated(taken: Sequence[Taken], tasks: Sequence[Task]) -> tuple[Taken, ...]:
    """Add to each the time of the task that deleted it, if the tasks of the vault show it."""
    if not taken:
        return ()
    deletions = pick(tasks, lambda task: task.operation == DELETE and task.succeeded)
    when = {task.backup_key: task.created_at for task in deletions}
    return tuple([replace(each, gone=when.get(each.key, each.gone)) for each in taken])


def by_resource(taken: Iterable[Sequence[Taken]]) -> Mapping[str, frozenset[Key]]:
    """Return the missing backups of each resource."""
    found: dict[str, set[Key]] = defaultdict(set)
    for each in chain.from_iterable(taken):
        found[each.resource_id].add(each.key)
    return {resource_id: frozenset(keys) for resource_id, keys in found.items()}


def _counts(backup: Backup) -> bool:
    """Whether it is a whole backup that could be restored or was being deleted; an unfinished one may have failed."""
    return backup.parent_id is None and not backup.is_broken and not backup.is_being_made


def _taken(backup: Backup, now: datetime) -> Taken:
    return Taken(
        id=backup.id,
        key=backup.key,
        vault_id=backup.vault_id,
        resource_id=backup.resource_id,
        made=backup.created_at,
        end=backup.expired_at,
        by_policy=backup.by_policy,
        is_copy=backup.is_copy,
        gone=now,
    )
