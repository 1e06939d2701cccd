"""Rows that cannot be used, in twelve ways, and rows that differ from the documents and can be used all the same."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

Row = dict[str, Any]
_NULLED: Final = re.compile(rb'"provider_id":"[^"]*"')
_MARK: Final = "here stands what no writer writes"


def drifting(row: bytes) -> bytes:
    """Add a field that nobody announced, and lose a value that was promised."""
    return b'{"colour":"blue",' + _NULLED.sub(b'"provider_id":null', row)[1:]


def spoilt(page: Sequence[bytes], number: int) -> list[bytes]:
    """Spoil one row of a page; each page takes another place, and the next of the twelve ways."""
    rows = list(page)
    place = number * 37 % len(rows)
    rows[place] = spoil(rows[place], number)
    return rows


def spoil(row: bytes, number: int) -> bytes:
    """Make a row that the audit cannot use."""
    change, instead = WAYS[number % len(WAYS)]
    values = orjson.loads(row)
    change(values)
    return orjson.dumps(values).replace(f'"{_MARK}"'.encode(), instead)


def _set(field: str, value: object) -> Callable[[Row], None]:
    def change(row: Row) -> None:
        row[field] = value

    return change


def _lose(field: str) -> Callable[[Row], None]:
    def change(row: Row) -> None:
        del row[field]

    return change


def _backup_of_nothing(row: Row) -> None:
    row.update(operation_type="backup", extra_info={})


def _progress(row: Row) -> None:
    row["extra_info"]["common"]["progress"] = _MARK


WAYS: Final[tuple[tuple[Callable[[Row], None], bytes], ...]] = (
    (_set("status", 5), b""),
    (_set("created_at", None), b""),
    (_set("created_at", "soon"), b""),
    (_set("updated_at", "2026-13-40T25:00:00.000000"), b""),
    (_lose("id"), b""),
    (_lose("status"), b""),
    (_lose("operation_type"), b""),
    (_set("extra_info", "none"), b""),
    (_backup_of_nothing, b""),
    (_progress, b"18446744073709551616"),  # 2^64, which orjson makes a float of
    (_progress, b"1e400"),  # orjson refuses the page for it
    (_set("vault_name", _MARK), rb'"\ud800"'),  # as above
)
