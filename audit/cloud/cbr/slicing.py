"""Reading a long list by the time at which its rows were created, in slices that each fit into one answer.

An answer with as many rows as it counts is complete by itself, and no row moves to another slice, so one pass is
enough, and a slice in which nothing happened comes in the same bytes again. No document says how the cloud compares the
times. Therefore each reading proves it: an answer must hold all that it counts, and nothing created at another time;
together, the slices must hold as many different rows as the cloud counts in the whole list. Otherwise, the list is
walked through by offset, and the reading says why.

If the cloud compares the times in another zone, or others, it may hide the first or the last hours of what is
requested. So a reading that has a beginning and an end looks at the day before and the day after, too. A row there that
was created in the requested time, and did not come, is a gap. What else is seen there is not used.

The newest slice is read last, shortly before the whole list is counted, because most changes happen there. If a single
second has more rows than an answer, that second alone is walked through.

Slices that an earlier run received before its time was used up are not received again if the cloud still counts as many
rows in them, because rows come with a new time of creation, so none is gone. One request counts a stretch of
neighbours; where that differs, each half is counted. The reading says which run has them, and when they were received.
How long they are used depends on what may change in them without another count:

- A task hardly changes after it has ended, and a day later the history keeps it as it is. So slices of ended tasks are
  used as long as the cloud lists tasks. One that was received less than a day after its end is used until that day is
  over, because the next run reads the last day again; after that, it is received again, once.
- A backup may change at any time, such as its state or its end. The row that comes with the count is the one that
  changed last, if the cloud sorts as asked; that shows where another one is the newest. Then an unchanged row means
  unchanged backups, as far as each change has a time. Where this does not show, a slice is received again after two
  days. What was received less than a day after it was made is always received again.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

from audit.answers.kinds import ANSWERS
from audit.answers.quick.rows import QuickRows
from audit.cloud.cbr.enterprise_projects import Asked
from audit.cloud.cbr.intervals import LOOKED_BESIDE, Interval
from audit.cloud.cbr.paging import Parse, Walk, identities, parsed_already
from audit.cloud.cbr.seen_ids import Seen, ids_of
from audit.cloud.cbr.stretches import Neighbour, is_as_before, shows_last_change, span_of, stretches
from audit.collection import Kind, Page, Received
from audit.errors import SourceRefusedError
from audit.records.keys import key_of
from audit.timestamps import instant, shown

Fetch = Callable[[Interval, int, int], Page]
Earlier = Mapping[Interval, Received]
T = TypeVar("T")

BY_PAGES: Final = "read page by page, because slices by time could not be relied on: "
"""How a note begins that says why slices were given up."""
_MOST_CUTS: Final = 8  # times that what does not fit is cut once more
_LONGEST_KEPT: Final = timedelta(days=31)  # as long as CBR lists tasks
_LONGEST_UNSEEN: Final = timedelta(days=2)  # where a change may not show; one run a day goes on from the one before
_FRESH: Final = timedelta(days=1)  # rows change most, and may become visible late; the history is read as far back
_MAY_BE_LATE: Final = timedelta(minutes=15)  # until a row can be listed; time zones differ by as much or more


def well_filled(most: int) -> int:
    """Return the rows of a slice that leave room for some more, of those that an answer can hold."""
    return max(1, most * 9 // 10)


class _DoubtError(Exception):
    """The cloud does not select by time of creation, or its counts are not those of what it selects."""


class _Ask(NamedTuple):
    """A request: at most how many rows of an interval, from an offset on."""

    interval: Interval
    size: int
    offset: int = 0


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
        count: Callable[[Interval], Page] | None = None,
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
            count: receives one row of an interval with the number of all: the one that changed last, where the cloud
                can sort by that.
        """
        self._whole = Interval(intervals[0].since, intervals[-1].until)
        super().__init__(kind, _pages_of(self._whole, fetch, page_size), parse=parse, page_size=page_size, asked=asked)
        self._fetch_rows = fetch
        self._count = count or (lambda interval: fetch(interval, 1, 0))
        self._intervals = intervals
        self._workers = workers
        self._few = max(1, page_size // 10)
        self._is_cut = len(intervals) > 1
        self._earlier = earlier
        self._taken_over: dict[Interval, tuple[str, datetime]] = {}  # which run has a slice, and when it was received

    @property
    def expected(self) -> int:
        """The total that the cloud last stated; before that, the number of rows that came."""
        return self._stated or len(self._seen)

    def responses(self) -> Iterator[Page]:
        """Read slices, or page by page if they are in doubt; then look beside what was requested, if it has ends."""
        self._passes = 1
        try:
            doubt = yield from self._doubted(self._slices())
        finally:
            self._notes = self._told_of_earlier()
        self._trouble = ""
        if doubt:
            self._notes = (f"{BY_PAGES}{doubt}",)
            self._seen, self._passes = Seen(), 0
            yield from super().responses()
        for beside in self._whole.beside(LOOKED_BESIDE):
            yield from self._look_at(beside)

    def _doubted(self, pages: Iterator[Page]) -> Generator[Page, None, _DoubtError | None]:
        """Hand out pages, and return why they cannot be relied on; None if they can."""
        try:
            yield from pages
        except _DoubtError as doubt:
            return doubt
        except SourceRefusedError as refusal:
            if refusal.status != HTTPStatus.BAD_REQUEST:
                raise
            return _DoubtError(str(refusal))
        return None

    def _slices(self) -> Iterator[Page]:
        for stretch in stretches(self._intervals, self._earlier, self._kind):
            yield from self._take_over(stretch)
        left = [each for each in self._intervals if each not in self._taken_over]
        long = (yield from self._look_at_newest(left[-1])) if self._taken_over and left else None
        for full in (yield from self._read(left[:-1] if long else left)):
            yield from self._divide(full, _MOST_CUTS)
        if long:
            yield from self._divide(long, _MOST_CUTS)
        if self._is_cut:
            yield from self._compare(self._few)
        if len(self._seen) > 1 and not self._counts_more:
            yield from self._compare(1)

    def _take_over(self, stretch: Sequence[Neighbour]) -> Iterator[Page]:
        """Hand out neighbours that an earlier run received, as far as nothing shows that they changed."""
        now, _ = self._parsed(self._count(span_of(stretch)))
        is_same, at = is_as_before(stretch, now), now.received_at
        shows_changes = self._kind == Kind.TASKS or shows_last_change(stretch, now)
        yield now
        if is_same:
            for each in stretch:
                if self._is_usable(each, at, _LONGEST_KEPT if shows_changes else _LONGEST_UNSEEN):
                    yield from self._handed_on(each)
        elif len(stretch) > 1:
            middle = len(stretch) // 2
            yield from self._take_over(stretch[:middle])
            yield from self._take_over(stretch[middle:])

    def _is_usable(self, known: Neighbour, now: datetime, longest: timedelta) -> bool:
        """Whether a slice was requested as this run does, and not too long ago."""
        is_same_request = known.received.enterprise_project_id == self._asked.enterprise_project_id
        settled = known.received.until + _FRESH
        is_read_again = self._kind == Kind.TASKS and now < settled  # by the next run, as everything of the last day
        is_known = is_read_again or settled <= known.received_at
        return is_same_request and is_known and timedelta() <= now - known.received_at <= longest

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

    def _read(self, intervals: Sequence[Interval]) -> Generator[Page, None, list[_Full]]:
        """Read intervals, and return those that hold more rows than an answer."""
        full = list[_Full]()
        with closing(self._answers(_Ask(each, self._page_size) for each in intervals)) as answers:
            for asked, fetched in answers:
                full += yield from self._checked(asked.interval, fetched)
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
            raise doubt
        return [_Full(interval, count, most)] if rows >= most else []

    def _divide(self, full: _Full, cuts_left: int) -> Iterator[Page]:
        """Cut an interval and read its parts, oldest first; a second that has too many rows is walked through."""
        self._is_cut = True
        if not full.interval.can_be_cut:
            yield from self._walk_apart(full.interval)
            return
        if not cuts_left:
            raise _DoubtError("its parts hold ever more rows than an answer")
        cuts, long = list[datetime](), list[_Full]()
        with closing(self._answers(self._cuts_and_parts(full, cuts))) as answers:
            for asked, fetched in answers:
                if asked.offset:
                    yield from self._cut(asked.interval, fetched, cuts)
                else:
                    long += yield from self._checked(asked.interval, fetched)
        for each in long:
            yield from self._divide(each, cuts_left - 1)

    def _cuts_and_parts(self, full: _Full, cuts: Sequence[datetime]) -> Iterator[_Ask | None]:
        """Yield requests for one row where each next slice should begin, some ahead, and for the slices between."""
        interval, count, most = full
        size, rest, ahead = well_filled(most), interval, self._workers
        first = max(count, most) % size or size
        offsets = range(first, max(count, most), size)[::-1]  # the first row is the newest
        for place in range(len(offsets) + ahead):
            if place < len(offsets):
                yield _Ask(interval, 1, offsets[place])
            if ahead <= place:
                while len(cuts) <= place - ahead:
                    yield None
                *parts, rest = rest.parts([cuts[place - ahead]])
                yield from (_Ask(each, self._page_size) for each in parts)
        yield _Ask(rest, self._page_size)

    def _cut(self, interval: Interval, fetched: Page, cuts: list[datetime]) -> Iterator[Page]:
        """Note where a slice begins, by the row that was looked at."""
        page, _ = self._parsed(fetched)
        found, count = _created(page.rows), page.count
        yield page
        if not found:
            raise _DoubtError(f"fewer rows came than the {count:,} that were counted ({interval.words})")
        cuts.append(interval.cut_near(found[0]))

    def _walk_apart(self, interval: Interval) -> Iterator[Page]:
        """Read by offset what no time parts so that it fits into answers."""
        fetch = _pages_of(interval, self._fetch_rows, self._page_size)
        walk = Walk(self._kind, fetch, parse=self._parse, page_size=self._page_size, asked=self._asked)
        for page in walk.responses():
            self._seen.note(ids_of(identities(page.rows, ANSWERS[self._kind].identity)))
            self._pages += 1
            yield page
        reading = walk.reading()
        self._duplicates += reading.duplicates
        if reading.gaps:
            raise _DoubtError(f"{'; '.join(reading.gaps)} ({interval.words})")

    def _compare(self, size: int) -> Iterator[Page]:
        """Compare what came with the whole list: its count, and some of its rows."""
        distinct = len(self._seen)
        page, _ = self._parsed(self._fetch_rows(self._whole, size, 0))
        self._counts.append(page.count)
        is_equal = distinct == page.count and distinct == len(self._seen)
        yield page
        if not is_equal:
            raise _DoubtError(f"{distinct:,} different rows came, and the whole list has {self._stated:,}")

    def _look_at(self, beside: Interval) -> Iterator[Page]:
        """Look for rows of the requested time beside it, where times of another zone would hide them."""
        page = self._parse(self._fetch_rows(beside, self._few, 0))
        self._pages += 1
        ids = identities(page.rows, ANSWERS[self._kind].identity)
        for row, row_id in zip(page.rows, ids, strict=True):
            for moment in _created([row]):
                if self._whole.surely_holds(moment, _MAY_BE_LATE) and key_of(row_id) not in self._seen:
                    self._trouble = f"{self._words}: a row of {shown(moment)} did not come ({self._whole.words})"
        yield page

    def _told_of_earlier(self) -> tuple[str, ...]:
        """Say what was taken over from an earlier run, and when that was received."""
        if not self._taken_over:
            return ()
        names, times = zip(*self._taken_over.values(), strict=True)
        runs = [*dict.fromkeys(names)]
        slices = "1 slice is" if len(times) == 1 else f"{len(times):,} slices are"
        who = f"the run{'s' * (len(runs) > 1)} {', '.join(runs)}"
        what = f"{slices} from {who}, which could not read everything"
        when = f"received from {shown(min(times))} to {shown(max(times))}"
        return (f"{what}: {when}, and now counted again",)

    def _answers(self, requests: Iterable[_Ask | None]) -> Generator[tuple[_Ask, Page], None, None]:
        is_first = not self._pages  # it may settle which parameters the cloud accepts
        return in_order(lambda ask: self._fetch_rows(*ask), requests, self._workers, begins_alone=is_first)


def _doubt(interval: Interval, page: Page, most: int) -> _DoubtError | None:
    """Return why an answer cannot be relied on; None if it can."""
    rows, count = len(page.rows), page.count
    if rows > count or (rows < count and rows < most):
        return _DoubtError(f"an answer with {rows:,} rows counts {count:,} ({interval.words})")
    other = next((moment for moment in _created(page.rows) if not interval.holds(moment)), None)
    return _DoubtError(f"an answer has a row of {shown(other)} ({interval.words})") if other else None


def _pages_of(interval: Interval, fetch: Fetch, size: int) -> Callable[[int], Page]:
    return lambda offset: fetch(interval, size, offset)


def in_order(
    fetch: Callable[[T], Page], requests: Iterable[T | None], workers: int, *, begins_alone: bool
) -> Generator[tuple[T, Page], None, None]:
    """Fetch in several threads, and hand out requests and answers in order; at most two per thread wait.

    Args:
        fetch: receives one answer.
        requests: what to fetch; None where the next request depends on an answer that was not handed out yet.
        workers: the number of threads.
        begins_alone: whether the others wait until the first answer was handled.
    """
    remaining, waiting = iter(requests), deque[tuple[T, Future[Page]]]()
    with ThreadPoolExecutor(workers, thread_name_prefix="page") as pool:
        try:
            for request in remaining:
                if request is not None:
                    waiting.append((request, pool.submit(fetch, request)))
                if request is None or begins_alone or len(waiting) == 2 * workers:
                    begins_alone = False
                    yield _first_of(waiting)
            while waiting:
                yield _first_of(waiting)
        finally:
            for _, future in waiting:
                future.cancel()


def _first_of(waiting: deque[tuple[T, Future[Page]]]) -> tuple[T, Page]:
    request, future = waiting.popleft()
    return request, future.result()


def _created(rows: Sequence[Any]) -> list[datetime]:
    """Read when rows were created, as far as they tell."""
    told, others = (rows.created, rows.page.odd.values()) if isinstance(rows, QuickRows) else ([], rows)
    for row in others:
        with suppress(AttributeError, TypeError, ValueError):
            told.append(instant(row.get("created_at")))
    return told
