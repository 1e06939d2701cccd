import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from audit.cloud.cbr.chaining import Chain, OfEach
from audit.cloud.cbr.paging import Walk
from audit.collection import Kind, Page, Reading
from audit.errors import SourceAnswerError, SourceError, SourceRefusedError, SourceUnreachableError

Row = dict[str, Any]
Change = Callable[[list[Row]], None]
EPOCH = datetime.fromtimestamp(0, UTC)


def page(rows: list[Any], count: int) -> Page:
    return Page(
        kind=Kind.TASKS,
        path="/v3/p1/operation-logs",
        params=(),
        body=orjson.dumps([rows, count]),
        request_id="",
        received_at=EPOCH,
        rows=rows,
        envelope={"count": count},
    )


def closed(rows: list[Any], count: int) -> Page:
    """A page whose body was not parsed yet."""
    return structs.replace(page(rows, count), rows=(), envelope={})


def opened(one: Page) -> Page:
    rows, count = orjson.loads(one.body)
    return structs.replace(one, rows=rows, envelope={"count": count})


class Rows(list[Any]):
    """A list that can be referred to without keeping it."""


def rows_of(number: int) -> list[Row]:
    """Rows of which every fourth has an id of another form than those of the cloud."""
    return [{"id": _id(place) if place % 4 else f"task-{place}", "status": "success"} for place in range(number)]


def _id(place: int) -> str:
    return str(UUID(int=place << 100 | place))


@dataclass
class Cloud:
    """A list that is cut into pages, and may change or misbehave at the n-th request."""

    rows: list[Row]
    size: int
    changes: dict[int, Change] = field(default_factory=dict)
    short: dict[int, int] = field(default_factory=dict)
    repeated: frozenset[int] = frozenset()
    counts: Callable[[int, int], int] = lambda real, _request: real
    broken: frozenset[int] = frozenset()
    started: int = 0
    _sent: Page | None = None

    def fetch(self, offset: int) -> Page:
        number, self.started = self.started, self.started + 1
        if number in self.broken:
            raise SourceUnreachableError("no answer")
        if number in self.repeated and self._sent is not None:
            return self._sent
        size = self.short.get(number, self.size)
        self._sent = page(self.rows[offset : offset + size], self.counts(len(self.rows), number))
        if number in self.changes:
            self.changes[number](self.rows)
        return self._sent

    def walk(self) -> Walk:
        return Walk(Kind.TASKS, self.fetch, page_size=self.size)


def read(cloud: Cloud) -> tuple[set[str], Reading]:
    """Read everything and give the ids that came, beside the account of it."""
    walk = cloud.walk()
    received = {row["id"] for one in walk for row in one.rows}
    return received, walk.reading()


def ids(rows: list[Row]) -> set[str]:
    return {row["id"] for row in rows}


