"""Reads the fields of a row: a missing field, or one of another type, becomes None, never a guess."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from sys import intern
from typing import Any, Final

import orjson
from msgspec import UNSET, Struct

from audit.collection import GREATEST
from audit.timestamps import instant


def optional_instant(value: object) -> datetime | None:
    """Read a timestamp, or None if there is none.

    Raises:
        ValueError: the value is not a timestamp, or an invalid one.
    """
    if value is None or value is UNSET or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(f"not a timestamp: {value!r}")  # noqa: TRY004  # callers turn ValueError into Rejected
    return instant(value)


class Fields:
    """An object as it was parsed, whose fields are read as attributes; what it leaves out is None."""

    def __init__(self, held: dict[str, Any]) -> None:
        self.__dict__ = held  # where attributes are found without a call of Python

    def __getattr__(self, _name: str) -> None:
        return None


NOTHING: Final = Fields({})


def fields_of(value: object) -> Any:
    """Return an object whose fields can be read as attributes; of another type, it has shown as drift."""
    if isinstance(value, Struct):  # made of the schema, as the quick reader does
        return value
    return Fields(value) if isinstance(value, dict) and value else NOTHING


def object_in(value: object) -> Mapping[str, Any]:
    """Return an object that is held as it is, or as JSON text; empty if it is neither."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
    return value if isinstance(value, dict) else {}


def block(row: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return an object in a row, empty if there is none; one of another type was already reported as drift."""
    inner = row.get(key)
    return inner if isinstance(inner, dict) else {}


def text(value: object) -> str | None:
    """Return a string, or None if it is empty."""
    return value if isinstance(value, str) and value else None


class _Shared(dict[object, str | None]):
    """Strings that many rows repeat, each stored once; cleared when it is full."""

    def __missing__(self, value: object) -> str | None:
        known = text(value)
        copy = intern(known) if known else None
        if known and len(known) > _LONGEST_SHARED:
            return copy
        if len(self) >= _MOST_SHARED:
            self.clear()
        self[value] = copy
        return copy


_MOST_SHARED: Final = 1 << 16
_LONGEST_SHARED: Final = 200  # longer ones, such as messages, would fill the memory between two runs
SHARED: Final = _Shared()
SHORTFALLS: Final = ("fail_count", "fail_delete_count", "err_sync_backup_num")
"""Where a task says what it could not do; the first is of the documents, the second of the Terraform provider."""
_TRUTHS: Final = {"true": True, "false": False}


def shared(value: object) -> str | None:
    """Return a string that many rows repeat, as one shared copy."""
    try:
        return SHARED[value]
    except TypeError:  # a list or an object
        return None


def all_shared(values: Sequence[object]) -> list[str | None]:
    """Return what shared returns of each."""
    try:
        return list(map(SHARED.__getitem__, values))
    except TypeError:
        return list(map(shared, values))


def number(value: object) -> int | None:
    """Read a whole number, including 7.0 as JSON allows it, but not booleans or numbers beyond exact representation."""
    found = _whole(value)
    return found if found is not None and abs(found) <= GREATEST else None


def _whole(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def failures(shortfalls: Iterable[object]) -> int | None:
    """Return how many items a deletion could not remove, or a synchronisation could not bring; None if it states none.

    The type is a number; an older document calls it a list of ids. A value that is neither may also stand for some.
    """
    found = [_number_left(value) for value in shortfalls if value]
    return max(found, default=0) or None


def _number_left(value: object) -> int:
    if isinstance(value, list):
        return len(value)
    known = number(value)
    return int(value != "0") if known is None else max(known, 0)


def truth(value: object) -> bool | None:
    """Read a boolean that the API writes as true, "true", "True" or with quotes inside the string."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _TRUTHS[value] if value in _TRUTHS else _TRUTHS.get(value.strip('"').lower())
    return None


def between(value: object, lowest: int, highest: int) -> int:
    """Read a number and limit it to these bounds; anything else counts as the lowest."""
    return min(max(_whole(value) or 0, lowest), highest)


def blocks(value: object) -> list[Mapping[str, Any]]:
    """Return the objects in a list; a value of another type was already reported as drift."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def objects(value: object) -> list[Any]:
    """Return the objects in a list, as fields_of gives them; a value of another type was already reported as drift."""
    return [fields_of(item) for item in value if isinstance(item, Struct | dict)] if isinstance(value, list) else []


def are_ids(value: object) -> bool:
    """Whether every id in a list can be read, or there is no list."""
    return not value or (isinstance(value, list) and len(ids(value)) == len(value))


def ids(value: object) -> tuple[str, ...]:
    """Read a list of ids, or of objects with ids."""
    items = value if isinstance(value, list) else []
    ids = (text(item.get("id") if isinstance(item, dict) else item) for item in items)
    return tuple(item_id for item_id in ids if item_id)
