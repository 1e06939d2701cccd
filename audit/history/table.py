"""Tasks packed into a table: one short record each, from which a task is made again when somebody asks for it.

As an object, a task takes 0.8 KB: its times and ids are objects of their own. Here it takes 81 bytes, and 8 to be
found by: ids of the usual form are their sixteen bytes, times are ten, and two numbers stand for what many tasks have
in common. Nothing is lost: what does not fit the form stands beside the table.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from heapq import merge
from itertools import chain
from operator import attrgetter
from struct import pack
from typing import Any, Final, NamedTuple

from audit.history.batch import Batch
from audit.history.commons import Commons
from audit.history.layout import (
    BACKUP_KEY_AND_ODDITIES,
    BEGUN,
    COMMON,
    COMMON_PART,
    CREATED,
    CREATED_AND_COMMON,
    CREATED_STARTED_AND_COMMON,
    KEY,
    LATEST,
    NEVER,
    NO_BACKUP,
    NO_ID,
    ODD_BACKUP,
    ODD_ID,
    RECORD,
    SIZE,
    WHOLE,
    assembled,
)
from audit.history.moments import DATETIME, moment_of, state_of
from audit.history.moments import WIDTH as TIME
from audit.history.task_index import Index
from audit.records.keys import WIDTH as ID
from audit.records.keys import Key, key_of
from audit.records.task import Task

Prefer = Callable[[Task, Task], bool]

_FIELDS: Final = Task.__struct_fields__
_HOW_OF: Final = attrgetter(*_FIELDS[_FIELDS.index("operation") : _FIELDS.index("resource_id")])
_WHERE_OF: Final = attrgetter(*_FIELDS[_FIELDS.index("resource_id") : _FIELDS.index("started_at")])
_SOME_TIME: Final = datetime.min.replace(tzinfo=UTC)
_TAKEN: Final = 4096 * SIZE


class Group(NamedTuple):
    """Tasks that differ in ids and times alone.

    Attributes:
        sample: a task as they are, with neither an id nor times of its own.
        records: of each, oldest first.
    """

    sample: Task
    records: bytes

    @property
    def number(self) -> int:
        """How many they are."""
        return len(self.records) // SIZE

    @property
    def first_created(self) -> datetime:
        """When the oldest was created."""
        return moment_of(self.records[:TIME])

    @property
    def last_begun(self) -> datetime:
        """When the last one began; one that has not counts from when it was created."""
        return moment_of(max(chain.from_iterable(BEGUN.iter_unpack(self.records))))


class Table:
    """Tasks by number, from 0; each id has one."""

    __slots__ = ("_how", "_index", "_odd", "_odd_numbers", "_odd_rows", "_records", "_where")

    def __init__(self) -> None:
        self._records = bytearray()
        self._index = Index()
        self._where = Commons()
        self._how = Commons()
        self._odd: list[str] = []  # ids that have not the usual form
        self._odd_numbers: dict[str, int] = {}
        self._odd_rows: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._records) // SIZE

    def __iter__(self) -> Iterator[Task]:
        return map(self.task, range(len(self)))

    def copy(self) -> "Table":
        """Return a table that changes by itself."""
        other = Table()
        for name in self.__slots__:
            setattr(other, name, getattr(self, name).copy())
        return other

    def find(self, task_id: str) -> int | None:
        """Return the number of the task of an id; None where there is none."""
        key = key_of(task_id)
        return self._odd_rows.get(key) if isinstance(key, str) else self._index.find(key, self._raw_key)

    def task(self, row: int) -> Task:
        """Make the task of a number."""
        at = row * SIZE
        return self.made(self._records[at : at + SIZE])[0]

    def columns(self, records: bytes) -> tuple[list[datetime], list[datetime], Sequence[bytes]]:
        """Return when the tasks of records were created and began, and what each has in common with others."""
        if not records:
            return [], [], ()
        created, started, commons = zip(*CREATED_STARTED_AND_COMMON.iter_unpack(records), strict=True)
        moment, zone = DATETIME, UTC
        ordered = [moment(state, zone) for state in created]
        begun = [at if state == NEVER else moment(state, zone) for at, state in zip(ordered, started, strict=True)]
        return ordered, begun, commons

    def backup_keys(self, records: bytes) -> list[Key | None]:
        """Return the id of the backup of each record; None of one that names none."""
        named = BACKUP_KEY_AND_ODDITIES.iter_unpack(records)
        return [self._backup_of(raw, oddities) if oddities else raw for raw, oddities in named]

    def add(self, task: Task, prefer: Prefer) -> bool:
        """Add a task.

        Args:
            task: all its times are in UTC.
            prefer: says whether a task takes the place of the one of the same id that is known, and is another.

        Returns:
            False where the very same was known.
        """
        record = self._packed(task)
        new = len(self)
        if isinstance(task.key, str):
            row = self._odd_rows.setdefault(task.key, new)
        else:
            row = self._index.place(task.key, new, self._raw_key)
        return self._put(record, row, prefer)

    def extend(self, batch: Batch, prefer: Prefer) -> Iterator[int]:
        """Add many tasks.

        Args:
            batch: the tasks.
            prefer: as above; where it raises ValueError, the task is left out.

        Returns:
            The places of those left out.
        """
        where = self._where.numbers(batch.where, batch.plain_where)
        how = self._how.numbers(batch.how, batch.plain_how)
        number = len(how)
        records = assembled(
            (
                *(batch.created, batch.keys, batch.updated, batch.started, batch.ended, batch.backup_keys),
                *(pack(f">{number}I", *where), pack(f">{number}I", *how), batch.oddities),
            )
        )
        place = 0
        while place < number:
            start, place = place, self._index.note(batch.keys, place, len(self))
            self._records += records[start * SIZE : place * SIZE]
            if place < number:
                row = self._index.place(batch.keys[place * ID : (place + 1) * ID], len(self), self._raw_key)
                try:
                    self._put(records[place * SIZE : (place + 1) * SIZE], row, prefer)
                except ValueError:
                    yield batch.places[place]
                place += 1

    def _put(self, record: bytes | bytearray, row: int, prefer: Prefer) -> bool:
        """Put a record where its id belongs, behind all others or in the place of another; False where it is there."""
        records = self._records
        if row == len(self):
            records += record
            return True
        at = slice(row * SIZE, (row + 1) * SIZE)
        if records[at] == record:
            return False
        if prefer(self.task(row), self.made(record)[0]):
            records[at] = record
        return True

    def hand_over(self, until: datetime) -> Iterator[Group]:
        """Hand over the tasks created until a time, together those that differ in ids and times alone.

        They are moved from the end of the table on, so that they are not in memory twice. Nothing is found in the table
        afterwards.
        """
        records, parts = self._records, defaultdict[bytes, bytearray](bytearray)
        last = state_of(until) + LATEST * (SIZE - TIME)
        self._index = Index()
        self._odd_rows.clear()
        while records:
            taken = [*WHOLE.iter_unpack(records[-_TAKEN:])]
            del records[-_TAKEN:]
            taken.reverse()  # the log begins with its newest task, and what is in order is soon sorted
            for (record,) in taken:
                if record <= last:
                    part = parts[record[COMMON_PART]]
                    part += record
        while parts:
            common, part = parts.popitem()
            yield Group(self.sample(common), self.in_order(part))

    def in_order(self, records: bytes | bytearray) -> bytes:
        """Sort records by the creation and the id of their tasks."""
        each = WHOLE.iter_unpack(records)
        return b"".join(chain.from_iterable(sorted(each, key=self._age) if self._odd else sorted(each)))

    def sample(self, common: bytes) -> Task:
        """Make a task of what several have in common, with neither an id nor times of its own."""
        where, how = COMMON.unpack(common)
        return Task(*(b"", _SOME_TIME, _SOME_TIME, *self._how.values[how], *self._where.values[where]))

    def raw_keys(self, keys: AbstractSet[Key]) -> AbstractSet[bytes]:
        """Return ids as they are in records; some may stand for others too."""
        return {self._odd_numbers.get(key, 0).to_bytes(ID) if isinstance(key, str) else key for key in keys}

    def created(self) -> Iterator[bytes]:
        """Return when each task was created, packed."""
        return chain.from_iterable(CREATED.iter_unpack(self._records))

    def created_if_finished(self) -> Iterator[bytes]:
        """Return the same of the tasks whose status will not change any more."""
        finished: dict[bytes, bool] = {}
        for created, common in CREATED_AND_COMMON.iter_unpack(self._records):
            if common not in finished:
                finished[common] = self.sample(common).finished
            if finished[common]:
                yield created

    def unfinished(self) -> Iterator[Task]:
        """Return the tasks whose status may change; they are few."""
        finished: dict[bytes, bool] = {}
        for row, (_created, common) in enumerate(CREATED_AND_COMMON.iter_unpack(self._records)):
            if common not in finished:
                finished[common] = self.sample(common).finished
            if not finished[common]:
                yield self.task(row)

    def rows_by_id(self) -> Iterator[int]:
        """Return the numbers in order of id, with no more than a part of them in memory."""
        usual = (row for part in self._index.in_parts() for row in sorted(part, key=self._raw_key))
        if not self._odd_rows:
            return usual
        return merge(usual, (self._odd_rows[task_id] for task_id in sorted(self._odd_rows)), key=self.id)

    def id(self, row: int) -> str:
        """Return the id of the task of a number."""
        return self.task(row).id

    def _raw_key(self, row: int) -> bytes:
        key: bytes = KEY.unpack_from(self._records, row * SIZE)[0]
        return key

    def _age(self, unpacked: Any) -> tuple[bytes, str]:
        (record,) = unpacked
        return record[:TIME], self.made(record)[0].id

    def _packed(self, task: Task) -> bytes:
        started, ended = task.started_at, task.ended_at
        backup_key = NO_ID if task.backup_key is None else task.backup_key
        oddities = 0 if task.backup_key is not None else NO_BACKUP
        if isinstance(task.key, str):
            oddities |= ODD_ID
        if isinstance(backup_key, str):
            oddities |= ODD_BACKUP
        return RECORD.pack(
            state_of(task.created_at),
            self._raw(task.key),
            state_of(task.updated_at),
            NEVER if started is None else state_of(started),
            NEVER if ended is None else state_of(ended),
            self._raw(backup_key),
            self._where.number(_WHERE_OF(task)),
            self._how.number(_HOW_OF(task)),
            oddities,
        )

    def made(self, records: bytes | bytearray) -> list[Task]:
        """Make the tasks of records."""
        where, how, moment = self._where.values, self._how.values, DATETIME
        return [
            Task(
                *(
                    self._odd_text(raw) if oddities & ODD_ID else raw,
                    moment(created, UTC),
                    moment(updated, UTC),
                    *how[how_number],
                    *where[where_number],
                    None if started == NEVER else moment(started, UTC),
                    None if ended == NEVER else moment(ended, UTC),
                    backup if not oddities else self._backup_of(backup, oddities),
                )
            )
            for created, raw, updated, started, ended, backup, where_number, how_number, oddities in RECORD.iter_unpack(
                records
            )
        ]

    def _backup_of(self, raw: bytes, oddities: int) -> Key | None:
        return None if oddities & NO_BACKUP else self._odd_text(raw) if oddities & ODD_BACKUP else raw

    def _raw(self, key: Key) -> bytes:
        """Return sixteen bytes for an id: its own, or the number of one of another form."""
        if isinstance(key, bytes):
            return key
        number = self._odd_numbers.setdefault(key, len(self._odd))
        if number == len(self._odd):
            self._odd.append(key)
        return number.to_bytes(ID)

    def _odd_text(self, raw: bytes) -> str:
        return self._odd[int.from_bytes(raw)]
