"""Reading a list by offset, and proving that no row was missed.

Offset paging loses rows if the list changes between two pages. Therefore pages overlap by one row, the offset
advances by the number of rows received, and the walk is repeated until a whole pass finds nothing new. The list is
complete only then, and only if the number of distinct rows equals the count that the cloud states.

A count may be that of an answer's own rows, which hides that the answer was cut. Therefore no list ends before an
answer counted more rows than it has: one that came in a single answer is looked at once more at its last row.

Long lists of tasks and backups are read by time instead (``slicing``), as far as the cloud proves fit for it.
"""

from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson

from audit.answers.kinds import ANSWERS
from audit.answers.quick.rows import QuickRows
from audit.cloud.cbr.enterprise_projects import Asked
from audit.cloud.cbr.seen_ids import Ids, Seen, ids_of
from audit.collection import NOT_EVERYWHERE, Kind, Page, Reading
from audit.errors import SourceAnswerError, SourceError, SourceRefusedError

Parse = Callable[[Page], Page]

OVERLAP: Final = 1  # rows; a row that moves by one place between two pages is not lost
_MOST_PASSES: Final = 8


def parsed_already(page: Page) -> Page:
    """Return a page that ``fetch`` parsed."""
    return page


class Walk:
    """Reads one list page by page, and tells how completely.

    Iterate over the pages first; this yields every response, including those of repeated passes. Then call ``reading``.
    """

    def __init__(
        self,
        kind: Kind,
        fetch: Callable[[int], Page],
        *,
        parse: Parse = parsed_already,
        page_size: int = 0,
        asked: Asked | None = None,
    ) -> None:
        """Store the arguments; nothing is read yet.

        Args:
            kind: the list.
            fetch: receives the page at an offset.
            parse: splits the body of a fetched page into rows and envelope.
            page_size: the number of rows to request per page, 0 if the API returns the list in one response.
            asked: what ``fetch`` requests, apart from the page.
        """
        self._kind = kind
        self._asked = asked or Asked()
        self._words = f"{self._asked.status} tasks" if self._asked.status else kind.words
        self._fetch = fetch
        self._parse = parse
        self._page_size = page_size
        self._seen = Seen()  # in all passes
        self._here = Seen()  # in the current one
        self._counts: list[int] = []
        self._counts_here: list[int] = []
        self._begins_with = 0  # rows of the current pass
        self._counts_more = False  # whether an answer counted more rows than it has
        self._pages = 0
        self._passes = 0
        self._duplicates = 0
        self._is_whole = False
        self._refused = False
        self._notes: tuple[str, ...] = ()
        self._trouble = f"{self._words}: reading was broken off"

    def __iter__(self) -> Iterator[Page]:
        """Yield every response, in the order received.

        Raises:
            SourceError: not a single page could be read. Later errors become gaps of the reading.
        """
        try:
            yield from self.responses()
        except SourceError as error:
            self._refused = isinstance(error, SourceRefusedError) and error.status == HTTPStatus.FORBIDDEN
            self._trouble = f"{self._words}: {_not_offered(self._kind, error)}{error}"
            if not self._pages:
                raise
        finally:
            self._seen.forget()
            self._here.forget()

    @property
    def passes(self) -> int:
        """The number of passes over the list so far, including the current one."""
        return self._passes

    @property
    def expected(self) -> int:
        """The total to show while the list is read."""
        return self._stated

    @property
    def _stated(self) -> int:
        """The total that the cloud last stated, 0 before the first response."""
        return self._counts[-1] if self._counts else 0

    def reading(self) -> Reading:
        """Return how completely the list was read."""
        distinct = len(self._here if self._is_whole else self._seen)
        gaps = [self._trouble] if self._trouble else []
        if self._counts and distinct != self._stated:
            gaps.append(f"{self._words}: {distinct:,} different rows came, the cloud says it has {self._stated:,}")
        return Reading(
            kind=self._kind,
            pages=self._pages,
            passes=self._passes,
            count_first=self._counts[0] if self._counts else None,
            count_last=self._counts[-1] if self._counts else None,
            distinct=distinct,
            duplicates=self._duplicates,
            gaps=tuple(gaps),
            refused=self._refused,
            status=self._asked.status,
            enterprise_project_id=self._asked.enterprise_project_id,
            notes=(*self._asked.notes, *self._notes),
        )

    def responses(self) -> Iterator[Page]:
        """Walk over the list, pass after pass, until it is settled.

        Raises:
            SourceError: a page could not be read.
        """
        while self._passes < _MOST_PASSES:
            known = len(self._seen)
            yield from self._pass()
            if self._is_settled(known):
                self._trouble = ""
                return
        self._trouble = f"{self._words}: it still changed after {self._passes} passes"

    def _is_settled(self, known: int) -> bool:
        """Whether the list is settled: at once if it came in one piece, or after a pass that found nothing new."""
        is_stable = len(set(self._counts_here)) == 1
        in_one_piece = self._begins_with == len(self._here) == self._stated
        return is_stable and (in_one_piece or (self._passes > 1 and len(self._seen) == known))

    def _pass(self) -> Iterator[Page]:
        """Walk over the whole list once, until a page adds nothing.

        If the last page is full, only the stated count says that the list ends there. One more page is requested after
        it, so that a count that is too low does not hide rows.

        Pages are not kept after they are yielded.
        """
        self._is_whole = False
        self._passes += 1
        self._here, self._counts_here, self._begins_with = Seen(), [], 0
        offset, known = 0, -1
        while known < len(self._here):
            known = len(self._here)
            page, ids = self._parsed(self._fetch(offset))
            is_repeated = any(key in self._here for key in ids.first)  # on purpose
            self._here.note(ids)
            self._duplicates += ids.number - is_repeated - (len(self._here) - known)
            self._begins_with = self._begins_with or ids.number
            self._counts_here.append(page.count)
            self._counts.append(page.count)
            end, is_full = offset + ids.number, ids.number >= self._most_rows(page) > 0
            yield page
            del page
            if end >= self._stated and not is_full and self._is_total(ids.number):
                break
            offset = end - min(OVERLAP, ids.number - 1)
        self._is_whole = True

    def _parsed(self, fetched: Page) -> tuple[Page, Ids]:
        """Parse a response, and record the ids of its rows."""
        page = self._parse(fetched)
        ids = ids_of(identities(page.rows, ANSWERS[self._kind].identity))
        self._seen.note(ids)
        self._pages += 1
        self._counts_more |= page.count > ids.number
        return page, ids

    def _is_total(self, rows: int) -> bool:
        """Whether a count cannot be that of the answer alone; no answer is cut to less than two rows."""
        return self._counts_more or rows <= OVERLAP or not self._page_size

    def _most_rows(self, page: Page) -> int:
        """Return the largest number of rows that a page can have: the requested size, or less if the cloud says so."""
        stated = page.envelope.get("limit")
        return min(self._page_size, stated) if isinstance(stated, int) and stated > 0 else self._page_size


def _not_offered(kind: Kind, error: SourceError) -> str:
    """Note that a list that not every cloud has was not found; the rest of the audit continues."""
    is_absent = isinstance(error, SourceRefusedError) and error.status == HTTPStatus.NOT_FOUND
    if not is_absent or kind not in NOT_EVERYWHERE:
        return ""
    return "this region seems not to have the list; where that is so, skip in the profile what needs it: "


def identities(rows: Sequence[Any], field: str) -> list[str]:
    """Return the ids of the rows of a response."""
    if not isinstance(rows, QuickRows):
        return [_identity(row, field) for row in rows]
    page = rows.page
    return [_identity(page.odd[place], field) if place in page.odd else row_id for place, row_id in enumerate(page.ids)]


def _identity(row: Any, field: str) -> str:
    """Return the id of a row, or its content if it has none."""
    row_id = row.get(field) if field and isinstance(row, dict) else None
    if isinstance(row_id, str):
        return row_id
    try:
        return orjson.dumps(row).hex()
    except orjson.JSONEncodeError as error:
        raise SourceAnswerError("a row without an id is nested too deeply") from error
