"""CBR-602 restore-time: restores finish in the time that the business can wait.

Why it matters
    A backup that takes two days to restore does not help a business that can be down for one.
How it is judged
    pass            every successful restore in the window took no longer than `max_restore_minutes`
    fail            one took longer
    unknown         none was seen to take longer, and the task log has gaps or a row that matters here and could not be
                    used, a restore does not say when it ended, has a status that is not documented or says that it
                    succeeded and names an error, or a task that took longer has an operation that is not documented
    not_applicable  no restore succeeded in the window: CBR-601 judges that
How to fix it
    Restore single disks rather than whole servers, or split what is too large. If the business can wait longer, raise
    the limit to what was agreed.
"""

from datetime import timedelta
from typing import Final

from audit.judging.findings import (
    Control,
    Facts,
    Severity,
    Verdict,
    failed,
    not_applicable,
    passed,
    puzzled,
    strange,
    unknown,
)
from audit.records import Task
from audit.subjects import RESTORED, Limits, Resource, SubjectKind, shows

_MINUTE: Final = timedelta(minutes=1)


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Compare how long each restore took with the limit."""
    restores = [task for task in resource.restores if task.created_at >= resource.window.since]
    done = [task for task in restores if task.succeeded]
    took = [(task.ended_at - task.began, task) for task in done if task.ended_at]
    slow = [task for time, task in took if time > limits.max_restore_time]
    facts: Facts = {
        "restores": len(done),
        "longest_minutes": max(time for time, _ in took) // _MINUTE if took else None,
        "limit_minutes": limits.max_restore_time // _MINUTE,
    }
    if slow:
        return failed("a restore took too long", slow, since=slow[0].began, **facts)
    if not shows(resource, RESTORED, resource.window.since):
        return unknown("no slow restore was seen, and the task log has gaps", **facts)
    endless = [task for task in done if not task.ended_at]
    if endless:
        return unknown("a restore does not say when it ended", endless, **facts)
    puzzling = [task for task in restores if not task.is_understood]
    if puzzling:
        return puzzled("a restore", puzzling, **facts)
    odd = [task for task in resource.strange_since(resource.window.since) if _may_be_slow(task, limits)]
    if odd:
        return strange("been a slow restore", odd, **facts)
    if not done:
        return not_applicable("no restore succeeded in the window", **facts)
    return passed("every restore was fast enough", done[-1:], **facts)


def _may_be_slow(task: Task, limits: Limits) -> bool:
    return (task.ended_at or limits.now) - task.began > limits.max_restore_time


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-602",
    name="restore-time",
    title="Restores finish in the time that the business can wait",
    severity=Severity.LOW,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    judges_deleted=True,
)
