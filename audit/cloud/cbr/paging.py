"""Reading a list by offset, and proving that no row was missed.

Offset paging loses rows if the list changes between two pages. Therefore pages overlap by one row, the offset
advances by the number of rows received, rows missing from a short page are fetched again, and the walk is repeated
until a whole pass finds nothing new. The list is complete only then, and only if the number of distinct rows equals
the count that the cloud states.

Several threads fetch, and one parses: the one that iterates, page after page. A response with the same bytes as an
earlier one is not parsed again, so a repeated pass costs little more than waiting for it.
"""

import hashlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from itertools import chain
from typing import Any, Final, NamedTuple

import orjson
from msgspec import Struct, field, structs

from audit.answers.kinds import ANSWERS
from audit.answers.quick.rows import QuickRows
from audit.cloud.cbr.enterprise_projects import Asked
from audit.cloud.cbr.planning import OVERLAP, PagePlan
from audit.cloud.cbr.prefetch import Ahead, Fetch, Prefetch
from audit.cloud.cbr.seen_ids import Ids, Seen, ids_of
from audit.collection import NOT_EVERYWHERE, Kind, LateRows, Page, Reading
from audit.errors import SourceAnswerError, SourceError, SourceRefusedError

Parse = Callable[[Page], Page]

_MOST_PASSES: Final = 8


class _Tally(Struct):
    """The state of one pass.

    Attributes:
        distinct: the number of distinct ids.
        counts: the totals that the cloud stated.
        size: the rows of the last page; ``most``: the rows that it could have had.
    """

    pages: int = 0
    rows: int = 0
    distinct: int = 0
    repeated_on_purpose: int = 0
    counts: set[int] = field(default_factory=set)
    size: int = 0
    most: int = 0

    @property
    def duplicates(self) -> int:
        return self.rows - self.distinct - self.repeated_on_purpose


class _Content(NamedTuple):
    """The content of a response: the ids of its rows, and the rest."""

    ids: Ids
    envelope: Mapping[str, Any]


class _Step(NamedTuple):
    """One page of a pass: the hash of its bytes, and the state of the pass after it."""

    digest: bytes
    distinct: int
    repeated_on_purpose: int


def _parsed_already(page: Page) -> Page:
    return page


