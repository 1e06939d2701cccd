"""A saved page of the API documents as title, date, request and tables; anything not recognised is an error.

Menus above the title and everything below the first heading after the tables are dropped.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from audit.errors import DocumentError

_UPDATED: Final = re.compile(r"Updated on ([0-9]{4}-[0-9]{2}-[0-9]{2}\b.*)")
_REQUEST: Final = re.compile(r"(GET|POST|PUT|PATCH|DELETE) /\S+")
_TABLE: Final = re.compile(r"Table ([0-9]+) (.+)")
_STATUS: Final = re.compile(r"Status code: ([0-9]{3})")
_SECTIONS: Final = ("Request Parameters", "Response Parameters")
_END: Final = ("Example Requests", "Example Responses", "Status Codes", "Error Codes")

_COLUMNS: Final = ["Parameter", "Type", "Description"]
_COLUMNS_MANDATORY: Final = ["Parameter", "Mandatory", "Type", "Description"]
_MANDATORY: Final = {"Yes": True, "No": False}
_NAME: Final = re.compile(r"[a-z_][A-Za-z0-9_.-]*|[A-Z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+")  # vault_id, X-Auth-Token

PLAIN: Final = {"String": "string", "Integer": "integer", "Boolean": "boolean"}
PLAIN_ARRAYS: Final = {f"Array of {name.lower()}s": plain for name, plain in PLAIN.items()}
OBJECT: Final = re.compile(r"(?:(Array) of )?(\w+) object(?(1)s)")


@dataclass(frozen=True, slots=True)
class Line:
    """A non-empty line, and its number, counted from 1."""

    text: str
    number: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row; the contents of its last cell are ``notes``. Equal rows mean the same, wherever they are."""

    name: str
    mandatory: bool
    type: str
    notes: tuple[Line, ...]
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table and its status code."""

    number: int
    caption: str
    status: str | None
    rows: tuple[TableRow, ...]
    line: int

    def __str__(self) -> str:
        return f"Table {self.number} {self.caption}"

    def error(self, message: str, line: int) -> DocumentError:
        """Return an error that names this table."""
        return DocumentError(message, line=line, table=str(self))


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """The contents of a page; `end` is the last line that was read."""

    title: str
    updated: str
    request: str
    tables: tuple[PageTable, ...]
    end: int


def read(text: str) -> DocumentPage:
    """Parse the text of a saved page."""
    numbered = enumerate(text.removeprefix("\ufeff").split("\n"), 1)
    lines = [Line(line.strip(), number) for number, line in numbered if line.strip()]
    title, updated, rest = _opening(lines)
    inside = _inside(rest)
    return DocumentPage(title, updated, _request(inside), tuple(_tables(inside)), inside[-1].number)


def _opening(lines: Sequence[Line]) -> tuple[str, str, Sequence[Line]]:
    """Return the title, its date and the lines below; menus and banners above are dropped."""
    found = [(index, match[1]) for index, line in enumerate(lines) if (match := _UPDATED.fullmatch(line.text))]
    if len(found) != 1:
        number = lines[found[1][0]].number if found else 1
        raise DocumentError(f'expected one line "Updated on …" below the title, found {len(found)}', line=number)
    ((index, updated),) = found
    if index == 0:
        raise DocumentError('no title above the line "Updated on …"', line=lines[0].number)
    return lines[index - 1].text, updated, lines[index + 1 :]


def _inside(lines: Sequence[Line]) -> Sequence[Line]:
    """Return the lines before the first heading that follows the tables."""
    end = next((index for index, line in enumerate(lines) if line.text in _END), None)
    if end is None:
        raise DocumentError(
            f"the page ends before any of the headings {', '.join(_END)}", line=lines[-1].number if lines else 1
        )
    late = next((line for line in lines[end:] if _TABLE.fullmatch(line.text)), None)
    if late is not None:
        raise DocumentError(f'a table below the heading "{lines[end].text}"', line=late.number, table=late.text)
    if not any(_TABLE.fullmatch(line.text) for line in lines[:end]):
        raise DocumentError("the page has no tables", line=lines[end].number)
    return lines[:end]


def _request(lines: Sequence[Line]) -> str:
    for heading, line in pairwise(lines):
        if heading.text == "URI":
            if not _REQUEST.fullmatch(line.text):
                raise DocumentError(f"not a method and a path: {line.text!r}", line=line.number)
            return line.text
    raise DocumentError('no heading "URI"', line=lines[0].number)


def _tables(lines: Sequence[Line]) -> Iterator[PageTable]:
    """Split the page at the captions of its tables, its status codes and its sections."""
    status: str | None = None
    cuts = [index for index, line in enumerate(lines) if _cuts(line.text)]
    number = 0
    for start, stop in pairwise([*cuts, len(lines)]):
        line = lines[start]
        if match := _TABLE.fullmatch(line.text):
            number += 1
            if int(match[1]) != number:
                raise DocumentError(f"expected Table {number} here", line=line.number, table=line.text)
            rows = tuple(_rows(lines[start + 1 : stop], line))
            yield PageTable(number, match[2], status, rows, line.number)
        else:
            code = _STATUS.fullmatch(line.text)
            status = code[1] if code else None


def _cuts(text: str) -> bool:
    return text in _SECTIONS or bool(_TABLE.fullmatch(text) or _STATUS.fullmatch(text))


def _rows(cells: Sequence[Line], caption: Line) -> Iterator[TableRow]:
    """Split a table into rows: a row starts at a cell that can only be the name of a parameter."""
    header = [cell.text for cell in cells[:4]]
    with_mandatory = header == _COLUMNS_MANDATORY
    if not with_mandatory and header[:3] != _COLUMNS:
        raise DocumentError(f"unknown columns: {', '.join(header)}", line=caption.number, table=caption.text)
    body = cells[4 if with_mandatory else 3 :]
    starts = [index for index, cell in enumerate(body) if _NAME.fullmatch(cell.text)]
    if starts[:1] != [0]:
        line = body[0].number if body else caption.number
        raise DocumentError("expected the name of a parameter after the columns", line=line, table=caption.text)
    for start, stop in pairwise([*starts, len(body)]):
        yield _row(body[start:stop], caption, with_mandatory=with_mandatory)


def _row(cells: Sequence[Line], caption: Line, *, with_mandatory: bool) -> TableRow:
    name, notes = cells[0], cells[3 if with_mandatory else 2 :]
    if len(cells) < (3 if with_mandatory else 2):
        raise DocumentError(f"the row {name.text} is cut short", line=name.number, table=caption.text)
    if with_mandatory and cells[1].text not in _MANDATORY:
        raise DocumentError(f"neither Yes nor No: {cells[1].text}", line=cells[1].number, table=caption.text)
    for note in notes:
        if note.text in _MANDATORY or _is_type(note.text):
            raise DocumentError(
                f"{note.text!r} stands inside the description of {name.text}", line=note.number, table=caption.text
            )
    type_ = cells[2 if with_mandatory else 1]
    if not _is_type(type_.text):
        raise DocumentError(f"unknown type: {type_.text}", line=type_.number, table=caption.text)
    return TableRow(name.text, with_mandatory and _MANDATORY[cells[1].text], type_.text, tuple(notes), name.number)


def _is_type(text: str) -> bool:
    return text in PLAIN or text in PLAIN_ARRAYS or OBJECT.fullmatch(text) is not None
