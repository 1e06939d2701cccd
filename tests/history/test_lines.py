"""Histories of versions 0.1 and 0.2, which were lines of JSON."""

import gzip
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from msgspec.json import encode

from audit.history import History
from audit.history.lines import line_of
from audit.records import Task
from tests.builders import a_rejected, a_task, a_task_of
from tests.history.test_table import LISTS

LINE: dict[str, Any] = {"id": "a", "operation": "backup", "status": "success", "created_at": 1, "updated_at": 2}


def packed(*lines: object) -> bytes:
    return gzip.compress(b"".join(orjson.dumps(line) + b"\n" for line in lines))


def test_the_line_that_the_next_tests_damage_is_sound() -> None:
    assert len(History.load(packed(LINE, {**LINE, "id": "b", "removed": ["x"], "incremental": True}))) == 2


@pytest.mark.parametrize(
    "damage",
    [
        {"id": 1},
        {"id": None},
        {"id": []},
        {"status": 5},
        {"operation": {}},
        {"resource_id": None},
        {"created_at": "2026-01-05T22:00:03"},
        {"created_at": 1.5},
        {"created_at": True},
        {"updated_at": None},
        {"updated_at": 2**63},
        {"started_at": -(2**63)},
        {"incremental": "true"},
        {"removed": "ab"},
        {"removed": None},
        {"removed": [1]},
        {"colour": "blue"},
    ],
    ids=str,
)
def test_a_line_with_wrong_types_is_a_value_error(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a history"):
        History.load(packed({**LINE, **damage}))


@pytest.mark.parametrize("missing", LINE)
def test_a_line_without_what_every_task_has_is_a_value_error(missing: str) -> None:
    with pytest.raises(ValueError, match="not a history"):
        History.load(packed({key: value for key, value in LINE.items() if key != missing}))


@pytest.mark.parametrize("line", [[], [1], None, 5, "text"], ids=repr)
def test_a_line_that_is_no_object_is_a_value_error(line: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        History.load(packed(line))


@given(LISTS)
def test_every_task_is_read_as_it_was(tasks: list[Task]) -> None:
    assert History.load(gzip.compress(b"".join(map(line_of, tasks)))) == History(tasks)


def test_rows_that_could_not_be_used_are_read() -> None:
    row = a_rejected(id="lost")

    history = History.load(packed(LINE, {"rejected": orjson.loads(encode(row))}))

    assert (history.rejected, len(history)) == ((row,), 1)


def test_times_are_whole_microseconds() -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=5)
    task = a_task_of(id="a", operation="sync", status="x", created_at=moment, updated_at=moment, synced=3)

    assert line_of(task) == b'{"id":"a","operation":"sync","status":"x","created_at":5,"updated_at":5,"synced":3}\n'


def test_what_is_newer_may_follow_in_another_form() -> None:
    newer = a_task("a", operation="backup", status="failed")

    assert History.load(packed(LINE), History([newer]).dump()) == History([newer])


def test_an_empty_one_is_read() -> None:
    assert len(History.load(packed())) == 0
