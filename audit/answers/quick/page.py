"""The rows of a page of the task log, sorted: most are packed at once, a few become tasks, and the odd are left."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import orjson
from msgspec import Raw
from msgspec.json import encode

from audit.answers.quick.batch import batch_of
from audit.answers.quick.resources import NamedResource
from audit.history.batch import Batch
from audit.history.moments import states_of
from audit.records import Task
from audit.records.keys import WIDTH as ID

TIMES: Final = {"created_at": str, "updated_at": str, "started_at": str | None, "ended_at": str | None}
"""The types that hold times; what the schema says of their form is looked at when they are packed."""


class TooManyError(Exception):
    """A page has so many odd rows that reading it in this way saves nothing."""


class TaskPage:
    """The rows of a page by what becomes of them.

    Attributes:
        ids: of all rows; None where one is odd and was not put back.
        batches: tasks that were packed together.
        tasks: by place, those that concern no resource, or have ids of another form.
        odd: by place, rows that the types do not hold, with unusual times, or of no use, as they were parsed.
    """

    def __init__(
        self,
        rows: Sequence[Any],
        resources: Sequence[NamedResource],
        most_odd: int,
        *,
        missing: Collection[int] = (),
    ) -> None:
        """Sort rows.

        Args:
            rows: as the types hold them, None where they do not.
            resources: those of the rows.
            most_odd: how many may be odd.
            missing: the places where they do not.

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

    @property
    def packed_ids(self) -> bytes | None:
        """The ids of all rows, sixteen bytes each, in order; None where not all rows were packed together."""
        keys = self.batches[0].keys if self.batches else b""
        return keys if len(keys) == ID * len(self.ids) else None

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
            self.batches.append(batch_of(places, rows, resources))
        return alone
