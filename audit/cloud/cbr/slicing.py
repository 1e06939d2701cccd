"""Reading a long list by the time at which its rows were created, in slices that each fit into one answer.

An answer with as many rows as it counts is complete by itself, and no row moves to another slice, so one pass is
enough, and a slice in which nothing happened comes in the same bytes again. No document says how the cloud compares the
times. Therefore each reading proves it: an answer must hold all that it counts, and nothing created at another time;
together, the slices must hold as many different rows as the cloud counts in the whole list, and those of a page of it.
Otherwise, the list is walked through by offset, and the reading says why.

The newest slice is read last, shortly before the whole list is counted, because most changes happen there.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from typing import Any, Final, NamedTuple, TypeVar

from audit.answers.quick.rows import QuickRows
from audit.cloud.cbr.enterprise_projects import Asked
from audit.cloud.cbr.intervals import Interval
from audit.cloud.cbr.paging import Parse, Walk, parsed_already
from audit.cloud.cbr.seen_ids import Seen
from audit.collection import Kind, Page
from audit.errors import SourceRefusedError
from audit.timestamps import instant, shown

Fetch = Callable[[Interval, int, int], Page]
T = TypeVar("T")

_MOST_CUTS: Final = 8  # times that what does not fit is cut once more
_COMPARED: Final = 100  # rows of the whole list that must be in a slice


def well_filled(most: int) -> int:
    """Return the rows of a slice that leave room for some more, of those that an answer can hold."""
    return most * 9 // 10


class _DoubtError(Exception):
    """The cloud does not select by time of creation, or its counts are not those of what it selects."""


class _Full(NamedTuple):
    """A slice that holds more rows than an answer."""

    interval: Interval
    counted: int
    most: int


class Slices(Walk):
    """Reads one list slice by slice, or page by page where the cloud is not fit for that."""

    def __init__(  # noqa: PLR0913  # what is read, by which requests, and by how many threads
        self,
        kind: Kind,
        fetch: Fetch,
        intervals: Sequence[Interval],
        *,
        parse: Parse = parsed_already,
        page_size: int,
        workers: int = 1,
        asked: Asked | None = None,
    ) -> None:
        """Store the arguments; nothing is read yet.

        Args:
            kind: the list.
            fetch: receives rows of an interval: how many at most, and the offset of the first; called by several
                threads.
            intervals: what to read, oldest first, each overlapping with the next; one that holds too much is cut.
            parse: splits the body of a fetched page into rows and envelope.
            page_size: the number of rows to request per answer.
            workers: the number of answers to fetch in parallel.
            asked: what ``fetch`` requests, apart from interval and page.
        """
        whole = Interval(intervals[0].since, intervals[-1].until)
        super().__init__(
            kind, lambda offset: fetch(whole, page_size, offset), parse=parse, page_size=page_size, asked=asked
        )
        self._fetch_rows = fetch
        self._whole = whole
        self._intervals = intervals
        self._workers = workers

    @property
    def expected(self) -> int:
        """The total that the cloud last stated; before that, the number of rows that came."""
        return super().expected or len(self._seen)

    def _responses(self) -> Iterator[Page]:
        self._passes = 1
        try:
            yield from self._slices()
        except _DoubtError as doubt:
            why = str(doubt)
        except SourceRefusedError as refusal:
            if refusal.status != HTTPStatus.BAD_REQUEST:
                raise
            why = str(refusal)
        else:
            self._trouble = ""
            return
        self._notes = (f"read page by page, because slices by time could not be relied on: {why}",)
        self._seen, self._passes = Seen(), 0
        yield from super()._responses()

    def _slices(self) -> Iterator[Page]:
        intervals, is_cut = self._intervals, len(self._intervals) > 1
        for _ in range(_MOST_CUTS):
            full = yield from self._read(intervals)
            if not full:
                break
            intervals, is_cut = (yield from self._cut(full)), True
        else:
            raise _DoubtError("its parts hold ever more rows than an answer")
        if is_cut:
            yield from self._compare()

    def _read(self, intervals: Sequence[Interval]) -> Generator[Page, None, list[_Full]]:
        """Read intervals, and return those that hold more rows than an answer."""
        full = []
        with closing(self._answers([(interval, self._page_size, 0) for interval in intervals])) as answers:
            for interval, fetched in zip(intervals, answers, strict=True):
                page, _ = self._parsed(fetched)
                rows, count, most = len(page.rows), page.count, self._most_rows(page)
                if interval == self._whole:
                    self._counts.append(count)
                doubt = _doubt(interval, page, most)
                yield page
                del page
                if doubt:
                    raise _DoubtError(doubt)
                if rows >= most:
                    full.append(_Full(interval, count, most))
        return full

    def _cut(self, full: Iterable[_Full]) -> Generator[Page, None, list[Interval]]:
        """Look at one row where each next slice should begin, and cut there; the oldest slices are well filled."""
        intervals: list[Interval] = []
        for interval, count, most in full:
            size, cuts = well_filled(most), list[datetime]()
            first = max(count, most) % size or size
            with closing(
                self._answers((interval, 1, offset) for offset in range(first, max(count, most), size))
            ) as answers:
                for fetched in answers:
                    page, _ = self._parsed(fetched)
                    found = _created(page.rows)
                    yield page
                    if not found:
                        raise _DoubtError(f"fewer rows came than the {count:,} that were counted ({interval.words})")
                    cuts.append(interval.cut_near(found[0]))
            parts = interval.parts(cuts)
            if len(parts) == 1:
                raise _DoubtError(f"no time parts the {count:,} rows so that they fit into answers ({interval.words})")
            intervals += parts
        return intervals

    def _compare(self) -> Iterator[Page]:
        """Compare what came with the whole list: its count, and some of its rows."""
        distinct = len(self._seen)
        page, _ = self._parsed(self._fetch_rows(self._whole, min(_COMPARED, self._page_size), 0))
        self._counts.append(page.count)
        is_equal = distinct == page.count and distinct == len(self._seen)
        yield page
        if not is_equal:
            raise _DoubtError(f"{distinct:,} different rows came, and the whole list has {self.expected:,}")

    def _answers(self, requests: Iterable[tuple[Interval, int, int]]) -> Generator[Page, None, None]:
        return in_order(lambda request: self._fetch_rows(*request), requests, self._workers)


def _doubt(interval: Interval, page: Page, most: int) -> str:
    """Return why an answer cannot be relied on; empty if it can."""
    rows, count = len(page.rows), page.count
    if rows > count or (rows < count and rows < most):
        return f"an answer with {rows:,} rows counts {count:,} ({interval.words})"
    other = next((moment for moment in _created(page.rows) if not interval.holds(moment)), None)
    return "" if other is None else f"an answer has a row of {shown(other)} ({interval.words})"


def in_order(fetch: Callable[[T], Page], requests: Iterable[T], workers: int) -> Generator[Page, None, None]:
    """Fetch in several threads, and hand out the answers in order; at most two per thread wait.

    The first request is sent alone: it may settle which parameters the cloud accepts.
    """
    remaining, waiting = iter(requests), deque[Future[Page]]()
    for request in islice(remaining, 1):
        yield fetch(request)
    with ThreadPoolExecutor(workers, thread_name_prefix="page") as pool:
        try:
            for request in remaining:
                waiting.append(pool.submit(fetch, request))
                if len(waiting) == 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _created(rows: Sequence[Any]) -> list[datetime]:
    """Read when rows were created, as far as they tell."""
    page = rows.page if isinstance(rows, QuickRows) else None
    others = page.odd.values() if page else rows
    texts = [*(page.created if page else ()), *(row.get("created_at") for row in others if isinstance(row, dict))]
    told = []
    for text in texts:
        with suppress(TypeError, ValueError):
            told.append(instant(text))
    return told
