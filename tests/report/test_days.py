import random
from datetime import datetime, timedelta

import pytest

from audit.collection import Window
from audit.records import Task
from audit.report.day_states import Day
from audit.report.days import days
from audit.report.planned import planned as planned_of
from audit.schedule.rules import Schedule
from audit.subjects import Presence, Resource
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_policy,
    a_policy_subject,
    a_protected,
    a_resource,
    a_vault,
    a_window,
    limits,
)

LATE = "FREQ=DAILY;BYHOUR=23;BYMINUTE=50"
MIDNIGHT = NOW - 4 * HOUR  # at the beginning of the last day of the window
YESTERDAY = MIDNIGHT - DAY + 2 * HOUR
GOOD, BAD = {Day.SUCCESS, Day.LATE, Day.REPAIRED}, {Day.FAILED, Day.MISSING, Day.SKIPPED, Day.OVERLAP, Day.PARTLY}


def planned(*patterns: str) -> dict[str, object]:
    return {"policies": (a_policy_subject(schedule=Schedule(patterns, None)),)}


def calendar(resource: Resource) -> list[str]:
    return [day.value for day in days(resource, limits())]


def the_day_before(*tasks: Task, **changes: object) -> str:
    """The state of yesterday, when a backup was planned at 02:00; the resource has been known for long."""
    known = a_backup(20 * DAY, task_id="known")
    *_, yesterday, _today = calendar(a_resource(known, *tasks, **changes))
    return yesterday


def on_that_day(*statuses: str) -> list[Task]:
    """Tasks from 02:00 on, one each hour; an empty text leaves its hour out."""
    return [
        at(YESTERDAY + number * HOUR, status, task_id=f"task-{number}")
        for number, status in enumerate(statuses)
        if status
    ]


def at(moment: datetime, status: str = "success", **changes: object) -> Task:
    """A backup that began at a time and, where it is over, took no time at all."""
    ended = None if status in {"running", "waiting"} else moment
    return a_backup(NOW - moment, status, ended_at=ended, **changes)


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["success"], "success"),
        (["success", "success"], "success"),
        (["success", "running"], "success"),
        (["success", "timeout"], "success"),
        (["failed", "success"], "repaired"),
        (["skipped", "success"], "repaired"),
        (["", "", "", "", "", "", "success"], "success"),
        (["", "", "", "", "", "", "", "success"], "repaired"),
        (["failed"], "failed"),
        (["timeout"], "failed"),
        (["failed", "skipped", "running"], "failed"),
        (["skipped"], "skipped"),
        (["running"], "running"),
        (["waiting"], "running"),
        (["paused"], "unknown"),
        ([], "missing"),
    ],
)
def test_the_planned_run_of_a_day_gives_its_state(statuses: list[str], state: str) -> None:
    assert the_day_before(*on_that_day(*statuses)) == state


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["success"], "success"),
        (["failed", "success"], "partly"),
        (["success", "skipped"], "partly"),
        (["failed", "running"], "failed"),
        (["success", "running"], "success"),
        (["running"], "running"),
        (["waiting"], "running"),
        (["success", "paused"], "unknown"),
        ([], "none"),
    ],
)
def test_where_nothing_is_planned_every_backup_counts(statuses: list[str], state: str) -> None:
    assert the_day_before(*on_that_day(*statuses), policies=()) == state


def test_a_run_that_names_its_policy_and_begins_after_its_grace_is_late() -> None:
    late = at(YESTERDAY + 7 * HOUR, policy_id="policy-1")

    assert the_day_before(late) == "late"


def test_a_run_that_is_left_out_while_an_earlier_one_still_goes_is_an_overlap() -> None:
    long = a_backup(NOW - YESTERDAY + DAY, ended_at=YESTERDAY + HOUR, status="failed")

    assert the_day_before(long) == "overlap"


def test_every_state_has_a_name() -> None:
    assert {day.value for day in Day} == {
        *("success", "late", "repaired", "partly", "failed", "skipped", "overlap", "running", "pending", "missing"),
        *("excused", "none", "unknown"),
    }


def test_other_operations_leave_the_day_missing() -> None:
    restores = [a_backup(NOW - YESTERDAY, operation=operation) for operation in ("restore", "replication")]

    assert the_day_before(*restores) == "missing"


def test_there_is_one_state_for_each_day_of_the_window() -> None:
    resource = a_resource(a_backup(2 * DAY + HOUR, "failed"), a_backup(2 * HOUR), window=a_window(3))

    assert calendar(resource) == ["none", "failed", "missing", "success"]


def test_a_window_within_one_day_has_one() -> None:
    assert calendar(a_resource(window=Window(NOW - 3 * HOUR, NOW))) == ["pending"]


def test_tasks_from_before_the_window_have_no_place() -> None:
    assert calendar(a_resource(a_backup(9 * DAY), window=a_window(1), policies=())) == ["none", "none"]


def test_a_run_that_starts_after_midnight_belongs_to_the_day_that_it_was_planned_for() -> None:
    resource = a_resource(a_backup(NOW - MIDNIGHT - HOUR / 4), window=a_window(1), **planned(LATE))

    assert calendar(resource) == ["success", "none"]


