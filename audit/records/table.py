"""Tasks packed into a table: one short record each, from which a task is made again when somebody asks for it.

As an object, a task takes 0.8 KB: its times and ids are objects of their own. Here it takes 81 bytes, and 12 to be
found by: ids of the usual form are their sixteen bytes, times are ten, and two numbers stand for what many tasks have
in common. Nothing is lost: what does not fit the form stands beside the table.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, MutableSequence
from collections.abc import Set as AbstractSet
from dataclasses import fields
from datetime import datetime
from heapq import merge
from operator import attrgetter
from struct import Struct
from typing import Any, Final, TypeVar

from audit.records.moments import moment_of, state_of
from audit.records.task import Task
from audit.records.task_index import Index

Rows = MutableSequence[int]  # four bytes each
T = TypeVar("T")
Common = tuple[Any, ...]

_RECORD: Final = Struct(">10s16s10s10s10s16sIIB")  # created, id, updated, started, ended, backup, where, how, oddities
_SIZE: Final = _RECORD.size
_AGE: Final = Struct(">10s16s")
_CREATED: Final = Struct(">10s71x")
_CREATED_AND_COMMON: Final = Struct(">10s62x8sx")
_BEGUN: Final = Struct(">10s26x10s")
_ID: Final = Struct(">10x16s")
_BACKUP: Final = Struct(">56x16s")
_NEVER: Final = bytes(10)
_NO_ID: Final = bytes(16)
_ODD_ID, _NO_BACKUP, _ODD_BACKUP = 1, 2, 4
_WHERE: Final = ("resource_id", "resource_name", "resource_type", "vault_id", "vault_name", "policy_id")
_OWN: Final = frozenset({"id", "created_at", "updated_at", "started_at", "ended_at", "backup_id", *_WHERE})
_WHERE_OF: Final = attrgetter(*_WHERE)
_HOW_OF: Final = attrgetter(*(field.name for field in fields(Task) if field.name not in _OWN))
_ID_LENGTH: Final = 36
_ID_BYTES: Final = 16
_DASHES: Final = slice(8, 24, 5)


class Table:
    """Tasks by number, from 0; each id has one."""

    __slots__ = (
        "_how",
        "_how_numbers",
        "_index",
        "_odd",
        "_odd_numbers",
        "_odd_rows",
        "_records",
        "_where",
        "_where_numbers",
    )

    def __init__(self) -> None:
        self._records = bytearray()
        self._index = Index()
        self._where: list[Common] = []
        self._where_numbers: dict[Common, int] = {}
        self._how: list[Common] = []
        self._how_numbers: dict[Common, int] = {}
        self._odd: list[str] = []  # ids that have not the usual form
        self._odd_numbers: dict[str, int] = {}
        self._odd_rows: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._records) // _SIZE

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
        raw = _raw(task_id)
        if raw is None:
            return self._odd_rows.get(task_id)
        return self._index.find(raw, self._raw_id)

    def task(self, row: int) -> Task:
        """Make the task of a number."""
        created, raw_id, updated, started, ended, raw_backup, where, how, oddities = _RECORD.unpack_from(
            self._records, row * _SIZE
        )
        operation, status, code, message, incremental, consistency, consistency_error, target, removed = self._how[how]
        resource_id, resource_name, resource_type, vault_id, vault_name, policy_id = self._where[where]
        backup_id = None
        if not oddities & _NO_BACKUP:
            backup_id = self._odd_text(raw_backup) if oddities & _ODD_BACKUP else _text(raw_backup)
        return Task(
            self._odd_text(raw_id) if oddities & _ODD_ID else _text(raw_id),
            operation,
            status,
            moment_of(created),
            moment_of(updated),
            None if started == _NEVER else moment_of(started),
            None if ended == _NEVER else moment_of(ended),
            resource_id,
            resource_name,
            resource_type,
            vault_id,
            vault_name,
            policy_id,
            code,
            message,
            backup_id,
            incremental,
            consistency,
            consistency_error,
            target,
            removed,
        )

    def add(self, task: Task, prefer: Callable[[Task, Task], bool]) -> bool:
        """Add a task.

        Args:
            task: all its times are in UTC.
            prefer: says whether a task takes the place of the one of the same id that is known, and is another.

        Returns:
            False where the very same was known.
        """
        records, new = self._records, len(self._records) // _SIZE
        raw_id, oddities = _raw(task.id), 0
        if raw_id is None:
            raw_id, oddities = self._raw_of_odd(task.id), _ODD_ID
        record = self._packed(task, raw_id, oddities)
        if oddities & _ODD_ID:
            row = self._odd_rows.setdefault(task.id, new)
        else:
            row = self._index.place(raw_id, new, self._raw_id)
        if row == new:
            records += record
            return True
        at = slice(row * _SIZE, (row + 1) * _SIZE)
        if records[at] == record:
            return False
        if prefer(self.task(row), task):
            records[at] = record
        return True

    def by_age(self, rows: Iterable[int]) -> list[int]:
        """Sort numbers by the creation and the id of their tasks."""
        if self._odd_rows:
            return sorted(rows, key=self._age)
        records, unpack = self._records, _AGE.unpack_from
        return sorted(rows, key=lambda row: unpack(records, row * _SIZE))

    def alike(self, until: datetime) -> "Iterator[array[int]]":
        """Return the numbers of the tasks created until a time, together those that differ in ids and times alone."""
        last, groups = state_of(until), defaultdict[bytes, "array[int]"](rows)
        for row, (created, common) in enumerate(_CREATED_AND_COMMON.iter_unpack(self._records)):
            if created <= last:
                groups[common].append(row)
        while groups:
            _common, group = groups.popitem()
            yield group

    def begun(self, rows: Rows) -> Iterator[datetime]:
        """Return when each task of some numbers began."""
        records, unpack = self._records, _BEGUN.unpack_from
        for row in rows:
            created, started = unpack(records, row * _SIZE)
            yield moment_of(created if started == _NEVER else started)

    def naming(self, rows: Iterable[int], ids: AbstractSet[str], *, backups: bool) -> Iterator[int]:
        """Find the tasks of some numbers that have one of some ids, or of backups; and perhaps a few others."""
        records, unpack = self._records, (_BACKUP if backups else _ID).unpack_from
        wanted = {_raw(each) or self._odd_numbers.get(each, 0).to_bytes(16) for each in ids}
        return (row for row in rows if unpack(records, row * _SIZE)[0] in wanted)

    def created(self) -> Iterator[bytes]:
        """Return when each task was created, packed."""
        return (created for (created,) in _CREATED.iter_unpack(self._records))

    def first_created(self, rows: Rows) -> bytes:
        """Return when the oldest of some tasks was created, packed."""
        records, unpack = self._records, _CREATED.unpack_from
        first: bytes = min(unpack(records, row * _SIZE)[0] for row in rows)
        return first

    def rows_by_id(self) -> Iterator[int]:
        """Return the numbers in order of id, with no more than a part of them in memory."""
        usual = (row for part in self._index.in_parts() for row in sorted(part, key=self._raw_id))
        if not self._odd_rows:
            return usual
        return merge(usual, (self._odd_rows[task_id] for task_id in sorted(self._odd_rows)), key=self.id)

    def id(self, row: int) -> str:
        """Return the id of the task of a number."""
        return self.task(row).id

    def _raw_id(self, row: int) -> bytes:
        return bytes(self._records[row * _SIZE + 10 : row * _SIZE + 26])

    def _age(self, row: int) -> tuple[bytes, str]:
        return bytes(self._records[row * _SIZE : row * _SIZE + 10]), self.id(row)

    def _packed(self, task: Task, raw_id: bytes, oddities: int) -> bytes:
        started, ended, backup_id, raw_backup = task.started_at, task.ended_at, task.backup_id, _NO_ID
        if backup_id is None:
            oddities |= _NO_BACKUP
        else:
            raw = _raw(backup_id)
            if raw is None:
                oddities |= _ODD_BACKUP
                raw = self._raw_of_odd(backup_id)
            raw_backup = raw
        return _RECORD.pack(
            state_of(task.created_at),
            raw_id,
            state_of(task.updated_at),
            _NEVER if started is None else state_of(started),
            _NEVER if ended is None else state_of(ended),
            raw_backup,
            _number(self._where, self._where_numbers, _WHERE_OF(task)),
            _number(self._how, self._how_numbers, _HOW_OF(task)),
            oddities,
        )

    def _raw_of_odd(self, text: str) -> bytes:
        return _number(self._odd, self._odd_numbers, text).to_bytes(16)

    def _odd_text(self, raw: bytes) -> str:
        return self._odd[int.from_bytes(raw)]


def rows(*numbers: int) -> "array[int]":
    """Make a list of numbers of tasks, four bytes each."""
    return array("I", numbers)


def _number(values: list[T], numbers: dict[T, int], value: T) -> int:
    number = numbers.get(value)
    if number is None:
        number = numbers[value] = len(values)
        values.append(value)
    return number


def _raw(text: str) -> bytes | None:
    """Pack a UUID in lower case, with dashes, as the API writes ids; None for another text."""
    if len(text) != _ID_LENGTH or text[_DASHES] != "----" or not text.islower():
        return None
    try:
        raw = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return None
    return raw if len(raw) == _ID_BYTES else None


def _text(raw: bytes) -> str:
    pairs = raw.hex("-", 2)  # faster than putting five pieces together
    return f"{pairs[:4]}{pairs[5:29]}{pairs[30:34]}{pairs[35:]}"
