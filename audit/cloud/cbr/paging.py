"""Walking a list that is read by offset, and proving that nothing of it was missed.

Offset paging loses rows when the list changes between two pages. Pages therefore overlap by one row, the offset
advances by what was received, what a short page left out is fetched again, and the walk is repeated until a whole
pass adds nothing new. Only then, and only if as many distinct rows came as the cloud says it has, is the list complete.

Several threads fetch, and one parses: the one that iterates, page after page. An answer whose very bytes came before
is not parsed again, so that the repeated pass costs little more than the waiting for it.
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
from audit.answers.quick.rows import TaskRows
from audit.cloud.cbr.asking import Asked
from audit.cloud.cbr.planning import OVERLAP, PagePlan
from audit.cloud.cbr.prefetch import Ahead, Fetch, Prefetch
from audit.cloud.cbr.seen import Ids, Seen, ids_of, packed_ids
from audit.collection import NOT_EVERYWHERE, Kind, LateRows, Page, Reading
from audit.errors import SourceAnswerError, SourceError, SourceRefusedError

Parse = Callable[[Page], Page]

_MOST_PASSES: Final = 8


class _Tally(Struct):
    """What one pass has seen so far.

    Attributes:
        distinct: ids, each counted once.
        counts: the totals that the cloud stated.
        size: rows of the last page; ``most``: rows that it could have had.
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
    """What was in an answer: the ids of its rows, and the rest of it."""

    ids: Ids
    envelope: Mapping[str, Any]


class _Step(NamedTuple):
    """One page of a pass: the hash of its bytes, and what the pass had seen after it."""

    digest: bytes
    distinct: int
    repeated_on_purpose: int


def _parsed_already(page: Page) -> Page:
    return page


