"""The tasks that are known, packed: a million of them have to fit into the memory of a function.

As an object, a task takes 0.8 KB. Here its times and ids are bytes, and one number stands for everything else that it
says, because many tasks say the same. Nobody outside of this file knows how a task is kept: a table merges tasks, gives
them back in order of id, and in the end hands them over in groups of those that differ in ids and times alone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from itertools import chain, islice
from operator import itemgetter
from struct import Struct
from typing import Any, Final, NamedTuple

from msgspec.structs import astuple

from audit.history.moments import WIDTH as TIME
from audit.history.moments import moment_of, moments_of, state_of, states_of
from audit.records.keys import WIDTH, Key, each_key, text_of
from audit.records.task import Task

Prefer = Callable[[Task, Task], bool]
Common = tuple[Any, ...]
Columns = Sequence[Sequence[Any]]
"""The fields of tasks, each for all: ids as keys, and times as states, None where there is none."""

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_NEVER: Final = bytes(TIME)
_NO_ID: Final = bytes(WIDTH)
# created, updated, started, ended, backup, and the number of what it has in common with others
ROW: Final = Struct(f">{4 * f'{TIME}s'}{WIDTH}sI")
_CREATED: Final = slice(TIME)
_REST: Final = slice(TIME, -4)
_OWN: Final = slice(-4)
_NUMBER: Final = slice(-4, None)
# created, its own id, updated, started, ended, backup: in order of age where the bytes are in order
_GROUPED: Final = Struct(f">{TIME}s{WIDTH}s{3 * f'{TIME}s'}{WIDTH}s")
_AT_CREATED: Final = Struct(f"{TIME}s{_GROUPED.size - TIME}x")
_AT_STARTED: Final = Struct(f"{2 * TIME + WIDTH}x{TIME}s{TIME + WIDTH}x")
_AT_ENDED: Final = Struct(f"{3 * TIME + WIDTH}x{TIME}s{WIDTH}x")
_AT_BACKUP: Final = Struct(f"{4 * TIME + WIDTH}x{WIDTH}s")
_TIME: Final = Struct(f"{TIME}s")
_ALONE: Final = Struct(f"{ROW.size}s")
NUMBER_OF: Final = Struct(f">{ROW.size - 4}xI")
_WHOLE: Final = Struct(f"{_GROUPED.size}s")
_CREATED_OF: Final = itemgetter(_CREATED)
_KEY: Final = slice(TIME, TIME + WIDTH)
_BACKUP: Final = slice(-WIDTH, None)
_FIELDS: Final = Task.__struct_fields__
COMMON: Final = slice(_FIELDS.index("operation"), _FIELDS.index("started_at"))
"""The fields of a task that others have alike: all but its id, its times and the id of its backup."""
ALONE: Final = COMMON.stop - COMMON.start
_ODD: Final = slice(ALONE, None)


class Group(NamedTuple):
    """Tasks that differ in ids and times alone, oldest first.

    Attributes:
        sample: a task as they are, without an id and times of its own.
        records: the tasks, packed.
    """

    sample: Task
    records: bytes

    @property
    def number(self) -> int:
        """How many they are."""
        return len(self.records) // _GROUPED.size

    @property
    def first_created(self) -> datetime:
        """When the oldest was created."""
        return moment_of(self.records[_CREATED])

    @property
    def last_began(self) -> datetime:
        """When the last one began."""
        return max(began_in(self.records))

    def backup_keys(self) -> set[Key]:
        """Name the backups of all."""
        if self.sample.backup_key is not None:
            return {self.sample.backup_key}
        return {record[_BACKUP] for record in self.each() if record[_BACKUP] != _NO_ID}

    def each(self) -> Iterator[bytes]:
        """Return the tasks one by one, packed."""
        return _column(_WHOLE, self.records)

    def tasks(self) -> list[Task]:
        """Make the tasks."""
        key, odd_backup = self.sample.key, self.sample.backup_key
        is_odd, common = isinstance(key, str), astuple(self.sample)[COMMON]
        return [
            Task(
                *(
                    *(key if is_odd else raw, moment_of(created), moment_of(updated), *common),
                    None if started == _NEVER else moment_of(started),
                    None if ended == _NEVER else moment_of(ended),
                    (None if backup == _NO_ID else backup) if odd_backup is None else odd_backup,
                )
            )
            for created, raw, updated, started, ended, backup in _GROUPED.iter_unpack(self.records)
        ]

    def having(self, keys: AbstractSet[Key]) -> "Group":
        """Take those that have one of some ids."""
        if isinstance(self.sample.key, str):
            return self if self.sample.key in keys else Group(self.sample, b"")
        return Group(self.sample, b"".join([record for record in self.each() if record[_KEY] in keys]))

    def with_backups(self, keys: AbstractSet[Key]) -> "Group":
        """Take those that name one of some backups."""
        if self.sample.backup_key is not None:
            return self if self.sample.backup_key in keys else Group(self.sample, b"")
        named = keys - {_NO_ID}  # an id of zeros is in the sample
        return Group(self.sample, b"".join([record for record in self.each() if record[_BACKUP] in named]))


class Part(NamedTuple):
    """Some tasks of a table.

    Attributes:
        keys: their ids, in order.
        rows: everything else, packed.
        commons: what they have in common and no task of an earlier part had, in the order of its first use; rows number
            it.
    """

    keys: Sequence[Key]
    rows: bytes
    commons: Sequence[Common]


class Table:
    """Tasks by id, each in one state."""

    __slots__ = ("_commons", "_numbers", "_records", "_replaced", "_settled")

    def __init__(self) -> None:
        self._records: dict[Key, bytes] = {}
        self._commons: list[Common] = []
        self._numbers: dict[Common, int] = {}
        self._settled = 0  # so many records, the first ones, were there before anything changed
        self._replaced: set[Key] = set()

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Task]:
        """Make the tasks, in order of id."""
        return (self._made(key, self._records[key]) for key in _sorted(self._records))

    def settle(self) -> None:
        """Take what is known for settled: changes tells what comes later."""
        self._settled, self._replaced = len(self._records), set()

    def changes(self) -> "Table":
        """Return the tasks that are new, or in another state, since the table was settled."""
        other = Table()
        other._commons, other._numbers = [*self._commons], {**self._numbers}
        new = islice(self._records, self._settled, None)
        other._records = {key: self._records[key] for key in chain(new, self._replaced)}
        return other

    def drop(self, since: datetime) -> None:
        """Forget the tasks that were created before a time and have ended."""
        for key in [*self._old(since)]:
            del self._records[key]

    def parts(self, size: int, since: datetime | None = None) -> Iterator[Part]:
        """Give the tasks as they are stored: the same tasks are given in the same way.

        Args:
            size: so many at once.
            since: what was created before and has ended is left out.
        """
        numbers: dict[bytes, bytes] = {}
        old = frozenset[Key]() if since is None else frozenset(self._old(since))
        keys = iter(_sorted(key for key in self._records if key not in old))
        while some := list(islice(keys, size)):
            records = [self._records[key] for key in some]
            own = [record[_NUMBER] for record in records]
            new = [number for number in dict.fromkeys(own) if number not in numbers]
            numbers.update((number, place.to_bytes(4)) for place, number in enumerate(new, len(numbers)))
            rows, anew = bytearray(b"".join(records)), b"".join([numbers[number] for number in own])
            for place in range(4):
                rows[ROW.size - 4 + place :: ROW.size] = anew[place::4]
            yield Part(some, bytes(rows), [self._commons[int.from_bytes(number)] for number in new])

    def merge(self, parts: Iterable[Part], prefer: Prefer) -> None:
        """Put the tasks of another table in the places of their ids.

        Args:
            parts: all of the other table.
            prefer: as above.

        Raises:
            ValueError: an id is there twice, or nothing says what a task has in common with others.
        """
        numbers: list[bytes] = []
        is_first = not self._records
        for part in parts:
            numbers += [self._number_of(common).to_bytes(4) for common in part.commons]
            if max(NUMBER_OF.iter_unpack(part.rows)) >= (len(numbers),):
                raise ValueError("nothing says what a task has in common with others")
            records = (record for (record,) in _ALONE.iter_unpack(part.rows))
            if is_first and len(numbers) == len(self._commons):
                self._append(part.keys, records)
            else:
                for key, record in zip(part.keys, records, strict=True):
                    self._place(key, record[_OWN] + numbers[int.from_bytes(record[_NUMBER])], prefer)

    def _append(self, keys: Sequence[Key], records: Iterable[bytes]) -> None:
        """Put tasks behind those that are there, which takes a tenth of the time of merging them."""
        number = len(self) + len(keys)
        self._records.update(zip(keys, records, strict=True))
        if len(self) < number:
            raise ValueError("an id is there twice")

    def _old(self, since: datetime) -> Iterator[Key]:
        """Name the tasks that were created before a time and have ended."""
        first, open_ones = state_of(since), self._unfinished()
        return (
            key
            for key, record in self._records.items()
            if record[_CREATED] < first and (record[_NUMBER] not in open_ones or self._made(key, record).finished)
        )

    def get(self, key: Key) -> Task | None:
        """Make the task of an id; None where there is none."""
        record = self._records.get(key)
        return None if record is None else self._made(key, record)

    def put(self, task: Task, prefer: Prefer) -> bool:
        """Put a task in the place of its id.

        Args:
            task: all its times have a zone.
            prefer: says whether a task takes the place of the one of the same id that is known, and is another.

        Returns:
            False where the very same was known.
        """
        key, created, updated, *common, started, ended, backup = astuple(task)
        started, ended = started and state_of(started), ended and state_of(ended)
        columns = [(value,) for value in (key, state_of(created), state_of(updated), *common, started, ended, backup)]
        return self._place(key, next(self._records_of(columns)), prefer)

    def put_all(self, columns: Columns, prefer: Prefer) -> Iterator[bool | ValueError]:
        """Put tasks in the places of their ids, which takes half the time of one after the other.

        Args:
            columns: the tasks, as packed returns them.
            prefer: as above; where it raises ValueError, the task is left out.

        Yields:
            For each, False where the very same was known, or the error that left it out.
        """
        for key, record in zip(columns[0], self._records_of(columns), strict=True):
            try:
                yield self._place(key, record, prefer)
            except ValueError as error:
                yield error

    def _place(self, key: Key, record: bytes, prefer: Prefer) -> bool:
        known = self._records.setdefault(key, record)
        if known is not record:
            if known == record:
                return False
            if prefer(self._made(key, known), self._made(key, record)):
                self._records[key] = record
                self._replaced.add(key)
        return True

    def created(self, *, finished: bool = False) -> Iterator[bytes]:
        """Say when each task was created, as state_of says it, or each whose status will not change any more."""
        left_out = self._unfinished() if finished else ()
        records = self._records.values()
        return map(_CREATED_OF, (each for each in records if each[_NUMBER] not in left_out) if left_out else records)

    def unfinished(self) -> Iterator[Task]:
        """Make the tasks whose status may change; they are few."""
        wanted = self._unfinished()
        return (self._made(key, record) for key, record in self._records.items() if record[_NUMBER] in wanted)

    def hand_over(self, until: datetime) -> Iterator[Group]:
        """Hand over the tasks that were created until a time; the table is empty afterwards.

        They are moved one by one, so that they are not in memory twice.
        """
        parts, last = defaultdict[bytes, bytearray](bytearray), state_of(until)
        keys, records = list(self._records), list(self._records.values())
        self._records, self._numbers, self._replaced = {}, {}, set()  # two lists take half the memory
        while keys:  # from the end: the log begins with its newest task, and what is in order is soon sorted
            key, record = keys.pop(), records.pop()
            if record[_CREATED] <= last:
                own = key if isinstance(key, bytes) else _NO_ID
                parts[record[_NUMBER]] += record[_CREATED] + own + record[_REST]
        while parts:
            number, part = parts.popitem()
            yield Group(self._sample(number), b"".join(sorted(_column(_WHOLE, part))))
        self._commons = []

    def _unfinished(self) -> AbstractSet[bytes]:
        numbers = [number.to_bytes(4) for number in range(len(self._commons))]
        return {number for number in numbers if not self._sample(number).finished}

    def _records_of(self, columns: Columns) -> Iterator[bytes]:
        keys, created, updated, *_, started, ended, backups = columns
        commons: Iterable[Common] = zip(*columns[COMMON], strict=True)
        if str in map(type, (*keys, *backups)) or _NO_ID in backups:
            commons = map(_with_odd_ids, commons, keys, backups)
            backups = [backup if _is_usual(backup) else None for backup in backups]
        numbers = [
            self._number_of(common) if (known := self._numbers.get(common)) is None else known for common in commons
        ]
        started, ended = [each or _NEVER for each in started], [each or _NEVER for each in ended]
        return map(ROW.pack, created, updated, started, ended, [each or _NO_ID for each in backups], numbers)

    def _number_of(self, common: Common) -> int:
        number = self._numbers.setdefault(common, len(self._commons))
        if number == len(self._commons):
            self._commons.append(common)
        return number

    def _sample(self, number: bytes) -> Task:
        common = self._commons[int.from_bytes(number)]
        key, backup = common[_ODD] or (b"", None)
        return Task(*(key, _FIRST, _FIRST, *common[:ALONE], None, None, backup))

    def _made(self, key: Key, record: bytes) -> Task:
        created, updated, started, ended, backup, number = ROW.unpack(record)
        common = self._commons[number]
        odd_backup = common[_ODD][1] if common[_ODD] else None
        return Task(
            *(
                *(key, moment_of(created), moment_of(updated), *common[:ALONE]),
                None if started == _NEVER else moment_of(started),
                None if ended == _NEVER else moment_of(ended),
                (None if backup == _NO_ID else backup) if odd_backup is None else odd_backup,
            )
        )


def packed(columns: Columns) -> Columns:
    """Pack ids and times of tasks, given as texts, each for all.

    Raises:
        ValueError: a time has an unusual form, or does not exist.
    """
    ids, created, updated, *common, started, ended, backup_ids = columns
    times = (_states(texts) for texts in (created, updated, started, ended))
    states = [next(times), next(times)]
    return [each_key(ids), *states, *common, *times, each_key(backup_ids)]


def _states(texts: Sequence[Any]) -> list[bytes | None]:
    """Pack times; where there is none, none comes back."""
    given = [text for text in texts if isinstance(text, str)]
    states = chain.from_iterable(_TIME.iter_unpack(states_of(given)))
    if len(given) == len(texts):
        return list(states)
    return [next(states) if isinstance(text, str) else None for text in texts]


def _sorted(keys: Iterable[Key]) -> list[Key]:
    """Sort ids as texts; bytes of a UUID are in the order of its text."""
    found = list(keys)
    is_usual = all(isinstance(key, bytes) for key in found)
    found.sort(key=None if is_usual else text_of)
    return found


def created_in(records: bytes) -> list[datetime]:
    """Say when each of some tasks, packed as in a group, was created."""
    return moments_of(_column(_AT_CREATED, records))


def began_in(records: bytes) -> list[datetime]:
    """Say when each began; one that has not counts from when it was created."""
    started = [*_column(_AT_STARTED, records)]
    if _NEVER in started:  # seldom
        begun = zip(started, _column(_AT_CREATED, records), strict=True)
        started = [created if each == _NEVER else each for each, created in begun]
    return moments_of(started)


def ended_in(records: bytes) -> Sequence[datetime | None]:
    """Say when each ended; None of one that has not."""
    ended = [*_column(_AT_ENDED, records)]
    if _NEVER not in ended:  # nearly always
        return moments_of(ended)
    return [None if each == _NEVER else moment_of(each) for each in ended]


def backups_in(records: bytes) -> list[Key | None]:
    """Name the backup of each; None of one that names none, or where its sample names it."""
    return [None if backup == _NO_ID else backup for backup in _column(_AT_BACKUP, records)]


def _column(part: Struct, records: bytes | bytearray) -> Iterator[bytes]:
    return chain.from_iterable(part.iter_unpack(records))


def taken(records: bytes, places: Iterable[int]) -> bytes:
    """Take the tasks of some places."""
    return b"".join([records[_GROUPED.size * place : _GROUPED.size * (place + 1)] for place in places])


def record_of(task: Task) -> bytes:
    """Pack a task as in a group whose sample it is."""
    key, backup = task.key, task.backup_key
    times = [each and state_of(each) for each in (task.created_at, task.updated_at, task.started_at, task.ended_at)]
    created, updated, started, ended = (each or _NEVER for each in times)
    ids = [each if isinstance(each, bytes) else _NO_ID for each in (key, backup)]
    return _GROUPED.pack(created, ids[0], updated, started, ended, ids[1])


def apart(groups: Sequence[Group]) -> Iterator[tuple[Task, Group]]:
    """Take the tasks of groups one by one, in order of creation and id: each as itself, and as a group of its own."""
    alone = (Group(sample, record) for record, sample in _in_order(groups))
    return ((group.tasks()[0], group) for group in alone)


def together(groups: Sequence[Group]) -> Group:
    """Put groups of one sample together that follow each other in order."""
    return Group(groups[0].sample, b"".join([group.records for group in groups]))


def ordered(groups: Sequence[Group]) -> tuple[bytes, list[Task]]:
    """Put the tasks of groups in order of creation and id, packed, and name the sample of each."""
    if len(groups) == 1:
        return groups[0].records, [groups[0].sample] * groups[0].number
    rows = _in_order(groups)
    return b"".join([record for record, _ in rows]), [sample for _, sample in rows]


def last_of(groups: Sequence[Group]) -> Task:
    """Make the task of groups that was created last."""
    record, sample = _in_order([Group(group.sample, group.records[-_GROUPED.size :]) for group in groups])[-1]
    return Group(sample, record).tasks()[0]


def _is_usual(key: Key | None) -> bool:
    return isinstance(key, bytes) and key != _NO_ID


def _with_odd_ids(common: Common, key: Key, backup: Key | None) -> Common:
    """Put ids of another form among what is in common, where no other task has them."""
    if isinstance(key, bytes) and (backup is None or _is_usual(backup)):
        return common
    return (*common, key if isinstance(key, str) else b"", None if _is_usual(backup) else backup)


def _in_order(groups: Sequence[Group]) -> list[tuple[bytes, Task]]:
    """Sort the tasks of groups, each packed and with its sample."""
    found = [(record, group.sample) for group in groups for record in group.each()]
    is_usual = all(isinstance(group.sample.key, bytes) for group in groups)
    return sorted(found, key=itemgetter(0) if is_usual else _age)


def _age(row: tuple[bytes, Task]) -> tuple[bytes, str]:
    record, sample = row
    return record[_CREATED], sample.key if isinstance(sample.key, str) else text_of(record[_KEY])
