import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from audit.cloud.cbr.intervals import Interval, cuts_of
from audit.cloud.cbr.slicing import Slices, in_order
from audit.collection import Kind, Page, Reading, Received, Requested
from audit.errors import SourceRefusedError, SourceUnreachableError
from audit.timestamps import shown
from tests.builders import DAY, HOUR

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
LATER = BEGIN + timedelta(days=4)
SIZE = 20
FEW = 2  # rows that are looked at once more
Row = dict[str, Any]
Within = Callable[[Row, datetime | None, datetime | None], bool]


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def rows_at(*seconds: float) -> list[Row]:
    """Rows in order of creation, newest first; each was updated an hour later."""
    return [
        {"id": f"row-{place}", "created_at": at(second).isoformat(), "updated_at": at(second + 3600).isoformat()}
        for place, second in sorted(enumerate(seconds), key=lambda each: -each[1])
    ]


def evenly(number: int, apart: float = 300.5) -> list[Row]:
    return rows_at(*(apart * place for place in range(number)))


def compare(name: str = "created_at", *, first: bool = True, last: bool = True) -> Within:
    """A filter by a time, whose first and last moment are within or not."""

    def is_within(row: Row, since: datetime | None, until: datetime | None) -> bool:
        moment = datetime.fromisoformat(row[name])
        return (since is None or moment > since or (first and moment == since)) and (
            until is None or moment < until or (last and moment == until)
        )

    return is_within


def anything(_row: Row, _since: datetime | None, _until: datetime | None) -> bool:
    return True


def ended_within(row: Row, since: datetime | None, until: datetime | None) -> bool:
    """A filter by the beginning and the end, as the vendor's SDK describes that of tasks."""
    return compare()(row, since, None) and compare("updated_at")(row, None, until)


