"""The tasks of one subject: packed, until somebody asks for those of which something is true.

Most of what is asked is true of all tasks that differ in ids and times alone, or of none, so that one of them is asked.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import cached_property
from typing import Final, TypeVar, overload

from audit.history.table import Group, backups_in, began_in, created_in, ended_in, last_of, ordered, record_of, taken
from audit.records.keys import Key, key_of
from audit.records.operations import BACKUP
from audit.records.task import Task

T = TypeVar("T")
TaskTest = Callable[[Task], bool]
"""Says something of a task, and looks neither at the times nor at the ids of the task and its backup."""


class PackedTasks(Sequence[Task]):
    """Tasks in order of creation and id; they are made whenever somebody looks at them, and not kept."""

    __slots__ = ("groups",)

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = groups

    def __len__(self) -> int:
        return sum(group.number for group in self.groups)

    def __iter__(self) -> Iterator[Task]:
        return iter(TaskList.of(*ordered(self.groups)))

    def __reversed__(self) -> Iterator[Task]:
        yield from reversed([*self])  # not before the first is asked for

    @overload
    def __getitem__(self, place: int) -> Task: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Task, ...]: ...
    def __getitem__(self, place: int | slice) -> Task | tuple[Task, ...]:
        return tuple(self)[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # every task would have to be made for it

    def first_created(self) -> datetime:
        """When the oldest was created."""
        return min(group.first_created for group in self.groups)

    def created(self) -> list[datetime]:
        """When each was created."""
        return sorted([created for group in self.groups for created in created_in(group.records)])

    def fitting(self, claim: TaskTest) -> list[Group]:
        """Take the groups of which a claim is true."""
        return [group for group in self.groups if claim(group.sample)]


class _Columns:
    """Tasks in order, by column: each column is read, and each task made, once for all lists of some of them."""

    def __init__(self, records: bytes, samples: Sequence[Task]) -> None:
        self.records = records
        self.samples = samples
        self.made: dict[int, Task] = {}

    @cached_property
    def created(self) -> Sequence[datetime]:
        return created_in(self.records)

    @cached_property
    def began(self) -> Sequence[datetime]:
        return began_in(self.records)

    @cached_property
    def backup_keys(self) -> Sequence[Key | None]:
        named = zip(self.samples, backups_in(self.records), strict=True)
        return [key if sample.backup_key is None else sample.backup_key for sample, key in named]


class TaskList(Sequence[Task]):
    """Tasks in order of creation and id, by column: each is made when somebody looks at it.

    Attributes:
        samples: for each, a task that differs from it in ids and times alone, and may have none of its own.
    """

    def __init__(self, columns: _Columns, places: Sequence[int] | None = None) -> None:
        """Store where the tasks are in columns that other lists share, None for all of them."""
        self._columns = columns
        self._places = range(len(columns.samples)) if places is None else places
        self.samples = self._own(columns.samples)

    @classmethod
    def of(cls, records: bytes, samples: Sequence[Task]) -> "TaskList":
        """List tasks, given as they are packed and with the sample of each."""
        return cls(_Columns(records, samples))

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Task]:
        """Make all, those that differ in ids and times alone together."""
        places: dict[int, list[int]] = {id(kind): [] for kind in self.kinds}
        for place, sample in zip(self._places, self.samples, strict=True):
            places[id(sample)].append(place)
        parts = ((kind, taken(self._columns.records, places[id(kind)])) for kind in self.kinds)
        made = {id(kind): iter(Group(kind, part).tasks()) for kind, part in parts}
        return (next(made[id(sample)]) for sample in self.samples)

    @overload
    def __getitem__(self, place: int) -> Task: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Task, ...]: ...
    def __getitem__(self, place: int | slice) -> Task | tuple[Task, ...]:
        places = self._places[place]
        return self._task(places) if isinstance(places, int) else tuple(map(self._task, places))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # it compares by content

    @cached_property
    def kinds(self) -> Sequence[Task]:
        """The samples, each once."""
        return [*{id(sample): sample for sample in self.samples}.values()]

    @cached_property
    def created(self) -> Sequence[datetime]:
        """When each was created."""
        return self._own(self._columns.created)

    @cached_property
    def began(self) -> Sequence[datetime]:
        """When each began."""
        return self._own(self._columns.began)

    @cached_property
    def backup_keys(self) -> Sequence[Key | None]:
        """The backup of each; None of one that names none."""
        return self._own(self._columns.backup_keys)

    def each(self, places: Iterable[int]) -> list[Task]:
        """Make the tasks of some places."""
        return [self._task(self._places[place]) for place in places]

    def ended(self, places: Iterable[int]) -> Sequence[datetime | None]:
        """Say when the tasks of some places ended; None of one that has not."""
        return ended_in(taken(self._columns.records, [self._places[place] for place in places]))

    def picked(self, claim: TaskTest) -> "TaskList":
        """Take the tasks of which a claim is true."""
        kinds = [kind for kind in self.kinds if claim(kind)]
        if len(kinds) == len(self.kinds):  # nearly always all, or none
            return self
        fitting = set(map(id, kinds))
        return self.at([place for place, kind in enumerate(self.samples) if id(kind) in fitting] if kinds else ())

    def naming(self, claim: Callable[[Key | None], bool]) -> "TaskList":
        """Take the tasks of whose backup a claim is true."""
        return self.at([place for place, key in enumerate(self.backup_keys) if claim(key)])

    def newest(self, claim: TaskTest, until: datetime | None = None) -> Task | None:
        """Return the newest of which a claim is true, and that began no later than a time; None where there is none."""
        fitting = {id(kind) for kind in self.kinds if claim(kind)}
        newest_first = range(len(self) - 1, -1, -1) if fitting else ()
        found = (place for place in newest_first if id(self.samples[place]) in fitting)
        return next((self[place] for place in found if until is None or self.began[place] <= until), None)

    def at(self, places: Sequence[int]) -> "TaskList":
        """Take the tasks of some places, which are in order."""
        if len(places) == len(self):
            return self
        return TaskList(self._columns, [self._places[place] for place in places]) if places else NO_TASKS

    def _own(self, column: Sequence[T]) -> Sequence[T]:
        """Take the part of a column that is about the tasks of this list."""
        return column if len(self) == len(column) else [column[place] for place in self._places]

    def _task(self, place: int) -> Task:
        made = self._columns.made
        if place not in made:  # the newest is asked for by many controls
            made[place] = Group(self._columns.samples[place], taken(self._columns.records, (place,))).tasks()[0]
        return made[place]


def plain(tasks: Sequence[Task]) -> TaskList:
    """List tasks that were made already, and are in order."""
    return TaskList.of(b"".join(map(record_of, tasks)), tasks)


NO_TASKS: Final = plain(())


def listed(tasks: Sequence[Task], claim: TaskTest) -> TaskList:
    """List the tasks of which a claim is true by column, in their order."""
    if isinstance(tasks, PackedTasks):
        return TaskList.of(*ordered(tasks.fitting(claim)))
    return plain([task for task in tasks if claim(task)])


def pick(tasks: Sequence[Task], claim: TaskTest) -> list[Task]:
    """Take the tasks of which a claim is true, in their order."""
    if isinstance(tasks, PackedTasks):
        return [*TaskList.of(*ordered(tasks.fitting(claim)))]
    return [task for task in tasks if claim(task)]


def newest(tasks: Sequence[Task]) -> Task:
    """Return the last of tasks, of which there is one, without putting all in order."""
    return last_of(tasks.groups) if isinstance(tasks, PackedTasks) else tasks[-1]


def pick_begun(tasks: Sequence[Task], claim: TaskTest) -> Iterator[tuple[Task, Sequence[datetime]]]:
    """Say when the tasks began of which a claim is true, beside one task for all that differ in ids and times alone."""
    if isinstance(tasks, PackedTasks):
        return ((group.sample, began_in(group.records)) for group in tasks.fitting(claim))
    return ((task, (task.began,)) for task in tasks if claim(task))


def pick_named(tasks: Sequence[Task], ids: AbstractSet[str], claim: TaskTest) -> list[Task]:
    """Take the tasks that have one of some ids, and of which a claim is true, in their order."""
    keys = set(map(key_of, ids))
    if isinstance(tasks, PackedTasks):
        return [*TaskList.of(*ordered([group.having(keys) for group in tasks.fitting(claim)]))]
    return [task for task in tasks if task.key in keys and claim(task)]


def pick_backups(tasks: Sequence[Task], backup_keys: AbstractSet[Key]) -> TaskList:
    """Take the tasks that made some backups, or tried to, in their order."""
    if isinstance(tasks, PackedTasks):
        made = tasks.fitting(lambda task: task.operation == BACKUP)
        return TaskList.of(*ordered([group.with_backups(backup_keys) for group in made] if backup_keys else ()))
    return plain([task for task in tasks if task.operation == BACKUP and task.backup_key in backup_keys])
