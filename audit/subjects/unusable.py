"""Unusable rows without a waiver: what each may concern, and what the log may hide in them.

A row affects what it may concern and no more: what it names, as far as that can be read, otherwise everything.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from audit.collection import Kind, Rejected
from audit.records import BACKUP, COPIES, DELETIONS, FINAL_STATUSES, OPEN_STATUSES, REMOVALS, RESTORES, SYNC


class Sort(NamedTuple):
    """A kind of task, by what it did and how it ended; None stands for anything."""

    operations: frozenset[str] | None
    statuses: frozenset[str] | None = None

    def may_have(self, row: Rejected) -> bool:
        """Whether an unusable row may be such a task."""
        is_of_operation = self.operations is None or row.about.operation in (None, *self.operations)
        return is_of_operation and (self.statuses is None or row.about.status in (None, *self.statuses))


_MOST_NAMED: Final = 3
_BACKUP: Final = frozenset({BACKUP, SYNC})  # backups made elsewhere come by synchronisation
_SUCCESS: Final = frozenset({"success"})
BACKUPS: Final = Sort(_BACKUP)
SUCCESSES: Final = Sort(_BACKUP, _SUCCESS)
FAILURES: Final = Sort(_BACKUP, frozenset({"failed", "timeout"}))
FINISHED: Final = Sort(_BACKUP, FINAL_STATUSES - {"skipped"})
NOT_BROKEN: Final = Sort(_BACKUP, frozenset({"success", "skipped"}))
COPYING: Final = Sort(COPIES)
RESTORING: Final = Sort(RESTORES)
RESTORED: Final = Sort(RESTORES, _SUCCESS)
REMOVING: Final = Sort(REMOVALS, _SUCCESS)
DELETING: Final = Sort(DELETIONS)
UNFINISHED: Final = Sort(None, OPEN_STATUSES)


class Logged(Protocol):
    """Something that has a part of the task log."""

    @property
    def log_read(self) -> bool:
        """Whether the log was read to its end."""

    @property
    def unusable(self) -> Sequence[Rejected]:
        """The unusable rows that may concern it."""


def shows(subject: Logged, sort: Sort, since: datetime) -> bool:
    """Whether the log hides no task of a kind at a time or later."""
    return subject.log_read and not any(row.is_since(since) for row in hidden(subject, sort))


def hidden(subject: Logged, sort: Sort) -> list[Rejected]:
    """Return the rows of the log that may be tasks of a kind."""
    return [row for row in subject.unusable if row.kind == Kind.TASKS and sort.may_have(row)]


def named(rows: Sequence[Rejected]) -> str:
    """Name rows, the first few if there are many."""
    names = [row.name for row in rows[:_MOST_NAMED]]
    return ", ".join([*names, *([f"and {len(rows) - _MOST_NAMED} more"] if len(rows) > _MOST_NAMED else [])])


class Unusable:
    """Unusable rows, by what they may concern."""

    def __init__(
        self, rows: Sequence[Rejected], vaults_of: Callable[[str], AbstractSet[str]], named: Mapping[str, Sequence[str]]
    ) -> None:
        """Store the rows, the lookup of a resource's vaults, and the ids of vaults by name."""
        self._rows = rows
        self._vaults_of = vaults_of
        self._named = named
        self._known: frozenset[str] = frozenset()

    def learn(self, vault_ids: Iterable[str]) -> None:
        """Store the ids of all known vaults."""
        self._known = frozenset(vault_ids)

    def on_resource(self, resource_id: str, vault_ids: Iterable[str]) -> tuple[Rejected, ...]:
        """Return the rows that may concern a resource that some vaults hold or held."""
        if not self._rows:
            return ()
        held_by = {*vault_ids, *self._vaults_of(resource_id)}
        return tuple(row for row in self._rows if self._may_concern(row, resource_id, held_by))

    def on_vault(self, vault_id: str) -> tuple[Rejected, ...]:
        """Return the rows that may concern a vault or its contents."""
        return tuple(row for row in self._rows if self._may_be_in(row, vault_id))

    def on_policies_of(self, vault_ids: Iterable[str]) -> bool:
        """Whether an unusable policy may be applied to any of some vaults."""
        rows = [row for row in self._rows if row.kind == Kind.POLICIES]
        return any(row.about.vaults is None or not set(row.about.vaults).isdisjoint(vault_ids) for row in rows)

    @property
    def vault_ids(self) -> frozenset[str]:
        """The ids of the vaults whose own row is unusable."""
        return frozenset(row.id for row in self._rows if row.kind == Kind.VAULTS and row.id)

    def _may_concern(self, row: Rejected, resource_id: str, held_by: AbstractSet[str]) -> bool:
        if row.about.resources is not None:
            return resource_id in row.about.resources
        vaults = self._vaults(row)
        return vaults is None or not vaults.isdisjoint(held_by)

    def _may_be_in(self, row: Rejected, vault_id: str) -> bool:
        if row.kind == Kind.VAULTS:
            return row.id in {vault_id, ""}
        vaults = self._vaults(row)
        if vaults is not None:
            return vault_id in vaults
        if row.about.resources is None:
            return True
        homes = [self._vaults_of(resource_id) for resource_id in row.about.resources]
        return any(vault_id in home or not home for home in homes)

    def _vaults(self, row: Rejected) -> AbstractSet[str] | None:
        """Return the ids of the vaults that a row names; None if it may be any.

        A vault's contents that nothing else names are unknown. A policy names the vaults that it is applied to.
        """
        if row.about.vaults is None:
            return None
        if row.kind == Kind.POLICIES:
            return frozenset(row.about.vaults)
        ids = {vault_id for name in row.about.vaults for vault_id in self._named.get(name, (name,))}
        return ids if ids <= self._known else None