@dataclass
class Cloud:
    """A list of rows with times that may compare them in any way, and lie."""

    rows: list[Row]
    is_within: Within = field(default_factory=compare)
    counts: Callable[[int, int, int], int] = lambda among, _page, _all: among
    most: int = 1000
    kind: Kind = Kind.BACKUPS
    now: datetime = LATER
    sorts: bool = False
    changes: dict[int, Callable[[list[Row]], object]] = field(default_factory=dict)
    broken: dict[int, Exception] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    states_its_limit: bool = True
    asked: list[tuple[Interval, int, int]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch(self, interval: Interval, size: int, offset: int) -> Page:
        with self.lock:
            number = len(self.asked)
            self.asked.append((interval, size, offset))
            if number in self.broken:
                raise self.broken[number]
            answer = self._answer(interval, size, offset)
            if number in self.changes:
                self.changes[number](self.rows)
            return answer

    def _answer(self, interval: Interval, size: int, offset: int) -> Page:
        among = [row for row in self.rows if self.is_within(row, *interval)]
        limit = min(size, self.most)
        page = [row for row in among[offset : offset + limit] if row["id"] not in self.hidden]
        envelope = {"count": self.counts(len(among), len(page), len(self.rows))}
        if self.states_its_limit:
            envelope["limit"] = limit
        body = orjson.dumps([page, envelope])
        params = (*interval.params, ("limit", str(size)), ("offset", str(offset)))
        return Page(self.kind, "", params, body, "", self.now, page, envelope)

    def count(self, interval: Interval) -> Page:
        """One row of an interval: the one that changed last, if it can sort."""
        page = self.fetch(interval, 1, 0)
        if not self.sorts:
            return page
        rows = [row for row in self.rows if self.is_within(row, *interval)]
        return structs.replace(page, rows=sorted(rows, key=lambda row: row["updated_at"])[-1:])

    def change(self, row_id: str) -> None:
        """Let a row be the one that changed last."""
        last = max(row["updated_at"] for row in self.rows)
        moment = datetime.fromisoformat(last) + timedelta(hours=1)
        change = {"status": moment.isoformat(), "updated_at": moment.isoformat()}
        self.rows[:] = [row | change if row["id"] == row_id else row for row in self.rows]

    def slices(self, *cuts: datetime, workers: int = 3) -> Slices:
        return Slices(Kind.BACKUPS, self.fetch, Interval().parts(cuts), page_size=SIZE, workers=workers)


def read(cloud: Cloud, *cuts: datetime, workers: int = 3) -> tuple[list[Page], set[str], Reading]:
    slices = cloud.slices(*cuts, workers=workers)
    pages = list(slices)
    return pages, {row["id"] for page in pages for row in page.rows}, slices.reading()


def ids(rows: list[Row]) -> set[str]:
    return {row["id"] for row in rows}


MOMENTS = st.lists(
    st.one_of(st.integers(0, 400), st.floats(0, 400), st.integers(0, 20).map(lambda n: 86400 * n)), max_size=150
)
BOUNDS = {
    "[]": compare(),
    "[)": compare(last=False),
    "(]": compare(first=False),
    "()": compare(first=False, last=False),
}


@given(MOMENTS, st.sampled_from(sorted(BOUNDS)), st.integers(1, 4), st.lists(st.integers(0, 400).map(at), max_size=5))
@example([float(each) for each in range(100)], "()", 4, [])
@example([7.5] * 30, "[]", 4, [])
@settings(max_examples=150, deadline=None)
def test_a_list_that_stands_still_is_read_completely_whatever_the_ends_mean(
    moments: list[float], bounds: str, workers: int, cuts: list[datetime]
) -> None:
    cloud = Cloud(rows_at(*moments), BOUNDS[bounds])

    _, received, reading = read(cloud, *cuts, workers=workers)

    assert received == ids(cloud.rows)
    assert reading.complete, reading.gaps
    assert reading.distinct == reading.count_last == len(cloud.rows)
    assert reading.duplicates == 0
    assert reading.pages == len(cloud.asked) <= 20 + len(cuts) + len(cloud.rows)


def test_a_short_list_takes_few_requests_and_a_long_one_is_received_once() -> None:
    assert [len(read(Cloud(evenly(number)))[0]) for number in (0, 1, 2, SIZE - 1)] == [1, 1, 2, 2]

    cloud = Cloud(evenly(180))
    pages, _, reading = read(cloud)

    assert (reading.passes, reading.notes) == (1, ())
    assert Counter(size for _, size, _ in cloud.asked) == {SIZE: 1 + 10, 1: 9, FEW: 1}
    assert sum(len(page.rows) for page in pages) == SIZE + 180 + 9 + FEW


def test_the_next_run_reads_the_same_slices_and_what_did_not_change_comes_in_the_same_bytes() -> None:
    cloud = Cloud(evenly(185))
    pages, _, _ = read(cloud)
    cuts = cuts_of(listed(pages), Kind.BACKUPS, 18)
    before = {page.body for page in pages}
    cloud.rows[:] = [*rows_at(*[10**6] * 5), *cloud.rows]
    cloud.rows[0:5] = [row | {"id": f"new-{place}"} for place, row in enumerate(cloud.rows[:5])]

    pages, received, reading = read(cloud, *cuts)

    assert received == ids(cloud.rows)
    assert (reading.complete, reading.notes) == (True, ())
    assert len(cuts) == 10
    assert len([page for page in pages if page.body not in before]) == 2  # the newest slice, and the look at the whole
    assert len(pages) == 12


def test_before_the_whole_is_counted_as_many_rows_are_expected_as_came() -> None:
    slices = Cloud(evenly(30)).slices(at(300 * 15))

    assert [slices.expected for _ in slices] == [15, 30, 30]


def test_a_slice_that_grew_too_long_is_cut_and_leaves_the_others_as_they_are() -> None:
    cloud = Cloud(evenly(45))
    _, received, reading = read(cloud, at(300 * 17))

    assert received == ids(cloud.rows)
    assert (reading.complete, reading.notes) == (True, ())
    assert sorted({size for _, size, _ in cloud.asked}) == [1, FEW, SIZE]


LIARS: dict[str, dict[str, Any]] = {
    "another time": {"is_within": compare("updated_at")},
    "the end of what was made": {"is_within": ended_within},
    "times in another zone": {
        "is_within": lambda row, since, until: compare()(
            row, *(each and each + timedelta(hours=8) for each in (since, until))
        )
    },
    "no time": {"is_within": anything},
    "the count of the page": {"counts": lambda _among, page, _all: page},
    "answers that are cut and count themselves": {
        "counts": lambda _among, page, _all: page,
        "most": 7,
        "states_its_limit": False,
    },
    "the count of the whole": {"counts": lambda _among, _page, everything: everything},
    "one too many": {"counts": lambda among, _page, _all: among + 1},
    "one too few": {"counts": lambda among, _page, _all: among - 1},
    "a huge count": {"counts": lambda _among, _page, _all: 10**12},
    "no count": {"counts": lambda _among, _page, _all: 0},
    "a limit of its own": {"most": 7},
    "a limit that it does not tell": {"most": 7, "states_its_limit": False},
    "a row that never comes": {"hidden": frozenset({"row-60"})},
    "no start without an end": {
        "is_within": lambda row, since, until: compare()(row, since, until) if since and until else True
    },
}


@pytest.mark.parametrize("cuts", [(), tuple(at(300 * place) for place in range(14, 100, 14))], ids=["first", "later"])
@pytest.mark.parametrize("lie", LIARS.values(), ids=LIARS)
def test_a_cloud_that_is_not_fit_for_slices_is_read_page_by_page_or_leaves_a_gap(
    lie: dict[str, Any], cuts: tuple[datetime, ...]
) -> None:
    cloud = Cloud(evenly(100), **lie)

    _, received, reading = read(cloud, *cuts)

    assert received == ids(cloud.rows) or reading.gaps
    assert len(received) >= 100 - len(cloud.hidden)
    assert len(cloud.asked) < 600
    if lie != LIARS["a limit of its own"]:
        assert reading.notes[0].startswith("read page by page, because slices by time could not be relied on: ")


@pytest.mark.parametrize("name", ["another time", "the end of what was made", "no time", "times in another zone"])
def test_the_reading_of_a_cloud_with_other_times_is_that_of_a_walk(name: str) -> None:
    _, received, reading = read(Cloud(evenly(100), **LIARS[name]), at(300 * 14), at(300 * 28))

    assert (received, reading.complete, reading.passes) == (ids(evenly(100)), True, 2)
    assert (reading.distinct, reading.count_last) == (100, 100)


@pytest.mark.parametrize("cuts", [(), (at(30_000), at(60_000))], ids=["first", "later"])
@pytest.mark.parametrize("number", [1, 2, 12, 100])
@pytest.mark.parametrize("hours", [8, -8, 0])
def test_times_of_another_zone_that_hide_the_oldest_or_the_newest_rows_leave_a_gap(
    hours: int, number: int, cuts: tuple[datetime, ...]
) -> None:
    shift = timedelta(hours=hours)

    def is_within(row: Row, since: datetime | None, until: datetime | None) -> bool:
        return compare()(row, since and since + shift, until and until + shift)

    cloud = Cloud(evenly(number, 3000.5), is_within)
    whole = Interval(at(-28_000), at(3000 * number + 1200))

    slices = Slices(Kind.TASKS, cloud.fetch, whole.parts(cuts), page_size=SIZE, workers=2)
    pages = list(slices)

    reading = slices.reading()
    assert reading.pages == len(pages)
    assert reading.complete == (hours == 0)
    assert hours or reading.distinct == number
    assert ["did not come (created from 2026-10-31T" in gap for gap in reading.gaps] == [True] * bool(hours)


@pytest.mark.parametrize("number", [5, 45])
def test_rows_of_which_the_cloud_counts_none_are_never_all(number: int) -> None:
    _, _, reading = read(Cloud(evenly(number), **LIARS["no count"], most=10, states_its_limit=False))

    assert reading.gaps == (f"backups: {reading.distinct} different rows came, the cloud says it has 0",)


@pytest.mark.parametrize("bounds", sorted(BOUNDS))
def test_where_one_second_has_more_rows_than_an_answer_only_that_second_is_read_page_by_page(bounds: str) -> None:
    cloud = Cloud(rows_at(*range(0, 3000, 100), *[1500.5] * 45), BOUNDS[bounds])

    _, received, reading = read(cloud)

    assert received == ids(cloud.rows)
    assert (reading.complete, reading.notes, reading.passes) == (True, (), 1)
    walked = {interval for interval, size, offset in cloud.asked if offset and size == SIZE}
    assert walked
    assert all(not interval.can_be_cut and interval.holds(at(1500.5)) for interval in walked)


def test_a_second_that_hides_rows_leaves_a_gap() -> None:
    cloud = Cloud(rows_at(*range(0, 3000, 100), *[1500.5] * 45), hidden=frozenset({"row-50"}))

    _, _, reading = read(cloud)

    assert not reading.complete
    assert "different rows came, the cloud says it has" in reading.notes[0]


def test_rows_that_never_fit_are_not_cut_for_ever() -> None:
    """A cloud with ever new rows in every interval, however short."""
    numbers = iter(range(10**6))

    def fetch(interval: Interval, size: int, offset: int) -> Page:
        since, until = interval.since or BEGIN, interval.until or at(10**6)
        middle = since + (until - since) / 2 if size == 1 else since
        rows = [{"id": f"row-{next(numbers)}", "created_at": middle.isoformat()} for _ in range(min(size, 30 - offset))]
        return Page(Kind.BACKUPS, "", (), b"", "", BEGIN, rows, {"count": 30})

    slices = Slices(Kind.BACKUPS, fetch, [Interval()], page_size=SIZE)
    for page in slices:
        del page

    assert not slices.reading().complete
    assert "ever more rows" in slices.reading().notes[0]


class TestWhileItIsRead:
    """With these cuts, the seventh request is the look at the whole."""

    CUTS = tuple(at(300 * place) for place in range(17, 86, 17))

    def test_a_row_that_comes_after_its_slice_was_read_is_found_by_a_walk(self) -> None:
        late = rows_at(10)[0] | {"id": "late"}
        cloud = Cloud(evenly(100), changes={5: lambda rows: rows.append(late)})

        _, received, reading = read(cloud, *self.CUTS, workers=1)

        assert "late" in received
        assert (reading.complete, reading.distinct, reading.count_first, reading.count_last) == (True, 101, 101, 101)
        assert "100 different rows came, and the whole list has 101" in reading.notes[0]

    def test_a_row_that_goes_is_not_taken_for_one_that_is_missing(self) -> None:
        cloud = Cloud(evenly(100), changes={5: lambda rows: rows.pop()})

        _, received, reading = read(cloud, *self.CUTS, workers=1)

        assert len(received) == 100
        assert (reading.complete, reading.distinct) == (True, 99)

    def test_one_row_for_another_is_noticed_where_the_newest_are_compared(self) -> None:
        def swap(rows: list[Row]) -> None:
            rows.pop()
            rows.insert(0, rows[0] | {"id": "new"})

        cloud = Cloud(evenly(100), changes={5: swap})

        _, received, reading = read(cloud, *self.CUTS, workers=1)

        assert "new" in received
        assert (reading.complete, reading.distinct) == (True, 100)
        assert reading.notes

    @pytest.mark.parametrize(("number", "came"), [(0, 0), (3, 51), (6, 100)])
    def test_an_error_is_a_gap_and_what_came_is_kept(self, number: int, came: int) -> None:
        cloud = Cloud(evenly(100), broken={number: SourceUnreachableError("no answer")})
        slices, received = cloud.slices(*self.CUTS, workers=1), set[str]()

        def take() -> None:
            for page in slices:
                received.update(row["id"] for row in page.rows)

        if number:
            take()
        else:
            with pytest.raises(SourceUnreachableError):
                take()

        assert slices.reading().gaps == ("backups: no answer",)
        assert slices.reading().distinct == len(received) == came
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("page")]

    def test_who_reads_no_further_leaves_a_gap_and_no_threads(self) -> None:
        slices = Cloud(evenly(100)).slices(*self.CUTS)
        pages: Iterator[Page] = iter(slices)
        next(pages)
        next(pages)
        pages.close()  # type: ignore[attr-defined]  # it is a generator

        assert slices.reading().gaps == ("backups: reading was broken off",)
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("page")]


