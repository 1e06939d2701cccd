"""Rows that could not be used, as a history remembers them: merged as a set, until a task is known that is no older."""

import gzip
from datetime import datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.collection import About, Rejected, Window
from audit.history import History
from audit.records import Task
from tests.builders import DAY, HOUR, NOW, TICK, a_rejected, a_task, a_window
from tests.history.test_history import TASKS

pytestmark = pytest.mark.no_cover  # other tests reach every line, and tracing takes as long as the test
ABOUT = st.builds(
    About,
    resources=st.sampled_from([None, ("server-1",)]),
    operation=st.sampled_from([None, "backup"]),
    at=st.sampled_from([None, NOW, NOW + TICK]),
)
ROWS = st.sampled_from([("", "1"), ("a", "2"), ("b", "3"), ("a", "4")]).flatmap(
    lambda row: st.builds(
        a_rejected,
        id=st.just(row[0]),
        mark=st.just(row[1]),  # a hash of the row, so that equal marks have equal ids
        about=ABOUT,
        is_contested=st.booleans(),
        run=st.sampled_from(["first", "second"]),
        page=st.integers(1, 2),
        asked=st.sampled_from([None, a_window(1), a_window(2)]),
    )
)
HISTORIES = st.builds(History, st.lists(TASKS, max_size=4), st.lists(ROWS, max_size=6))


@given(HISTORIES, HISTORIES)
def test_merging_is_commutative(one: History, other: History) -> None:
    assert one + other == other + one
    assert (one + other).dump() == (other + one).dump()


@given(HISTORIES, HISTORIES, HISTORIES)
def test_merging_is_associative(one: History, other: History, third: History) -> None:
    assert (one + other) + third == one + (other + third)


@given(HISTORIES)
def test_merging_is_idempotent(history: History) -> None:
    assert history + history == history
    assert history + History() == history


@given(HISTORIES, HISTORIES)
def test_what_was_written_and_read_again_goes_on_as_before(one: History, other: History) -> None:
    assert History.load(one.dump()) == one
    assert History.load(one.dump()) + other == one + other


@given(HISTORIES)
def test_nothing_else_is_lost(history: History) -> None:
    """Whatever is rejected stays, unless a task of its id is known."""
    known = {task.id for task in history}

    assert all(row.id in known for row in history._rejected.values() if row not in history.rejected)  # noqa: SLF001


ROW = a_rejected(id="task-1", about=About(at=NOW))


@pytest.mark.parametrize(
    ("row", "task"),
    [
        (ROW, a_task(updated_at=NOW)),
        (ROW, a_task(updated_at=NOW + TICK)),
        (a_rejected(id="task-1"), a_task(updated_at=NOW - DAY)),  # it states no time, and a task is what it may be
    ],
)
def test_a_row_goes_when_its_task_is_known_whole(row: Rejected, task: Task) -> None:
    assert History([task], [row]).rejected == ()
    assert (History([], [row]) + History([task])).rejected == ()


@pytest.mark.parametrize(
    ("row", "task"),
    [
        (ROW, a_task(updated_at=NOW - TICK)),  # an earlier state of it
        (ROW, a_task("another", updated_at=NOW)),
        (a_rejected(id="task-1", is_contested=True), a_task()),
        (a_rejected(), a_task()),
    ],
)
def test_a_row_stays_that_no_task_makes_up_for(row: Rejected, task: Task) -> None:
    assert History([task], [row]).rejected == (row,)


def test_the_first_reading_of_a_row_is_the_one_that_is_named() -> None:
    about = About(status="failed")
    first, again = (a_rejected(run=run, about=about, asked=a_window()) for run in ("20261101", "20261102"))

    assert History([], [again, first]).rejected == (first,)
    assert (History([], [again]) + History([], [first])).rejected == (first,)


def test_the_newest_reading_is_named_of_a_row_that_may_be_an_open_task() -> None:
    first, again = (a_rejected(run=run, asked=a_window()) for run in ("20261101", "20261102"))

    assert History([], [again, first]).rejected == (again,)
    assert (History([], [again]) + History([], [first])).rejected == (again,)


def asked(age: timedelta) -> Window:
    return Window(NOW - age - DAY, NOW - age)


def test_rows_are_pruned_with_the_tasks_of_their_time() -> None:
    old = a_rejected(mark="old", about=About(status="failed", at=NOW - 9 * DAY), asked=Window(NOW - 20 * DAY, NOW))
    without_time = a_rejected(mark="asked", asked=asked(9 * DAY))
    unknown, young = a_rejected(mark="unknown"), a_rejected(mark="young", about=About(at=NOW - DAY))
    history = History([], [old, without_time, unknown, young])

    kept = History.load(history.dump(since=NOW - 5 * DAY)).rejected
    assert {row.mark for row in kept} == {"unknown", "young"}


def test_a_row_that_may_be_an_open_task_stays_however_old_the_task_is() -> None:
    stuck = a_rejected(about=About(at=NOW - 140 * DAY), asked=Window(NOW - 900 * DAY, NOW))

    assert History.load(History([], [stuck]).dump(since=NOW - 90 * DAY)).rejected == (stuck,)


def test_rows_stand_on_the_first_line() -> None:
    history = History([a_task()], [a_rejected(about=About(resources=("server-1",), at=NOW), asked=a_window())])
    opening = orjson.loads(gzip.decompress(history.dump()).splitlines()[0])

    assert opening["rejected"][0]["about"] == {
        "resources": ["server-1"],
        "vaults": None,
        "operation": None,
        "status": None,
        "at": "2026-11-23T04:00:00Z",
    }


@pytest.mark.parametrize("row", [b"5", b"{}", b'{"kind":5}', b'{"kind":"x","page":1,"row":0,"id":"","path":""}'])
def test_a_row_of_another_form_is_no_history(row: bytes) -> None:
    with pytest.raises(ValueError, match="not a history"):
        History.load(gzip.compress(b'{"rejected":' + row + b"}\n"))
    with pytest.raises(ValueError, match="not a history"):
        History.load(gzip.compress(b'{"schema_version":2,"rejected":[' + row + b"]}\n"))


class TestWhen:
    def test_it_is_the_newest_time_that_the_row_states(self) -> None:
        row = a_rejected(about=About(status="success", at=NOW - HOUR), asked=a_window())

        assert row.latest == NOW - HOUR

    def test_a_task_that_may_be_open_lasted_until_it_was_asked_for(self) -> None:
        assert a_rejected(about=About(at=NOW - HOUR), asked=a_window()).latest == NOW

    def test_it_is_no_later_than_what_was_asked_for(self) -> None:
        assert a_rejected(about=About(at=NOW + DAY), asked=a_window()).latest == NOW
        assert a_rejected(asked=a_window()).latest == NOW

    def test_a_time_before_what_was_asked_for_is_not_believed(self) -> None:
        since = a_window().since

        def latest(at: datetime) -> datetime | None:
            return a_rejected(about=About(status="failed", at=at), asked=a_window()).latest

        assert (latest(since - TICK), latest(since)) == (NOW, since)

    def test_nobody_can_say_where_nothing_is_stated_and_nothing_was_asked_for(self) -> None:
        row = a_rejected()

        assert (row.latest, row.is_since(NOW + 900 * DAY)) == (None, True)

    def test_it_is_since_its_own_time(self) -> None:
        row = a_rejected(about=About(at=NOW))

        assert (row.is_since(NOW), row.is_since(NOW + TICK)) == (True, False)
