import gzip
import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.history import History
from audit.records import Task
from tests.builders import DAY, NOW, TICK, a_task, a_task_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # bounds are naive
FEW_MOMENTS = st.sampled_from([NOW, NOW + TICK])
STATUSES = st.sampled_from(["success", "failed", "timeout", "skipped", "running", "waiting", "paused"])
# Few ids and few times, so that two states of one task meet often and often at the same time.
TASKS = st.builds(
    a_task_of,
    id=st.sampled_from("abc"),
    operation=st.sampled_from(["backup", "delete"]),
    status=STATUSES,
    created_at=FEW_MOMENTS,
    updated_at=FEW_MOMENTS,
    started_at=st.none() | MOMENTS,
    ended_at=st.none() | MOMENTS,
    resource_name=st.none() | TEXTS,
    error_message=st.none() | TEXTS,
    incremental=st.none() | st.booleans(),
    removed=st.lists(TEXTS, max_size=2).map(tuple),
)
HISTORIES = st.lists(TASKS, max_size=6).map(History)


@given(HISTORIES, HISTORIES)
def test_merging_is_commutative(one: History, other: History) -> None:
    assert one + other == other + one


@given(HISTORIES, HISTORIES, HISTORIES)
def test_merging_is_associative(one: History, other: History, third: History) -> None:
    assert (one + other) + third == one + (other + third)


@given(HISTORIES)
def test_merging_is_idempotent(history: History) -> None:
    assert history + history == history
    assert history + History() == history


@given(st.lists(st.lists(TASKS, max_size=4), max_size=5), st.randoms(use_true_random=False))
def test_pages_may_be_folded_in_any_order(pages: list[list[Task]], chance: random.Random) -> None:
    expected = History(chain.from_iterable(pages))
    chance.shuffle(pages)
    folded = History()
    for page in pages:
        folded.update(reversed(page))

    assert folded == expected
    assert folded.dump() == expected.dump()


@given(st.lists(TASKS, max_size=8), st.integers(0, 8), st.integers(0, 8))
def test_reading_an_overlap_again_changes_nothing(tasks: list[Task], since: int, until: int) -> None:
    assert History([*tasks, *tasks[since:until]]) == History(tasks)


@given(HISTORIES, HISTORIES)
def test_merging_leaves_both_sides_as_they_were(one: History, other: History) -> None:
    before = (one.dump(), other.dump())

    one + other

    assert (one.dump(), other.dump()) == before


@given(TASKS, TASKS)
def test_what_was_updated_last_is_kept(one: Task, other: Task) -> None:
    kept = History([one, other]).get(one.id)

    assert kept is not None
    assert one.id != other.id or kept.updated_at == max(one.updated_at, other.updated_at)


@pytest.mark.parametrize("final", ["success", "failed", "timeout", "skipped"])
@pytest.mark.parametrize("unfinished", ["running", "waiting", "paused"])
def test_a_final_status_beats_an_unfinished_one_of_the_same_time(final: str, unfinished: str) -> None:
    states = [a_task(status=unfinished), a_task(status=final)]

    assert History(states) == History(reversed(states)) == History(states[1:])


def test_an_unfinished_status_that_is_newer_is_kept() -> None:
    newer = a_task(status="running", updated_at=NOW + TICK)

    assert History([newer, a_task(status="success", updated_at=NOW)]).get("task-1") == newer


def test_a_history_knows_its_tasks() -> None:
    history = History([a_task("a"), a_task("b"), a_task("a")])

    assert len(history) == 2
    assert sorted(task.id for task in history) == ["a", "b"]
    assert history.get("c") is None
    assert history != [a_task("a"), a_task("b")]


def test_a_history_cannot_be_a_key() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(History())


ANY_TASKS = st.builds(
    a_task_of,
    **dict.fromkeys(("id", "operation", "status"), TEXTS),
    **dict.fromkeys(("created_at", "updated_at"), MOMENTS),
    ended_at=MOMENTS | st.none(),
)


@given(st.lists(ANY_TASKS))
def test_what_was_dumped_is_loaded(tasks: list[Task]) -> None:
    assert History.load(History(tasks).dump()) == History(tasks)


