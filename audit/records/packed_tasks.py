"""The tasks of one subject as they are in the table: each is made when somebody looks at it, and not kept.

Those that differ in ids and times alone lie together, so that most questions are asked of one of them for all.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import chain
from typing import Final, overload

from audit.records.keys import Key, key_of
from audit.records.layout import SIZE
from audit.records.table import Group, Table
from audit.records.task import BACKUP, Task

Claim = Callable[[Task], bool]
"""Says something of a task, and looks neither at the times nor at the ids of the task and its backup."""

_MANY: Final = 4


class PackedTasks(Sequence[Task]):
    """Tasks of a table in order of creation and id."""

    __slots__ = ("_groups", "_records", "_table")

    def __init__(self, table: Table, groups: Sequence[Group]) -> None:
        """Take groups of tasks of a table."""
        self._table = table
        self._groups = groups
        self._records: bytes | None = None

    def __len__(self) -> int:
        return sum(len(group.rows) for group in self._groups)

    def __iter__(self) -> Iterator[Task]:
        return iter(self._table.made(self._by_age()))

    @overload
    def __getitem__(self, place: int) -> Task: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Task, ...]: ...
    def __getitem__(self, place: int | slice) -> Task | tuple[Task, ...]:
        places = range(len(self))[place]
        if isinstance(places, range):
            records = self._by_age()
            return tuple(self._table.made(b"".join([records[at * SIZE : (at + 1) * SIZE] for at in places])))
        return self._table.made(self._by_age()[places * SIZE : (places + 1) * SIZE])[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # every task would have to be made for it

    def forget(self) -> None:
        """Free the records, which were copied when they were asked for."""
        self._records = None

    def first_created(self) -> datetime:
        """When the oldest was created."""
        return min(group.first_created for group in self._groups)

    def having(self, claim: Claim) -> list[Task]:
        """Make those of which a claim is true."""
        fitting = [group for group in self._groups if claim(group.sample)]
        if not fitting:
            return []
        if _MANY * sum(len(group.rows) for group in fitting) < len(self):
            return self._table.made(self._table.records_by_age(_rows(fitting)))
        tasks = self._table.made(self._by_age())  # the others are few
        return tasks if len(fitting) == len(self._groups) else [task for task in tasks if claim(task)]

    def begun(self, claim: Claim) -> Iterator[tuple[Task, Iterator[datetime]]]:
        """Return a sample of each group of which a claim is true, and when the tasks of the group began."""
        return ((group.sample, self._table.begun(group.rows)) for group in self._groups if claim(group.sample))

    def naming(self, keys: AbstractSet[Key], *, backups: bool = False) -> list[Task]:
        """Make those that have one of some ids, or name one of some backups; and perhaps a few others."""
        if not keys:
            return []
        found = self._table.naming([*_rows(self._groups)], keys, backups=backups)
        return self._table.made(self._table.records_by_age(found))

    def _by_age(self) -> bytes:
        if self._records is None:
            self._records = self._table.records_by_age(_rows(self._groups))
        return self._records


def _rows(groups: Iterable[Group]) -> Iterator[int]:
    return chain.from_iterable([group.rows for group in groups])


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
