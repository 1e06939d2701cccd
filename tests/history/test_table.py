from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.collection import ContestedError
from audit.history import (
    History,
    PackedTasks,
    apart,
    listed,
    newest,
    pick,
    pick_backups,
    pick_begun,
    pick_named,
    together,
)
from audit.history.lines import line_of
from audit.records import Task
from audit.records.keys import key_of
from tests.builders import NOW, TICK, a_task, a_task_of

ALIKE = "0b3f9a52-7c1d-4e8b-9f0a-"  # what is kept to find an id by is within it
UUIDS = st.one_of(st.integers(0, 3).map(lambda number: f"{ALIKE}{number:012x}"), st.uuids().map(str))
ODD = st.one_of(
    st.sampled_from(
        [
            "",
            "task-1",
            str(UUID(int=0)),
            str(UUID(int=1)),
            "0B3F9A52-7C1D-4E8B-9F0A-000000000001",
            f"{ALIKE}0000 0000000",
        ]
    ),
    st.sampled_from(["0b3f9a52-7c1d-4e8b-9f0a-00000000000g", "0b3f9a527-c1d-4e8b-9f0a-000000000001", "\uff45" * 36]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
)
IDS = UUIDS | ODD
MOMENTS = st.sampled_from([NOW, NOW + TICK, NOW - timedelta(days=9000)])
TASKS = st.builds(
    a_task_of,
    id=IDS,
    operation=st.sampled_from(["backup", "delete", "restore"]),
    status=st.sampled_from(["success", "failed", "running"]),
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
    return PackedTasks(list(History(tasks).hand_over(NOW + TICK)))


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
def test_tasks_come_in_order_of_id(tasks: list[Task]) -> None:
    assert [task.id for task in History(tasks)] == sorted(task.id for task in tasks)


@given(LISTS, st.sampled_from([NOW, NOW + TICK]))
def test_what_was_created_after_a_time_is_not_handed_over(tasks: list[Task], until: datetime) -> None:
    history = History(tasks)
    handed = PackedTasks(list(history.hand_over(until)))

    assert tuple(handed) == in_order([task for task in tasks if task.created_at <= until])
    assert len(history) == 0


@given(LISTS)
def test_what_is_taken_apart_in_order_comes_together_again(tasks: list[Task]) -> None:
    groups = packed(tasks).groups
    parts = list(apart(groups))

    assert tuple(task for task, _part in parts) == in_order(tasks)
    for group in groups:
        alike = together([part for _task, part in parts if part.sample is group.sample])
        assert (alike.tasks(), alike.backup_keys()) == (group.tasks(), group.backup_keys())
        assert alike.backup_keys() == {task.backup_key for task in alike.tasks()} - {None}
        assert alike.first_created == alike.tasks()[0].created_at
        assert alike.last_began == max(task.began for task in alike.tasks())


@given(LISTS, st.lists(IDS, max_size=3))
def test_picking_from_packed_tasks_is_picking_from_tasks(tasks: list[Task], ids: list[str]) -> None:
    plain, found = in_order(tasks), packed(tasks)
    wanted = {*ids, *(task.id for task in tasks[::2]), *(task.backup_id or "" for task in tasks[::3])}
    for claim in CLAIMS:
        assert pick(found, claim) == pick(plain, claim)
        assert begun(found, claim) == begun(plain, claim)
        assert pick_named(found, wanted, claim) == pick_named(plain, wanted, claim)
    backups = set(map(key_of, wanted))
    assert pick_backups(found, backups) == pick_backups(plain, backups)


def test_an_id_of_zeros_is_no_missing_id() -> None:
    zeros = str(UUID(int=0))
    tasks = [a_task(str(UUID(int=number)), backup_id=named) for number, named in enumerate((None, zeros, None), 1)]

    assert [task.backup_id for task in pick_backups(packed(tasks), {key_of(zeros)})] == [zeros]
    assert pick_named(packed(tasks), {zeros}, lambda _task: True) == []


@pytest.mark.parametrize("number", range(4))
@given(LISTS)
@pytest.mark.no_cover
def test_columns_say_what_the_tasks_say(number: int, tasks: list[Task]) -> None:
    plain, found = in_order(tasks), packed(tasks)
    fitting = listed(plain, CLAIMS[number])
    columns = listed(found, CLAIMS[number])
    places = range(len(fitting))

    assert (list(columns.created), list(columns.began)) == (list(fitting.created), list(fitting.began))
    assert columns.ended(places) == fitting.ended(places)
    assert list(columns.backup_keys) == [task.backup_key for task in fitting]
    assert list(columns.picked(CLAIMS[2]).backup_keys) == [task.backup_key for task in filter(CLAIMS[2], fitting)]
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


def test_they_can_be_read_from_the_end() -> None:
    tasks = [a_task("a", created_at=NOW), a_task("b", created_at=NOW - TICK)]

    assert list(reversed(packed(tasks))) == tasks


PAGES = st.lists(st.lists(TASKS, max_size=5, unique_by=lambda task: task.id), max_size=4)


@given(PAGES)
def test_a_history_knows_what_a_plain_one_knows(pages: list[list[Task]]) -> None:
    history, plain = History(), dict[str, Task]()
    for page in pages:
        for task in page:
            known = plain.get(task.id)
            is_other = known is not None and (known.operation, known.resource_id) != (task.operation, task.resource_id)
            if is_other:
                with pytest.raises(ContestedError):
                    history.keep(task)
            else:
                assert history.keep(task) is (known != task)
                plain[task.id] = max(known or task, task, key=rank)

    tasks, finished = plain.values(), [task for task in plain.values() if task.status != "running"]
    created, oldest = [task.created_at for task in tasks], min((task.created_at for task in finished), default=None)
    assert list(history) == [plain[task_id] for task_id in sorted(plain)]
    assert list(map(history.get, plain)) == list(tasks)
    assert sorted(task.id for task in history.unfinished()) == sorted(plain.keys() - {task.id for task in finished})
    assert history.oldest(NOW) == (oldest if oldest and oldest <= NOW else None)
    assert history.has_finished(NOW, NOW) is any(task.created_at == NOW for task in finished)
    for since, until in ((None, None), (NOW, None), (None, NOW), (NOW, NOW)):
        within = [each for each in created if (since or each) <= each <= (until or each)]
        assert history.number_created(since, until) == len(within)


def rank(task: Task) -> tuple[datetime, bool, bytes]:
    return task.updated_at, task.finished, line_of(task)
