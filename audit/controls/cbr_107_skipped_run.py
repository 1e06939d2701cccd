"""CBR-107 skipped-run: scheduled backups are not skipped.

Why it matters
    A skipped task failed a check before it began: there is no backup, and no failure to alarm anybody.
How it is judged
    pass            backups ran in the last `skipped_runs_days`, and no more than `max_skipped_runs` were skipped
    fail            more backups were skipped
    unknown         the task log has gaps or a row that matters here and could not be used or does not cover the period;
                    a backup has a status that is not documented, or says that it succeeded and names an error; tasks
                    whose operation is not documented would decide if they were backups; or too many were skipped, and
                    nobody can say which of them do not count because a policy or its schedule cannot be read
    not_applicable  the log shows no backup in the period
    A skipped backup does not count where a success made up for it before the next run was due, or where its planned
    run lay in a maintenance window.
How to fix it
    Read the error of the skipped task. Often an earlier backup still ran: give the runs more distance.
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
from audit.records import Task
from audit.subjects import NOT_BROKEN, Limits, Resource, SubjectKind, reaches_back, shows


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Count the skipped backups of the period that nothing made up for."""
    start = limits.now - limits.skipped_runs_period
    harmless = resource.harmless(limits)
    tasks = resource.sorted_tasks
    newest = [task for task in tasks.backups[-1:] if task.created_at >= start]
    skipped = [task for task in tasks.skipped if task.created_at >= start and task.id not in (harmless or ())]
    facts: Facts = {"skipped": len(skipped), "limit": limits.max_skipped_runs}
    if not shows(resource, NOT_BROKEN, start):
        return unknown("the task log has gaps", skipped, **facts)
    if resource.puzzling:
        return puzzled("a backup", resource.puzzling, **facts)
    odd = [task for task in resource.strange if task.created_at >= start]
    if odd and not _is_decided(odd, newest, skipped, limits):
        return strange("been a backup of the period", odd, **facts)
    if len(skipped) > limits.max_skipped_runs:
        if harmless is None:
            return unknown("backups were skipped, and nobody knows which of them count", skipped, **facts)
        return failed("scheduled backups were skipped", skipped, since=skipped[0].created_at, **facts)
    if not reaches_back(resource, limits.skipped_runs_period, limits.now):
        return unknown("the task log does not cover the period", skipped, **facts)
    if not newest:
        return not_applicable("the log shows no backup in the period", **facts)
    return passed("no more backups were skipped than allowed", newest, **facts)


def _is_decided(odd: list[Task], newest: list[Task], skipped: list[Task], limits: Limits) -> bool:
    """Whether tasks would change nothing even if they were backups: too few were skipped, and some ran."""
    may_be_skipped = sum(task.status == "skipped" or not task.is_understood for task in odd)
    return bool(newest) and len(skipped) + may_be_skipped <= limits.max_skipped_runs


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-107",
    name="skipped-run",
    title="Scheduled backups are not skipped",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
)