@pytest.mark.parametrize(("grace", "state"), [(2 * HOUR, "missing"), (2 * HOUR + TICK, "pending")])
def test_a_run_is_missing_only_after_its_grace(grace: timedelta, state: str) -> None:
    *_, today = days(a_resource(), limits(grace=grace))

    assert today.value == state


@pytest.mark.parametrize("status", ["failed", "skipped"])
def test_a_run_that_did_not_succeed_is_shown_as_it_is_before_its_grace_is_over(status: str) -> None:
    *_, today = calendar(a_resource(at(MIDNIGHT + 2 * HOUR, status)))

    assert today == status


def test_silence_in_a_log_with_gaps_is_unknown() -> None:
    *before, today = calendar(a_resource(log_complete=False))

    assert set(before) == {"unknown"}
    assert today == "pending"
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
    assert set(calendar(a_resource(presence=presence))) == {"none"}
    assert set(calendar(a_resource(presence=presence, policies=None))) == {"none"}


@pytest.mark.parametrize(("age", "state"), [(timedelta(0), "missing"), (-TICK, "excused")])
def test_a_run_from_before_the_vault_was_made_is_excused(age: timedelta, state: str) -> None:
    assert the_day_before(held_since=YESTERDAY - age) == state


def test_an_excused_run_shows_its_task_or_any_other_backup_of_its_day() -> None:
    changed = (a_policy_subject(known_since=NOW),)

    assert the_day_before(policies=changed) == "excused"
    assert the_day_before(*on_that_day("success"), policies=changed) == "success"
    assert the_day_before(*on_that_day("failed", "success"), policies=changed) == "failed"
    assert the_day_before(*on_that_day("", "", "", "", "", "", "", "success"), policies=changed) == "success"


def test_a_run_before_the_resource_was_known_is_judged_where_it_left_a_task() -> None:
    assert the_day_before(known_since=NOW) == "excused"
    assert the_day_before(*on_that_day("failed"), known_since=NOW) == "failed"
    assert the_day_before(*on_that_day("failed", "success"), known_since=NOW) == "repaired"


def test_nothing_is_planned_for_a_resource_that_its_policy_passes_by() -> None:
    exempt = (a_vault(resources=(a_protected(auto_protect=False),)),)

    assert set(calendar(a_resource(vaults=exempt))) == {"none"}


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["success"], "partly"),
        (["success", *[""] * 11, "success"], "success"),
        (["success", *[""] * 11, "running"], "success"),
        (["success", *[""] * 11, "paused"], "unknown"),
        (["success", "success", "success"], "partly"),
        (["failed", "success", *[""] * 10, "success"], "repaired"),
        (["failed"], "failed"),
        (["skipped"], "missing"),
        ([], "missing"),
    ],
)
def test_every_run_of_a_day_has_a_say(statuses: list[str], state: str) -> None:
    twice = planned("FREQ=DAILY;BYHOUR=2,14;BYMINUTE=0")

    assert the_day_before(*on_that_day(*statuses), **twice) == state


def test_a_run_that_a_log_with_gaps_may_hide_keeps_the_day_unknown() -> None:
    twice = planned("FREQ=DAILY;BYHOUR=2,14;BYMINUTE=0")

    assert the_day_before(*on_that_day("success"), log_complete=False, **twice) == "unknown"


def some_resource(chance: random.Random) -> Resource:
    statuses = ["success"] * 5 + ["failed", "timeout", "skipped", "running", "paused"]
    tasks = [
        at(NOW - chance.randrange(40 * 8) * HOUR, chance.choice(statuses), task_id=f"task-{number}")
        for number in range(chance.randrange(20))
    ]
    hours = ",".join(str(hour) for hour in sorted(chance.sample(range(24), chance.randint(1, 3))))
    return a_resource(
        *sorted(tasks, key=lambda task: (task.created_at, task.id)),
        window=a_window(14),
        log_complete=chance.random() < 0.8,
        **planned(f"FREQ=DAILY;BYHOUR={hours};BYMINUTE=30"),
    )


@pytest.mark.parametrize("seed", range(200))
def test_the_calendar_and_the_counts_never_disagree(seed: int) -> None:
    resource = some_resource(random.Random(seed))  # noqa: S311  # repeatable
    found = planned_of(resource, limits())
    matched = resource.planned_runs(limits())
    assert found is not None
    assert matched is not None
    first = resource.window.since.date()
    shown = days(resource, limits())

    for run in matched.runs:
        day = shown[(run.due.date() - first).days]
        if run in found.unmet:
            assert day in BAD, run
        elif run.is_met:
            assert day in {*GOOD, Day.PARTLY, Day.UNKNOWN}, run
    assert found.judged == sum(run.is_judged for run in matched.runs)
    assert sum(found.states.values()) == len(matched.runs)


def test_equal_rows_are_kept_once() -> None:
    one, other = (days(a_resource(a_backup(DAY, task_id=name)), limits()) for name in ("one", "other"))

    assert one is other
