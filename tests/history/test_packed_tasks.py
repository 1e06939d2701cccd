from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from audit.history import History, PackedTasks, listed, newest, pick, pick_backups, pick_begun, pick_named
from audit.history.table import Table
from audit.records import Task
from audit.records.keys import key_of
from tests.builders import NOW, TICK, a_task, a_task_of

ALIKE = "0b3f9a52-7c1d-4e8b-9f0a-"  # what is kept to find an id by is within it
UUIDS = st.one_of(st.integers(0, 3).map(lambda number: f"{ALIKE}{number:012x}"), st.uuids().map(str))
ODD = st.one_of(
    st.sampled_from(["", "task-1", str(UUID(int=1)), "0B3F9A52-7C1D-4E8B-9F0A-000000000001", f"{ALIKE}0000 0000000"]),
    st.sampled_from(["0b3f9a52-7c1d-4e8b-9f0a-00000000000g", "0b3f9a527-c1d-4e8b-9f0a-000000000001", "\uff45" * 36]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
)
IDS = UUIDS | ODD
MOMENTS = st.sampled_from([NOW, NOW + TICK, NOW - timedelta(days=9000)])
TASKS = st.builds(
    a_task_of,
    id=IDS,
    operation=st.sampled_from(["backup", "delete", "restore"]),
    status=st.sampled_from(["success", "failed"]),
    created_at=MOMENTS,
    updated_at=MOMENTS,
    started_at=st.none() | MOMENTS,
    ended_at=st.none() | MOMENTS,
    backup_id=st.none() | IDS,
    incremental=st.none() | st.booleans(),
    resource_id=st.sampled_from([None, "a", "b"]),
    removed=st.sampled_from([(), ("a",)]),
)
LISTS = st.lists(TASKS, max_size=12, unique_by=lambda task: task.id)


def in_order(tasks: Sequence[Task]) -> tuple[Task, ...]:
    return tuple(sorted(tasks, key=lambda task: (task.created_at, task.id)))


def packed(tasks: Sequence[Task]) -> PackedTasks:
    table = History(tasks).hand_over()
    return PackedTasks(table, list(table.hand_over(NOW + TICK)))


@given(LISTS)
def test_every_task_comes_back_as_it_was_in_order(tasks: list[Task]) -> None:
    found = packed(tasks)

    assert tuple(found) == in_order(tasks)
    assert (len(found), bool(found), found[1:]) == (len(tasks), bool(tasks), in_order(tasks)[1:])
    assert [found[place] for place in range(len(found))] == list(in_order(tasks))


@given(LISTS, IDS)
def test_a_task_is_found_by_its_id_and_by_no_other(tasks: list[Task], other: str) -> None:
    history = History(tasks)

    assert [history.get(task.id) for task in tasks] == tasks
    assert history.get(other) == next((task for task in tasks if task.id == other), None)
    assert [history.keep(task) for task in tasks] == [False] * len(tasks)


@given(LISTS)
def test_numbers_come_in_order_of_id(tasks: list[Task]) -> None:
    table = History(tasks).hand_over()

    assert [table.id(row) for row in table.rows_by_id()] == sorted(task.id for task in tasks)


@given(LISTS, st.lists(IDS, max_size=3))
def test_picking_from_packed_tasks_is_picking_from_tasks(tasks: list[Task], ids: list[str]) -> None:
    plain, found = in_order(tasks), packed(tasks)
    wanted = {*ids, *(task.id for task in tasks[::2]), *(task.backup_id or "" for task in tasks[::3])}
    for claim in CLAIMS:
        assert pick(found, claim) == pick(plain, claim)
        assert begun(found, claim) == begun(plain, claim)
    assert pick_named(found, wanted) == pick_named(plain, wanted)
    backups = set(map(key_of, wanted))
    assert pick_backups(found, backups) == pick_backups(plain, backups)


@pytest.mark.parametrize("number", range(4))
@given(LISTS)
def test_columns_say_what_the_tasks_say(number: int, tasks: list[Task]) -> None:
    plain, found = in_order(tasks), packed(tasks)
    fitting = listed(plain, CLAIMS[number])
    columns = listed(found, CLAIMS[number])
    places = range(len(fitting))

    assert (list(columns.created), list(columns.began)) == (list(fitting.created), list(fitting.began))
    assert columns.ended(places) == fitting.ended(places)
    assert list(columns.backup_keys()) == [task.backup_key for task in fitting]
    assert list(columns.picked(CLAIMS[2]).backup_keys()) == [task.backup_key for task in filter(CLAIMS[2], fitting)]
    assert columns.each(places) == list(columns) == list(fitting)


@given(LISTS.filter(bool))
def test_the_newest_is_found_without_sorting(tasks: list[Task]) -> None:
    assert newest(packed(tasks)) == newest(in_order(tasks))


CLAIMS: Sequence[Callable[[Task], bool]] = (
    lambda task: task.operation == "backup",
    lambda task: task.resource_id is None,
    lambda task: task.incremental is True,
    lambda task: bool(task.removed),
)


def begun(tasks: Sequence[Task], claim: Callable[[Task], bool]) -> list[tuple[str, datetime]]:
    return sorted((str(task.resource_id), at) for task, moments in pick_begun(tasks, claim) for at in moments)


def test_what_is_forgotten_is_worked_out_again() -> None:
    found = packed([a_task("a"), a_task("b", created_at=NOW + TICK)])
    before = (tuple(found), pick(found, CLAIMS[0]))
    found.forget()

    assert (tuple(found), pick(found, CLAIMS[0])) == before


def test_packed_tasks_compare_by_content() -> None:
    tasks = [a_task("a"), a_task("b")]

    assert packed(tasks) == packed(tasks[::-1]) == tuple(tasks)
    assert packed(tasks) != packed(tasks[:1])
    assert packed(tasks) != {"a", "b"}
    with pytest.raises(TypeError, match="unhashable"):
        hash(packed(tasks))


def test_the_oldest_is_found_without_sorting() -> None:
    tasks = [a_task("a", created_at=NOW), a_task("b", created_at=NOW - TICK, status="failed")]

    assert packed(tasks).first_created() == NOW - TICK


def test_a_copy_changes_by_itself() -> None:
    table = History([a_task(ALIKE + "000000000001"), a_task("odd")]).hand_over()
    copy = table.copy()
    copy.add(a_task(ALIKE + "000000000002"), lambda _known, _task: True)
    copy.add(a_task("odd", status="failed"), lambda _known, _task: True)

    assert (len(table), len(copy), table.find(ALIKE + "000000000002")) == (2, 3, None)
    assert [task.status for task in table] == ["success", "success"]
    assert [task.status for task in copy] == ["success", "failed", "success"]


def test_a_task_whose_time_cannot_be_kept_leaves_no_trace() -> None:
    table, task = Table(), a_task(ALIKE + "000000000001")
    with pytest.raises(ValueError, match=r".+"):
        table.add(replace(task, ended_at=NOW.replace(tzinfo=None)), lambda _known, _task: True)

    assert (len(table), table.find(task.id)) == (0, None)
    assert table.add(task, lambda _known, _task: False)
