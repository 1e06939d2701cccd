"""CBR-107 skipped-run: scheduled backups are not skipped.

Why it matters
    A skipped task failed a check before it began: there is no backup, and no failure to alarm anybody.
How it is judged
    pass     backups ran in the period, and no more were skipped than the limit allows
    fail     more backups were skipped
    unknown  no more skipped backups were seen than allowed, and the task log has gaps or does not cover the period,
             or a backup has a status that is not documented
    not_applicable  the log shows no backup in the period
How to fix it
    Read the error of the skipped task. Often an earlier backup still ran: give the runs more distance.
"""

from typing import Final

from audit.findings import Control, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.subjects import Limits, Resource, SubjectKind, reaches_back


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Count the skipped backups of the period."""
    start = limits.now - limits.skipped_runs_period
    recent = [task for task in resource.backups if task.created_at >= start]
    skipped = [task for task in recent if task.status == "skipped"]
    facts = {"skipped": len(skipped), "limit": limits.max_skipped_runs}
    if len(skipped) > limits.max_skipped_runs:
        return failed("scheduled backups were skipped", skipped, since=skipped[0].created_at, **facts)
    if not resource.log_complete:
        return unknown("the task log has gaps", skipped, **facts)
    if resource.puzzling:
        return unknown("a backup has a status that is not documented", resource.puzzling, **facts)
    if not reaches_back(resource, limits.skipped_runs_period, limits.now):
        return unknown("the task log does not cover the period", skipped, **facts)
    if not recent:
        return not_applicable("the log shows no backup in the period", **facts)
    return passed("no more backups were skipped than allowed", recent[-1:], **facts)


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-107",
    name="skipped-run",
    title="Scheduled backups are not skipped",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
)
