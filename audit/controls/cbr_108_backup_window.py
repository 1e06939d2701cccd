"""CBR-108 backup-window: planned backups end within the backup window.

Why it matters
    A backup that runs into the working day slows the systems down, and the next run is left out while it still goes
    on.
How it is judged
    pass            every planned backup of the last `scheduled_run_days` that succeeded ended no later than
                    `backup_window_hours` after it was due or, where its policy has a start window, began in it
    fail            one ended later: it took longer than the window, or it began late and would have ended in time
    unknown         the task log has gaps or a row that matters here and could not be used or does not cover the period,
                    a policy or its schedule cannot be read, a backup does not say when it ended, or nobody can say
                    whether a planned one was made (CBR-102)
    not_applicable  no planned backup of the period succeeded: CBR-102 judges that
    CBR-106 judges backups that do not end. Runs that CBR-102 does not judge are left out here too, and runs that all
    came at a shifted time were due then: CBR-116 judges that. A backup that names no policy, and is the first thing
    that is known of its resource, may have been made by hand, and no run may have been due for it before.
How to fix it
    Where backups begin late, let fewer of them run at once: they wait for each other. Where they take long, let them
    begin earlier; where one resource alone is slow, look at its disks.
"""

from datetime import datetime, timedelta
from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unclear, unknown
from audit.records import Task
from audit.subjects import SUCCESSES, Limits, Resource, RunState, Schedules, SubjectKind, reaches_back, shows

_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
_UNKNOWN: Final = RunState.UNKNOWN


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Compare the end of each planned backup with the end of its window."""
    planned = resource.planned_runs(limits)
    if planned is None:
        return unknown("nobody knows what was planned", problem=resource.unreadable)
    start = limits.now - limits.scheduled_run_period
    first = planned.first_since(start)
    done = [(due, place) for due, place in planned.done(first) if not _may_be_by_hand(resource, due, planned, place)]
    delays = [planned.backups.began[place] - due for due, place in done]
    ends = zip(done, planned.backups.ended([place for _due, place in done]), strict=True)
    took = [(end - due, due, place) for (due, place), end in ends if end is not None]
    slow = [each for each in took if each[0] > limits.backup_window]
    facts: Facts = {
        "backups": len(done),
        "longest_start_delay_minutes": max(delays) // _MINUTE if delays else None,
        "longest_minutes": max(took)[0] // _MINUTE if took else None,
        "limit_hours": limits.backup_window // _HOUR,
    }
    if not resource.log_read or not (slow or shows(resource, SUCCESSES, start)):
        return unknown("the task log has gaps", **facts)
    if slow:
        return _slow(planned, slow, limits, facts)
    if not reaches_back(resource, limits.scheduled_run_period, limits.now):
        return unknown("the task log does not cover the period", **facts)
    if len(took) < len(done):
        return unknown("a backup does not say when it ended", _tasks(planned, done), **facts)
    if _UNKNOWN in planned.states[first:]:
        return unclear(resource, **facts)
    if not done:
        return not_applicable("no planned backup succeeded in the period", **facts)
    return passed("every planned backup ended within its window", _tasks(planned, done[-1:]), **facts)


def _may_be_by_hand(resource: Resource, due: datetime, planned: Schedules, place: int) -> bool:
    """Whether a task names no policy, and is the first that is known of a resource that was due before."""
    known = resource.known_since
    return known is not None and due < known and planned.backups.samples[place].policy_id is None


def _slow(planned: Schedules, slow: list[tuple[timedelta, datetime, int]], limits: Limits, facts: Facts) -> Verdict:
    """Tell by the one that ended last after it was due whether it began late or took long."""
    time, due, place = max(slow)
    late = planned.backups.began[place] - due
    is_long = time - late > limits.backup_window
    reason = "a planned backup took longer than its window" if is_long else "a planned backup began late"
    facts = {"started_late_minutes": late // _MINUTE, "took_minutes": (time - late) // _MINUTE, **facts}
    runs = [(due, place) for _time, due, place in slow]
    return failed(reason, _tasks(planned, runs), since=runs[0][0], **facts)


def _tasks(planned: Schedules, done: list[tuple[datetime, int]]) -> list[Task]:
    return planned.backups.each(place for _due, place in done)


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-108",
    name="backup-window",
    title="Planned backups end within the backup window",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    needs=frozenset({Kind.POLICIES}),
)
