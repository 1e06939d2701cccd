"""CBR-101 recent-backup: every protected resource has a recent successful backup.

Why it matters
    Attaching a resource to a vault shows intent. Only a finished backup shows protection.
How it is judged
    pass            the newest successful backup began no longer ago than `max_backup_age_hours` or, where the profile
                    sets none, than the policy's longest interval with its start window and `grace_hours`
    fail            it began earlier, or the task log shows none
    unknown         the task log has gaps or does not reach back as far as the limit, no limit is known because the
                    policies cannot be read, or the vault's age contradicts the time of judgement
    not_applicable  the resource's vault is newer than the limit: the first backup is not due
How to fix it
    Enable or apply a policy if none runs, or repair the cause that its last task names. Then start a manual backup.
"""

from datetime import timedelta
from typing import Final

from audit.findings import Control, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.subjects import Limits, Resource, SubjectKind, reaches_back, silent_since

_HOUR: Final = timedelta(hours=1)


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Compare the age of the newest success with the limit."""
    limit = limits.max_backup_age or resource.planned_interval(limits)
    last = resource.last_success
    if limit is None:
        return unknown("no limit is set, and the resource's policies could not be read")
    if last is None:
        return _without_success(resource, limits, limit)
    age = limits.now - last.began
    hours = {"age_hours": age // _HOUR, "limit_hours": limit // _HOUR}
    if age <= limit:
        return passed("the newest successful backup is recent enough", [last], last_success=last.began, **hours)
    if not resource.log_complete:
        return unknown("a newer success may be missing: the task log has gaps", [last], **hours)
    return failed(_reason("no successful backup within the limit", resource), [last], since=last.began, **hours)


def _without_success(resource: Resource, limits: Limits, limit: timedelta) -> Verdict:
    hours = limit // _HOUR
    if resource.held_since is not None and resource.held_since > limits.now:
        return unknown("its vault was created after the time of judgement", created=resource.held_since)
    if resource.held_since is not None and limits.now - resource.held_since <= limit:
        return not_applicable("its vault is new, and the first backup is not due yet", limit_hours=hours)
    if not resource.log_complete:
        return unknown("no successful backup was seen, and the task log has gaps", limit_hours=hours)
    if not reaches_back(resource, limit, limits.now):
        return unknown("the task log does not reach back as far as the limit", limit_hours=hours)
    seen = "the task log shows no successful backup" if resource.backups else "the task log shows no backup at all"
    since = silent_since(resource)
    return failed(_reason(seen, resource), resource.backups[-1:], since=since, or_earlier=True, limit_hours=hours)


def _reason(seen: str, resource: Resource) -> str:
    """Name the cause where it is plain."""
    return f"{seen}, and no enabled policy makes any" if resource.schedules == () else seen


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-101",
    name="recent-backup",
    title="Protected resources have a recent successful backup",
    severity=Severity.CRITICAL,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
)
