"""CBR-403 actual-retention: backups are really kept as long as demanded.

Why it matters
    A policy says how long new backups will be kept. Those that are there may have been made under another rule, or
    somebody may have shortened their life.
How it is judged
    pass            every backup that a policy made is kept for at least `min_retention_days`, or has no end
    fail            the end of one comes earlier
    unknown         the backups could not be read completely; or the end of one comes earlier, and an advanced rule
                    of an applied policy may keep it for as long as demanded, or the policies could not be read
    not_applicable  the profile demands no retention, or no backup is there that a policy made
    An hour less is accepted, as the end may count from a moment before the backup was noted. A backup that does not say
    who made it counts if it has an end. Left out are those made by hand, in error or still being made or deleted,
    copies from another region, and parts of a server's backup. A number of backups sets no end: CBR-203 judges it.
    Whether the end that a backup shows counts the advanced rules is documented nowhere.
How to fix it
    Extend the life of the backups in question, and raise the retention of the policy (CBR-203).
"""

from datetime import datetime, timedelta
from typing import Final

from audit.collection import Kind
from audit.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.records import BACKUP, Backup
from audit.subjects import Limits, Resource, SubjectKind, may_be_kept_for

_DAY: Final = timedelta(days=1)
_SLACK: Final = timedelta(hours=1)


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Compare the life of each backup with the one that is demanded."""
    if limits.min_retention is None:
        return not_applicable("the profile demands no retention")
    if resource.own_points is None:
        return unknown("the backups could not be read completely")
    points = [point for point in resource.own_points if not point.is_broken and _is_automatic(point)]
    if not points:
        return not_applicable("no backup is there that a policy made")
    ends = [(end - point.created_at, point) for point, end in _dated(points)]
    short = [(kept, point) for kept, point in ends if kept + _SLACK < limits.min_retention]
    facts = _facts(points, [kept for kept, _point in ends], limits.min_retention)
    sure = [point for _kept, point in short if not _may_be_kept(point, resource, limits.min_retention)]
    if short and not sure:
        first = short[0][1]
        return unknown("an end comes too early, and an advanced rule may count for more", backup=first.id, **facts)
    if sure:
        first = sure[0]
        return failed(
            "backups are kept for too short a time",
            since=first.created_at,
            or_earlier=True,
            backup=first.id,
            too_short=len(sure),
            **facts,
        )
    return passed("every backup is kept long enough, or has no end", **facts)


def _may_be_kept(point: Backup, resource: Resource, length: timedelta) -> bool:
    if resource.policies is None:
        return True
    policies = (subject.policy for subject in resource.policies if subject.policy.operation == BACKUP)
    return any(may_be_kept_for(policy, point.created_at, length) for policy in policies)


def _is_automatic(point: Backup) -> bool:
    return point.by_policy or (point.by_policy is None and point.expired_at is not None)


def _dated(points: list[Backup]) -> list[tuple[Backup, datetime]]:
    return [(point, point.expired_at) for point in points if point.expired_at is not None]


def _facts(points: list[Backup], kept: list[timedelta], limit: timedelta) -> Facts:
    facts: Facts = {"backups": len(points), "without_end": len(points) - len(kept), "limit_days": limit // _DAY}
    return {**facts, "shortest_days": (min(kept) + _SLACK) // _DAY} if kept else facts


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-403",
    name="actual-retention",
    title="Backups are really kept as long as demanded",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    judges_deleted=True,
    needs=frozenset({Kind.BACKUPS}),
)
