"""A table of tasks as it is stored: what tasks have in common as JSON, and everything else by column.

docs/format.md (History) specifies it. The same tasks give the same bytes on every machine: they are written in order of
id, and what they have in common is numbered in the order of its first use.
"""

from collections.abc import Iterable, Iterator, Sequence
from io import BufferedIOBase
from itertools import chain
from struct import Struct as Form
from sys import intern
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, defstruct, field
from msgspec.json import decode, encode
from msgspec.structs import astuple, fields

from audit.collection import Rejected
from audit.history.moments import WIDTH as TIME
from audit.history.moments import refuse_odd_states
from audit.history.table import ALONE, COMMON, NUMBER_OF, ROW, Common, Part
from audit.records.keys import WIDTH, Key, key_of, text_of
from audit.records.task import Task

TASKS: Final = 1 << 14
"""So many are written at once: all together would take more memory than the table itself."""
LARGEST: Final = 1 << 30
"""So much is read: more than ten million tasks."""
_LONGEST_LINE: Final = 1 << 26
_TIMES: Final = range(0, 4 * TIME, TIME)
_ALWAYS: Final = 2  # of them
_ID: Final = Form(f"{WIDTH}s")
_NO_ID: Final = bytes(WIDTH)


class Opening(Struct, frozen=True, forbid_unknown_fields=True):
    """The first line.

    Attributes:
        rejected: the rows of the task log that nobody could use.
    """

    schema_version: Literal[2]
    rejected: list[Rejected]


OPENING: Final = b'{"schema_version":'
Alike: Final[Any] = defstruct(
    "Alike",
    [
        *[(each.name, each.type, field(default=each.default)) for each in fields(Task)[COMMON]],
        ("id", str | None, None),
        ("backup_id", str | None, None),
    ],
    frozen=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
)
"""What tasks have in common; an id that is no UUID belongs to it, and no other task has it in common."""
Head: Final[Any] = defstruct(
    "Head",
    [
        ("tasks", Annotated[int, Meta(ge=1, le=TASKS)]),
        ("alike", Annotated[list[Alike], Meta(max_length=TASKS)]),
    ],
    frozen=True,
    forbid_unknown_fields=True,
)
"""The line before the columns of a part: how many tasks it has, and what they are the first to have in common."""


def written(parts: Iterable[Part], rejected: Iterable[Rejected]) -> Iterator[bytes]:
    """Write tasks, and rows that nobody could use."""
    yield encode(Opening(2, [*rejected])) + b"\n"
    for part in parts:
        yield encode(Head(len(part.keys), [*map(_alike, part.commons)])) + b"\n"
        usual = b"".join([key if isinstance(key, bytes) else _NO_ID for key in part.keys])
        yield b"".join([*_columns(usual, WIDTH), *_columns(part.rows, ROW.size)])


def each_line(file: BufferedIOBase) -> Iterator[bytes]:
    """Read lines, wherever the file is after the one before.

    Raises:
        ValueError: a small file unpacks to more than memory should hold.
    """
    while line := file.readline(_LONGEST_LINE):
        if file.tell() > LARGEST:
            raise ValueError("it is too large")
        yield line


def read_parts(file: BufferedIOBase) -> Iterator[Part]:
    """Read tasks.

    Args:
        file: what comes after the opening.

    Raises:
        ValueError: something else was written.
    """
    known = 0
    for line in each_line(file):
        head = decode(line, type=Head)
        commons = [*map(_common, head.alike)]
        keys, rows = file.read(WIDTH * head.tasks), file.read(ROW.size * head.tasks)
        if len(rows) < ROW.size * head.tasks:
            raise ValueError("it ends early")
        for number, place in enumerate(_TIMES):
            refuse_odd_states(rows[place * head.tasks : (place + TIME) * head.tasks], may_lack=number >= _ALWAYS)
        yield _part(_rows(keys, WIDTH), _rows(rows, ROW.size), commons, known)
        known += len(commons)


def _part(usual: bytes, rows: bytes, commons: Sequence[Common], known: int) -> Part:
    """Give ids of another form their places; what a task with one has in common is its own."""
    keys: Iterable[Key] = chain.from_iterable(_ID.iter_unpack(usual))
    odd = {
        number: each[ALONE] for number, each in enumerate(commons, known) if len(each) > ALONE and each[ALONE] != b""
    }
    if odd:
        keys = (odd.get(number, key) for key, (number,) in zip(keys, NUMBER_OF.iter_unpack(rows), strict=True))
    return Part([*keys], rows, commons)


def _columns(rows: bytes, width: int) -> Iterator[bytes]:
    return (rows[place::width] for place in range(width))


def _rows(columns: bytes, width: int) -> bytes:
    rows, number = bytearray(len(columns)), len(columns) // width
    for place in range(width):
        rows[place::width] = columns[place * number : (place + 1) * number]
    return bytes(rows)


def _alike(common: Common) -> Any:
    return Alike(*common[:ALONE], *[None if key in {b"", None} else text_of(key) for key in common[ALONE:]])


def _common(alike: Any) -> Common:
    *values, task_id, backup_id = astuple(alike)
    shared = tuple([intern(value) if type(value) is str else value for value in values])
    if task_id is None and backup_id is None:
        return shared
    return (*shared, b"" if task_id is None else key_of(task_id), None if backup_id is None else key_of(backup_id))
