"""What happened to one resource on each day (UTC) of the window, by the same match of plan and tasks as CBR-102."""

from collections import defaultdict
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from audit.records import Task
from audit.report.day_states import Day
from audit.report.planned import NOTHING_PLANNED, match
from audit.schedule.matching import PlannedRun, RunState
from audit.subjects import Limits, Presence, Resource, Schedules

_ON_TIME: Final = RunState.ON_TIME
_NOTHING: Final = frozenset[Day]()
_MET: Final = frozenset({Day.SUCCESS, Day.LATE, Day.REPAIRED})
_UNMET: Final = (Day.FAILED, Day.MISSING, Day.SKIPPED, Day.OVERLAP)
_OPEN: Final = frozenset({Day.PENDING, Day.EXCUSED})
_CLEAR: Final = {RunState.ON_TIME: Day.SUCCESS, RunState.LATE: Day.LATE}
_WITHOUT_TASK: Final = {RunState.PENDING: Day.PENDING, RunState.EXCUSED: Day.EXCUSED}
_LEADING: Final = (*_UNMET, Day.UNKNOWN, Day.REPAIRED, Day.LATE, Day.SUCCESS, Day.RUNNING, Day.PENDING, Day.EXCUSED)


def days(resource: Resource, limits: Limits) -> tuple[Day, ...]:
    """Return each day of the window, oldest first.

    A planned run belongs to the day on which it was due. Other backups count only if no planned run decides their day.
    """
    planned = match(resource, limits) or NOTHING_PLANNED
    silent = _silence(resource)
    dates = _dates(resource.window.since.date(), resource.window.until.date())
    if planned.states and len(planned.answers) == len(resource.backups) == planned.states.count(_ON_TIME):
        return _all_on_time(tuple(planned.due), dates, silent)  # most are, for many resources at the same times
    states: dict[date, AbstractSet[Day]] = _planned_days(planned)
    others: dict[date, set[Day]] = defaultdict(set)
    backups = resource.backups
    answering, results = set(planned.answers), {id(kind): _of_task(kind) for kind in backups.kinds}
    for place, (began, kind) in enumerate(zip(backups.began, backups.samples, strict=True)):
        if place not in answering:
            others[began.date()].add(results[id(kind)])
    told = {day: _day(states.get(day, _NOTHING), others.get(day, _NOTHING), silent) for day in {**states, **others}}
    return _once(tuple([told.get(day, silent) for day in dates]))


@lru_cache(maxsize=256)
def _all_on_time(due: tuple[datetime, ...], dates: tuple[date, ...], silent: Day) -> tuple[Day, ...]:
    planned = set(map(datetime.date, due))
    return _once(tuple([Day.SUCCESS if day in planned else silent for day in dates]))


@lru_cache(maxsize=1024)
def _once(days: tuple[Day, ...]) -> tuple[Day, ...]:
    """Store equal rows once: most resources of one plan have the same."""
    return days


def _planned_days(planned: Schedules) -> dict[date, AbstractSet[Day]]:
    """Return the result of each day on which something was due."""
    dates = map(datetime.date, planned.due)
    states: dict[date, set[Day]] = defaultdict(set)
    for number, (day, state, answer) in enumerate(zip(dates, planned.states, planned.answers, strict=True)):
        plain = _WITHOUT_TASK.get(state) if answer is None else _CLEAR.get(state)
        states[day].add(plain or _of_run(planned.run(number)))
    return {**states}


def _day(states: AbstractSet[Day], others: AbstractSet[Day], silent: Day) -> Day:
    if states <= _OPEN:
        states = states | others
    if len(states) == 1:  # nearly every day
        return next(iter(states))
    if not _MET.isdisjoint(states) and not states.isdisjoint(_UNMET):
        return Day.PARTLY
    return next((state for state in _LEADING if state in states), silent)


def _of_run(run: PlannedRun) -> Day:
    """Return the result of a run; one that is not judged shows the result of its task, if any."""
    if run.is_judged:
        return Day.REPAIRED if run.is_met else Day(run.state.value)
    return _of_task(run.task) if run.task else Day.UNKNOWN


def _of_task(task: Task) -> Day:
    if not task.is_understood:
        return Day.UNKNOWN
    if not task.finished:
        return Day.RUNNING
    return Day.FAILED if task.broke else Day(task.status)


def _silence(resource: Resource) -> Day:
    """Return the result of a day without any task on which nothing was due."""
    is_planless = resource.presence == Presence.PROTECTED and resource.schedules is None
    return Day.UNKNOWN if is_planless or not resource.log_complete else Day.NONE


@lru_cache(maxsize=4)
def _dates(first: date, last: date) -> tuple[date, ...]:
    """Return every day from one to another; all resources share the window."""
    return tuple(first + timedelta(days=number) for number in range((last - first).days + 1))
