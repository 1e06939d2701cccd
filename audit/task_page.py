"""The rows of a page of the task log, sorted: most are packed at once, a few become tasks, and the odd are left."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from itertools import compress
from types import SimpleNamespace
from typing import Any, Final

import orjson
from msgspec import Raw
from msgspec.json import encode

from audit.answers import Deviation
from audit.learnt import Difference
from audit.records import BACKUP, COPIES, RESTORE, Task
from audit.records.batch import Batch
from audit.records.commons import Common
from audit.records.fields import SHARED, text, truth
from audit.records.keys import keys_of
from audit.records.layout import NEVER, NO_BACKUP, NO_ID
from audit.records.moments import states_of
from audit.records.task import DELETE, NO_ERROR
from audit.task_resources import Named

_SOME_TIME: Final = "2000-01-01T00:00:00"  # stands where there is none until all are packed together
_SOME_ID: Final = "00000000-0000-0000-0000-000000000000"
_NO_ERROR_INFO: Final = SimpleNamespace(code=None, message=None)
TIMES: Final = {"created_at": str, "updated_at": str, "started_at": str | None, "ended_at": str | None}
"""The types that hold times; what the schema says of their form is looked at when they are packed."""
READ: Final = frozenset(
    {
        *("id", "operation_type", "status", *TIMES, "vault_id", "vault_name", "policy_id"),
        *("error_info", "code", "message", "extra_info", "resource", "name", "type", "remove_resources", "resources"),
        *("backup_id", "source_backup_id", "incremental", "app_consistency_status", "app_consistency_error_code"),
        "target_resource_id",
    }
)
"""The fields of which tasks are made, wherever they are."""

Seen = tuple[tuple[Difference, ...], list[int]]


class TooManyError(Exception):
    """A page has so many odd rows that reading it in this way saves nothing."""


class TaskPage:
    """The rows of a page by what becomes of them.

    Attributes:
        ids: of all rows; None where one is odd and was not put back.
        batches: tasks that were packed together.
        tasks: by place, those that concern no resource, or have ids of another form.
        odd: by place, rows that the types do not hold, with unusual times, or of no use, as they were parsed.
        seen: differences that rows show, and the places of those that show them and no others.
    """

    def __init__(
        self,
        rows: Sequence[Any],
        resources: Sequence[Named],
        most_odd: int,
        *,
        missing: Collection[int] = (),
        differences: Sequence[Difference] = (),
    ) -> None:
        """Sort rows.

        Args:
            rows: as the types hold them, None where they do not.
            resources: those of the rows.
            most_odd: how many may be odd.
            missing: the places where they do not.
            differences: which the rows may show.

        Raises:
            TooManyError: more are.
        """
        self.ids: list[Any] = [row.id if row else None for row in rows]
        self.batches: list[Batch] = []
        self.tasks: dict[int, Task] = {}
        self.odd: dict[int, Any] = dict.fromkeys(missing)
        self._resources = resources
        self._most_odd = most_odd
        places: Sequence[int] = range(len(rows))
        if missing:
            places = [place for place in places if place not in self.odd]
        self._sort(places, rows)
        self.seen = _by_differences(rows, differences)
        self._rows = rows if differences else ()

    def deviations(self, place: int, differences: Sequence[Difference]) -> list[Deviation]:
        """Name the differences that a row shows."""
        return [difference.deviation(self._rows[place]) for difference in differences]

    def put_back(self, raws: Sequence[Raw]) -> list[Any]:
        """Put odd rows in their places, and return them.

        Raises:
            JSONDecodeError: one cannot be parsed.
        """
        for place in self.odd:
            row = self.odd[place] = orjson.loads(bytes(raws[place]))
            self.ids[place] = row.get("id") if isinstance(row, dict) else None
        return list(self.odd.values())

    @property
    def is_plain(self) -> bool:
        """There is a task, and no two rows have one id, so that it is the same in which order they are kept."""
        known = [row_id for row_id in self.ids if isinstance(row_id, str)] if self.odd else self.ids
        return len(self.odd) < len(self.ids) and len(set(known)) == len(known)

    def _sort(self, places: Sequence[int], rows: Sequence[Any]) -> None:
        """Pack rows together; halving finds the few that do not fit in a few steps."""
        if not places:
            return
        try:
            alone = self._pack(places, rows)
        except ValueError:
            if len(places) > 1:
                half = len(places) // 2
                self._sort(places[:half], rows)
                self._sort(places[half:], rows)
                return
            alone = list(places)
        for place in alone:
            self._take(place, rows[place])

    def _take(self, place: int, row: Any) -> None:
        """Make a task of a row, as ever; it is odd where that is for the validator to decide."""
        try:
            states_of([time for name in TIMES if isinstance(time := getattr(row, name), str)])
            self.tasks[place] = Task.from_row(orjson.loads(encode(row)))
        except ValueError as error:
            self.odd[place] = None
            if len(self.odd) > self._most_odd:
                raise TooManyError from error

    def _pack(self, places: Sequence[int], rows: Sequence[Any]) -> list[int]:
        """Pack the rows of some places together, and return the places of those that concern no resource, or many.

        Raises:
            ValueError: a row has ids or times of an unusual form.
        """
        resources: Sequence[Any] = self._resources
        alone = [place for place in places if not resources[place] or rows[place].extra_info.remove_resources]
        if alone:
            apart = set(alone)
            places = [place for place in places if place not in apart]
        if len(places) < len(rows):
            rows, resources = [rows[place] for place in places], [resources[place] for place in places]
        if rows:
            self.batches.append(_batch(places, rows, resources))
        return alone


def _by_differences(rows: Sequence[Any], differences: Sequence[Difference]) -> list[Seen]:
    """Sort rows by the differences that they show; most logs have one or two sorts."""
    shown = list(zip(*[difference.shown(rows) for difference in differences], strict=True))
    places: dict[tuple[bool, ...], list[int]] = defaultdict(list)
    if len(set(shown)) == 1:
        places[shown[0]] = [*range(len(rows))]
    else:
        for place, each in enumerate(shown):
            places[each].append(place)
    return [(tuple(compress(differences, each)), found) for each, found in places.items() if any(each)]


def _batch(places: Sequence[int], rows: Sequence[Any], resources: Sequence[Common]) -> Batch:
    """Pack rows by column.

    Raises:
        ValueError: a row has ids or times of an unusual form.
    """
    how, backup_ids = _own(rows)
    return Batch(
        places=places,
        keys=keys_of([row.id for row in rows]),
        created=states_of([row.created_at for row in rows]),
        updated=states_of([row.updated_at for row in rows]),
        started=_packed(states_of, [row.started_at for row in rows], _SOME_TIME, NEVER),
        ended=_packed(states_of, [row.ended_at for row in rows], _SOME_TIME, NEVER),
        backup_keys=_packed(keys_of, backup_ids, _SOME_ID, NO_ID),
        oddities=bytes([NO_BACKUP if backup_id is None else 0 for backup_id in backup_ids]),
        where=[
            resource + (row.vault_id, row.vault_name, row.policy_id)  # noqa: RUF005  # a star takes longer
            for row, resource in zip(rows, resources, strict=True)
        ],
        how=how,
        plain_where=_plain_where,
        plain_how=_plain_how,
    )


def _own(rows: Sequence[Any]) -> tuple[list[Common], list[Any]]:
    """Read what tasks say of their operation, and the ids of their backups."""
    how: list[Common] = []
    backup_ids: list[Any] = []
    for row in rows:
        operation, extra, error = row.operation_type, row.extra_info, row.error_info or _NO_ERROR_INFO
        backup_id = incremental = rest = odd_code = target_id = None
        if operation == BACKUP:
            if block := extra.backup:
                backup_id, incremental = block.backup_id, block.incremental
                rest, odd_code = block.app_consistency_status, block.app_consistency_error_code
        elif operation in COPIES:
            backup_id = extra.replication and extra.replication.source_backup_id
        elif operation == DELETE:
            backup_id = extra.delete and extra.delete.backup_id
        elif operation == RESTORE and (block := extra.restore):
            backup_id, target_id = block.backup_id, block.target_resource_id
        how.append((operation, row.status, error.code, error.message, incremental, rest, odd_code, target_id, ()))
        backup_ids.append(backup_id or None)
    return how, backup_ids


def _packed(pack: Callable[[Sequence[str]], bytes], texts: Sequence[Any], some: str, nothing: bytes) -> bytes:
    """Pack texts together; where there is none, some text is packed, and taken out again."""
    with suppress(TypeError):  # few pages have a task without
        return pack(texts)
    missing = [place for place, each in enumerate(texts) if type(each) is not str]
    filled = list(texts)
    for place in missing:
        filled[place] = some
    packed, width = bytearray(pack(filled)), len(nothing)
    for place in missing:
        packed[place * width : (place + 1) * width] = nothing
    return bytes(packed)


def _plain_where(read: Common) -> Common:
    return tuple([SHARED[each] for each in read])


def _plain_how(read: Common) -> Common:
    operation, status, code, message, incremental, consistency, consistency_code, target_id, removed = read
    return (
        operation,
        status,
        SHARED[code],
        SHARED[message],
        truth(incremental),
        text(consistency),
        None if consistency_code == NO_ERROR else SHARED[consistency_code],
        text(target_id),
        removed,
    )
