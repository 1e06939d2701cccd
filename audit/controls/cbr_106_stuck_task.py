"""CBR-106 stuck-task: no task waits or runs without end.

Why it matters
    A task that never ends is neither a success nor a failure, and CBR skips the runs that come due meanwhile.
How it is judged
    pass            every task that names the subject ended, or was created no longer ago than `stuck_after_hours`
    fail            a task has been waiting or running for longer
    unknown         no such task was seen, and the task log has gaps or does not reach back beyond the limit, or a row
                    of it could not be used and does not say that its task ended; or an old task has not ended and has a
                    status that is not documented; or an earlier run saw an old task open that is not listed as open
                    any more, and the log does not show how it ended
    not_applicable  the log names no task of the subject
    Tasks that wait or run are asked for by themselves, whatever their time, beside those of the window.
    A resource answers for the tasks that name it, a vault for those that name no resource, the collection for the rest.
How to fix it
    Look the task up in the CBR console; if it does not move, open a service ticket with its id.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from audit.history import newest, pick
from audit.judging.findings import Control, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.records import Task
from audit.subjects import ENDED_UNSEEN, UNFINISHED, Collection, Limits, Resource, SubjectKind, VaultSubject, shows

_HOUR: Final = timedelta(hours=1)


def judge(subject: Resource | VaultSubject | Collection, limits: Limits) -> Verdict:
    """Look for a task that has not ended and is older than the limit."""
    if isinstance(subject, Resource):
        tasks: Sequence[Task] = subject.tasks
        unfinished = [task for task in pick(tasks, lambda task: not task.is_final) if not task.finished]
    else:
        tasks = pick(subject.tasks, lambda task: task.resource_id is None)
        unfinished = [task for task in tasks if not task.finished]
    old = [task for task in unfinished if limits.now - task.created_at > limits.stuck_after]
    stuck = [task for task in old if task.is_understood]
    facts = {"limit_hours": limits.stuck_after // _HOUR}
    if stuck:
        return failed("a task does not end", stuck, since=stuck[0].created_at, **facts)
    lost = [task for task in old if task.status == ENDED_UNSEEN]
    if lost:
        return unknown("it is not listed as open any more, and the log does not show how it ended", lost, **facts)
    if old:
        return unknown("an old task has a status that is not documented", old, **facts)
    if not shows(subject, UNFINISHED, subject.window.since):
        return unknown("no stuck task was seen, and the task log has gaps", **facts)
    if subject.window.since >= limits.now - limits.stuck_after:
        return unknown("the task log does not reach back beyond the limit", **facts)
    if not tasks:
        return not_applicable("the log names no task of it", **facts)
    return passed("every task ended or is still young", [newest(tasks)], **facts)


CONTROL: Final[Control[Resource | VaultSubject | Collection]] = Control(
    id="CBR-106",
    name="stuck-task",
    title="No task waits or runs without end",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE, SubjectKind.VAULT, SubjectKind.COLLECTION),
    judge=judge,
    weighs_gaps=True,
    judges_deleted=True,
)
