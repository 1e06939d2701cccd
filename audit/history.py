"""History: the newest known state of every task, and how two histories become one.

A history is a map from task id to task. Merging keeps, for each id, the task that was updated last; where two
were updated at the same time, a final status beats an unfinished one. Merging is commutative, associative and
idempotent, so pages may be folded in any order and reading the same page twice changes nothing.
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from audit.records import Task

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_FIELDS: Final = tuple(field.name for field in fields(Task))
_INSTANTS: Final = ("created_at", "updated_at", "started_at", "ended_at")
_TYPES: Final[Mapping[str, type]] = {**dict.fromkeys(_INSTANTS, int), "incremental": bool, "removed": list}


class History:
    """The newest known state of every task."""

    __slots__ = ("_tasks",)

    def __init__(self, tasks: Iterable[Task] = ()) -> None:
        self._tasks: dict[str, Task] = {}
        for task in tasks:
            self._keep(task)

    def __add__(self, other: "History") -> "History":
        merged = History()
        merged._tasks = dict(self._tasks)
        for task in other:
            merged._keep(task)
        return merged

    def __iter__(self) -> Iterator[Task]:
        return iter(self._tasks.values())

    def __len__(self) -> int:
        return len(self._tasks)

    def get(self, task_id: str) -> Task | None:
        """Return the newest known state of a task, or None."""
        return self._tasks.get(task_id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and self._tasks == other._tasks

    __hash__ = None  # type: ignore[assignment]  # a history compares by content, and content may be large

    def keep(self, task: Task) -> bool:
        """Merge a task into this history in place; False where the same state of it is known already.

        Raises:
            ValueError: another task has the same id.
        """
        known = self._tasks.setdefault(task.id, task)
        if known is task:
            return True
        if known == task:
            return False
        if (known.operation, known.resource_id) != (task.operation, task.resource_id):
            raise ValueError("another task has the same id")
        self._keep(task)
        return True

    def update(self, tasks: Iterable[Task]) -> None:
        """Merge tasks into this history in place, as collecting does page by page."""
        for task in tasks:
            self._keep(task)

    def pruned(self, since: datetime) -> "History":
        """Return the tasks that were created since a time, and those that are still open however old they are."""
        return History(task for task in self if task.created_at >= since or not task.finished)

    def dump(self) -> bytes:
        """Return gzipped NDJSON, one task a line in order of id; the same history gives the same bytes."""
        lines = b"".join(_line(self._tasks[task_id]) for task_id in sorted(self._tasks))
        return gzip.compress(lines, compresslevel=1, mtime=0)

    @classmethod
    def load(cls, data: bytes) -> "History":
        """Read what dump wrote.

        Raises:
            ValueError: the bytes are not a dumped history.
        """
        if not data:
            raise ValueError("not a history: it is empty")
        try:
            lines = gzip.decompress(data).splitlines()
            return cls(_task(orjson.loads(line)) for line in lines)
        except (OSError, EOFError, zlib.error, TypeError, OverflowError) as error:
            raise ValueError(f"not a history: {error}") from error

    def _keep(self, task: Task) -> None:
        known = self._tasks.get(task.id)
        if known is None or (task != known and _rank(task) > _rank(known)):
            self._tasks[task.id] = task


def _rank(task: Task) -> tuple[datetime, bool, bytes]:
    """Order the states of one task; the written form decides between states that differ in nothing else."""
    return task.updated_at, task.finished, _line(task)


def _line(task: Task) -> bytes:
    values = {name: value for name in _FIELDS if (value := getattr(task, name)) not in (None, ())}
    for name in _INSTANTS:
        if name in values:
            values[name] = (values[name] - _EPOCH) // _MICROSECOND
    return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)


def _task(values: Mapping[str, Any]) -> Task:
    row = dict(values)
    for name, value in row.items():
        if type(value) is not _TYPES.get(name, str):
            raise TypeError(f"{name} is of type {type(value).__name__}")
    for name in _INSTANTS:
        if name in row:
            row[name] = _EPOCH + row[name] * _MICROSECOND
    row["removed"] = tuple(row.get("removed", ()))
    if not all(isinstance(resource_id, str) for resource_id in row["removed"]):
        raise TypeError("removed holds something else than ids")
    return Task(**row)
