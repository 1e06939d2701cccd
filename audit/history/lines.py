"""Tasks as lines of JSON, as versions 0.1 and 0.2 stored them; the lines decide between states that are alike."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from sys import intern
from typing import Any, Final

import orjson
from msgspec import convert

from audit.collection import Rejected
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
_TYPES: Final[Mapping[str, type]] = {
    **dict.fromkeys((*_INSTANTS, *_NUMBERS), int),
    "incremental": bool,
    "removed": list,
}
_REJECTED: Final = "rejected"


def line_of(task: Task) -> bytes:
    """Write a task; a field without a value is left out."""
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


def read_lines(lines: Iterable[bytes], rejected: list[Rejected]) -> Iterator[Task]:
    """Read the tasks of lines, and put the rows that could not be used aside.

    Raises:
        TypeError, ValueError, OverflowError: a line is neither.
    """
    for values in map(orjson.loads, lines):
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
