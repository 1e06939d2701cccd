from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.simulator.task_log import TaskLog

Row = dict[str, Any]


def a_row(name: str, created_at: str | None = "2026-03-01T10:00:00", **changed: Any) -> Row:
    return {"id": name, "created_at": created_at, **changed}


def names(log: TaskLog) -> list[str]:
    return [row["id"] for row in log]


def a_log(rows: Iterable[Row]) -> TaskLog:
    return TaskLog(rows)


def page(log: TaskLog, **changed: Any) -> tuple[list[bytes], int]:
    asked: dict[str, Any] = {"start": None, "end": None, "limit": 10, "offset": 0, **changed}
    found = log.page((), **asked)
    return found.rows, found.count


def test_newest_tasks_come_first_and_equal_ones_by_id() -> None:
    log = a_log([a_row("b"), a_row("a"), a_row("new", "2026-03-01T10:00:00.000001+00:00")])

    assert names(log) == ["new", "a", "b"]


def test_a_task_whose_time_cannot_be_read_comes_last() -> None:
    log = a_log([a_row("odd", "yesterday"), a_row("none", None), {"id": "bare"}, a_row("fine")])

    assert names(log) == ["fine", "bare", "none", "odd"]


def test_changes_are_seen_at_once() -> None:
    log = a_log([a_row("a"), a_row("b")])
    assert page(log)[1] == 2

    log.add(a_row("c", "2026-03-02T00:00:00Z"))
    log.replace(a_row("a", status="failed"))
    log.remove("b")

    assert names(log) == ["c", "a"]
    assert len(log) == 2
    assert log.find("a") == a_row("a", status="failed")
    assert b"failed" in page(log)[0][1]


def test_changes_that_cannot_be_meant_are_errors() -> None:
    log = a_log([a_row("a")])

    with pytest.raises(KeyError):
        log.add(a_row("a"))
    with pytest.raises(KeyError):
        log.replace(a_row("b"))
    with pytest.raises(KeyError):
        log.remove("b")


def test_hidden_tasks_are_counted_and_never_delivered() -> None:
    log = TaskLog([a_row("a"), a_row("b"), a_row("c")], frozenset({"b"}))

    rows, count = page(log, limit=2)

    assert (len(rows), count) == (1, 3)
    assert log.find("b") is None
    assert log.find("unknown") is None


@pytest.mark.parametrize(
    ("start", "end", "count"), [(10, 12, 3), (11, 11, 1), (12, None, 1), (None, 10, 1), (13, None, 0), (12, 10, 0)]
)
def test_both_ends_of_a_time_range_belong_to_it(start: int | None, end: int | None, count: int) -> None:
    log = a_log([a_row(f"{hour}", f"2026-03-01T{hour}:00:00") for hour in (10, 11, 12)])
    ends = [hour and datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in (start, end)]

    rows, total = page(log, start=ends[0], end=ends[1])

    assert (len(rows), total) == (count, count)


def test_views_of_many_filters_do_not_pile_up() -> None:
    log = a_log([a_row("a", vault_id="7")])

    for number in range(200):
        found = log.page((("vault_id", str(number)),), start=None, end=None, limit=1, offset=0)
        assert found.count == (number == 7)
