"""CBR-103 success-rate: most backups of each resource succeed.

Why it matters
    A resource whose backups often fail is one failure away from having none when it is needed.
How it is judged
    pass            of the backups that finished in the last `success_rate_days`, at least `min_success_rate_percent`
                    succeeded
    fail            fewer did; failed and timed-out backups count against it, skipped ones do not
    unknown         the task log has gaps or a row that matters here and could not be used or does not cover the period;
                    a backup has a status that is not documented, or says that it succeeded and names an error; tasks
                    whose operation is not documented would decide if they were backups; or too many failed, and nobody
                    can say which of them do not count because a policy or its schedule cannot be read
    not_applicable  no backup finished in the period: CBR-101 judges that
    A failure does not count where a success made up for it before the next run was due, or where its planned run lay
    in a maintenance window. A success that names a backup which an earlier success made counts as failed, and so does
    a synchronisation that brought none and could not bring some. One that brought some, but not all, is unknown.
How to fix it
    Group the failed tasks by error code and repair the most frequent cause first.
"""

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
from audit.subjects import FINISHED, Limits, Resource, SubjectKind, reaches_back, shows


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Compare the share of successes, in percent, with the limit."""
    start = limits.now - limits.success_rate_period
    harmless = resource.harmless(limits)
    tasks = resource.sorted_tasks
    succeeded = [place for place, began in enumerate(tasks.successes.began) if began >= start]
    broken = [task for task in tasks.broken if task.began >= start and task.id not in (harmless or ())]
    finished = len(succeeded) + len(broken)
    facts: Facts = {"succeeded": len(succeeded), "finished": finished, "limit_percent": limits.min_success_rate}
    if not shows(resource, FINISHED, start):
        return unknown("the task log has gaps", **facts)
    if resource.puzzling:
        return puzzled("a backup", resource.puzzling, **facts)
    if not reaches_back(resource, limits.success_rate_period, limits.now):
        return unknown("the task log does not cover the period", **facts)
    odd = [task for task in resource.strange if task.began >= start]
    if not finished and not odd:
        return not_applicable("no backup finished in the period, or none that counts", **facts)
    worst = finished + sum(not task.succeeded for task in odd)
    if finished and len(succeeded) * 100 >= limits.min_success_rate * worst:
        return passed("enough backups succeeded", [tasks.successes[place] for place in succeeded[-1:]], **facts)
    if odd:
        return strange("been a backup of the period", odd, **facts)
    if harmless is None:
        return unknown("backups failed, and nobody knows which of them count", broken, problem=resource.unreadable)
    return failed("too many backups failed", broken, since=broken[0].began, **facts)


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-103",
    name="success-rate",
    title="Most backups of each resource succeed",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
)