@given(
    number=st.integers(0, 5000),
    size=st.sampled_from([1, 2, 3, 7, 50, 100, 999, 1000]),
)
@example(number=0, size=1000)
@example(number=1, size=1)
@example(number=2, size=1)
@example(number=2000, size=1000)
@example(number=1999, size=1000)
@example(number=1998, size=1000)
@settings(max_examples=60, deadline=None)
def test_a_list_that_stands_still_is_read_completely(number: int, size: int) -> None:
    number = min(number, 60 * size)
    cloud = Cloud(rows_of(number), size)

    received, reading = read(cloud)

    assert received == ids(cloud.rows)
    assert reading.complete, reading.gaps
    assert (reading.distinct, reading.count_first, reading.count_last) == (number, number, number)
    assert reading.duplicates == 0
    assert reading.passes == (1 if number <= size else 2)
    assert cloud.started <= reading.passes * (2 + number // max(1, size - 1))
    assert reading.pages == cloud.started


def test_a_server_that_caps_the_limit_is_read_completely() -> None:
    cloud = Cloud(rows_of(730), 100)
    walk = Walk(Kind.TASKS, cloud.fetch, page_size=1000)

    received = {row["id"] for one in walk for row in one.rows}

    assert received == ids(cloud.rows)
    assert walk.reading().complete


def in_turn(first: Change | None, second: Change) -> Change:
    def both(rows: list[Row]) -> None:
        if first:
            first(rows)
        second(rows)

    return both


def change(kind: str, at: float, new: int) -> Change:
    """One change of a list: a new row on top, a row that goes, or a row that is written anew."""

    def insert(rows: list[Row]) -> None:
        rows.insert(0, {"id": f"new-{new}", "status": "running"})

    def delete(rows: list[Row]) -> None:
        if rows:
            del rows[int(at * len(rows))]

    def update(rows: list[Row]) -> None:
        if rows:
            place = int(at * len(rows))
            rows[place] = {**rows[place], "status": f"updated-{new}"}

    return {"insert": insert, "delete": delete, "update": update}[kind]


CHANGES = st.lists(
    st.tuples(st.integers(0, 80), st.sampled_from(["insert", "delete", "update"]), st.floats(0, 1, exclude_max=True)),
    max_size=40,
)


@given(number=st.integers(0, 300), size=st.integers(2, 40), planned=CHANGES)
@settings(max_examples=120, deadline=None)
def test_nothing_that_was_there_all_the_time_is_lost_without_a_gap(
    number: int, size: int, planned: list[tuple[int, str, float]]
) -> None:
    changes: dict[int, Change] = {}
    for new, (request, kind, at) in enumerate(planned):
        changes[request] = in_turn(changes.get(request), change(kind, at, new))
    cloud = Cloud(rows_of(number), size, changes)
    there_at_first = ids(cloud.rows)

    received, reading = read(cloud)

    lost = (there_at_first & ids(cloud.rows)) - received
    assert not lost or reading.gaps
    assert reading.passes <= 8
    most = number + len(planned)
    assert cloud.started <= reading.passes * (2 + 2 * most // (size - 1) + most // size)


@given(number=st.integers(0, 60), size=st.integers(2, 12), planned=CHANGES, repeated=st.sets(st.integers(0, 60)))
@settings(max_examples=200, deadline=None)
def test_what_is_counted_is_what_was_handed_out(
    number: int, size: int, planned: list[tuple[int, str, float]], repeated: set[int]
) -> None:
    """Pages that are the same in two passes are counted without a look at their ids; the numbers are no others."""
    changes: dict[int, Change] = {}
    for new, (request, kind, at) in enumerate(planned):
        changes[request] = in_turn(changes.get(request), change(kind, at, new))
    walk = Cloud(rows_of(number), size, changes, repeated=frozenset(repeated)).walk()
    passes: dict[int, set[str]] = {}
    repeats = 0
    for one in walk:
        came = [row["id"] for row in one.rows]
        seen = passes.setdefault(walk.passes, set())
        is_overlap = bool(came) and came[0] in seen
        repeats += len(came) - len(set(came) - seen) - is_overlap
        seen |= set(came)

    reading = walk.reading()
    assert (reading.distinct, reading.duplicates) == (len(passes[reading.passes]), repeats)


COUNTS: dict[str, Callable[[int, int], int]] = {
    "one too many": lambda real, _: real + 1,
    "one too few": lambda real, _: max(0, real - 1),
    "huge": lambda _real, _number: 10**12,
    "nothing": lambda _real, _number: 0,
    "the rows of one page": lambda _real, _number: 20,
    "the rows of two pages": lambda _real, _number: 39,
    "the rows of three pages": lambda _real, _number: 58,
    "huge at first": lambda real, number: 10**12 if number == 0 else real,
    "too low at first": lambda real, number: 20 if number == 0 else real,
    "too low once": lambda real, number: 39 if number == 2 else real,
    "never the same": lambda real, number: real + number,
}


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
def test_a_count_that_lies_never_hides_a_row(counts: Callable[[int, int], int]) -> None:
    for number in (0, 1, 19, 20, 21, 38, 39, 40, 130):
        cloud = Cloud(rows_of(number), 20, counts=counts)

        received, reading = read(cloud)

        assert received == ids(cloud.rows) or reading.gaps, number
        assert reading.complete or reading.distinct != reading.count_last or reading.passes == 8
        assert cloud.started <= 8 * (number + 2)


@given(
    number=st.integers(0, 200),
    size=st.integers(2, 30),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=150, deadline=None)
def test_odd_pages_never_hide_a_row(number: int, size: int, seed: int) -> None:
    odd = Random(seed)  # noqa: S311  # repeatable, not secret
    cloud = Cloud(
        rows_of(number),
        size,
        short={request: odd.randrange(size) for request in range(400) if odd.random() < 0.2},
        repeated=frozenset(request for request in range(400) if odd.random() < 0.1),
        broken=frozenset(request for request in range(1, 400) if odd.random() < 0.02),
    )

    received, reading = read(cloud)

    assert received == ids(cloud.rows) or reading.gaps
    assert cloud.started <= 8 * (2 * number + 2)


def test_short_pages_are_filled() -> None:
    cloud = Cloud(rows_of(100), 20, short={1: 5, 2: 7, 3: 19})

    received, reading = read(cloud)

    assert len(received) == 100
    assert reading.complete


def test_a_short_first_page_only_makes_the_pages_smaller() -> None:
    cloud = Cloud(rows_of(60), 20, short={0: 7})

    received, reading = read(cloud)

    assert len(received) == 60
    assert reading.complete


def test_an_empty_page_in_the_middle_is_a_gap_until_a_later_pass_is_whole() -> None:
    always = Cloud(rows_of(100), 20)
    fetch = always.fetch
    walk = Walk(Kind.TASKS, lambda offset: page([], 100) if offset == 38 else fetch(offset), page_size=20)
    assert sum(len(one.rows) for one in walk) < 100
    assert walk.reading().gaps == ("task log: 39 different rows came, the cloud says it has 100",)

    once = Cloud(rows_of(100), 20, short={2: 0})
    received, reading = read(once)
    assert len(received) == 100
    assert reading.complete
    assert reading.passes == 3


def test_the_look_behind_the_end_begins_where_a_filled_page_ends() -> None:
    received, reading = read(Cloud(rows_of(42), 10, short={2: 5}, counts=lambda _real, _request: 27))

    assert "task-40" in received
    assert reading.gaps


def test_a_fill_that_brings_nothing_ends() -> None:
    """Every page from the second on is short, and what it left out never comes."""
    rows = rows_of(100)
    walk = Walk(Kind.TASKS, lambda offset: page(rows[offset : offset + (20 if offset == 0 else 1)], 100), page_size=20)

    assert sum(len(one.rows) for one in walk) < 100
    assert "different rows came" in walk.reading().gaps[0]


def test_a_list_that_never_settles_is_a_gap() -> None:
    def restless(offset: int) -> Page:
        restless.requests += 1  # type: ignore[attr-defined]  # counts its own calls
        rows = [{"id": f"{restless.requests}-{place}"} for place in range(offset, min(offset + 10, 25))]  # type: ignore[attr-defined]  # as above
        return page(rows, 25)

    restless.requests = 0  # type: ignore[attr-defined]  # as above
    walk = Walk(Kind.TASKS, restless, page_size=10)

    assert sum(1 for _ in walk) > 8
    assert walk.reading().passes == 8
    assert walk.reading().gaps[0] == "task log: it still changed after 8 passes"


def test_a_count_that_changes_is_shown_and_must_settle() -> None:
    cloud = Cloud(rows_of(50), 20, changes={0: change("delete", 0.99, 0)})

    received, reading = read(cloud)

    assert len(received) == 49
    assert (reading.count_first, reading.count_last, reading.distinct) == (50, 49, 49)
    assert reading.complete


def test_rows_that_moved_are_counted_as_duplicates_and_the_planned_overlap_is_not() -> None:
    cloud = Cloud(rows_of(50), 20, changes={0: lambda rows: rows.insert(0, {"id": "new"})})

    received, reading = read(cloud)

    assert len(received) == 51
    assert reading.duplicates == 1
    assert reading.complete


def test_every_answer_is_handed_out_those_of_a_repeated_pass_too() -> None:
    walk = Cloud(rows_of(100), 20).walk()
    assert (walk.passes, walk.expected) == (0, 0)

    passes = [walk.passes for _ in walk]

    assert passes == [1] * 6 + [2] * 6
    assert walk.reading().pages == 12
    assert walk.expected == 100


class TestParsing:
    def test_no_page_is_kept_by_the_walk(self) -> None:
        """What a page holds is free before the next one is parsed."""
        rows = rows_of(100)
        last: list[weakref.ref[Rows]] = []
        alive: list[bool] = []

        def parse(one: Page) -> Page:
            alive.extend(each() is not None for each in last)
            held = Rows(opened(one).rows)
            last[:] = [weakref.ref(held)]
            return structs.replace(opened(one), rows=held)

        walk = Walk(Kind.TASKS, lambda offset: closed(rows[offset : offset + 20], 100), parse=parse, page_size=20)
        for one in walk:
            del one

        assert alive == [False] * 11

    def test_no_id_is_kept_when_the_list_was_read(self) -> None:
        """A walk may live longer: what fetches its pages refers to it, and cycles are looked for rarely."""

        class Id(str):
            """An id that can be referred to without keeping it."""

            __slots__ = ("__weakref__",)

        held: list[weakref.ref[Id]] = []

        def parse(one: Page) -> Page:
            rows = [{**row, "id": Id(row["id"])} for row in opened(one).rows]
            held.extend(weakref.ref(row["id"]) for row in rows)
            return structs.replace(opened(one), rows=rows)

        rows = [{"id": f"task-{place}"} for place in range(50)]
        walk = Walk(Kind.TASKS, lambda offset: closed(rows[offset : offset + 20], 50), parse=parse, page_size=20)
        alive = []
        for one in walk:
            del one
            alive.append(sum(each() is not None for each in held))

        assert (alive[0] > 0, sum(each() is not None for each in held)) == (True, 0)
        assert walk.reading().distinct == 50

    def test_a_page_that_is_no_list_is_a_gap(self) -> None:
        rows = rows_of(200)

        def parse(one: Page) -> Page:
            if b"task-100" in one.body:
                raise SourceAnswerError("no list")
            return opened(one)

        walk = Walk(Kind.TASKS, lambda offset: closed(rows[offset : offset + 20], 200), parse=parse, page_size=20)

        assert len(list(walk)) == 5
        assert walk.reading().gaps[0] == "task log: no list"


def test_an_error_on_a_later_page_is_a_gap_and_keeps_what_was_read() -> None:
    cloud = Cloud(rows_of(200), 20, broken=frozenset(range(4, 1000)))

    received, reading = read(cloud)

    assert 20 <= len(received) < 200
    assert reading.gaps[0] == "task log: no answer"
    assert not reading.complete


def test_an_error_in_the_second_pass_is_a_gap_although_every_row_came() -> None:
    cloud = Cloud(rows_of(50), 20, broken=frozenset({3}))

    received, reading = read(cloud)

    assert len(received) == 50
    assert reading.gaps == ("task log: no answer",)
    assert reading.distinct == 50


def test_an_error_on_the_first_page_is_raised_and_is_a_gap_too() -> None:
    walk = Cloud(rows_of(50), 20, broken=frozenset({0})).walk()

    with pytest.raises(SourceError, match="no answer"):
        list(walk)

    assert walk.expected == 0
    assert walk.reading().gaps == ("task log: no answer",)
    assert walk.reading().count_first is None


def test_a_walk_that_is_broken_off_says_so() -> None:
    walk = Cloud(rows_of(200), 20).walk()
    pages: Iterator[Page] = iter(walk)
    next(pages)
    next(pages)
    pages.close()  # type: ignore[attr-defined]  # it is a generator

    assert walk.reading().gaps[0] == "task log: reading was broken off"


def test_rows_without_an_id_are_told_apart_by_their_content() -> None:
    rows: list[Any] = [{"name": str(number)} for number in range(30)]
    rows += [None, "text", 7, {"id": 5}, {"id": 6}]
    walk = Walk(Kind.TASKS, lambda offset: page(rows[offset : offset + 10], len(rows)), page_size=10)

    assert sum(len(one.rows) for one in walk) >= 35
    assert walk.reading().complete
    assert walk.reading().distinct == 35


def test_a_row_that_cannot_even_be_named_is_a_gap() -> None:
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    ordinary = page(rows_of(5), 6)
    odd = Page(
        kind=ordinary.kind,
        path="",
        params=(),
        body=b"",
        request_id="",
        received_at=EPOCH,
        rows=[{"id": "task-4"}, deep],
        envelope={"count": 6},
    )
    walk = Walk(Kind.TASKS, lambda offset: odd if offset else ordinary, page_size=5)

    assert len(list(walk)) == 1
    assert walk.reading().gaps[0] == "task log: a row without an id is nested too deeply"


def test_rows_that_cannot_be_told_apart_are_a_gap() -> None:
    walk = Walk(Kind.POLICIES, lambda _offset: page([{"name": "a"}, {"name": "a"}], 2))

    assert len(list(walk)) == 2
    assert walk.reading().gaps == ("policies: 1 different rows came, the cloud says it has 2",)


def test_a_list_that_knows_no_offset_is_asked_once() -> None:
    offsets: list[int] = []

    def fetch(offset: int) -> Page:
        offsets.append(offset)
        return page(rows_of(70), 70)

    walk = Walk(Kind.POLICIES, fetch)

    assert len(list(walk)) == 1
    assert offsets == [0]
    assert walk.reading().complete


class TestWhatIsRefused:
    @staticmethod
    def refuse(status: int) -> Callable[[int], Page]:
        def fetch(_offset: int) -> Page:
            raise SourceRefusedError("no", status=status)

        return fetch

    def test_a_missing_permission_is_told_apart(self) -> None:
        walk = Walk(Kind.BACKUPS, self.refuse(403))
        with pytest.raises(SourceRefusedError):
            list(walk)

        assert walk.reading().refused
        assert walk.reading().gaps[0] == "backups: no"

    def test_another_refusal_is_no_missing_permission(self) -> None:
        walk = Walk(Kind.BACKUPS, self.refuse(400))
        with pytest.raises(SourceRefusedError):
            list(walk)

        assert not walk.reading().refused


class TestAChain:
    def test_several_lists_are_read_as_if_they_were_one(self) -> None:
        clouds = [Cloud(rows_of(number), 3) for number in (4, 0, 2)]
        chain = Chain([Walk(Kind.PROTECTABLES, cloud.fetch, page_size=3) for cloud in clouds])

        seen = [(chain.passes, chain.expected) for _page in chain]

        reading = chain.reading()
        assert (seen[0], seen[-1]) == ((1, 4), (1, 2))
        assert (reading.kind, reading.complete, reading.refused) == (Kind.PROTECTABLES, True, False)
        assert (reading.count_first, reading.count_last, reading.distinct) == (6, 6, 6)
        assert reading.pages == len(seen)

    def test_a_list_that_breaks_leaves_its_gap_and_those_that_were_not_read(self) -> None:
        walks = [
            Walk(Kind.PROTECTABLES, Cloud(rows_of(1), 3).fetch, page_size=3),
            Walk(Kind.PROTECTABLES, TestWhatIsRefused.refuse(403)),
            Walk(Kind.PROTECTABLES, Cloud(rows_of(1), 3).fetch, page_size=3),
        ]
        chain = Chain(walks)
        with pytest.raises(SourceRefusedError):
            list(chain)

        reading = chain.reading()
        assert reading.refused
        assert reading.gaps == (
            "protectable resources: no",
            "protectable resources: reading was broken off",
        )
        assert (reading.count_first, reading.distinct) == (1, 1)

    def test_of_each_thing_its_list_is_read_and_one_that_is_gone_is_left_out(self) -> None:
        walks = [
            Walk(Kind.DEPLOYMENTS, Cloud(rows_of(2), 3).fetch, page_size=3),
            Walk(Kind.DEPLOYMENTS, TestWhatIsRefused.refuse(404)),
            Walk(Kind.DEPLOYMENTS, Cloud(rows_of(1), 3).fetch, page_size=3),
        ]
        each = OfEach(Kind.DEPLOYMENTS, walks)
        assert (each.passes, each.expected) == (0, 0)

        seen = [(each.passes, each.expected) for _page in each]

        reading = each.reading()
        assert (seen[0], seen[-1]) == ((1, 2), (1, 1))
        assert (reading.complete, reading.distinct, reading.pages) == (True, 3, len(seen))

    def test_where_nothing_is_found_or_one_is_refused_the_reading_says_so(self) -> None:
        absent = OfEach(Kind.DEPLOYMENTS, [Walk(Kind.DEPLOYMENTS, TestWhatIsRefused.refuse(404)) for _ in range(3)])
        refused = OfEach(Kind.DEPLOYMENTS, [Walk(Kind.DEPLOYMENTS, TestWhatIsRefused.refuse(403))])
        with pytest.raises(SourceRefusedError):
            list(refused)

        assert list(absent) == []
        assert absent.reading().gaps == ("deployments of organisation policies: no",)
        assert refused.reading().refused
        assert OfEach(Kind.DEPLOYMENTS, []).reading().complete

    @pytest.mark.parametrize("status", [400, 404])
    def test_an_optional_list_that_the_cloud_does_not_know_has_no_rows(self, status: int) -> None:
        server = Walk(Kind.PROTECTABLES, Cloud(rows_of(2), 3).fetch, page_size=3)
        turbo = Walk(Kind.PROTECTABLES, TestWhatIsRefused.refuse(status))
        workspace = Walk(Kind.PROTECTABLES, Cloud(rows_of(1), 3).fetch, page_size=3)
        chain = Chain([server, turbo, workspace], {"turbo": turbo, "workspace": workspace})
        list(chain)

        reading = chain.reading()
        assert (reading.complete, reading.distinct, reading.not_offered) == (True, 3, ("turbo",))

    @pytest.mark.parametrize(("name", "status"), [("server", 404), ("turbo", 403), ("turbo", 401)])
    def test_any_other_refusal_breaks_the_reading(self, name: str, status: int) -> None:
        walk = Walk(Kind.PROTECTABLES, TestWhatIsRefused.refuse(status))
        chain = Chain([walk], {"turbo": walk} if name == "turbo" else {})

        with pytest.raises(SourceRefusedError):
            list(chain)
        assert not chain.reading().complete

    def test_nothing_is_stated_where_nothing_came(self) -> None:
        reading = Chain([Walk(Kind.PROTECTABLES, TestWhatIsRefused.refuse(403))]).reading()

        assert (reading.count_first, reading.count_last, reading.pages) == (None, None, 0)
