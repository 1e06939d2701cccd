"""Tasks in order of age, by column: most of what is asked of them is answered before any task is made."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final, overload

from audit.records.keys import Key
from audit.records.task import Task

Make = Callable[[Sequence[int]], Iterable[Task]]
Ends = Callable[[Sequence[int]], list[datetime | None]]
BackupKeys = Callable[[], list[Key | None]]
TaskTest = Callable[[Task], bool]
"""Says something of a task, and looks neither at the times nor at the ids of the task and its backup."""


class TaskSource:
    """Makes tasks by number, each once.

    Attributes:
        made: those that were made already.
        ends: says when tasks ended, without making them; None of one that has not.
    """

    def __init__(self, make: Make, ends: Ends, backup_keys: BackupKeys) -> None:
        """Take what makes tasks of numbers, what says when they ended, and what names the backups of all of them."""
        self._make = make
        self._backup_keys = backup_keys
        self.ends = ends
        self.made: dict[int, Task] = {}

    def each(self, numbers: Sequence[int]) -> list[Task]:
        """Return some tasks; those that nobody looked at before are made together."""
        made = self.made
        missing = [number for number in numbers if number not in made]
        if missing:
            made.update(zip(missing, self._make(missing), strict=True))
        return [made[number] for number in numbers]

    @cached_property
    def backup_keys(self) -> Sequence[Key | None]:
        """The ids of the backups of all tasks, without making them; None of one that names none."""
        return self._backup_keys()


class TaskList(Sequence[Task]):
    """Tasks in order of creation and id; each is made when somebody looks at it.

    Attributes:
        created: when each was created.
        began: when each began.
        samples: for each, a task that differs from it in ids and times alone, and may have none of its own.
        kinds: the samples, each once.
    """

    __slots__ = ("_numbers", "_source", "began", "created", "kinds", "samples")

    def __init__(
        self,
        created: Sequence[datetime],
        began: Sequence[datetime],
        samples: Sequence[Task],
        kinds: Sequence[Task],
        source: TaskSource,
        numbers: Sequence[int] | None = None,
    ) -> None:
        """Take columns in order, what makes the tasks, and the number of each there, where that is not its place."""
        self.created = created
        self.began = began
        self.samples = samples
        self.kinds = kinds
        self._source = source
        self._numbers = range(len(created)) if numbers is None else numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Task]:
        return iter(self._source.each(self._numbers))

    @overload
    def __getitem__(self, place: int) -> Task: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Task, ...]: ...
    def __getitem__(self, place: int | slice) -> Task | tuple[Task, ...]:
        if isinstance(place, slice):
            return tuple(self._source.each(self._numbers[place]))
        number = self._numbers[place]
        return self._source.made.get(number) or self._source.each((number,))[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # every task would have to be made for it

    def each(self, places: Iterable[int]) -> list[Task]:
        """Make the tasks of some places together."""
        return self._source.each([self._numbers[place] for place in places])

    def ended(self, places: Iterable[int]) -> list[datetime | None]:
        """Say when the tasks of some places ended; None of one that has not."""
        return self._source.ends([self._numbers[place] for place in places])

    def backup_keys(self) -> Sequence[Key | None]:
        """Name the backup of each task, without making them; None of one that names none."""
        known = self._source.backup_keys
        return known if len(known) == len(self._numbers) else [known[number] for number in self._numbers]

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
        if not places:
            return NO_TASKS
        samples = [self.samples[place] for place in places]
        return TaskList(
            [self.created[place] for place in places],
            [self.began[place] for place in places],
            samples,
            [*{id(sample): sample for sample in samples}.values()],
            self._source,
            [self._numbers[place] for place in places],
        )


def plain(tasks: Sequence[Task]) -> TaskList:
    """List tasks that were made already, and are in order."""
    source = TaskSource(
        lambda numbers: [tasks[number] for number in numbers],
        lambda numbers: [tasks[number].ended_at for number in numbers],
        lambda: [task.backup_key for task in tasks],
    )
    return TaskList([task.created_at for task in tasks], [task.began for task in tasks], tasks, tasks, source)


NO_TASKS: Final = plain(())