def test_times_that_are_refused_are_left_out() -> None:
    class Simple(Cloud):
        def _answer(self, interval: Interval, size: int, offset: int) -> Page:
            if interval != Interval():
                raise SourceRefusedError("start_time is not known", status=400)
            return super()._answer(interval, size, offset)

    for cuts in ((), (at(300), at(9000))):
        _, received, reading = read(Simple(evenly(100)), *cuts)

        assert (len(received), reading.complete, reading.passes) == (100, True, 2)
        assert reading.notes[0].endswith("relied on: start_time is not known")


def test_a_list_that_is_refused_altogether_is_not_asked_for_in_another_way() -> None:
    cloud = Cloud(evenly(100), broken={0: SourceRefusedError("no", status=403)})
    slices = cloud.slices()

    with pytest.raises(SourceRefusedError):
        list(slices)

    assert slices.reading().refused
    assert len(cloud.asked) == 1


@pytest.mark.parametrize(
    "row", [{"id": "odd"}, {"id": "odd", "created_at": 5}, {"id": "odd", "created_at": "today"}, "odd", None]
)
def test_a_row_whose_time_cannot_be_read_is_counted_all_the_same(row: Any) -> None:
    cloud = Cloud(evenly(5))
    fetch = cloud.fetch

    def odd(interval: Interval, size: int, offset: int) -> Page:
        page = fetch(interval, size, offset)
        return Page(page.kind, "", (), b"", "", BEGIN, [*page.rows, row], {"count": page.count + 1})

    slices = Slices(Kind.BACKUPS, odd, [Interval()], page_size=SIZE)

    assert len(list(slices)) == 2
    assert (slices.reading().complete, slices.reading().distinct) == (True, 6)


