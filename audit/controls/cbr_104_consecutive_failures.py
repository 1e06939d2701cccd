"""CBR-104 consecutive-failures: the backups of a resource do not fail several times in a row.

Why it matters
    One failure may be chance. A row of them has a cause that the next run will meet again.
How it is judged
    pass            one of the newest finished backups, as many as `max_consecutive_failures`, succeeded
    fail            all of them failed or timed out; skipped backups neither count nor break the row
    unknown         the task log has gaps or a row that matters here and could not be used; a backup has a status that
                    is not documented, or says that it succeeded and names an error; tasks whose operation is not
                    documented would decide if they were backups; or fewer backups than the limit finished in the
                    window, and all of them failed
    not_applicable  no backup finished in the window
    A success that names a backup which an earlier success made counts as failed, and so does a synchronisation that
    brought none and could not bring some. One that brought some, but not all, is unknown.
How to fix it
    The error of the newest failure names the cause; a failure with the same code each time needs a person.
"""

from datetime import datetime
from itertools import takewhile
from typing import Final

from audit.history import TaskList
from audit.judging.findings import Control, Severity, Verdict, failed, not_applicable, passed, puzzled, strange, unknown
from audit.subjects import FINISHED, Limits, Resource, SubjectKind, shows


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Count the failures since the last success."""
    finished = resource.sorted_tasks.finished
    failures = takewhile(lambda task: task.broke, reversed(finished.samples))
    row = finished[len(finished) - len([*failures]) :]
    facts = {"failures": len(row), "limit": limits.max_consecutive_failures}
    if not shows(resource, FINISHED, _looked_at(finished, len(row), limits) or resource.window.since):
        return unknown("the task log has gaps", **facts)
    if resource.puzzling:
        return puzzled("a backup", resource.puzzling, **facts)
    odd = [task for task in resource.strange if len(row) == len(finished) or task.began > finished[-len(row) - 1].began]
    if odd and (not finished or len(row) + len(odd) >= limits.max_consecutive_failures):
        return strange("been one of the newest backups", odd, **facts)
    if len(row) >= limits.max_consecutive_failures:
        return failed("the newest backups failed in a row", row, since=row[0].began, **facts)
    if not finished:
        return not_applicable("no backup finished in the window", **facts)
    if len(row) == len(finished):
        return unknown("too few backups finished in the window to tell", row, **facts)
    return passed("one of the newest backups succeeded", [finished[-len(row) - 1]], **facts)


def _looked_at(finished: TaskList, failures: int, limits: Limits) -> datetime | None:
    """When the oldest of the backups began that the verdict rests on; None where it rests on all that there are."""
    number = min(failures + 1, limits.max_consecutive_failures)
    return finished[-number].began if number <= len(finished) else None


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-104",
    name="consecutive-failures",
    title="Backups do not fail several times in a row",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
)
