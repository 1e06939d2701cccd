"""CBR-105 unresolved-failure: a failed backup is followed by a successful one in time.

Why it matters
    A failure that the next run repairs is noise. One that nothing repairs is a hole.
How it is judged
    pass            every failed or timed-out backup was followed by a success, or there is still time for one
    fail            the oldest failure since the last success began longer ago than `repair_within_hours` or, where
                    the profile sets none, than the longest interval of the policy that it follows, with its start
                    window and `grace_hours`
    unknown         the task log has gaps or a row that matters here and could not be used; a backup has a status that
                    is not documented, or says that it succeeded and names an error; a newer task whose operation is not
                    documented may have been a failed backup, or have made up for one; or no limit is known because the
                    policies cannot be read
    not_applicable  no backup failed in the window
    A success that names a backup which an earlier success made counts as failed, and so does a synchronisation that
    brought none and could not bring some. One that brought some, but not all, is unknown.
How to fix it
    Repair the cause that the failed task names, then start a manual backup.
"""

from datetime import timedelta
from typing import Final

from audit.judging.findings import Control, Severity, Verdict, failed, not_applicable, passed, puzzled, strange, unknown
from audit.records import Task
from audit.subjects import FAILURES, SUCCESSES, Limits, Resource, SubjectKind, shows

_HOUR: Final = timedelta(hours=1)


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Compare the age of the oldest failure since the last success with the time to repair it."""
    failures, last = resource.sorted_tasks.broken, resource.last_success
    unresolved = [task for task in failures if last is None or task.began > last.began]
    limit = limits.repair_within or resource.planned_interval(limits)
    is_late = bool(unresolved) and limit is not None and limits.now - unresolved[0].began > limit
    if not _is_clear(resource, unresolved, is_late=is_late):
        return unknown("the task log has gaps", failures[-1:])
    if resource.puzzling:
        return puzzled("a backup", resource.puzzling)
    odd = [task for task in resource.strange if last is None or task.began > last.began]
    if any(task.may_have_failed for task in odd):
        return strange("been a backup that failed", odd)
    if not failures and not shows(resource, FAILURES, resource.window.since):
        return not_applicable("no backup is seen to have failed, and a success has followed whatever did")
    if not failures:
        return not_applicable("no backup failed in the window")
    if last is not None and not unresolved:
        return passed("every failed backup was followed by a success", [failures[-1], last])
    return _of_unresolved(resource, unresolved, limit, is_late=is_late)


def _of_unresolved(resource: Resource, unresolved: list[Task], limit: timedelta | None, *, is_late: bool) -> Verdict:
    if limit is None:
        return unknown("no limit is set, and the resource's policies could not be read", unresolved)
    facts = {"failures": len(unresolved), "limit_hours": limit // _HOUR}
    if not is_late:
        return passed("a backup failed, and there is still time to repair it", unresolved, **facts)
    repairs = resource.strange_since(unresolved[0].began)
    if repairs:
        return strange("made up for a failed backup", repairs, **facts)
    return failed("no success has followed a failed backup", unresolved, since=unresolved[0].began, **facts)


def _is_clear(resource: Resource, unresolved: list[Task], *, is_late: bool) -> bool:
    """Whether the log hides no repair of what is late, and otherwise no failure since the last success."""
    if is_late:
        return shows(resource, SUCCESSES, unresolved[0].began)
    return shows(resource, FAILURES, resource.last_success.began if resource.last_success else resource.window.since)


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-105",
    name="unresolved-failure",
    title="Failed backups are followed by a success in time",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
)