def listed(pages: list[Page]) -> list[Requested]:
    return [Requested(page.kind, dict(page.params), len(page.rows)) for page in pages]


def requests(*slices: tuple[float | None, float | None, int], kind: Kind = Kind.TASKS, **more: str) -> list[Requested]:
    intervals = [(Interval(*(None if end is None else at(end) for end in ends)), rows) for *ends, rows in slices]
    return [Requested(kind, dict(interval.params) | more, rows) for interval, rows in intervals]


class TestCutsOfTheRunBefore:
    def test_they_are_where_slices_meet_and_not_where_all_of_them_end(self) -> None:
        known = requests((0, 100, 800), (99, 200, 800), (199, 300, 101))

        assert cuts_of(known, Kind.TASKS, 900) == (at(100), at(200))
        assert cuts_of(known, Kind.BACKUPS, 900) == ()

    def test_neighbours_that_fit_into_one_slice_become_one(self) -> None:
        known = requests(
            (None, 100, 0), (99, 200, 0), (199, 300, 500), (299, 400, 400), (399, 500, 1), (499, None, 899)
        )

        assert cuts_of(known, Kind.TASKS, 900) == (at(400),)

    def test_what_overflowed_counts_as_the_slices_that_it_was_cut_into(self) -> None:
        known = requests((0, 100, 800), (99, None, 1000), (99, 150, 900), (149, None, 100))

        assert cuts_of(known, Kind.TASKS, 900) == (at(100), at(150))

    def test_other_lists_and_walks_have_none(self) -> None:
        walk = requests((0, 100, 1000), (0, 100, 1000))
        of_open_tasks = requests((0, 100, 800), (99, 200, 800), status="running")

        assert cuts_of([*walk, *of_open_tasks, *requests((None, None, 5), kind=Kind.VAULTS)], Kind.TASKS, 900) == ()


