"""Reading a page in one step, where its rows are as documented.

Parsing, proving that nothing was lost, validating and making records take less time than parsing with care. It is exact
because it only ever accepts: a row is taken where the types of the schema hold it, its times have the usual form, and
the page, written again, shows that no key came twice. Any other row is parsed as ever, and a page of many such rows, or
of which it cannot be said that nothing was lost, is left to be read with care.
"""

import re
from collections.abc import Callable, Collection, Sequence
from threading import local
from typing import Any, Final

import orjson
from msgspec import UNSET, Raw
from msgspec.json import Decoder, Encoder

from audit.answers.kinds import ANSWERS
from audit.answers.quick.page import Make, QuickPage, TooManyError
from audit.answers.quick.schema_types import REFUSALS, Path, Types
from audit.answers.strict_json import colons

_MOST_ODD: Final = 16  # rows of one page
_NAMES: Final = re.compile(rb'"(\w+)"\s*:')
_FIRST_ROWS: Final = 1 << 15  # bytes
_MANY_PAGES: Final = 8  # making types takes as long as a page

Found = tuple[QuickPage, dict[str, Any]]


class _Buffer(local):
    """Where pages are written again; it is kept, as getting a megabyte for each page takes longer than filling it."""

    def __init__(self) -> None:
        self.written = bytearray()


class Reader:
    """Reads pages of one list by types that are made of the schema."""

    def __init__(self, name: str, maker: Callable[[Collection[Path]], Make]) -> None:
        """Make the types, which takes as long as reading a page.

        Args:
            name: the list.
            maker: given the ways to the times of a row, returns what makes records of rows, if their times are usual.
        """
        answer = ANSWERS[name]
        schema = self._schema = answer.schema_of_page
        types = Types(schema, {})
        self._key = answer.key
        self._first = f"$.{answer.key}[0]"
        self._split = Decoder(Types(schema, {answer.key: list[Raw]}).of(schema)).decode
        self._row = Decoder(types.of(schema["properties"][answer.key]["items"])).decode
        self._make = maker(types.times)
        self._encoder = Encoder()
        self._buffer = _Buffer()
        self._whole = self._decoder()
        self._pages = 0
        self._around = tuple(name for name in schema["properties"] if name != answer.key)

    def _decoder(self, order: Sequence[str] = ()) -> Callable[[bytes], Any]:
        return Decoder(Types(self._schema, {}, order).of(self._schema)).decode

    def read(self, body: bytes) -> Found | None:
        """Read a page into records, with other rows as they are parsed, and the rest of the answer.

        Returns:
            None where it has to be read with care.
        """
        try:
            page = self._whole(body)
        except REFUSALS as error:
            is_first = self._first in str(error)  # where it differs, all may
            return None if is_first else self._read_apart(body)
        if not self._is_whole(page, body):
            return None
        self._pages += 1
        if self._pages == _MANY_PAGES:
            self._whole = self._decoder(_order_of(body))
        try:
            found = QuickPage(getattr(page, self._key), self._make, _MOST_ODD)
        except TooManyError:
            return None
        if found.odd:
            found.put_back(getattr(self._split(body), self._key))
        return found, self._rest(page)

    def _is_whole(self, page: Any, body: bytes) -> bool:
        """Whether no key was lost.

        What is written here is nowhere longer than what was read, so that it lacks nothing if both are of one length.
        """
        written = self._buffer.written
        self._encoder.encode_into(page, written)
        return len(written) == len(body) or written.count(b":") == colons(body)

    def _rest(self, page: Any) -> dict[str, Any]:
        values = {name: getattr(page, name) for name in self._around}
        return {name: value for name, value in values.items() if value is not UNSET}

    def _read_apart(self, body: bytes) -> Found | None:
        """Read a page row by row, so that a few odd ones do not cost the others."""
        try:
            page = self._split(body)
            raws = getattr(page, self._key)
            rows = self._typed(raws)
            found, rest = QuickPage(rows, self._make, _MOST_ODD), self._rest(page)
            odd = found.put_back(raws)
            written = orjson.dumps({**rest, self._key: odd})
        except (*REFUSALS, TooManyError, orjson.JSONDecodeError, orjson.JSONEncodeError):
            return None
        known = [row for place, row in enumerate(rows) if place not in found.odd]
        number = written.count(b":") + self._encoder.encode(known).count(b":")
        return (found, rest) if number == colons(body) else None

    def _typed(self, raws: Sequence[Raw]) -> list[Any]:
        """Fill the types with rows; where one does not fit, None stands for it."""
        rows: list[Any] = []
        left = _MOST_ODD
        for raw in raws:
            try:
                rows.append(self._row(raw))
            except REFUSALS as error:
                rows.append(None)
                left -= 1
                if left < 0:
                    raise TooManyError from error
        return rows


def _order_of(body: bytes) -> list[str]:
    """Return names in the order in which the first rows have them."""
    return [name.decode() for name in dict.fromkeys(_NAMES.findall(body[:_FIRST_ROWS]))]
