from datetime import timedelta

import pytest

from audit.collection import Window
from audit.records import Task
from audit.report.days import Day, days
from audit.schedule import Schedule
from audit.subjects import Presence, Resource
from tests.core.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_policy,
    a_policy_subject,
    a_resource,
    a_window,
    limits,
)

LATE = "FREQ=DAILY;BYHOUR=23;BYMINUTE=50"
MIDNIGHT = NOW - 4 * HOUR  # at the beginning of the last day of the window


def planned(*patterns: str) -> dict[str, object]:
    return {"policies": (a_policy_subject(schedule=Schedule(patterns, None)),)}


def calendar(resource: Resource) -> list[str]:
    return [day.value for day in days(resource, limits())]


def the_day_before(*tasks: Task, **changes: object) -> str:
    """The state of yesterday, when a backup was planned at 02:00."""
    *_, yesterday, _today = calendar(a_resource(*tasks, **changes))
    return yesterday


YESTERDAY = MIDNIGHT - DAY + 2 * HOUR


def on_that_day(*statuses: str) -> list[Task]:
    return [
        a_backup(NOW - YESTERDAY - number * HOUR, status, task_id=f"task-{number}")
        for number, status in enumerate(statuses)
    ]


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["success"], "success"),
        (["success", "success"], "success"),
        (["success", "running"], "success"),
        (["failed", "success"], "partly"),
        (["success", "timeout"], "partly"),
        (["skipped", "success"], "partly"),
        (["failed"], "failed"),
        (["timeout"], "failed"),
        (["failed", "skipped", "running"], "failed"),
        (["skipped"], "skipped"),
        (["running", "skipped"], "running"),
        (["running"], "running"),
        (["waiting"], "running"),
        (["paused"], "unknown"),
        (["paused", "skipped"], "skipped"),
        ([], "missing"),
    ],
)
def test_the_backups_of_a_day_give_its_state(statuses: list[str], state: str) -> None:
    assert the_day_before(*on_that_day(*statuses)) == state


def test_every_state_can_be_written() -> None:
    assert {day.value for day in Day} == {
        *("success", "partly", "failed", "skipped", "running", "missing", "none", "unknown")
    }


def test_other_operations_leave_the_day_missing() -> None:
    restores = [a_backup(NOW - YESTERDAY, operation=operation) for operation in ("restore", "replication")]

    assert the_day_before(*restores) == "missing"


def test_there_is_one_state_for_each_day_of_the_window() -> None:
    resource = a_resource(a_backup(HOUR), a_backup(2 * DAY + HOUR, "failed"), window=a_window(3))

    assert calendar(resource) == ["none", "failed", "missing", "success"]


def test_a_window_within_one_day_has_one() -> None:
    assert calendar(a_resource(window=Window(NOW - HOUR, NOW))) == ["none"]


def test_tasks_from_before_the_window_have_no_place() -> None:
    assert calendar(a_resource(a_backup(9 * DAY), window=a_window(1), policies=())) == ["none", "none"]


def test_a_run_that_starts_after_midnight_belongs_to_the_day_that_it_was_planned_for() -> None:
    resource = a_resource(a_backup(NOW - MIDNIGHT - HOUR / 4), window=a_window(1), **planned(LATE))

    assert calendar(resource) == ["success", "none"]


@pytest.mark.parametrize(
    ("delay", "states"), [(6 * HOUR, ["success", "none"]), (6 * HOUR + TICK, ["missing", "success"])]
)
def test_a_run_is_late_as_long_as_grace_lasts_and_another_one_afterwards(delay: timedelta, states: list[str]) -> None:
    run = MIDNIGHT - 10 * HOUR / 60
    now = NOW + 4 * HOUR
    resource = a_resource(a_backup(NOW - run - delay), window=Window(now - DAY, now), **planned(LATE))

    assert [day.value for day in days(resource, limits(now=now))] == states


def test_the_nearest_earlier_run_decides() -> None:
    plans = planned("FREQ=DAILY;BYHOUR=21;BYMINUTE=50", "FREQ=DAILY;BYHOUR=0;BYMINUTE=30")
    resource = a_resource(a_backup(NOW - MIDNIGHT - HOUR), window=a_window(1), **plans)

    assert calendar(resource) == ["missing", "success"]


@pytest.mark.parametrize(("grace", "state"), [(2 * HOUR, "missing"), (2 * HOUR + TICK, "none")])
def test_a_run_is_missing_only_after_its_grace(grace: timedelta, state: str) -> None:
    *_, today = days(a_resource(), limits(grace=grace))

    assert today.value == state


def test_silence_in_a_log_with_gaps_is_unknown() -> None:
    assert set(calendar(a_resource(log_complete=False))) == {"unknown"}
    assert the_day_before(*on_that_day("failed"), log_complete=False) == "failed"


@pytest.mark.parametrize("policies", [None, (a_policy_subject(schedule=None),)])
def test_silence_is_unknown_where_nobody_knows_the_plan(policies: object) -> None:
    assert set(calendar(a_resource(policies=policies))) == {"unknown"}
    assert the_day_before(*on_that_day("success"), policies=policies) == "success"


@pytest.mark.parametrize(
    "policies",
    [
        (),
        (a_policy_subject(a_policy(enabled=False)),),
        (a_policy_subject(a_policy(operation="replication")),),
    ],
)
def test_nothing_is_missing_where_no_policy_makes_backups(policies: object) -> None:
    assert set(calendar(a_resource(policies=policies))) == {"none"}


@pytest.mark.parametrize("presence", [each for each in Presence if each is not Presence.PROTECTED])
def test_nothing_is_missing_where_no_backup_vault_holds_the_resource(presence: Presence) -> None:
    assert set(calendar(a_resource(presence=presence, policies=None))) == {"none"}


@pytest.mark.parametrize(("age", "state"), [(timedelta(0), "missing"), (-TICK, "none")])
def test_nothing_is_missing_from_before_the_vault_was_made(age: timedelta, state: str) -> None:
    assert the_day_before(held_since=YESTERDAY - age) == state


def test_a_vault_that_is_older_than_the_window_changes_nothing() -> None:
    for held_since in (None, NOW - 400 * DAY):
        assert calendar(a_resource(held_since=held_since, window=a_window(2))) == ["none", "missing", "none"]


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["success"], "partly"),
        (["success", "success"], "success"),
        (["success", "running"], "success"),
        (["success", "success", "success"], "success"),
        (["failed"], "failed"),
        (["skipped"], "skipped"),
        ([], "missing"),
    ],
)
def test_a_day_with_fewer_backups_than_planned_runs_is_no_full_success(statuses: list[str], state: str) -> None:
    twice = planned("FREQ=DAILY;BYHOUR=2,14;BYMINUTE=0")

    assert the_day_before(*on_that_day(*statuses), **twice) == state


@pytest.mark.parametrize(("grace", "state"), [(2 * HOUR, "partly"), (2 * HOUR + TICK, "success")])
def test_a_run_that_is_not_due_yet_is_not_expected(grace: timedelta, state: str) -> None:
    twice = planned("FREQ=DAILY;BYHOUR=1,2;BYMINUTE=0")
    *_, today = days(a_resource(a_backup(3 * HOUR), **twice), limits(grace=grace))

    assert today.value == state


def test_a_run_that_a_log_with_gaps_may_hide_makes_no_day_partly() -> None:
    twice = planned("FREQ=DAILY;BYHOUR=2,14;BYMINUTE=0")

    assert the_day_before(*on_that_day("success"), **twice) == "partly"
    assert the_day_before(*on_that_day("success"), log_complete=False, **twice) == "success"