@given(st.lists(st.integers(-5, 50).map(at)), st.none() | st.integers(0, 10), st.none() | st.integers(12, 50))
def test_the_parts_of_a_span_cover_it_and_each_is_shorter(
    cuts: list[datetime], first: int | None, last: int | None
) -> None:
    whole = Interval(None if first is None else at(first), None if last is None else at(last))

    parts = whole.parts(cuts)

    assert (parts[0].since, parts[-1].until) == whole
    assert all(
        one.until and other.since and one.until - other.since == timedelta(seconds=1) for one, other in pairwise(parts)
    )
    assert parts == [whole] or whole not in parts


def test_a_span_says_its_ends() -> None:
    assert Interval().words == "created"
    assert Interval(at(0), at(1)).words == f"created from {shown(at(0))} to {shown(at(1))}"


class TestSeveralThreads:
    @pytest.mark.parametrize("workers", [1, 3])
    def test_answers_come_in_order_and_few_wait(self, workers: int) -> None:
        cloud = Cloud([])
        ahead = []
        with closing(
            in_order(lambda number: cloud.fetch(Interval(), 1, number), range(40), workers, begins_alone=True)
        ) as answers:
            for place, (request, answer) in enumerate(answers):
                ahead.append(len(cloud.asked) - place - 1)
                assert request == place
                assert answer.params == (("limit", "1"), ("offset", str(place)))

        assert len(ahead) == 40
        assert max(ahead) < 2 * workers

    @pytest.mark.parametrize("begins_alone", [True, False])
    def test_requests_are_sent_at_the_same_time(self, *, begins_alone: bool) -> None:
        together = threading.Barrier(4)
        cloud = Cloud([])

        def fetch(number: int) -> Page:
            if number or not begins_alone:
                together.wait(10)
            return cloud.fetch(Interval(), 1, number)

        number = 4 + begins_alone
        assert len(list(in_order(fetch, range(number), 4, begins_alone=begins_alone))) == number

    def test_an_error_comes_in_its_place(self) -> None:
        cloud = Cloud([], broken={3: SourceUnreachableError("no answer")})
        answers = in_order(lambda number: cloud.fetch(Interval(), 1, number), range(40), 1, begins_alone=True)

        for _ in range(3):
            next(answers)
        with pytest.raises(SourceUnreachableError):
            next(answers)
        assert len(cloud.asked) < 8


