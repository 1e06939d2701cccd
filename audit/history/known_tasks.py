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
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final, Self

from msgspec import DecodeError
from msgspec.json import decode, encode

from audit.collection import About, ContestedError, Rejected
from audit.history.lines import line_of, read_lines
from audit.history.moments import moment_of, state_of
from audit.history.segment import OPENING, TASKS, Opening, each_line, read_parts, written
from audit.history.table import Columns, Group, Table
from audit.packing import gzipped
from audit.records import Task
from audit.records.keys import key_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_Claim = tuple[str, About, bool]


class History:
    """The newest known state of every task, and the rows of the task log that nobody could use."""

    __slots__ = ("_loaded", "_rejected", "_since", "_table")

    def __init__(self, tasks: Iterable[Task] = (), rejected: Iterable[Rejected] = ()) -> None:
        self._table = Table()
        self._rejected: dict[_Claim, Rejected] = {}
        self._loaded: dict[_Claim, Rejected] = {}
        self._since: datetime | None = None
        self.update(tasks)
        self.set_aside(rejected)

    def __add__(self, other: "History") -> "History":
        merged = History()
        for each in (self, other):
            merged += each
        return merged

    def __iadd__(self, other: "History") -> Self:
        self._table.merge(other._table.parts(TASKS), _is_newer)
        self.set_aside(other._rejected.values())
        return self

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

    def keep_all(self, columns: Columns) -> Iterator[bool | ValueError]:
        """Merge packed tasks in place, as keep does one; where another task has the id, yield the error."""
        return self._table.put_all(columns, _is_newer_state)

    def update(self, tasks: Iterable[Task]) -> None:
        """Merge tasks into this history in place."""
        for task in tasks:
            self._table.put(task, _is_newer)

    def changes(self) -> "History":
        """Return what is new since the history was loaded: that and this, merged, are the whole."""
        changes = History()
        changes._table = self._table.changes()
        changes._rejected = {
            claim: row
            for claim, row in self._rejected.items()
            if self._loaded.get(claim) != row and not self._is_whole(row)
        }
        return changes

    def may_lack(self, since: datetime) -> bool:
        """Whether what was created since a time was left out when the history was loaded."""
        return self._since is not None and self._since > since

    def dump(self, since: datetime | None = None) -> bytes:
        """Return the bytes that are stored (docs/format.md); the same history gives the same bytes.

        Args:
            since: what was created before and has ended is left out, and what could not be used and is as old.
        """
        return b"".join(self.pieces(since))

    def pieces(self, since: datetime | None = None) -> Iterator[bytes]:
        """Return the same piece by piece."""
        rows = (row for row in self.rejected if since is None or row.is_since(since))
        return gzipped(written(self._table.parts(TASKS, since), rows))

    @staticmethod
    def load(*segments: bytes, since: datetime | None = None) -> "History":
        """Read what dump wrote, in this version or an earlier one, and merge it.

        Args:
            segments: each is what a history was dumped to; what is merged first should be the largest.
            since: what was created before and has ended is left out, and what could not be used and is as old.

        Raises:
            ValueError: the bytes are not a dumped history.
        """
        history = History()
        for segment in segments:
            history._read(segment)
        if since is not None:
            history._drop(since)
            history._since = since
        history._table.settle()
        history._loaded = {**history._rejected}
        return history

    def _read(self, segment: bytes) -> None:
        if not segment:
            raise ValueError("not a history: it is empty")
        try:
            with gzip.open(io.BytesIO(segment)) as file:  # all at once would take as much memory again
                opening = next(each_line(file), b"")
                if opening.startswith(OPENING):
                    self.set_aside(decode(opening, type=Opening).rejected)
                    self._table.merge(read_parts(file), _is_newer)
                else:
                    file.rewind()
                    rejected = list[Rejected]()
                    self.update(read_lines(each_line(file), rejected))
                    self.set_aside(rejected)
        except (OSError, EOFError, zlib.error, TypeError, OverflowError, RecursionError, DecodeError) as error:
            raise ValueError(f"not a history: {error}") from error

    def _drop(self, since: datetime) -> None:
        """Forget what dump leaves out."""
        self._rejected = {
            claim: row for claim, row in self._rejected.items() if row.is_since(since) and not self._is_whole(row)
        }
        self._table.drop(since)


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
    return task.updated_at, task.finished, line_of(task)