class Walk:
    """Reads one list completely, page by page, and says how complete it is.

    Iterate over the pages first; every answer is handed out, those of a repeated pass too. Then ask for the reading.
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
        """Prepare a walk; nothing is read yet.

        Args:
            kind: the list.
            fetch: receives the page at an offset; called from several threads where there are several workers.
            parse: finds rows and envelope in the body of a page that was fetched; called in order, by who iterates.
            workers: pages that are fetched at the same time.
            page_size: rows that are asked for at a time, 0 where the API gives the list in one answer.
            asked: what ``fetch`` asks for, besides the page.
        """
        self._kind = kind
        self._asked = asked or Asked()
        self._words = f"{self._asked.status} tasks" if self._asked.status else kind.words
        self._fetch = fetch
        self._prefetch = Prefetch(fetch, workers)
        self._ahead: Ahead | None = None
        self._plan: PagePlan | None = None  # by which pages are on their way
        self._parse = parse
        self._page_size = page_size
        self._tally = _Tally()
        self._seen = Seen()
        self._contents: dict[bytes, _Content] = {}
        self._steps: list[_Step] = []
        self._steps_before: list[_Step] = []  # of the pass before
        self._is_repeating = False  # every page of this pass was the same in the one before, and its ids are not noted
        self._counts: list[int] = []
        self._pages = 0
        self._passes = 0
        self._duplicates = 0
        self._is_whole = False
        self._refused = False
        self._trouble = f"{self._words}: reading was broken off"

    def __iter__(self) -> Iterator[Page]:
        """Hand out pages, in order of offset, pass after pass.

        Raises:
            SourceError: not a single page could be read. Later trouble becomes a gap of the reading.
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
            self._seen.forget()  # whoever fetches may keep the walk alive
            self._contents.clear()

    def begin(self) -> None:
        """Ask for the first page already, in a thread."""
        self._ahead = self._prefetch.in_order((0,))

    def close(self) -> None:
        """Ask for nothing more."""
        self._drop_ahead()

    def sent(self) -> None:
        """Hear from what fetches that a request is on its way."""
        self._prefetch.sent()

    @property
    def passes(self) -> int:
        """Walks over the list so far, the present one included."""
        return self._passes

    @property
    def expected(self) -> int:
        """The total that the cloud stated last, 0 before the first answer."""
        return self._counts[-1] if self._counts else 0

    def reading(self) -> Reading:
        """Say how completely the list was read."""
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
        """A list that came in one piece is settled at once, a longer one when a pass has added nothing new."""
        in_one_piece = self._tally.pages == 1 and self._tally.distinct == self.expected
        return in_one_piece or (self._passes > 1 and len(self._tally.counts) == 1 and len(self._seen) == known)

    def _whole_list(self) -> Iterator[Page]:
        """Fetch the first page, plan the others by its size, and fill what short pages leave out.

        A last page that is full gives no sign that the list ends there but the stated count, so that one more look
        is taken behind it: a count that is too low must not hide the rest.

        The second pass is asked for by the plan of the first, whose every answer is here then, though not looked at:
        any earlier, one change of the list might hide a row from both. It is dropped where the first pass asked for
        more than was planned, or where its own first answer plans otherwise.

        No page is kept here once it was handed out: the next one is parsed twice as fast where this one was.
        """
        tally, offset = self._tally, 0
        first = [self._taken(next(self._ahead)[1] if self._ahead else self._fetch(0))]
        plan = PagePlan(tally.size, tally.most, self.expected)
        ahead = self._ahead if self._ahead and plan == self._plan else self._planned(plan)
        yield first.pop()
        covered = size = plan.size
        for offset, (_, fetched) in zip(plan.offsets, ahead, strict=False):  # what is ahead may go on
            known = tally.distinct
            yield self._taken(fetched)
            if tally.distinct == known:
                self._drop_ahead()
                return  # the list ends before the stated count, and the reading will say so
            covered = yield from self._fill(offset + tally.size, min(offset + size, plan.expected))
        if tally.size >= size and (offset or 0 < plan.most <= size):
            yield self._taken(self._fetch(covered - plan.overlap))
        if self._passes > 1 or not plan.shows_the_end or tally.pages > 1 + offset // plan.stride:
            self._drop_ahead()

    def _planned(self, plan: PagePlan) -> Ahead:
        """Ask for the pages of a plan; in the first pass for those of the second too, which a longer list needs."""
        self._drop_ahead()
        again = chain((0,), plan.offsets) if self._passes == 1 and plan.shows_the_end else ()
        self._plan, self._ahead = plan, self._prefetch.in_order(plan.offsets, again)
        return self._ahead

    def _drop_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.close()
        self._ahead = self._plan = None

    def _fill(self, covered: int, wanted: int) -> Generator[Page, None, int]:
        """Fetch the positions from ``covered`` to ``wanted``; an answer that brings no progress ends it.

        Returns:
            Up to where positions are covered.
        """
        while covered < wanted:
            offset = covered - OVERLAP
            yield self._taken(self._fetch(offset))
            if offset + self._tally.size <= covered:
                break
            covered = offset + self._tally.size
        return covered

    def _taken(self, fetched: Page) -> Page:
        """Parse an answer, unless its very bytes came before, and count its rows."""
        digest = hashlib.sha256(fetched.body).digest()
        content = self._contents.get(digest)
        if content is None:
            page = self._parse(fetched)
            content = _Content(_ids(page.rows, ANSWERS[self._kind].identity), page.envelope)
            self._contents[digest] = content
        else:
            rows = LateRows(content.ids.number, partial(self._parse_again, fetched))  # counted already
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
        """Note the ids of a page, and before it those of the pages that were the same in the pass before."""
        if self._is_repeating:
            self._is_repeating = False
            for step in self._steps:
                self._seen.note(self._contents[step.digest].ids, self._passes)
        tally = self._tally
        if tally.pages:
            tally.repeated_on_purpose += sum(self._seen.came(key, self._passes) for key in ids.first)
        tally.distinct += self._seen.note(ids, self._passes)

    def _size_of(self, page: Page) -> int:
        """The greatest number of rows that a page can have: what was asked for, or less where the cloud says so."""
        stated = page.envelope.get("limit")
        return min(self._page_size, stated) if isinstance(stated, int) and stated > 0 else self._page_size


def _not_offered(kind: Kind, error: SourceError) -> str:
    """Say so where a list that not every cloud has was not found; the audit of everything else goes on."""
    is_absent = isinstance(error, SourceRefusedError) and error.status == HTTPStatus.NOT_FOUND
    if not is_absent or kind not in NOT_EVERYWHERE:
        return ""
    return "this region seems not to have the list; where that is so, skip in the profile what needs it: "


def _ids(rows: Sequence[Any], field: str) -> Ids:
    if not isinstance(rows, TaskRows):
        return ids_of([_identity(row, field) for row in rows], OVERLAP)
    page = rows.page
    if (packed := page.packed_ids) is not None:
        return packed_ids(packed, OVERLAP)
    ids = [_identity(page.odd[place], field) if place in page.odd else row_id for place, row_id in enumerate(page.ids)]
    return ids_of(ids, OVERLAP)


def _identity(row: Any, field: str) -> str:
    """The id of a row, or its content where it has none."""
    row_id = row.get(field) if field and isinstance(row, dict) else None
    if isinstance(row_id, str):
        return row_id
    try:
        return orjson.dumps(row).hex()
    except orjson.JSONEncodeError as error:
        raise SourceAnswerError("a row without an id is nested too deeply") from error
