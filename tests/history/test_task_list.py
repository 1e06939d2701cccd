from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.history import NO_TASKS, History, PackedTasks, TaskList, listed, plain
from audit.records import Task
from tests.builders import NOW, a_task

Claim = Callable[[Task], bool]
KINDS = [a_task("", status=status, operation=operation) for status in ("success", "failed") for operation in "ab"]
CLAIMS: Sequence[Claim] = (
    lambda task: task.status == "success",
    lambda task: task.operation == "a",
    lambda _task: True,
    lambda _task: False,
)
ROWS = st.lists(st.tuples(st.sampled_from(range(4)), st.integers(0, 3), st.integers(0, 3)), max_size=9)


def tasks_of(rows: Iterable[tuple[int, int, int]]) -> list[Task]:
    tasks = []
    for number, (kind, created, waited) in enumerate(sorted(rows, key=lambda row: row[1])):
        at = NOW + timedelta(hours=created)
        status, operation = KINDS[kind].status, KINDS[kind].operation
        begun = {"created_at": at, "started_at": at + timedelta(hours=waited), "ended_at": at if waited else None}
        tasks.append(a_task(str(UUID(int=number)), status=status, operation=operation, **begun))
    return tasks


def packed(tasks: Sequence[Task]) -> TaskList:
    """List tasks by samples that several of them share."""
    groups = [*History(tasks).hand_over(NOW + timedelta(days=1))]
    return listed(PackedTasks(groups), lambda _task: True) if groups else NO_TASKS


@pytest.mark.parametrize("claim", CLAIMS)
@given(rows=ROWS, until=st.integers(-1, 7))
def test_what_is_asked_of_a_list_is_what_is_true_of_its_tasks(
    claim: Claim, rows: list[tuple[int, int, int]], until: int
) -> None:
    tasks, end = tasks_of(rows), NOW + timedelta(hours=until)
    fitting = list(filter(claim, tasks))

    for found in (plain(tasks), packed(tasks)):
        assert list(found) == tasks
        assert list(found.picked(claim)) == fitting
        assert list(found.picked(claim).created) == [task.created_at for task in fitting]
        assert list(found.picked(claim).began) == [task.began for task in fitting]
        assert all(map(claim, found.picked(claim).kinds))
        assert found.newest(claim) == next(reversed(fitting), None)
        assert found.newest(claim, end) == next((task for task in reversed(fitting) if task.began <= end), None)
        assert found.picked(claim)[1:] == tuple(fitting[1:])
        assert found.picked(claim).each(range(len(fitting))) == fitting
        assert found.picked(claim).ended(range(len(fitting))) == [task.ended_at for task in fitting]


@given(rows=ROWS, places=st.sets(st.integers(0, 8)))
def test_a_part_has_the_tasks_of_its_places(rows: list[tuple[int, int, int]], places: set[int]) -> None:
    tasks = tasks_of(rows)
    chosen = sorted(place for place in places if place < len(tasks))

    part = packed(tasks).at(chosen)

    assert list(part) == [tasks[place] for place in chosen]
    assert [part[place] for place in range(len(part))] == [tasks[place] for place in chosen]


def test_lists_compare_by_content() -> None:
    tasks = [a_task("a"), a_task("b")]

    assert plain(tasks) == tuple(tasks)
    assert plain(tasks) == plain(tuple(tasks))
    assert plain(tasks) != plain(tasks[:1])
    assert plain(tasks) != {"a", "b"}
    assert NO_TASKS == ()
    with pytest.raises(TypeError, match="unhashable"):
        hash(plain(tasks))
