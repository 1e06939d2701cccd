"""History: the newest known state of every task, and how two histories become one.

A history is a map from task id to task. Merging keeps, for each id, the task that was updated last; where two
were updated at the same time, a final status beats an unfinished one. Merging is commutative, associative and
idempotent, so pages may be folded in any order and reading the same page twice changes nothing. Tasks are kept packed
(audit/records/table.py), because there may be a million of them.
"""

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import attrgetter
from sys import intern
from typing import Any, Final

import orjson

from audit.records import Task
from audit.records.batch import Batch
from audit.records.keys import key_of
from audit.records.layout import LATEST
from audit.records.moments import moment_of, state_of
from audit.records.table import Table

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = 24 * 60 * 60
_FIELDS: Final = (
    *("id", "operation", "status", "created_at", "updated_at", "started_at", "ended_at"),
    *("resource_id", "resource_name", "resource_type", "vault_id", "vault_name", "policy_id"),
    *("error_code", "error_message", "backup_id", "incremental", "app_consistency", "app_consistency_error"),
    *("target_resource_id", "synced"),
)
_KEYS: Final = {"key": "id", "backup_key": "backup_id"}  # are written as the texts that they stand for
_VALUES: Final = attrgetter(*_FIELDS)
_INSTANTS: Final = ("created_at", "updated_at", "started_at", "ended_at")
_REPEATED: Final = frozenset(_FIELDS) - {"id", "backup_id", "target_resource_id", "incremental", "synced", *_INSTANTS}
_GZIP: Final = 31  # what zlib calls the window of 32 KB inside a gzip file, which has no name and no time in it
_LINES: Final = 1000  # are written at once: all together would take more memory than the history itself
_TYPES: Final[Mapping[str, type]] = {
    **dict.fromkeys(_INSTANTS, int),
    "incremental": bool,
    "removed": list,
    "synced": int,
}


class History:
    """The newest known state of every task."""

    __slots__ = ("_table",)

    def __init__(self, tasks: Iterable[Task] = ()) -> None:
        self._table = Table()
        self.update(tasks)

    def __add__(self, other: "History") -> "History":
        merged = History()
        merged._table = self._table.copy()
        merged.update(other)
        return merged

    def __iter__(self) -> Iterator[Task]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def get(self, task_id: str) -> Task | None:
        """Return the newest known state of a task, or None."""
        row = self._table.find(task_id)
        return None if row is None else self._table.task(row)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, History) and len(self) == len(other) and all(other.get(task.id) == task for task in self)
        )

    __hash__ = None  # type: ignore[assignment]  # a history compares by content, and content may be large

    def hand_over(self) -> Table:
        """Give its tasks away, packed, so that they are not in memory twice; it cannot be asked any more."""
        table = self._table
        del self._table
        return table

    def oldest(self, until: datetime) -> datetime | None:
        """When the oldest task that has ended was created; None where that was after a time, or there is none.

        Open tasks are asked for whatever their age: an old one does not show that the log goes back as far.
        """
        first = min(self._table.created_if_finished(), default=LATEST)
        return moment_of(first) if first <= state_of(until) else None

    def number_created(self, since: datetime | None = None, until: datetime | None = None) -> int:
        """Count the tasks that were created from one time to another; both belong to it."""
        earlier = 0 if since is None else sum(map(state_of(since).__gt__, self._table.created()))
        return sum(map((LATEST if until is None else state_of(until)).__ge__, self._table.created())) - earlier

    def keep(self, task: Task) -> bool:
        """Merge a task into this history in place; False where the same state of it is known already.

        Raises:
            ValueError: another task has the same id.
        """
        return self._table.add(task, _is_newer_state)

    def keep_all(self, batch: Batch) -> Iterator[tuple[int, bool]]:
        """Merge many tasks into this history in place.

        Returns:
            The places of those whose state is known already, with False, and of those whose id another task has, with
            True.
        """
        return self._table.extend(batch, _is_newer_state)

    def update(self, tasks: Iterable[Task]) -> None:
        """Merge tasks into this history in place."""
        for task in tasks:
            self._table.add(task, _is_newer)

    def dump(self, since: datetime | None = None) -> bytes:
        """Return gzipped NDJSON, one task a line in order of id; the same history gives the same bytes.

        Args:
            since: what was created before and has ended is left out.
        """
        return b"".join(self.pieces(since))

    def pieces(self, since: datetime | None = None) -> Iterator[bytes]:
        """Return the same piece by piece."""
        packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)  # and not ISA-L: its bytes may depend on the processor
        tasks = map(self._table.task, self._table.rows_by_id())
        kept = (task for task in tasks if since is None or task.created_at >= since or not task.finished)
        while lines := b"".join(map(_line, islice(kept, _LINES))):
            yield packer.compress(lines)
        yield packer.flush()

    @classmethod
    def load(cls, data: bytes) -> "History":
        """Read what dump wrote.

        Raises:
            ValueError: the bytes are not a dumped history.
        """
        if not data:
            raise ValueError("not a history: it is empty")
        try:
            with gzip.open(io.BytesIO(data)) as lines:  # one by one: together they take ten times as much memory
                return cls(_task(orjson.loads(line)) for line in lines)
        except (OSError, EOFError, zlib.error, TypeError, OverflowError) as error:
            raise ValueError(f"not a history: {error}") from error


def _is_newer(known: Task, task: Task) -> bool:
    return _rank(task) > _rank(known)


def _is_newer_state(known: Task, task: Task) -> bool:
    if (known.operation, known.resource_id) != (task.operation, task.resource_id):
        raise ValueError("another task has the same id")
    return _is_newer(known, task)


def _rank(task: Task) -> tuple[datetime, bool, bytes]:
    """Order the states of one task; the written form decides between states that differ in nothing else."""
    return task.updated_at, task.finished, _line(task)


def _line(task: Task) -> bytes:
    values = {name: value for name, value in zip(_FIELDS, _VALUES(task), strict=True) if value is not None}
    for name in _INSTANTS:
        if name in values:
            values[name] = _microseconds(values[name])
    if task.removed:
        values["removed"] = task.removed
    return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)


def _microseconds(moment: datetime) -> int:
    """Count from the epoch; three times as fast as dividing by a microsecond."""
    age = moment - _EPOCH
    return (age.days * _DAY + age.seconds) * 1_000_000 + age.microseconds


def _task(values: Mapping[str, Any]) -> Task:
    row = dict(values)
    for name, value in row.items():
        if type(value) is not _TYPES.get(name, str):
            raise TypeError(f"{name} is of type {type(value).__name__}")
    for name in _INSTANTS:
        if name in row:
            row[name] = _EPOCH + timedelta(0, 0, row[name])
    for name in _REPEATED & row.keys():
        row[name] = intern(row[name])
    for key, name in _KEYS.items():
        if name in row:
            row[key] = key_of(row.pop(name))
    row["removed"] = tuple(row.get("removed", ()))
    if not all(isinstance(resource_id, str) for resource_id in row["removed"]):
        raise TypeError("removed holds something else than ids")
    return Task(**row)
