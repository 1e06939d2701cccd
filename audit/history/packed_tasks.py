"""The tasks of one subject as they were in the table: each is made when somebody looks at it, and not kept.

Those that differ in ids and times alone lie together, so that most questions are asked of one of them for all.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial
from itertools import chain
from struct import Struct
from typing import overload

from audit.history.layout import BACKUP_KEY, BEGUN, COMMON_PART, CREATED, ENDED, KEY, NEVER, SIZE, WHOLE
from audit.history.moments import moment_of
from audit.history.table import Group, Table
from audit.history.task_list import TaskList, TaskSource, TaskTest, plain
from audit.records.keys import Key, key_of
from audit.records.operations import BACKUP
from audit.records.task import Task


class PackedTasks(Sequence[Task]):
    """Tasks of a table in order of creation and id."""

    __slots__ = ("_groups", "_records", "_table")

    def __init__(self, table: Table, groups: Sequence[Group]) -> None:
        """Take groups of tasks of a table."""
        self._table = table
        self._groups = groups
        self._records: bytes | None = None

    def __len__(self) -> int:
        return sum(len(group.records) for group in self._groups) // SIZE

    def __iter__(self) -> Iterator[Task]:
        return iter(self._table.made(self._by_age()))

    @overload
    def __getitem__(self, place: int) -> Task: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Task, ...]: ...
    def __getitem__(self, place: int | slice) -> Task | tuple[Task, ...]:
        places = range(len(self))[place]
        if isinstance(places, range):
            return tuple(self._made(self._by_age(), places))
        return self._made(self._by_age(), (places,))[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # every task would have to be made for it

    def forget(self) -> None:
        """Free the records that were put in order when they were asked for."""
        self._records = None

    def newest(self) -> Task:
        """The one that was created last."""
        last = self._table.in_order(b"".join([group.records[-SIZE:] for group in self._groups]))
        return self._table.made(last[-SIZE:])[0]

    def first_created(self) -> datetime:
        """When the oldest was created."""
        return min(group.first_created for group in self._groups)

    def created(self) -> list[datetime]:
        """When each was created."""
        unpacked = chain.from_iterable(CREATED.iter_unpack(group.records) for group in self._groups)
        return list(map(moment_of, sorted(chain.from_iterable(unpacked))))

    def listed(self, claim: TaskTest) -> TaskList:
        """List those of which a claim is true by column."""
        fitting = self._fitting(claim)
        records = self._by_age() if len(fitting) == len(self._groups) else self._in_order(fitting)
        kinds = {group.records[COMMON_PART]: group.sample for group in fitting}
        created, began, commons = self._table.columns(records)
        samples = list(map(kinds.__getitem__, commons))
        named = partial(self._table.backup_keys, records)
        source = TaskSource(partial(self._made, records), partial(_ended, records), named)
        return TaskList(created, began, samples, [*kinds.values()], source)

    def having(self, claim: TaskTest) -> list[Task]:
        """Make those of which a claim is true."""
        fitting = self._fitting(claim)
        return self._table.made(self._in_order(fitting)) if fitting else []  # there is nothing to put in order

    def begun(self, claim: TaskTest) -> Iterator[tuple[Task, Iterator[datetime]]]:
        """Return a sample of each group of which a claim is true, and when the tasks of the group began."""
        return ((group.sample, _begun(group.records)) for group in self._fitting(claim))

    def named(self, keys: AbstractSet[Key]) -> list[Task]:
        """Make those that have one of some ids; and perhaps a few others."""
        return self._with(KEY, keys, self._groups)

    def backups(self, keys: AbstractSet[Key]) -> list[Task]:
        """Make those that made one of some backups, or tried to; and perhaps a few others."""
        return self._with(BACKUP_KEY, keys, self._fitting(lambda task: task.operation == BACKUP))

    def _with(self, part: Struct, keys: AbstractSet[Key], groups: Sequence[Group]) -> list[Task]:
        """Make the tasks of groups of which a part of the record is one of some ids."""
        if not keys:
            return []
        wanted = self._table.raw_keys(keys)
        found = [
            record
            for group in groups
            for (record,), (key,) in zip(WHOLE.iter_unpack(group.records), part.iter_unpack(group.records), strict=True)
            if key in wanted
        ]
        return self._table.made(self._table.in_order(b"".join(found)))

    def _fitting(self, claim: TaskTest) -> list[Group]:
        return [group for group in self._groups if claim(group.sample)]

    def _by_age(self) -> bytes:
        if self._records is None:
            self._records = self._in_order(self._groups)
        return self._records

    def _in_order(self, groups: Sequence[Group]) -> bytes:
        if len(groups) == 1:
            return groups[0].records
        return self._table.in_order(b"".join([group.records for group in groups]))

    def _made(self, records: bytes, places: Sequence[int]) -> list[Task]:
        return self._table.made(b"".join([records[place * SIZE : (place + 1) * SIZE] for place in places]))


def _ended(records: bytes, places: Sequence[int]) -> list[datetime | None]:
    states = [ENDED.unpack_from(records, place * SIZE)[0] for place in places]
    return [None if state == NEVER else moment_of(state) for state in states]


def _begun(records: bytes) -> Iterator[datetime]:
    return (moment_of(created if started == NEVER else started) for created, started in BEGUN.iter_unpack(records))


def listed(tasks: Sequence[Task], claim: TaskTest) -> TaskList:
    """List the tasks of which a claim is true by column, in their order."""
    return tasks.listed(claim) if isinstance(tasks, PackedTasks) else plain([task for task in tasks if claim(task)])


def pick(tasks: Sequence[Task], claim: TaskTest) -> list[Task]:
    """Take the tasks of which a claim is true, in their order."""
    return tasks.having(claim) if isinstance(tasks, PackedTasks) else [task for task in tasks if claim(task)]


def newest(tasks: Sequence[Task]) -> Task:
    """Return the last of tasks, of which there is one, without putting all in order."""
    return tasks.newest() if isinstance(tasks, PackedTasks) else tasks[-1]


def pick_begun(tasks: Sequence[Task], claim: TaskTest) -> Iterator[tuple[Task, Iterator[datetime]]]:
    """Say when the tasks began of which a claim is true, beside one task for all that differ in ids and times alone."""
    if isinstance(tasks, PackedTasks):
        return tasks.begun(claim)
    return ((task, iter((task.began,))) for task in tasks if claim(task))


def pick_named(tasks: Sequence[Task], ids: AbstractSet[str]) -> list[Task]:
    """Take the tasks that have one of some ids, in their order."""
    keys = set(map(key_of, ids))
    named = tasks.named(keys) if isinstance(tasks, PackedTasks) else tasks
    return [task for task in named if task.key in keys]


def pick_backups(tasks: Sequence[Task], backup_keys: AbstractSet[Key]) -> list[Task]:
    """Take the tasks that made some backups, or tried to, in their order."""
    made = tasks.backups(backup_keys) if isinstance(tasks, PackedTasks) else tasks
    return [task for task in made if task.operation == BACKUP and task.backup_key in backup_keys]
