"""History: the newest known state of every task, and how two histories become one.

A history is a map from task id to task. Merging keeps, for each id, the task that was updated last; where two
were updated at the same time, a final status beats an unfinished one. Merging is commutative, associative and
idempotent, so pages may be folded in any order and reading the same page twice changes nothing. Tasks are kept packed
(audit/history/table.py), because there may be a million of them.

Beside them stand the rows that could not be used. They are merged as a set is, and one is there no longer when a task
of its id is known that is no older: that task is what the row would have been.
"""

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from operator import attrgetter
from sys import intern
from typing import Any, Final

import orjson
from msgspec import ValidationError, convert
from msgspec.json import encode

from audit.collection import About, ContestedError, Rejected
from audit.history.moments import moment_of, state_of
from audit.history.table import Columns, Group, Table
from audit.records import Task
from audit.records.keys import key_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = 24 * 60 * 60
_FIELDS: Final = (
    *("id", "operation", "status", "created_at", "updated_at", "started_at", "ended_at"),
    *("resource_id", "resource_name", "resource_type", "vault_id", "vault_name", "policy_id"),
    *("error_code", "error_message", "backup_id", "incremental", "app_consistency", "app_consistency_error"),
    *("target_resource_id", "synced", "failures"),
)
_KEYS: Final = {"key": "id", "backup_key": "backup_id"}  # are written as the texts that they stand for
_VALUES: Final = attrgetter(*_FIELDS)
_INSTANTS: Final = ("created_at", "updated_at", "started_at", "ended_at")
_NUMBERS: Final = ("synced", "failures")
_RARE: Final = frozenset({"id", "backup_id", "target_resource_id", "incremental", *_NUMBERS, *_INSTANTS})
_REPEATED: Final = frozenset(_FIELDS) - _RARE
_GZIP: Final = 31  # what zlib calls the window of 32 KB inside a gzip file, which has no name and no time in it
_LINES: Final = 1000  # are written at once: all together would take more memory than the history itself
_TYPES: Final[Mapping[str, type]] = {
    **dict.fromkeys((*_INSTANTS, *_NUMBERS), int),
    "incremental": bool,
    "removed": list,
}


_REJECTED: Final = "rejected"
_Claim = tuple[str, About, bool]