class TestWhatAnEarlierRunReceived:
    PARTS = Interval().parts([at(60), at(120)])

    def received(self, cloud: Cloud, parts: Sequence[Interval] = PARTS[:2], **changes: Any) -> dict[Interval, Received]:
        """The oldest slices, as a run left them whose time was used up."""
        received = {}
        for interval in parts:
            page = cloud.fetch(interval, SIZE, 0)
            values = {
                "kind": cloud.kind,
                "since": interval.since,
                "until": interval.until,
                "enterprise_project_id": None,
                "run": "run-1",
                "read": partial(structs.replace, page),
            }
            received[interval] = Received(**{**values, **changes})
        cloud.asked.clear()
        return received

    def read(
        self, cloud: Cloud, received: dict[Interval, Received], parts: Sequence[Interval] = PARTS
    ) -> tuple[set[str], Reading]:
        cloud.asked.clear()
        slices = Slices(cloud.kind, cloud.fetch, parts, page_size=SIZE, earlier=received, count=cloud.count)
        rows = {row["id"] for page in slices for row in page.rows}
        assert slices.reading().complete
        assert slices.reading().count_last == slices.reading().distinct
        return rows, slices.reading()

    def test_it_is_only_counted_again(self) -> None:
        cloud = Cloud(evenly(30, 6))

        rows, reading = self.read(cloud, self.received(cloud))

        assert rows == ids(cloud.rows)
        assert [size for _, size, _ in cloud.asked] == [1, 1, SIZE, FEW]  # both slices, the newest one, and the whole
        assert reading.pages == len(cloud.asked) + 2
        (note,) = reading.notes
        assert note == (
            "2 slices are from the run run-1, which could not read everything: received from "
            "2026-11-05T00:00:00Z to 2026-11-05T00:00:00Z, and now counted again"
        )

    @pytest.mark.parametrize(
        "change",
        [
            lambda rows: rows.pop(),
            lambda rows: rows.append(rows_at(1.0)[0] | {"id": "late"}),
            lambda rows: rows.insert(-21, rows.pop(-21) | {"status": "error"}),
        ],
        ids=["one row less", "one row more", "the newest changed"],
    )
    def test_a_slice_in_which_a_change_shows_is_received_again(self, change: Callable[[list[Row]], object]) -> None:
        cloud = Cloud(evenly(30, 6))
        received = self.received(cloud)
        change(cloud.rows)

        rows, reading = self.read(cloud, received)

        assert rows == ids(cloud.rows)
        assert [size for _, size, _ in cloud.asked] == [1, 1, 1, 1, SIZE, SIZE, FEW]
        assert reading.notes[0].startswith("1 slice is from the run run-1")

    @pytest.mark.parametrize(
        "changes",
        [{"read": lambda: None}, {"enterprise_project_id": "another"}],
        ids=["its evidence is gone", "others"],
    )
    def test_it_is_received_again_where_it_may_be_something_else(self, changes: dict[str, Any]) -> None:
        cloud = Cloud(evenly(30, 6))

        rows, reading = self.read(cloud, self.received(cloud, **changes))

        assert rows == ids(cloud.rows)
        assert [size for _, size, _ in cloud.asked if size > 1] == [SIZE] * 3 + [FEW]
        assert reading.notes == ()

    def test_it_is_received_again_where_its_evidence_is_lost_in_the_meantime(self) -> None:
        cloud = Cloud(evenly(30, 6))
        received = self.received(cloud)
        oldest = self.PARTS[0]
        left = [received[oldest].read(), None]
        received[oldest] = structs.replace(received[oldest], read=lambda: left.pop(0))

        rows, reading = self.read(cloud, received)

        assert rows == ids(cloud.rows)
        assert reading.notes[0].startswith("1 slice is")

    def test_it_is_not_used_where_the_evidence_holds_less_than_it_counts(self) -> None:
        cloud = Cloud(evenly(30, 6), hidden=frozenset({"row-3"}))
        received = self.received(cloud)
        cloud.hidden = frozenset()

        rows, reading = self.read(cloud, received)

        assert rows == ids(cloud.rows)
        assert reading.notes[0].startswith("1 slice is")

    @pytest.mark.parametrize(
        ("age", "number"), [(timedelta(days=2), 2), (timedelta(days=2, seconds=1), 0), (timedelta(seconds=-1), 0)]
    )
    def test_it_is_received_again_where_it_is_old_or_of_the_future(self, age: timedelta, number: int) -> None:
        cloud = Cloud(evenly(30, 6))
        received = {
            interval: structs.replace(each, read=partial(structs.replace, each.read(), received_at=LATER - age))
            for interval, each in self.received(cloud).items()
        }

        _, reading = self.read(cloud, received)

        assert reading.pages - len(cloud.asked) == number
        assert len(reading.notes) == number / 2

    @pytest.mark.parametrize("kind", [Kind.TASKS, Kind.BACKUPS])
    @pytest.mark.parametrize(
        ("received_after", "now_after", "number"),
        [
            (HOUR, DAY - HOUR, {Kind.TASKS: 2, Kind.BACKUPS: 0}),
            (HOUR, DAY + HOUR, {Kind.TASKS: 0, Kind.BACKUPS: 0}),
            (DAY + HOUR, 3 * DAY + HOUR, {Kind.TASKS: 2, Kind.BACKUPS: 2}),
            (DAY + HOUR, 3 * DAY + 2 * HOUR, {Kind.TASKS: 2, Kind.BACKUPS: 0}),
            (DAY + HOUR, 32 * DAY + HOUR, {Kind.TASKS: 2, Kind.BACKUPS: 0}),
            (DAY + HOUR, 32 * DAY + 2 * HOUR, {Kind.TASKS: 0, Kind.BACKUPS: 0}),
        ],
    )
    def test_ended_tasks_are_used_longer_than_backups_and_what_was_new_is_read_again(
        self, kind: Kind, received_after: timedelta, now_after: timedelta, number: dict[Kind, int]
    ) -> None:
        cloud = Cloud(evenly(30, 6), kind=kind, now=BEGIN + received_after)
        received = self.received(cloud)
        cloud.now = BEGIN + now_after

        _, reading = self.read(cloud, received)

        assert reading.pages - len(cloud.asked) == number[kind]

    def test_backups_are_used_longer_where_the_cloud_shows_which_changed_last(self) -> None:
        cloud = Cloud(evenly(30, 6), sorts=True, now=BEGIN + DAY + HOUR)
        cloud.change("row-4")
        received = self.received(cloud)
        cloud.now += 30 * DAY

        _, reading = self.read(cloud, received)
        cloud.change("row-6")
        rows, after_a_change = self.read(cloud, received)

        assert reading.pages == 1 + 2 + 2 + 1  # counted, handed on, the newest slice, and the whole
        assert rows == ids(cloud.rows)
        assert after_a_change.notes == ()  # the newest backup of the other half changed last: it shows nothing

    def test_it_is_counted_where_a_row_does_not_say_when_it_changed(self) -> None:
        cloud = Cloud(evenly(30, 6))
        cloud.rows[-1] = {name: value for name, value in cloud.rows[-1].items() if name != "updated_at"}

        _, reading = self.read(cloud, self.received(cloud))

        assert reading.notes[0].startswith("2 slices are")

    def test_many_neighbours_are_counted_at_once_and_a_change_is_found_by_halves(self) -> None:
        cloud = Cloud(evenly(64 * 10, 6))
        parts = Interval().parts([at(60 * place) for place in range(1, 64)])
        received = self.received(cloud, parts[:60])
        missing = cloud.rows.pop(-300)

        rows, reading = self.read(cloud, received, parts)

        assert rows == ids(cloud.rows)
        assert missing["id"] not in rows
        counts = [asked for asked in cloud.asked if asked[1] == 1]
        assert len(counts) < 16
        assert len(cloud.asked) - len(counts) == 1 + 4 + 1  # what changed, what is new, and the whole
        assert reading.notes[0].startswith("59 slices are")

    def test_nothing_is_read_where_nothing_is_left(self) -> None:
        cloud = Cloud(evenly(30, 6))

        parts = Interval(until=at(200)).parts([at(60), at(120)])  # the newest one, too

        rows, _ = self.read(cloud, self.received(cloud, parts), parts)

        assert rows == ids(cloud.rows)
        assert [size for _, size, _ in cloud.asked] == [1, FEW]

    def test_what_an_earlier_run_had_no_time_for_is_cut_without_receiving_it_first(self) -> None:
        cloud = Cloud(evenly(100, 6))

        rows, _ = self.read(cloud, self.received(cloud))

        assert rows == ids(cloud.rows)
        assert (self.PARTS[-1], SIZE, 0) not in cloud.asked

    def test_it_does_not_count_where_the_list_is_walked_through_after_all(self) -> None:
        cloud = Cloud(evenly(30, 6))
        received = self.received(cloud)
        cloud.hidden = frozenset({cloud.rows[0]["id"]})
        slices = Slices(Kind.BACKUPS, cloud.fetch, self.PARTS, page_size=SIZE, earlier=received)
        for _ in slices:
            pass

        (note,) = slices.reading().notes
        assert note.startswith("read page by page")
