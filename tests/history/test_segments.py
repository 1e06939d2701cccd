"""Histories as they are stored, whole and in segments: what is written is what is read, and what a run adds is told."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.collection import About, Rejected
from audit.history import History
from audit.history.lines import line_of
from audit.records import Task
from tests.builders import DAY, NOW, TICK, a_rejected, a_task, a_task_of
from tests.history.test_rejected_in_history import ROWS
from tests.history.test_table import TASKS

HISTORIES = st.builds(History, st.lists(TASKS, max_size=6), st.lists(ROWS, max_size=4))


@given(HISTORIES, st.lists(st.tuples(st.lists(TASKS, max_size=4), st.lists(ROWS, max_size=3)), max_size=3))
@pytest.mark.no_cover
def test_what_runs_add_is_all_that_is_new(history: History, runs: list[tuple[list[Task], list[Rejected]]]) -> None:
    segments = [history.dump()]
    for tasks, rows in runs:
        known = History.load(*segments)
        known.update(tasks)
        known.set_aside(rows)
        history.update(tasks)
        history.set_aside(rows)
        segments.append(known.changes().dump())

        assert known == history
        assert all(task in tasks for task in known.changes())

    assert History.load(*segments) == history
    assert History.load(*segments).dump() == history.dump()
    assert History.load(*segments).changes() == History()
    assert History.load(*segments, since=NOW).dump() == history.dump(since=NOW)


def test_the_same_history_gives_the_same_bytes_everywhere() -> None:
    moment = datetime(2026, 11, 23, 4, 5, 6, 7, UTC)
    tasks = [
        a_task_of(id=str(UUID(int=number)), operation="sync", status=status, created_at=moment, updated_at=moment)
        for number, status in enumerate("bab", 1)
    ]
    data = History(tasks).dump()
    alike = b'[{"operation":"sync","status":"b"},{"operation":"sync","status":"a"}]'
    lines = b'{"schema_version":2,"rejected":[]}\n{"tasks":3,"alike":%b}\n' % alike
    time = (7, 234, 11, 23, 4, 5, 6, 0, 0, 7)
    columns = [*[(0, 0, 0)] * 15, (1, 2, 3), *[(part,) * 3 for part in time * 2], *[(0, 0, 0)] * 39, (0, 1, 0)]

    assert data == History(reversed(tasks)).dump()
    assert data[:10] == b"\x1f\x8b\x08\0\0\0\0\0\x04\xff"
    assert gzip.decompress(data) == lines + b"".join(map(bytes, columns))


def task(number: int, **changes: Any) -> Task:
    return a_task(f"00000000-0000-4000-8000-{number:012}", **{"backup_id": None, **changes})


def test_what_is_old_is_left_out_after_everything_is_merged() -> None:
    old, since = NOW - 99 * DAY, NOW - 90 * DAY
    base = History([task(1, created_at=old, status="running"), task(2, created_at=old, status="running"), task(3)])
    lost = a_rejected(id=task(4).id, about=About(at=NOW, status="failed"))
    added = History([task(1, created_at=old, updated_at=NOW + TICK), task(4, created_at=old, updated_at=NOW + TICK)])
    loaded = History.load(base.dump(), History([], [lost]).dump(), added.dump(), since=since)

    assert [each.id for each in loaded] == [task(2).id, task(3).id]
    assert loaded.rejected == ()
    assert loaded.dump() == (base + added).dump(since)


def test_a_history_of_many_tasks_comes_in_parts() -> None:
    history = History(task(number, vault_name=f"vault-{number % 300}") for number in range(20_000))

    assert History.load(history.dump()).dump() == history.dump()


SOUND = History([task(1), task(2, started_at=NOW)])
ONE = b"\x07\xea\x0b\x17\x04\0\0\0\0\0"
Change = Callable[[list[bytes], dict[str, Any]], None]


def damaged(change: Change) -> bytes:
    """A history of two tasks, of which a record, or what is said of them, was changed."""
    opening, head, columns = gzip.decompress(SOUND.dump()).split(b"\n", 2)
    records, part = [columns[place::2] for place in range(2)], orjson.loads(head)
    change(records, part)
    by_column = b"".join(bytes(each) for each in zip(*records, strict=True))
    return gzip.compress(b"\n".join([opening, orjson.dumps(part), by_column]))


def put(place: int, changed: bytes) -> Change:
    def change(records: list[bytes], _part: dict[str, Any]) -> None:
        records[1] = records[1][:place] + changed + records[1][place + len(changed) :]

    return change


def say(**values: Any) -> Change:
    return lambda _records, part: part.update(values)


def test_what_the_next_test_damages_is_sound() -> None:
    assert History.load(damaged(put(36, ONE))) == SOUND


@pytest.mark.parametrize(
    "change",
    [
        put(16, bytes(10)),  # when it was created
        put(18, b"\x0d"),
        put(18, b"\x02\x1e"),
        put(20, b"\x18"),
        put(21, b"\x3c"),
        put(22, b"\x3c"),
        put(23, b"\x0f\x42\x40"),
        put(38, b"\0"),  # a start without a month
        put(46, b"\x07\xea"),  # an end of a year alone
        put(55, b"\x01"),
        put(15, b"\x01"),  # the id of the other
        put(72, b"\0\0\0\x09"),
        say(tasks=3),
        say(tasks=0),
        say(tasks=1 << 20),
        say(tasks="2"),
        say(alike=[]),
        say(alike=[{"operation": "backup"}]),
        say(alike=[{"operation": "backup", "status": 5}]),
        say(alike=[{"operation": "backup", "status": "x", "removed": "ab"}]),
        say(colour="blue"),
    ],
)
def test_a_damaged_one_is_refused(change: Change) -> None:
    with pytest.raises(ValueError, match=r".+"):
        History.load(damaged(change))


NESTED = b'{"schema_version":2,"rejected":[{"more":%b%b}]}\n' % (b"[" * 100_000, b"]" * 100_000)


@pytest.mark.parametrize(
    "text",
    [b'{"schema_version":2,', b'{"schema_version":3,"rejected":[]}\n', NESTED],
    ids=["it ends early", "another version", "nested too deeply"],
)
def test_an_opening_of_another_form_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="not a history"):
        History.load(gzip.compress(text))


@pytest.mark.parametrize("form", [History.dump, lambda history: gzip.compress(b"".join(map(line_of, history)))])
def test_what_unpacks_to_more_than_memory_holds_is_refused(
    form: Callable[[History], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History([task(1, error_message="x" * 10_000), task(2)])
    assert History.load(form(history)) == history

    monkeypatch.setattr("audit.history.segment.LARGEST", 10_000)
    with pytest.raises(ValueError, match="too large"):
        History.load(form(history))


def test_ids_of_an_unusual_form_stay_what_they_are() -> None:
    odd = ("", "0", "server", str(UUID(int=10)).upper(), str(UUID(int=0)), str(UUID(int=1)))
    values: dict[str, Any] = {"operation": "backup", "status": "success", "created_at": NOW, "updated_at": NOW}
    history = History(a_task_of(id=each, backup_id=other, **values) for each, other in zip(odd, odd[::-1], strict=True))

    assert History.load(history.dump()) == history
    assert sorted(each.backup_id or "" for each in History.load(history.dump())) == sorted(odd)
