"""Reading a long list by the time at which its rows were created, in slices that each fit into one answer.

An answer with as many rows as it counts is complete by itself, and no row moves to another slice, so one pass is
enough, and a slice in which nothing happened comes in the same bytes again. No document says how the cloud compares the
times. Therefore each reading proves it: an answer must hold all that it counts, and nothing created at another time;
together, the slices must hold as many different rows as the cloud counts in the whole list, and those of a page of it.
Otherwise, the list is walked through by offset, and the reading says why.

The newest slice is read last, shortly before the whole list is counted, because most changes happen there.

Slices that an earlier run received before its time was used up are not received again if the cloud still counts as many
rows in them, because rows come with a new time of creation, so none is gone. One request counts a stretch of
neighbours; where that differs, each half is counted. A row may still have changed: the first one is compared, and a
slice is used for two days only. The reading says which run has them, and when they were received.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

from audit.answers.quick.rows import QuickRows
from audit.cloud.cbr.enterprise_projects import Asked
from audit.cloud.cbr.intervals import Interval
from audit.cloud.cbr.paging import Parse, Walk, parsed_already
from audit.cloud.cbr.seen_ids import Seen
from audit.cloud.cbr.stretches import Neighbour, is_as_before, span_of, stretches
from audit.collection import Kind, Page, Received
from audit.errors import SourceRefusedError
from audit.timestamps import instant, shown

Fetch = Callable[[Interval, int, int], Page]
Earlier = Mapping[Interval, Received]
T = TypeVar("T")

BY_PAGES: Final = "read page by page, because slices by time could not be relied on: "
"""How a note begins that says why slices were given up."""
_MOST_CUTS: Final = 8  # times that what does not fit is cut once more
_CUTS_A_WORKER: Final = 3  # are looked for before these slices are read, so that a run whose time ends has read some
_COMPARED: Final = 100  # rows of the whole list that must be in a slice
_LONGEST_KEPT: Final = timedelta(days=2)  # so that one run a day can go on from the one before


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
        earlier: Earlier = MappingProxyType({}),
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
            earlier: what an earlier run received of these intervals.
        """
        whole = Interval(intervals[0].since, intervals[-1].until)
        super().__init__(
            kind, lambda offset: fetch(whole, page_size, offset), parse=parse, page_size=page_size, asked=asked
        )
        self._fetch_rows = fetch
        self._whole = whole
        self._intervals = intervals
        self._workers = workers
        self._is_cut = len(intervals) > 1
        self._earlier = earlier
        self._taken_over: dict[Interval, tuple[str, datetime]] = {}  # which run has a slice, and when it was received

    @property
    def expected(self) -> int:
        """The total that the cloud last stated; before that, the number of rows that came."""
        return self._stated or len(self._seen)

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
        finally:
            self._notes = self._told_of_earlier()
        self._notes = (f"{BY_PAGES}{why}",)
        self._seen, self._passes = Seen(), 0
        yield from super()._responses()

    def _slices(self) -> Iterator[Page]:
        for stretch in stretches(self._intervals, self._earlier, self._kind):
            yield from self._take_over(stretch)
        left = [each for each in self._intervals if each not in self._taken_over]
        long = (yield from self._look_at_newest(left[-1])) if self._taken_over and left else None
        yield from self._read_to_the_end(left[:-1] if long else left, _MOST_CUTS)
        if long:
            yield from self._divide(long, _MOST_CUTS - 1)
        if self._is_cut:
            yield from self._compare()

    def _take_over(self, stretch: Sequence[Neighbour]) -> Iterator[Page]:
        """Hand out neighbours that an earlier run received, as far as nothing shows that they changed."""
        now, _ = self._parsed(self._fetch_rows(span_of(stretch), 1, 0))
        is_same, at = is_as_before(stretch, now), now.received_at
        yield now
        usable = [each for each in stretch if self._is_usable(each, at)]
        if is_same and len(usable) == len(stretch):
            for each in stretch:
                yield from self._handed_on(each)
        elif usable and len(stretch) > 1:
            middle = len(stretch) // 2
            yield from self._take_over(stretch[:middle])
            yield from self._take_over(stretch[middle:])

    def _is_usable(self, known: Neighbour, now: datetime) -> bool:
        """Whether a slice was requested as this run does, and not long ago."""
        is_same_request = known.received.enterprise_project_id == self._asked.enterprise_project_id
        return is_same_request and timedelta() <= now - known.received_at <= _LONGEST_KEPT

    def _handed_on(self, known: Neighbour) -> Iterator[Page]:
        """Hand out a slice that an earlier run received, unless its evidence was lost since it was counted."""
        page = known.received.read()
        if page is not None:
            yield from self._checked(known.interval, page)
            self._taken_over[known.interval] = known.received.run, page.received_at

    def _look_at_newest(self, newest: Interval) -> Generator[Page, None, _Full | None]:
        """Count what an earlier run had no time for, and return it if it holds more rows than an answer."""
        page, _ = self._parsed(self._fetch_rows(newest, 1, 0))
        count = page.count
        yield page
        return _Full(newest, count, self._page_size) if count >= self._page_size else None

    def _read_to_the_end(self, intervals: Sequence[Interval], cuts_left: int) -> Iterator[Page]:
        """Read intervals, and the parts of those that hold more rows than an answer."""
        full = yield from self._read(intervals)
        if full and not cuts_left:
            raise _DoubtError("its parts hold ever more rows than an answer")
        for each in full:
            yield from self._divide(each, cuts_left - 1)

    def _read(self, intervals: Sequence[Interval]) -> Generator[Page, None, list[_Full]]:
        """Read intervals, and return those that hold more rows than an answer."""
        full = list[_Full]()
        with closing(self._answers((each, self._page_size, 0) for each in intervals)) as answers:
            for interval, fetched in zip(intervals, answers, strict=True):
                full += yield from self._checked(interval, fetched)
        return full

    def _checked(self, interval: Interval, fetched: Page) -> Generator[Page, None, list[_Full]]:
        """Hand out a response that must hold an interval, and return it if it is full."""
        page, _ = self._parsed(fetched)
        rows, count, most = len(page.rows), page.count, self._most_rows(page)
        if interval == self._whole:
            self._counts.append(count)
        doubt = _doubt(interval, page, most)
        yield page
        del page
        if doubt:
            raise _DoubtError(doubt)
        return [_Full(interval, count, most)] if rows >= most else []

    def _divide(self, full: _Full, cuts_left: int) -> Iterator[Page]:
        """Cut an interval and read its parts, oldest first."""
        self._is_cut = True
        interval, count, most = full
        size, rest = well_filled(most), interval
        first = max(count, most) % size or size
        offsets = range(first, max(count, most), size)[::-1]  # the first row is the newest
        at_once = _CUTS_A_WORKER * self._workers
        for begin in range(0, len(offsets), at_once):
            cuts = yield from self._cuts(interval, offsets[begin : begin + at_once], count)
            *parts, rest = rest.parts(cuts)
            yield from self._read_to_the_end(parts, cuts_left)
        if rest == interval:
            raise _DoubtError(f"no time parts the {count:,} rows so that they fit into answers ({interval.words})")
        yield from self._read_to_the_end([rest], cuts_left)

    def _cuts(self, interval: Interval, offsets: Iterable[int], count: int) -> Generator[Page, None, list[datetime]]:
        """Look at one row where each next slice should begin."""
        cuts = []
        with closing(self._answers((interval, 1, offset) for offset in offsets)) as answers:
            for fetched in answers:
                page, _ = self._parsed(fetched)
                found = _created(page.rows)
                yield page
                if not found:
                    raise _DoubtError(f"fewer rows came than the {count:,} that were counted ({interval.words})")
                cuts.append(interval.cut_near(found[0]))
        return cuts

    def _compare(self) -> Iterator[Page]:
        """Compare what came with the whole list: its count, and some of its rows."""
        distinct = len(self._seen)
        page, _ = self._parsed(self._fetch_rows(self._whole, min(_COMPARED, self._page_size), 0))
        self._counts.append(page.count)
        is_equal = distinct == page.count and distinct == len(self._seen)
        yield page
        if not is_equal:
            raise _DoubtError(f"{distinct:,} different rows came, and the whole list has {self._stated:,}")

    def _told_of_earlier(self) -> tuple[str, ...]:
        """Say what was taken over from an earlier run, and when that was received."""
        if not self._taken_over:
            return ()
        runs, times = zip(*self._taken_over.values(), strict=True)
        slices = "1 slice is" if len(times) == 1 else f"{len(times):,} slices are"
        what = f"{slices} from the run {runs[0]}, which could not read the whole list"
        when = f"received from {shown(min(times))} to {shown(max(times))}"
        return (f"{what}: {when}, and now counted again",)

    def _answers(self, requests: Iterable[tuple[Interval, int, int]]) -> Generator[Page, None, None]:
        is_first = not self._pages  # it may settle which parameters the cloud accepts
        return in_order(lambda request: self._fetch_rows(*request), requests, self._workers, begins_alone=is_first)


def _doubt(interval: Interval, page: Page, most: int) -> str:
    """Return why an answer cannot be relied on; empty if it can."""
    rows, count = len(page.rows), page.count
    if rows > count or (rows < count and rows < most):
        return f"an answer with {rows:,} rows counts {count:,} ({interval.words})"
    other = next((moment for moment in _created(page.rows) if not interval.holds(moment)), None)
    return "" if other is None else f"an answer has a row of {shown(other)} ({interval.words})"


def in_order(
    fetch: Callable[[T], Page], requests: Iterable[T], workers: int, *, begins_alone: bool
) -> Generator[Page, None, None]:
    """Fetch in several threads, and hand out the answers in order; at most two per thread wait.

    Args:
        fetch: receives one answer.
        requests: what to fetch.
        workers: the number of threads.
        begins_alone: whether the others wait until the first answer was handled.
    """
    remaining, waiting = iter(requests), deque[Future[Page]]()
    for request in islice(remaining, 1 if begins_alone else 0):
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
