"""The rows of a page, sorted: most become records, and the odd are left as they are."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from msgspec import Raw

Make = Callable[[Sequence[Any]], Any]
"""Makes records of rows as their types hold them, or raises ValueError if one of them is odd."""


class TooManyError(Exception):
    """A page has so many odd rows that reading it in this way saves nothing."""


class QuickPage:
    """The rows of a page by what becomes of them.

    Attributes:
        ids: of all rows; None where one is odd and was not put back.
        parts: the places of rows, and what was made of them.
        odd: by place, rows that the types do not hold, with unusual times, or of no use, as they were parsed.
    """

    def __init__(self, rows: Sequence[Any], make: Make, most_odd: int) -> None:
        """Sort rows.

        Args:
            rows: as the types hold them, None where they do not.
            make: makes records of them.
            most_odd: how many may be odd.

        Raises:
            TooManyError: more are.
        """
        self.ids: list[Any] = [row.id if row else None for row in rows]
        self.parts: list[tuple[Sequence[int], Any]] = []
        self._make = make
        self._sort([place for place, row in enumerate(rows) if row is not None], rows)
        told = {place for places, _ in self.parts for place in places}
        self.odd: dict[int, Any] = {place: None for place in range(len(rows)) if place not in told}
        if len(self.odd) > most_odd:
            raise TooManyError

    def _sort(self, places: Sequence[int], rows: Sequence[Any]) -> None:
        """Read rows together; halving finds the few odd ones in a few steps."""
        some = rows if len(places) == len(rows) else [rows[place] for place in places]
        try:
            self.parts.append((places, self._make(some)))
        except ValueError:
            half = len(places) // 2
            if half:
                self._sort(places[:half], rows)
                self._sort(places[half:], rows)

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
        """There is a record, and no two rows have one id, so that it is the same in which order they are kept."""
        known = [row_id for row_id in self.ids if isinstance(row_id, str)] if self.odd else self.ids
        return len(self.odd) < len(self.ids) and len(set(known)) == len(known)