class Walk:
    """Reads one list page by page, and tells how completely.

    Iterate over the pages first; this yields every response, including those of repeated passes. Then call ``reading``.
    """

    def __init__(
        self,
        kind: Kind,
        fetch: Fetch,
        *,
        parse: Parse = _parsed_already,
        workers: int = 1,
        page_size: int = 0,
        asked: Asked | None = None,
    ) -> None:
        """Store the arguments; nothing is read yet.

        Args:
            kind: the list.
            fetch: receives the page at an offset; called by several threads if there are several workers.
            parse: splits the body of a fetched page into rows and envelope; called in order, by the thread that
                iterates.
            workers: the number of pages to fetch in parallel.
            page_size: the number of rows to request per page, 0 if the API returns the list in one response.
            asked: what ``fetch`` requests, apart from the page.
        """
        self._kind = kind
        self._asked = asked or Asked()
        self._words = f"{self._asked.status} tasks" if self._asked.status else kind.words
        self._fetch = fetch
        self._prefetch = Prefetch(fetch, workers)
        self._ahead: Ahead | None = None
        self._plan: PagePlan | None = None  # which pages are on their way
        self._parse = parse
        self._page_size = page_size
        self._tally = _Tally()
        self._seen = Seen()
        self._contents: dict[bytes, _Content] = {}
        self._steps: list[_Step] = []
        self._steps_before: list[_Step] = []  # of the previous pass
        self._is_repeating = False  # every page so far equals that of the previous pass; its ids are not recorded yet
        self._counts: list[int] = []
        self._pages = 0
        self._passes = 0
        self._duplicates = 0
        self._is_whole = False
        self._refused = False
        self._trouble = f"{self._words}: reading was broken off"

    def __iter__(self) -> Iterator[Page]:
        """Yield pages in order of offset, pass after pass.

        Raises:
            SourceError: not a single page could be read. Later errors become gaps of the reading.
        """
        try:
            while self._passes < _MOST_PASSES:
                known = len(self._seen)
                yield from self._pass()
                if self._is_settled(known):
                    self._trouble = ""
                    return
        except SourceError as error:
            self._refused = isinstance(error, SourceRefusedError) and error.status == HTTPStatus.FORBIDDEN
            self._trouble = f"{self._words}: {_not_offered(self._kind, error)}{error}"
            if not self._pages:
                raise
        else:
            self._trouble = f"{self._words}: it still changed after {self._passes} passes"
        finally:
            self._drop_ahead()
            self._seen.forget()  # the fetching threads may keep the walk alive
            self._contents.clear()

    def begin(self) -> None:
        """Request the first page already, in a thread."""
        self._ahead = self._prefetch.in_order((0,))

    def close(self) -> None:
        """Stop requesting pages."""
        self._drop_ahead()

    def sent(self) -> None:
        """Record that a request is on its way; called by the fetching function."""
        self._prefetch.sent()

    @property
    def passes(self) -> int:
        """The number of passes over the list so far, including the current one."""
        return self._passes

    @property
    def expected(self) -> int:
        """The total that the cloud last stated, 0 before the first response."""
        return self._counts[-1] if self._counts else 0

    def reading(self) -> Reading:
        """Return how completely the list was read."""
        distinct = self._tally.distinct if self._is_whole else len(self._seen)
        gaps = [self._trouble] if self._trouble else []
        if distinct != self.expected:
            gaps.append(f"{self._words}: {distinct:,} different rows came, the cloud says it has {self.expected:,}")
        return Reading(
            kind=self._kind,
            pages=self._pages,
            passes=self._passes,
            count_first=self._counts[0] if self._counts else None,
            count_last=self._counts[-1] if self._counts else None,
            distinct=distinct,
            duplicates=self._duplicates + self._tally.duplicates,
            gaps=tuple(gaps),
            refused=self._refused,
            status=self._asked.status,
            enterprise_project_id=self._asked.enterprise_project_id,
            notes=self._asked.notes,
        )

    def _pass(self) -> Iterator[Page]:
        """Walk over the whole list once."""
        self._is_whole = False
        self._passes += 1
        self._duplicates += self._tally.duplicates
        self._tally = _Tally()
        self._steps_before, self._steps = self._steps, []
        self._is_repeating = bool(self._steps_before)
        yield from self._whole_list()
        self._is_whole = True

    def _is_settled(self, known: int) -> bool:
        """Whether the list is settled: at once if it came in one piece, or after a pass that found nothing new."""
        in_one_piece = self._tally.pages == 1 and self._tally.distinct == self.expected
        return in_one_piece or (self._passes > 1 and len(self._tally.counts) == 1 and len(self._seen) == known)

    def _whole_list(self) -> Iterator[Page]:
        """Fetch the first page, plan the others by its size, and fill what short pages leave out.

        If the last page is full, only the stated count says that the list ends there. One more page is requested after
        it, so that a count that is too low does not hide rows.

        The second pass is requested by the plan of the first as soon as all responses of the first have arrived, parsed
        or not. Requested any earlier, one change of the list could hide a row from both passes. The second pass is
        dropped if the first pass requested more than planned, or if its own first response leads to another plan.

        Pages are not kept after they are yielded.
        """
        tally, offset = self._tally, 0
        first = [self._taken(next(self._ahead)[1] if self._ahead else self._fetch(0))]
        plan = PagePlan(tally.size, tally.most, self.expected)
        ahead = self._ahead if self._ahead and plan == self._plan else self._planned(plan)
        yield first.pop()
        covered = size = plan.size
        for offset, (_, fetched) in zip(
            plan.offsets, ahead, strict=False
        ):  # pages that were requested ahead may continue
            known = tally.distinct
            yield self._taken(fetched)
            if tally.distinct == known:
                self._drop_ahead()
                return  # the list ends before the stated count; the reading will report that
            covered = yield from self._fill(offset + tally.size, min(offset + size, plan.expected))
        if tally.size >= size and (offset or 0 < plan.most <= size):
            yield self._taken(self._fetch(covered - plan.overlap))
        if self._passes > 1 or not plan.shows_the_end or tally.pages > 1 + offset // plan.stride:
            self._drop_ahead()

    def _planned(self, plan: PagePlan) -> Ahead:
        """Request the pages of a plan; in the first pass also those of the second, which a longer list needs."""
        self._drop_ahead()
        again = chain((0,), plan.offsets) if self._passes == 1 and plan.shows_the_end else ()
        self._plan, self._ahead = plan, self._prefetch.in_order(plan.offsets, again)
        return self._ahead

    def _drop_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.close()
        self._ahead = self._plan = None

    def _fill(self, covered: int, wanted: int) -> Generator[Page, None, int]:
        """Fetch the rows from ``covered`` to ``wanted``; stop if a response brings no progress.

        Returns:
            The position up to which rows are covered.
        """
        while covered < wanted:
            offset = covered - OVERLAP
            yield self._taken(self._fetch(offset))
            if offset + self._tally.size <= covered:
                break
            covered = offset + self._tally.size
        return covered

    def _taken(self, fetched: Page) -> Page:
        """Parse a response, unless its bytes are the same as before, and count its rows."""
        digest = hashlib.sha256(fetched.body).digest()
        content = self._contents.get(digest)
        if content is None:
            page = self._parse(fetched)
            content = _Content(_ids(page.rows, ANSWERS[self._kind].identity), page.envelope)
            self._contents[digest] = content
        else:
            rows = LateRows(content.ids.number, partial(self._parse_again, fetched))  # already counted
            page = structs.replace(fetched, rows=rows, envelope=content.envelope)
        self._count(page, digest)
        return page

    def _parse_again(self, fetched: Page) -> Sequence[Any]:
        return self._parse(fetched).rows

    def _count(self, page: Page, digest: bytes) -> None:
        tally, ids = self._tally, self._contents[digest].ids
        before = self._steps_before[tally.pages] if tally.pages < len(self._steps_before) else None
        if self._is_repeating and before and before.digest == digest:
            tally.distinct, tally.repeated_on_purpose = before.distinct, before.repeated_on_purpose
        else:
            self._note(ids)
        self._steps.append(_Step(digest, tally.distinct, tally.repeated_on_purpose))
        tally.pages += 1
        tally.rows += ids.number
        tally.counts.add(page.count)
        tally.size, tally.most = ids.number, self._size_of(page)
        self._pages += 1
        self._counts.append(page.count)

    def _note(self, ids: Ids) -> None:
        """Record the ids of a page, and first those of the pages that equalled the previous pass."""
        if self._is_repeating:
            self._is_repeating = False
            for step in self._steps:
                self._seen.note(self._contents[step.digest].ids, self._passes)
        tally = self._tally
        if tally.pages:
            tally.repeated_on_purpose += sum(self._seen.came(key, self._passes) for key in ids.first)
        tally.distinct += self._seen.note(ids, self._passes)

    def _size_of(self, page: Page) -> int:
        """Return the largest number of rows that a page can have: the requested size, or less if the cloud says so."""
        stated = page.envelope.get("limit")
        return min(self._page_size, stated) if isinstance(stated, int) and stated > 0 else self._page_size


def _not_offered(kind: Kind, error: SourceError) -> str:
    """Note that a list that not every cloud has was not found; the rest of the audit continues."""
    is_absent = isinstance(error, SourceRefusedError) and error.status == HTTPStatus.NOT_FOUND
    if not is_absent or kind not in NOT_EVERYWHERE:
        return ""
    return "this region seems not to have the list; where that is so, skip in the profile what needs it: "


def _ids(rows: Sequence[Any], field: str) -> Ids:
    if not isinstance(rows, QuickRows):
        return ids_of([_identity(row, field) for row in rows], OVERLAP)
    page = rows.page
    ids = [_identity(page.odd[place], field) if place in page.odd else row_id for place, row_id in enumerate(page.ids)]
    return ids_of(ids, OVERLAP)


def _identity(row: Any, field: str) -> str:
    """Return the id of a row, or its content if it has none."""
    row_id = row.get(field) if field and isinstance(row, dict) else None
    if isinstance(row_id, str):
        return row_id
    try:
        return orjson.dumps(row).hex()
    except orjson.JSONEncodeError as error:
        raise SourceAnswerError("a row without an id is nested too deeply") from error
