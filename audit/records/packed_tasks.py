"""The tasks of one subject as they are in the table: each is made when somebody looks at it, and not kept.

Those that differ in ids and times alone lie together, so that most questions are asked of one of them for all.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import chain
from typing import Final, overload

from audit.records.keys import Key, key_of
from audit.records.moments import moment_of
from audit.records.table import Group, Rows, Table
from audit.records.task import BACKUP, Task

Claim = Callable[[Task], bool]
"""Says something of a task, and looks neither at the times nor at the ids of the task and its backup."""

_NEWEST: Final = slice(-1, None)  # is asked for most


class PackedTasks(Sequence[Task]):
    """Tasks of a table in order of creation and id."""

    __slots__ = ("_groups", "_ordered", "_table")

    def __init__(self, table: Table, groups: Sequence[Group]) -> None:
        """Take groups of tasks of a table."""
        self._table = table
        self._groups = groups
        self._ordered: Rows | None = None

    def __len__(self) -> int:
        return sum(len(group.rows) for group in self._groups)

    def __iter__(self) -> Iterator[Task]:
        return map(self._table.task, self._in_order())

    @overload
    def __getitem__(self, place: int) -> Task: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Task, ...]: ...
    def __getitem__(self, place: int | slice) -> Task | tuple[Task, ...]:
        if place == _NEWEST:
            return tuple(self._table.newest(self._rows()))
        if isinstance(place, slice):
            return tuple(map(self._table.task, self._in_order()[place]))
        return self._table.task(self._in_order()[place])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # every task would have to be made for it

    def forget(self) -> None:
        """Free the order, which was worked out when it was asked for."""
        self._ordered = None

    def first_created(self) -> datetime:
        """When the oldest was created."""
        return moment_of(self._table.first_created(self._rows()))

    def having(self, claim: Claim) -> list[Task]:
        """Make those of which a claim is true."""
        fitting = [group.rows for group in self._groups if claim(group.sample)]
        return self._table.tasks_by_age(chain.from_iterable(fitting)) if fitting else []

    def begun(self, claim: Claim) -> Iterator[tuple[Task, Iterator[datetime]]]:
        """Return a sample of each group of which a claim is true, and when the tasks of the group began."""
        return ((sample, self._table.begun(rows)) for sample, rows in self._groups if claim(sample))

    def naming(self, keys: AbstractSet[Key], *, backups: bool = False) -> list[Task]:
        """Make those that have one of some ids, or name one of some backups; and perhaps a few others."""
        found = self._table.naming([*self._rows()], keys, backups=backups) if keys else ()
        return self._table.tasks_by_age(found)

    def _rows(self) -> Iterator[int]:
        return chain.from_iterable([group.rows for group in self._groups])

    def _in_order(self) -> Rows:
        if self._ordered is None:
            self._ordered = array("I", self._table.by_age(self._rows()))
        return self._ordered


def pick(tasks: Sequence[Task], claim: Claim) -> list[Task]:
    """Take the tasks of which a claim is true, in their order."""
    return tasks.having(claim) if isinstance(tasks, PackedTasks) else [task for task in tasks if claim(task)]


def pick_begun(tasks: Sequence[Task], claim: Claim) -> Iterator[tuple[Task, Iterator[datetime]]]:
    """Say when the tasks began of which a claim is true, beside one task for all that differ in ids and times alone."""
    if isinstance(tasks, PackedTasks):
        return tasks.begun(claim)
    return ((task, iter((task.began,))) for task in tasks if claim(task))


def pick_named(tasks: Sequence[Task], ids: AbstractSet[str]) -> list[Task]:
    """Take the tasks that have one of some ids, in their order."""
    keys = set(map(key_of, ids))
    named = tasks.naming(keys) if isinstance(tasks, PackedTasks) else tasks
    return [task for task in named if task.key in keys]


def pick_backups(tasks: Sequence[Task], backup_keys: AbstractSet[Key]) -> list[Task]:
    """Take the tasks that made some backups, or tried to, in their order."""
    named = tasks.naming(backup_keys, backups=True) if isinstance(tasks, PackedTasks) else tasks
    return [task for task in named if task.operation == BACKUP and task.backup_key in backup_keys]
