from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.records import Backup, Task
from audit.subjects import Resource, newest_proof, weigh_claims
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_point,
    a_policy,
    a_policy_subject,
    a_resource,
    points_of,
)

FOR_EVER = (a_policy_subject(a_policy(retention_days=None)),)


def ran(age: timedelta, backup_id: str | None = "b-1", **changes: Any) -> Task:
    return a_backup(age, backup_id=backup_id, **{"ended_at": NOW - age + HOUR / 6, **changes})


def kept(age: timedelta, backup_id: str = "b-1", **changes: Any) -> Backup:
    return a_point(age, id=backup_id, **changes)


def held(tasks: list[Task], points: list[Backup], **changes: Any) -> Resource:
    values: dict[str, Any] = {"policies": FOR_EVER, "kind_is_listed": True, **changes}
    return a_resource(*tasks, recovery_points=tuple(points), **values)


def proof_of(tasks: list[Task], points: list[Backup], **changes: Any) -> tuple[str | None, list[str]]:
    proof, doubtful, _refuted = newest_proof(held(tasks, points, **changes))
    return (proof.task.id if proof else None), [task.id for task in doubtful]


def gone_and_hollow(tasks: list[Task], points: list[Backup], **changes: Any) -> tuple[list[str], list[str]]:
    _made, _newest, gone, _doubtful, _last, hollow = weigh_claims(held(tasks, points, **changes), NOW)
    return [task.id for task in gone], [task.id for task in hollow]


class TestTheNewestProof:
    def test_a_success_whose_backup_is_there_is_one(self) -> None:
        assert proof_of([ran(3 * DAY), ran(DAY, "b-2")], [kept(3 * DAY), kept(DAY, "b-2")]) == ("backup-24h", [])

    @pytest.mark.parametrize(("older", "found"), [(HOUR, "backup-24h"), (HOUR + TICK, None)])
    def test_the_backup_may_be_an_hour_older_than_its_task(self, older: timedelta, found: str | None) -> None:
        assert proof_of([ran(DAY)], [kept(DAY + older)]) == (found, [])

    def test_it_may_come_long_after_its_task_was_ordered(self) -> None:
        assert proof_of([ran(2 * DAY)], [kept(DAY)]) == ("backup-48h", [])

    def test_the_backup_of_an_earlier_success_is_none(self) -> None:
        assert proof_of([ran(3 * DAY), ran(DAY)], [kept(3 * DAY)]) == ("backup-72h", [])

    @pytest.mark.parametrize("status", ["protecting", "waiting_protect", "deleting", "waiting_delete"])
    def test_one_that_is_still_made_or_deleted_is_none(self, status: str) -> None:
        assert proof_of([ran(DAY)], [kept(DAY, status=status)]) == (None, [])

    @pytest.mark.parametrize("status", ["error", "restoring", "odd"])
    def test_one_in_another_state_is_left_to_other_controls(self, status: str) -> None:
        assert proof_of([ran(DAY)], [kept(DAY, status=status)]) == ("backup-24h", [])

    def test_a_copy_from_another_region_is_none(self) -> None:
        assert proof_of([ran(DAY)], [kept(DAY, image_type="replication")]) == (None, [])

    @pytest.mark.parametrize(("lag", "doubtful"), [(HOUR - TICK, ["backup-1h"]), (HOUR, [])])
    @pytest.mark.parametrize("points", [[], [kept(HOUR, status="protecting")]])
    def test_one_that_ended_within_the_last_hour_may_still_come(
        self, lag: timedelta, doubtful: list[str], points: list[Backup]
    ) -> None:
        assert proof_of([ran(HOUR, ended_at=NOW - lag)], points) == (None, doubtful)

    def test_one_that_is_being_deleted_will_not_come(self) -> None:
        assert proof_of([ran(HOUR / 2)], [kept(HOUR / 2, status="deleting")]) == (None, [])

    def test_a_success_that_does_not_say_when_it_ended_counts_from_its_beginning(self) -> None:
        assert proof_of([ran(HOUR, ended_at=None)], []) == (None, [])
        assert proof_of([ran(HOUR - TICK, ended_at=None)], []) == (None, ["backup-0h"])

    def test_one_that_began_after_the_window_is_left_out(self) -> None:
        assert proof_of([ran(DAY), ran(HOUR, "b-2", started_at=NOW + TICK)], [kept(DAY), kept(HOUR, "b-2")]) == (
            "backup-24h",
            [],
        )


