"""CBR-106 stuck-task: no task waits or runs without end.

Why it matters
    A task that never ends is neither a success nor a failure, and CBR skips the runs that come due meanwhile.
How it is judged
    pass     every task of the resource ended, or was created no longer ago than the limit
    fail     a task has been waiting or running for longer
    unknown  no such task was seen, and the task log has gaps
    not_applicable  the log names no task of the subject
How to fix it
    Look the task up in the CBR console; if it does not move, open a service ticket with its id.
"""

from datetime import timedelta
from typing import Final

from audit.findings import Control, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.subjects import Limits, Resource, SubjectKind, VaultSubject

_HOUR: Final = timedelta(hours=1)


def judge(subject: Resource | VaultSubject, limits: Limits) -> Verdict:
    """Look for a task that is open and older than the limit; a vault answers for tasks that name no resource."""
    tasks = [task for task in subject.tasks if isinstance(subject, Resource) or task.resource_id is None]
    stuck = [task for task in tasks if not task.finished and limits.now - task.created_at > limits.stuck_after]
    facts = {"limit_hours": limits.stuck_after // _HOUR}
    if stuck:
        return failed("a task does not end", stuck, since=stuck[0].created_at, **facts)
    if not subject.log_complete:
        return unknown("no stuck task was seen, and the task log has gaps", **facts)
    if not tasks:
        return not_applicable("the log names no task of it", **facts)
    return passed("every task ended or is still young", tasks[-1:], **facts)


CONTROL: Final[Control[Resource | VaultSubject]] = Control(
    id="CBR-106",
    name="stuck-task",
    title="No task waits or runs without end",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE, SubjectKind.VAULT),
    judge=judge,
)
