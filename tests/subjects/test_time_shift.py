"""Runs of a policy that all come at other times than planned."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.records import Policy, Task
from audit.schedule.rules import Schedule
from audit.subjects import Resource, Shift, Subjects
from audit.subjects.time_shift import Rhythm, rhythm_of
from tests.builders import DAY, HOUR, NOW, TICK, a_backup, a_policy, a_vault, arranged, limits

MINUTE = timedelta(minutes=1)
DUE = NOW.replace(hour=2)  # the daily policy plans it; NOW is two hours later
PLANS = {
    "daily": "FREQ=DAILY;BYHOUR=2;BYMINUTE=00",
    "twice a day, unevenly": "FREQ=DAILY;BYHOUR=2,11;BYMINUTE=30",
    "every other day": "FREQ=DAILY;INTERVAL=2;BYHOUR=2;BYMINUTE=00",
    "on three days a week": "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYHOUR=2;BYMINUTE=00",
    "weekly": "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=00",
}


def rhythm(schedule: Schedule, *resources: Iterable[datetime], window: timedelta = timedelta(0)) -> Rhythm:
    runs = [(f"server-{number}", sorted(moments)) for number, moments in enumerate(resources)]
    found = rhythm_of(schedule, window, sorted(runs, key=lambda run: run[1][0]))
    assert found is not None
    return found


def planned(schedule: Schedule, days: int = 30) -> list[datetime]:
    return [*schedule.between(NOW - days * DAY, NOW)]


def moved(moments: Iterable[datetime], by: timedelta, chance: random.Random | None = None) -> list[datetime]:
    """The same times later, each begun within some minutes where chance is given; none after NOW."""
    found = [moment + by for moment in moments if moment + by + 30 * MINUTE <= NOW]
    return [moment + (chance.randrange(5, 1500) if chance else 20) * timedelta(seconds=1) for moment in found]


DAILY = Schedule([PLANS["daily"]], None)


@pytest.mark.parametrize("by", [HOUR, 5 * HOUR + 30 * MINUTE, 8 * HOUR, 12 * HOUR, -HOUR, -10 * HOUR])
def test_a_constant_shift_is_found_whatever_its_size(by: timedelta) -> None:
    found = rhythm(DAILY, moved(planned(DAILY), by), moved(planned(DAILY), by))

    (shift,) = found.shifts
    assert (found.lasting, shift.by, found.planned) == (shift, by, None)
    assert (shift.runs, shift.begins, shift.ends) == (len(moved(planned(DAILY), by)), None, None)


@pytest.mark.parametrize("pattern", PLANS.values(), ids=PLANS)
@pytest.mark.parametrize("hours", [2, -3])
def test_it_is_found_for_every_kind_of_plan(pattern: str, hours: int) -> None:
    schedule = Schedule([pattern], NOW - 90 * DAY)
    runs = moved(planned(schedule), hours * HOUR, random.Random(7))  # noqa: S311  # repeatable

    (shift,) = rhythm(schedule, runs).shifts
    assert abs(shift.by - hours * HOUR) <= 5 * MINUTE


def test_an_interval_that_counts_from_another_day_is_a_shift_of_a_day() -> None:
    schedule, other = (Schedule([PLANS["every other day"]], NOW - days * DAY) for days in (90, 91))

    (shift,) = rhythm(schedule, moved(planned(other), timedelta(0))).shifts
    assert shift.by == DAY


@pytest.mark.parametrize("delay", [timedelta(0), 29 * MINUTE, 40 * MINUTE])
def test_a_delay_is_no_shift(delay: timedelta) -> None:
    assert rhythm(DAILY, moved(planned(DAILY), delay)).shifts == ()


def test_two_runs_prove_nothing_and_three_do() -> None:
    assert rhythm(DAILY, moved(planned(DAILY, 3)[:2], 8 * HOUR)).shifts == ()
    assert len(rhythm(DAILY, moved(planned(DAILY, 4)[:3], 8 * HOUR)).shifts) == 1


def test_runs_at_many_times_are_no_shift() -> None:
    runs = [moment + hours * HOUR for moment, hours in zip(planned(DAILY), (3, 9, 14, 8, 11, 20) * 5, strict=True)]

    found = rhythm(DAILY, runs[:-1])
    assert (found.shifts, found.planned) == ((), None)


def test_a_resource_that_runs_as_planned_speaks_against_a_shift_of_the_others() -> None:
    on_time, late = moved(planned(DAILY), timedelta(0)), moved(planned(DAILY), 8 * HOUR)

    assert rhythm(DAILY, late, on_time).shifts == ()
    assert len(rhythm(DAILY, late, late).shifts) == 1


def test_a_resource_that_runs_otherwise_speaks_against_it_too() -> None:
    late, later = moved(planned(DAILY), 8 * HOUR), moved(planned(DAILY)[-4:], 5 * HOUR)

    assert len(rhythm(DAILY, late, late, late, late[-4:]).shifts) == 1
    assert rhythm(DAILY, late, late, late, later).shifts == ()


def test_most_due_times_must_have_a_run() -> None:
    seldom = moved(planned(DAILY)[::2], 8 * HOUR)

    assert rhythm(DAILY, seldom).shifts == ()


def test_a_single_late_run_does_not_hide_a_shift() -> None:
    runs = moved(planned(DAILY), 8 * HOUR)
    runs[9] += 4 * HOUR

    (shift,) = rhythm(DAILY, runs).shifts
    assert (shift.by, shift.runs) == (8 * HOUR, len(runs) - 1)


def test_a_policy_that_was_moved_runs_as_planned_from_then_on() -> None:
    before, after = planned(DAILY)[:20], planned(DAILY)[20:]
    found = rhythm(DAILY, [*moved(before, -9 * HOUR), *moved(after, timedelta(0))])

    (shift,) = found.shifts
    assert (shift.by, shift.begins, shift.ends, found.lasting) == (-9 * HOUR, None, before[-1] - 9 * HOUR, None)
    assert found.planned == DUE


def test_a_shift_that_began_lasts() -> None:
    before, after = planned(DAILY)[:20], planned(DAILY)[20:]
    found = rhythm(DAILY, [*moved(before, timedelta(0)), *moved(after, 8 * HOUR)])

    assert found.lasting is not None
    assert (found.lasting.by, found.lasting.begins, found.lasting.ends) == (8 * HOUR, after[0] + 8 * HOUR, None)


def test_a_new_resource_does_not_hide_that_the_policy_was_moved() -> None:
    before, after = moved(planned(DAILY)[:20], -9 * HOUR), moved(planned(DAILY)[20:], timedelta(0))

    assert len(rhythm(DAILY, after, [*before, *after]).shifts) == 1


def test_the_start_window_is_no_shift() -> None:
    runs = [moment + minutes * MINUTE for moment, minutes in zip(planned(DAILY, 8), range(45, 245, 25), strict=True)]

    assert rhythm(DAILY, runs, window=4 * HOUR).planned == DUE


@pytest.mark.parametrize(
    ("bounds", "by"),
    [
        ((None, None), HOUR),
        ((DUE, None), HOUR),
        ((DUE + TICK, None), timedelta(0)),
        ((None, DUE), HOUR),
        ((None, DUE - TICK), timedelta(0)),
    ],
)
def test_a_shift_moves_what_lies_between_the_runs_as_planned(bounds: Any, by: timedelta) -> None:
    assert Shift(HOUR, 3, DUE, DUE, *bounds).moved(DUE - HOUR) == DUE - HOUR + by


def estate(runs: list[Task], policy: Policy | None = None) -> Subjects:
    return arranged(runs, [policy or a_policy()], [a_vault("vault-1", "server-1", "server-2")])


def tasks(moments: Iterable[datetime], resource_id: str = "server-1", **changes: Any) -> list[Task]:
    return [
        a_backup(
            NOW - moment,
            task_id=f"{resource_id}-{number}",
            resource_id=resource_id,
            policy_id="policy-1",
            ended_at=moment + HOUR,
            **changes,
        )
        for number, moment in enumerate(moments)
    ]


def states(resource: Resource) -> list[str]:
    found = resource.planned_runs(limits())
    assert found is not None
    return [run.state.value for run in found.runs]


class TestWhatWasDue:
    def test_the_runs_of_each_resource_are_held_against_the_shifted_plan(self) -> None:
        runs = moved(planned(DAILY), -10 * HOUR)
        lacking = runs[:-4] + runs[-3:]
        first, second = estate([*tasks(runs), *tasks(lacking, "server-2")]).resources

        assert set(states(first)) == {"on_time"}
        assert states(second)[-5:] == ["on_time", "missing", "on_time", "on_time", "on_time"]

    def test_after_a_run_as_planned_the_plan_counts_again(self) -> None:
        runs = [*moved(planned(DAILY)[:20], -9 * HOUR), *moved(planned(DAILY)[20:26], timedelta(0))]
        resource, _other = estate(tasks(runs)).resources

        assert states(resource)[-5:] == ["on_time", *["missing"] * 3, "pending"]
        assert set(states(resource)[:-4]) == {"on_time"}

    def test_where_no_run_of_a_first_audit_came_as_planned_nothing_before_is_judged(self) -> None:
        odd = [moment + hours * HOUR for moment, hours in zip(planned(DAILY), (7, 9, 14, 8, 11, 20) * 5, strict=True)]
        resource, _other = estate(tasks(odd[:-1])).resources

        assert set(states(resource)) == {"excused"}

    def test_it_is_judged_from_the_first_run_on_that_came_about_as_planned(self) -> None:
        odd = [moment + hours * HOUR for moment, hours in zip(planned(DAILY)[:9], (7, 9, 14) * 3, strict=True)]
        runs = [*odd, *(moment + 3 * HOUR for moment in planned(DAILY)[9:20])]
        resource, _other = estate(tasks(runs)).resources

        assert states(resource)[:9] == ["excused"] * 9
        assert states(resource)[9:] == [*["on_time"] * 11, *["missing"] * 9, "pending"]


def test_without_a_run_there_is_no_rhythm() -> None:
    assert rhythm_of(DAILY, timedelta(0), ()) is None
    assert [subject.rhythm for subject in estate([]).policies] == [None]


@pytest.mark.parametrize("changes", [{"enabled": False}, {"operation": "replication"}, {"patterns": ("odd",)}])
def test_only_a_policy_that_makes_backups_has_a_rhythm(changes: dict[str, Any]) -> None:
    (subject,) = estate(tasks(moved(planned(DAILY), timedelta(0))), a_policy(**changes)).policies

    assert subject.rhythm is None


def test_runs_from_before_the_start_time_are_of_another_plan() -> None:
    runs = tasks(moved(planned(DAILY), 8 * HOUR))
    (subject,) = estate(runs, a_policy(start_time=NOW - HOUR)).policies

    assert subject.rhythm is None
