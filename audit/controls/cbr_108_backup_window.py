"""CBR-108 backup-window: planned backups end within the backup window.

Why it matters
    A backup that runs into the working day slows the systems down, and the next run is left out while it still goes
    on.
How it is judged
    pass            every planned backup of the last `scheduled_run_days` that succeeded ended no later than
                    `backup_window_hours` after it was due
    fail            one ended later
    unknown         the task log has gaps or does not cover the period, a policy or its schedule cannot be read, or a
                    backup does not say when it ended or has a status that is not documented
    not_applicable  no planned backup of the period succeeded: CBR-102 judges that
    CBR-106 judges backups that do not end. Runs that CBR-102 does not judge are left out here too.
How to fix it
    Let the policies of the vault run at other times, or fewer at once. Where one resource alone is slow, look at its
    disks.
"""

from datetime import datetime, timedelta
from typing import Final

from audit.collection import Kind
from audit.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.records import Task
from audit.subjects import Limits, Resource, RunState, SubjectKind, reaches_back

_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
_UNKNOWN: Final = RunState.UNKNOWN
_Done = list[tuple[datetime, Task]]


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Compare the end of each planned backup with the end of its window."""
    planned = resource.planned_runs(limits)
    if planned is None:
        return unknown("nobody knows what was planned", problem=resource.unreadable)
    first = planned.first_since(limits.now - limits.scheduled_run_period)
    states = planned.states[first:]
    done = planned.done(first)
    slow = [(due, task) for due, task in done if task.ended_at and task.ended_at - due > limits.backup_window]
    facts: Facts = {**_facts(done), "limit_hours": limits.backup_window // _HOUR}
    if not resource.log_complete:
        return unknown("the task log has gaps", **facts)
    if slow:
        return failed("a planned backup ended after its window", _tasks(slow), since=slow[0][0], **facts)
    if not reaches_back(resource, limits.scheduled_run_period, limits.now):
        return unknown("the task log does not cover the period", **facts)
    if not all(task.ended_at for _, task in done):
        return unknown("a backup does not say when it ended", _tasks(done), **facts)
    if _UNKNOWN in states:
        return unknown("a backup has a status that is not documented", resource.puzzling, **facts)
    if not done:
        return not_applicable("no planned backup succeeded in the period", **facts)
    return passed("every planned backup ended within its window", _tasks(done[-1:]), **facts)


def _facts(done: _Done) -> Facts:
    """Say how long it took at most from the due time to the start, and to the end."""
    starts = [(task.started_at or task.created_at) - due for due, task in done]
    ends = [task.ended_at - due for due, task in done if task.ended_at]
    return {
        "backups": len(done),
        "longest_start_delay_minutes": max(starts) // _MINUTE if starts else None,
        "longest_minutes": max(ends) // _MINUTE if ends else None,
    }


def _tasks(done: _Done) -> list[Task]:
    return [task for _, task in done]


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-108",
    name="backup-window",
    title="Planned backups end within the backup window",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    needs=frozenset({Kind.POLICIES}),
)
