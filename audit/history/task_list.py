"""The tasks of one subject: packed, until somebody asks for those of which something is true.

Most of what is asked is true of all tasks that differ in ids and times alone, or of none, so that one of them is asked.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final, overload

from audit.history.table import Group, last_of, tasks_of
from audit.records.keys import Key, key_of
from audit.records.operations import BACKUP
from audit.records.task import Task

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
        return iter(tasks_of(self.groups)[0])

    def __reversed__(self) -> Iterator[Task]:
        yield from reversed(tasks_of(self.groups)[0])  # not before the first is asked for

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
        return sorted([created for group in self.groups for created in group.created()])

    def fitting(self, claim: TaskTest) -> list[Group]:
        """Take the groups of which a claim is true."""
        return [group for group in self.groups if claim(group.sample)]


class TaskList(Sequence[Task]):
    """Tasks in order of creation and id, and beside them by column what is often asked of them.

    Attributes:
        created: when each was created.
        began: when each began.
        samples: for each, a task that differs from it in ids and times alone, and may have none of its own.
        kinds: the samples, each once.
    """

    __slots__ = ("_tasks", "began", "created", "kinds", "samples")

    def __init__(self, tasks: Sequence[Task], samples: Sequence[Task]) -> None:
        self._tasks = tasks
        self.samples = samples
        self.kinds = [*{id(sample): sample for sample in samples}.values()]
        self.created = [task.created_at for task in tasks]
        self.began = [task.started_at or task.created_at for task in tasks]

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(self._tasks)

    @overload
    def __getitem__(self, place: int) -> Task: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Task, ...]: ...
    def __getitem__(self, place: int | slice) -> Task | tuple[Task, ...]:
        return tuple(self._tasks[place]) if isinstance(place, slice) else self._tasks[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # it compares by content

    def each(self, places: Iterable[int]) -> list[Task]:
        """Take the tasks of some places."""
        return [self._tasks[place] for place in places]

    def ended(self, places: Iterable[int]) -> list[datetime | None]:
        """Say when the tasks of some places ended; None of one that has not."""
        return [self._tasks[place].ended_at for place in places]

    def backup_keys(self) -> Sequence[Key | None]:
        """Name the backup of each task; None of one that names none."""
        return [task.backup_key for task in self._tasks]

    def picked(self, claim: TaskTest) -> "TaskList":
        """Take the tasks of which a claim is true."""
        kinds = [kind for kind in self.kinds if claim(kind)]
        if len(kinds) == len(self.kinds):  # nearly always all, or none
            return self
        fitting = set(map(id, kinds))
        return self.at([place for place, kind in enumerate(self.samples) if id(kind) in fitting] if kinds else ())

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
        return TaskList(self.each(places), [self.samples[place] for place in places]) if places else NO_TASKS


def plain(tasks: Sequence[Task]) -> TaskList:
    """List tasks that were made already, and are in order."""
    return TaskList(tasks, tasks)


NO_TASKS: Final = plain(())


def listed(tasks: Sequence[Task], claim: TaskTest) -> TaskList:
    """List the tasks of which a claim is true by column, in their order."""
    if isinstance(tasks, PackedTasks):
        return TaskList(*tasks_of(tasks.fitting(claim)))
    return plain([task for task in tasks if claim(task)])


def pick(tasks: Sequence[Task], claim: TaskTest) -> list[Task]:
    """Take the tasks of which a claim is true, in their order."""
    if isinstance(tasks, PackedTasks):
        return tasks_of(tasks.fitting(claim))[0]
    return [task for task in tasks if claim(task)]


def newest(tasks: Sequence[Task]) -> Task:
    """Return the last of tasks, of which there is one, without putting all in order."""
    return last_of(tasks.groups) if isinstance(tasks, PackedTasks) else tasks[-1]


def pick_begun(tasks: Sequence[Task], claim: TaskTest) -> Iterator[tuple[Task, Iterator[datetime]]]:
    """Say when the tasks began of which a claim is true, beside one task for all that differ in ids and times alone."""
    if isinstance(tasks, PackedTasks):
        return ((group.sample, group.began()) for group in tasks.fitting(claim))
    return ((task, iter((task.began,))) for task in tasks if claim(task))


def pick_named(tasks: Sequence[Task], ids: AbstractSet[str]) -> list[Task]:
    """Take the tasks that have one of some ids, in their order."""
    keys = set(map(key_of, ids))
    if isinstance(tasks, PackedTasks):
        return tasks_of([group.having(keys) for group in tasks.groups])[0]
    return [task for task in tasks if task.key in keys]


def pick_backups(tasks: Sequence[Task], backup_keys: AbstractSet[Key]) -> list[Task]:
    """Take the tasks that made some backups, or tried to, in their order."""
    if isinstance(tasks, PackedTasks):
        made = tasks.fitting(lambda task: task.operation == BACKUP)
        return tasks_of([group.with_backups(backup_keys) for group in made])[0]
    return [task for task in tasks if task.operation == BACKUP and task.backup_key in backup_keys]
