"""What happened to one resource on each day (UTC) of the window."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from audit.records import Task
from audit.subjects import Limits, Presence, Resource


class Day(StrEnum):
    """One cell of a resource's calendar."""

    SUCCESS = "success"
    PARTLY = "partly"  # at least one backup succeeded, and at least one did not or is missing
    FAILED = "failed"  # failed or timed out
    SKIPPED = "skipped"
    RUNNING = "running"
    MISSING = "missing"  # a run was planned, its grace has passed, and the complete log shows no task
    NONE = "none"  # no backup, and none was planned
    UNKNOWN = "unknown"  # no backup was seen, and the log or the policies have gaps; or a status that nobody knows


def days(resource: Resource, limits: Limits) -> tuple[Day, ...]:
    """Name each day of the window, the oldest first; a backup belongs to the day that its run was planned for."""
    planned = _planned(resource, limits)
    tasks: dict[date, list[Task]] = defaultdict(list)
    for task in resource.backups:
        tasks[_day_of(task.began, planned, limits.grace)].append(task)
    due = Counter(run.date() for run in planned if run + limits.grace <= limits.now)
    silent = _silence(resource)
    return tuple(
        _day(tasks[day], due[day] if resource.log_complete else 0)
        if day in tasks
        else Day.MISSING
        if day in due and silent is Day.NONE
        else silent
        for day in _dates(resource)
    )


def _planned(resource: Resource, limits: Limits) -> tuple[datetime, ...]:
    """Every run that a policy of the resource plans in the window, since its vault was made."""
    if resource.presence is not Presence.PROTECTED:
        return ()
    since = max(resource.window.since, resource.held_since or resource.window.since)
    schedules = resource.schedules or ()
    return tuple(sorted({run for schedule in schedules for run in schedule.between(since, limits.now)}))


def _day_of(began: datetime, planned: tuple[datetime, ...], grace: timedelta) -> date:
    """The day of the planned run that a task belongs to, or the day on which it began."""
    place = bisect_right(planned, began)
    run = planned[place - 1] if place else began
    return run.date() if began - run <= grace else began.date()


def _day(tasks: Sequence[Task], due: int) -> Day:
    states = {"failed" if task.broke else task.status for task in tasks}
    if "success" in states:
        return Day.PARTLY if states & {"failed", "skipped"} or len(tasks) < due else Day.SUCCESS
    for state in ("failed", "running", "waiting", "skipped"):
        if state in states:
            return Day.RUNNING if state == "waiting" else Day(state)
    return Day.UNKNOWN


def _silence(resource: Resource) -> Day:
    """What a day without any task says, where nothing was due."""
    is_planless = resource.presence is Presence.PROTECTED and resource.schedules is None
    return Day.UNKNOWN if is_planless or not resource.log_complete else Day.NONE


def _dates(resource: Resource) -> Iterable[date]:
    first, last = resource.window.since.date(), resource.window.until.date()
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