class TestASuccessThatNamesNoBackup:
    @pytest.mark.parametrize(
        ("age", "found"),
        [
            (DAY + HOUR, "backup-24h"),
            (DAY + HOUR + TICK, None),
            (DAY - HOUR / 6 - HOUR, "backup-24h"),
            (DAY - HOUR / 6 - HOUR - TICK, None),
        ],
    )
    def test_it_made_what_came_while_it_went_on_give_or_take_an_hour(self, age: timedelta, found: str | None) -> None:
        assert proof_of([ran(DAY, None)], [kept(age)]) == (found, [])

    def test_its_freshness_is_that_of_the_backup(self) -> None:
        proof, _doubtful, _refuted = newest_proof(held([ran(DAY, None)], [kept(DAY + HOUR)]))

        assert proof
        assert proof.made == NOW - DAY - HOUR

    @pytest.mark.parametrize(("changes", "doubtful"), [({}, []), ({"kind_is_listed": False}, ["backup-24h"])])
    def test_it_is_in_doubt_where_no_such_resource_has_a_backup_in_the_list(
        self, changes: dict[str, Any], doubtful: list[str]
    ) -> None:
        assert proof_of([ran(DAY, None)], [], **changes) == (None, doubtful)

    def test_it_made_none_where_none_came_although_the_list_has_such(self) -> None:
        assert gone_and_hollow([ran(9 * DAY), ran(DAY, None)], [kept(9 * DAY)]) == (["backup-24h"], [])
        assert gone_and_hollow([ran(DAY, None)], [], kind_is_listed=False) == ([], [])

    def test_what_another_task_names_is_not_its_own(self) -> None:
        tasks = [ran(DAY, None), ran(DAY - HOUR, "b-2")]

        assert gone_and_hollow(tasks, [kept(DAY - HOUR, "b-2")]) == (["backup-24h"], [])
        assert gone_and_hollow(tasks[:1], [kept(DAY - HOUR, "b-2")]) == ([], [])

    def test_retention_may_have_taken_it(self) -> None:
        week = (a_policy_subject(a_policy(retention_days=7)),)

        assert gone_and_hollow([ran(8 * DAY, None)], [], policies=week) == ([], [])


class TestClaims:
    @pytest.mark.parametrize(("older", "hollow"), [(HOUR, []), (HOUR + TICK, ["backup-24h"])])
    def test_a_backup_older_than_its_task_was_not_made_by_it(self, older: timedelta, hollow: list[str]) -> None:
        assert gone_and_hollow([ran(DAY)], [kept(DAY + older)]) == ([], hollow)

    def test_the_log_alone_shows_a_backup_that_is_named_twice(self) -> None:
        deletion = a_backup(HOUR * 2, operation="delete", backup_id="b-1")

        assert gone_and_hollow([ran(3 * DAY), ran(DAY), deletion], []) == ([], ["backup-24h"])

    def test_a_success_of_the_last_hour_is_not_judged(self) -> None:
        assert gone_and_hollow([ran(3 * DAY), ran(HOUR / 2)], [kept(3 * DAY)]) == ([], [])

    @pytest.mark.parametrize(("age", "gone"), [(2 * DAY, []), (2 * DAY + TICK, ["backup-48h"])])
    def test_one_that_took_days_is_judged_whenever_it_ended(self, age: timedelta, gone: list[str]) -> None:
        assert gone_and_hollow([ran(age, ended_at=NOW)], []) == (gone, [])

    def test_what_was_made_before_the_resource_was_taken_out_is_not_judged(self) -> None:
        removal = a_backup(2 * DAY, operation="remove_resource")

        assert gone_and_hollow([ran(4 * DAY), ran(3 * DAY), removal, ran(DAY, "b-2")], [kept(DAY, "b-2")]) == ([], [])


BACKUPS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from([None, "b-1", "b-2", "b-3"]), st.integers(0, 3)), max_size=7
)
POINTS = st.dictionaries(st.sampled_from(["b-1", "b-2", "b-3", "b-4"]), st.integers(-2, 62), max_size=4)
STATES = st.sampled_from(["available", "available", "error", "protecting", "deleting"])


@given(ran_at=BACKUPS, made_at=POINTS, state=STATES, listed=st.booleans())
def test_it_is_what_a_plain_reading_of_the_definition_says(
    ran_at: list[tuple[int, str | None, int]],
    made_at: dict[str, int],
    state: str,
    listed: bool,  # noqa: FBT001
) -> None:
    """Times are in half hours, so that every boundary is met."""
    half = HOUR / 2
    tasks = [
        ran(age * half, backup_id, task_id=f"{age:02}-{number}", ended_at=NOW - age * half + took * half)
        for number, (age, backup_id, took) in enumerate(sorted(ran_at, key=lambda row: -row[0]))
    ]
    points = sorted((kept(age * half, name, status=state) for name, age in made_at.items()), key=_created)

    proof, doubtful, refuted = newest_proof(held(sorted(tasks, key=_age), points, kind_is_listed=listed))

    whole = [point for point in points if state not in {"protecting", "deleting"}]
    proven = [task for task in tasks if any(_made(task, point) for point in whole)]
    newest = max(proven, key=_age, default=None)
    assert (proof and proof.task) == newest
    newer = {task.id for task in tasks if newest is None or _age(task) > _age(newest)}
    assert {task.id for task in (*doubtful, *refuted)} == newer
    assert {task.id for task in doubtful} == {
        task.id
        for task in tasks
        if task.id in newer
        and (
            (task.backup_key is None and not listed)
            or (_end(task) > NOW - HOUR and (not _named(task, points) or state == "protecting"))
        )
    }


def _created(point: Backup) -> tuple[datetime, str]:
    return point.created_at, point.id


def _age(task: Task) -> tuple[datetime, str]:
    return task.created_at, task.id


def _end(task: Task) -> datetime:
    return task.ended_at or task.began


def _named(task: Task, points: list[Backup]) -> bool:
    return any(point.key == task.backup_key for point in points)


def _made(task: Task, point: Backup) -> bool:
    """Whether a backup can be what a task made: it names it, or names none; and it came no sooner, and not too late."""
    if task.backup_key is None:
        return task.created_at - HOUR <= point.created_at <= _end(task) + HOUR
    return point.key == task.backup_key and task.created_at - HOUR <= point.created_at


def test_points_of_tasks_prove_them() -> None:
    tasks = [ran(3 * DAY), ran(DAY, "b-2")]

    assert proof_of(tasks, list(points_of(tasks))) == ("backup-24h", [])