@given(HISTORIES)
def test_every_optional_field_survives(history: History) -> None:
    assert History.load(history.dump()) == history


def test_a_full_task_survives() -> None:
    at = NOW + timedelta(microseconds=1)
    texts: dict[str, Any] = {
        name: f"{name} with\nan odd \u2028 line"
        for name in ("policy_id", "error_code", "error_message", "backup_id", "app_consistency", "target_resource_id")
    }
    history = History([a_task(started_at=at, ended_at=at, incremental=False, removed=("a", "b"), **texts)])

    assert History.load(history.dump()) == history


def test_a_loaded_history_has_one_copy_of_each_text_that_tasks_share() -> None:
    loaded = list(History.load(History([a_task("a"), a_task("b")]).dump()))

    assert len({id(task.vault_name) for task in loaded}) == len({id(task.resource_id) for task in loaded}) == 1


class TestKeepingATask:
    def test_a_state_that_is_known_is_not_new(self) -> None:
        history = History()

        assert [history.keep(a_task()), history.keep(a_task()), history.keep(a_task(status="failed"))] == [1, 0, 1]

    def test_the_newest_state_is_kept(self) -> None:
        states = [a_task(status="running", updated_at=NOW), a_task(updated_at=NOW + TICK)]
        for order in (states, states[::-1]):
            history = History()
            for state in order:
                assert history.keep(state)
            assert history == History(states)

    @pytest.mark.parametrize("change", [{"operation": "restore"}, {"resource_id": "server-2"}])
    def test_another_task_with_the_same_id_is_refused(self, change: dict[str, Any]) -> None:
        history = History([a_task()])

        with pytest.raises(ValueError, match="another task has the same id"):
            history.keep(a_task(**change))
        assert history == History([a_task()])


def test_a_dump_can_be_of_what_is_new_or_open() -> None:
    old = NOW - timedelta(days=50)
    tasks = [a_task("new"), a_task("old", created_at=old), a_task("open", created_at=old, status="running")]

    dumped = History(tasks).dump(since=NOW - timedelta(days=40))

    assert sorted(task.id for task in History.load(dumped)) == ["new", "open"]


def test_an_empty_history_can_be_dumped_and_loaded() -> None:
    assert len(History.load(History().dump())) == 0


SOUND = History(a_task(f"task-{number}", error_message="x" * number) for number in range(50)).dump()


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"\x1f\x8b", b"\x00" * 40, SOUND[2:], gzip.compress(b"{", mtime=0)], ids=repr
)
def test_bytes_that_are_no_history_are_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        History.load(data)


@given(st.integers(0, len(SOUND) - 1))
def test_a_truncated_history_is_a_value_error(length: int) -> None:
    with pytest.raises(ValueError, match=r".+"):
        History.load(SOUND[:length])


@given(st.integers(10, len(SOUND) - 1), st.integers(1, 255))
def test_a_changed_byte_never_gives_another_history(place: int, change: int) -> None:
    damaged = bytearray(SOUND)
    damaged[place] ^= change

    with suppress(ValueError):  # the last bits before the checksum mean nothing
        assert History.load(bytes(damaged)).dump() == SOUND


def test_how_many_backups_a_synchronisation_brought_is_remembered() -> None:
    tasks = [a_task("some", operation="sync", synced=3), a_task("none", operation="sync", synced=0), a_task("silent")]
    history = History.load(History(tasks).dump())

    assert {task.id: task.synced for task in history} == {"some": 3, "none": 0, "silent": None}


def test_how_much_a_removal_could_not_take_away_is_remembered() -> None:
    tasks = [a_task("some", operation="vault_delete", failures=3), a_task("none", operation="vault_delete")]
    history = History.load(History(tasks).dump())

    assert {task.id: task.failures for task in history} == {"some": 3, "none": None}


def test_the_oldest_task_is_one_that_has_ended() -> None:
    tasks = [
        a_task("young"),
        a_task("old", created_at=NOW - 9 * DAY),
        a_task("open", created_at=NOW - 90 * DAY, status="running"),
    ]

    assert History(tasks).oldest(NOW) == NOW - 9 * DAY
    assert History(tasks[2:]).oldest(NOW) is None
