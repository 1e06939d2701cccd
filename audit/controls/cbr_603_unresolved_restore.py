"""CBR-603 unresolved-restore: a failed restore is followed by a successful one.

Why it matters
    A restore that fails on a quiet day will fail on a bad one. Until one succeeds, nobody knows whether the backups
    of the resource can be used.
How it is judged
    pass            a restore of the resource failed or timed out in the window, and a later one succeeded
    fail            none has succeeded since
    unknown         the task log has gaps or a row that matters here and could not be used; a restore has a status that
                    is not documented, or says that it succeeded and names an error; or a newer task whose operation is
                    not documented may have been a restore
    not_applicable  no restore failed in the window
How to fix it
    Repair the cause that the failed task names, then restore again, to a new server or disk if the old one is in use.
"""

from typing import Final

from audit.judging.findings import Control, Severity, Verdict, failed, not_applicable, passed, puzzled, strange, unknown
from audit.subjects import RESTORING, Limits, Resource, SubjectKind, shows


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Look for failures since the last success."""
    restores = [task for task in resource.restores if task.began <= limits.now]
    broken = [task for task in restores if task.broke and task.created_at >= resource.window.since]
    puzzling = [task for task in restores if not task.is_understood]
    if not shows(resource, RESTORING, resource.window.since):
        return unknown("the task log has gaps", broken[-1:])
    if puzzling:
        return puzzled("a restore", puzzling)
    last = max((task for task in restores if task.succeeded), key=lambda task: task.began, default=None)
    odd = [task for task in resource.strange if last is None or task.began > last.began]
    if any(task.may_have_failed for task in odd):
        return strange("been a restore that failed", odd)
    if not broken:
        return not_applicable("no restore failed in the window")
    unresolved = [task for task in broken if last is None or task.began > last.began]
    if unresolved:
        since = unresolved[0].began
        repairs = resource.strange_since(since)
        if repairs:
            return strange("been a restore that succeeded", repairs)
        return failed("no success has followed a failed restore", unresolved, since=since, failures=len(unresolved))
    return passed("a success followed every failed restore", [broken[-1], *([last] if last else [])])


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-603",
    name="unresolved-restore",
    title="Failed restores are followed by a successful one",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    judges_deleted=True,
)