class History:
    """The newest known state of every task, and the rows of the task log that nobody could use."""

    __slots__ = ("_rejected", "_table")

    def __init__(self, tasks: Iterable[Task] = (), rejected: Iterable[Rejected] = ()) -> None:
        self._table = Table()
        self._rejected: dict[_Claim, Rejected] = {}
        self.update(tasks)
        self.set_aside(rejected)

    def __add__(self, other: "History") -> "History":
        merged = History()
        merged._table = self._table.copy()
        merged.update(other)
        merged.set_aside(chain(self._rejected.values(), other._rejected.values()))
        return merged

    def __iter__(self) -> Iterator[Task]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def get(self, task_id: str) -> Task | None:
        """Return the newest known state of a task, or None."""
        return self._table.get(key_of(task_id))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, History)
            and len(self) == len(other)
            and all(other.get(task.id) == task for task in self)
            and self.rejected == other.rejected
        )

    __hash__ = None  # type: ignore[assignment]  # a history compares by content, and content may be large

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """The rows that could not be used and that no reading had whole since, in order of the pages that hold them."""
        return tuple(sorted([row for row in self._rejected.values() if not self._is_whole(row)], key=_place))

    def set_aside(self, rows: Iterable[Rejected]) -> None:
        """Remember rows that could not be used; of one that was read several times, the first reading is named.

        Of a task that may be open the newest is: it lasted until then.
        """
        for row in rows:
            claim = row.mark, row.about, row.is_contested
            named = min if row.about.status else max
            self._rejected[claim] = named(self._rejected.get(claim, row), row, key=_place)

    def _is_whole(self, row: Rejected) -> bool:
        """Whether a task is known that is what a row would have been, in this or in a later state."""
        task = None if row.is_contested else self.get(row.id)
        return task is not None and (row.about.at is None or task.updated_at >= row.about.at)

    def hand_over(self, until: datetime, instead: Iterable[Task] = ()) -> Iterator[Group]:
        """Give away the tasks that were created until a time, so that they are not in memory twice.

        Args:
            until: what was created after it is left out.
            instead: tasks that take the place of those of their ids.
        """
        for task in instead:
            self._table.put(task, lambda _known, _task: True)
        return self._table.hand_over(until)

    def oldest(self, until: datetime) -> datetime | None:
        """When the oldest task that has ended was created; None where that was after a time, or there is none.

        Open tasks are asked for whatever their age: an old one does not show that the log goes back as far.
        """
        first = min(self._table.created(finished=True), default=None)
        return None if first is None or first > state_of(until) else moment_of(first)

    def unfinished(self) -> Iterator[Task]:
        """Return the tasks that have not ended as far as is known."""
        return self._table.unfinished()

    def number_created(self, since: datetime | None = None, until: datetime | None = None) -> int:
        """Count the tasks that were created from one time to another; both belong to it."""
        earlier = 0 if since is None else sum(map(state_of(since).__gt__, self._table.created()))
        later = 0 if until is None else sum(map(state_of(until).__lt__, self._table.created()))
        return len(self) - earlier - later

    def has_finished(self, since: datetime, until: datetime) -> bool:
        """Whether a task that has ended was created from one time to another; both belong to it."""
        first, last = state_of(since), state_of(until)
        return any(first <= created <= last for created in self._table.created(finished=True))

    def keep(self, task: Task) -> bool:
        """Merge a task into this history in place; False where the same state of it is known already.

        Raises:
            ValueError: another task has the same id.
        """
        return self._table.put(task, _is_newer_state)

    def keep_all(self, columns: Columns) -> Iterator[int]:
        """Merge packed tasks in place; say which of them have the id of another task."""
        return self._table.put_all(columns, _is_newer_state)

    def update(self, tasks: Iterable[Task]) -> None:
        """Merge tasks into this history in place."""
        for task in tasks:
            self._table.put(task, _is_newer)

    def dump(self, since: datetime | None = None) -> bytes:
        """Return gzipped NDJSON, one task a line in order of id, and behind them one row that could not be used a line.

        The same history gives the same bytes.

        Args:
            since: what was created before and has ended is left out, and what could not be used and is as old.
        """
        return b"".join(self.pieces(since))

    def pieces(self, since: datetime | None = None) -> Iterator[bytes]:
        """Return the same piece by piece."""
        packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)  # and not ISA-L: its bytes may depend on the processor
        kept = (task for task in self if since is None or task.created_at >= since or not task.finished)
        while lines := b"".join(map(_line, islice(kept, _LINES))):
            yield packer.compress(lines)
        rows = (row for row in self.rejected if since is None or row.is_since(since))
        yield packer.compress(b"".join(b'{"%b":%b}\n' % (_REJECTED.encode(), encode(row)) for row in rows))
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
                rejected: list[Rejected] = []
                return cls(_tasks(map(orjson.loads, lines), rejected), rejected)
        except (OSError, EOFError, zlib.error, TypeError, OverflowError, ValidationError) as error:
            raise ValueError(f"not a history: {error}") from error


def _is_newer(known: Task, task: Task) -> bool:
    return _rank(task) > _rank(known)


def _is_newer_state(known: Task, task: Task) -> bool:
    if (known.operation, known.resource_id) != (task.operation, task.resource_id):
        raise ContestedError("another task has the same id", _about(known))
    return _is_newer(known, task)


def _about(task: Task) -> About:
    vault = task.vault_id or task.vault_name
    named = (*((task.resource_id,) if task.resource_id else ()), *task.removed)
    return About(
        resources=named or None,
        vaults=(vault,) if vault else None,
        operation=task.operation,
        status=task.status if task.is_final else None,
        at=max(filter(None, (task.created_at, task.updated_at, task.started_at, task.ended_at))),
    )


def _place(row: Rejected) -> tuple[datetime, str, int, int, bytes]:
    """Order rows by their pages; the written form decides where everything else is equal."""
    return row.asked.until if row.asked else _EPOCH, row.run, row.page, row.row, encode(row)


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


def _tasks(lines: Iterable[Any], rejected: list[Rejected]) -> Iterator[Task]:
    """Read the tasks of lines, and put the rows that could not be used aside."""
    for values in lines:
        if isinstance(values, dict) and _REJECTED in values:
            rejected.append(convert(values[_REJECTED], Rejected))
        else:
            yield _task(values)


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
