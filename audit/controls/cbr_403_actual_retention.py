"""CBR-403 actual-retention: backups are really kept as long as demanded.

Why it matters
    A policy says how long new backups will be kept. Those that are there may have been made under another rule, or
    somebody may have shortened their life.
How it is judged
    pass            every backup that a policy made is kept for at least `min_retention_days`, and for as many days as
                    its policy promised when it was made, or has no end
    fail            the end of one comes earlier
    unknown         the backups or the policies could not be read completely; or the end of one comes earlier, and an
                    advanced rule of an applied policy may keep it for as long as demanded; or it comes earlier than its
                    policy says now, and no run saw what the policy said when the backup was made
    not_applicable  neither the profile nor a policy demands a time, or no backup is there that a policy made
    What no run saw may have been otherwise: a retention that was raised leaves shorter lives behind, and that is right.
    It was not raised where the ends themselves show that they were moved: three or more backups that were made over
    more than a day end at the same time, give or take an hour, as no rule in days would have it; or a task that moves
    ends came after the backup was made. Then the present rule counts.
    An hour less is accepted, as the end may count from a moment before the backup was noted. A backup that does not say
    who made it counts if it has an end; that it was promised more is unknown unless a task names its policy. Left out
    are those made by hand, in error or still being made or deleted, copies from another region, and parts of a server's
    backup. A number of backups sets no end: CBR-203 judges it. Whether the end that a backup shows counts the advanced
    rules is documented nowhere.
How to fix it
    Extend the life of the backups in question, and raise the retention of the policy (CBR-203).
"""

from datetime import timedelta
from typing import Final, NamedTuple

from audit.collection import Kind
from audit.history import pick_backups
from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown, unread
from audit.records import BACKUP, Backup
from audit.subjects import SLACK, Limits, PolicySubject, Resource, SubjectKind, may_be_kept_for

_DAY: Final = timedelta(days=1)
_TOO_SHORT: Final = "backups are kept for too short a time"
_BROKEN: Final = "backups end before the time that their policy promised"
_ENOUGH: Final = 3  # backups that end together; two may do so where a rule was changed between them


class _KeptBackup(NamedTuple):
    """A backup with an end, and how long it is kept."""

    point: Backup
    time: timedelta


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Compare the life of each backup with what is demanded, and with what was promised."""
    if resource.own_points is None:
        return unread(Kind.BACKUPS)
    points = [point for point in resource.own_points if not point.is_broken and _is_automatic(point)]
    if not points:
        return not_applicable("no backup is there that a policy made")
    kept = [_KeptBackup(point, point.expired_at - point.created_at) for point in points if point.expired_at is not None]
    short = [each for each in kept if limits.min_retention is not None and each.time + SLACK < limits.min_retention]
    sure = [each for each in short if not _may_be_kept(each.point, resource, limits.min_retention)]
    broken, doubtful = _held_to_promises(kept, resource)
    facts = _facts(points, kept, limits.min_retention)
    if sure or broken:
        found, tasks = (sure, ()) if sure else (broken, resource.moves_of_ends)
        about: Facts = {"since": found[0].point.created_at, "or_earlier": True, "backup": found[0].point.id}
        return failed(_TOO_SHORT if sure else _BROKEN, tasks, **about, too_short=len(found), **facts)
    if resource.policies is None:
        return unread(Kind.POLICIES, **facts)
    if short:
        return unknown(
            "an end comes too early, and an advanced rule may count for more", backup=short[0].point.id, **facts
        )
    if doubtful:
        reason = "backups end before the time that their policy promises now, and no run saw what it promised then"
        return unknown(reason, backup=doubtful[0].point.id, too_short=len(doubtful), **facts)
    if limits.min_retention is None and not any(subject.policy.keeps_by_age for subject in resource.followed):
        return not_applicable("neither the profile nor a policy demands a time")
    return passed("every backup is kept long enough, or has no end", **facts)


def _may_be_kept(point: Backup, resource: Resource, length: timedelta | None) -> bool:
    """Whether an advanced rule may keep a backup for as long as demanded."""
    if resource.policies is None or length is None:
        return True
    policies = (subject.policy for subject in resource.policies if subject.policy.operation == BACKUP)
    return any(may_be_kept_for(policy, point.created_at, length) for policy in policies)


def _held_to_promises(kept: list[_KeptBackup], resource: Resource) -> tuple[list[_KeptBackup], list[_KeptBackup]]:
    """Find what ends before its policy promised, and what does so only by the rule that is known now."""
    most = max((subject.most_days for subject in resource.followed), default=0) * _DAY
    brief = [each for each in kept if each.time + SLACK < most]
    if not brief:
        return [], []
    tasks = pick_backups(resource.tasks, {each.point.key for each in brief})
    named = {key: task.policy_id for key, task in zip(tasks.backup_keys, tasks.samples, strict=True) if task.policy_id}
    makers = [(each, _maker(each.point, named.get(each.point.key), resource)) for each in brief]
    early = [(each, maker) for each, maker in makers if maker and each.time + SLACK < _promised(maker, each.point)]
    moved = _moved_together(kept)
    broken = [
        each
        for each, maker in early
        if (each.point.by_policy or each.point.key in named)
        and (maker.was_seen_by(each.point.created_at) or each.point.id in moved or _was_asked_for(each.point, resource))
    ]
    return broken, [each for each, _maker in early if each not in broken]


def _maker(point: Backup, named: str | None, resource: Resource) -> PolicySubject | None:
    """Find the policy that made a backup; where no task says which, the one that promised least counts."""
    followed = resource.followed
    if named is not None:
        return next((subject for subject in followed if subject.id == named), None)
    return min(followed, key=lambda subject: _promised(subject, point), default=None)


def _promised(subject: PolicySubject, point: Backup) -> timedelta:
    """How long a policy promised to keep a backup when it was made; a number of backups promises no time."""
    return min(terms.days or 0 for terms in subject.terms_at(point.created_at)) * _DAY


def _moved_together(kept: list[_KeptBackup]) -> frozenset[str]:
    """Find backups that end at the same time, though three or more of them were made over more than a day."""
    moved: set[str] = set()
    ends = sorted((each.point.created_at + each.time, each.point.created_at, each.point.id) for each in kept)
    for first, (end, _made, _id) in enumerate(ends):
        alike = [(made, point_id) for other, made, point_id in ends[first:] if other - end <= SLACK]
        made = [moment for moment, _point_id in alike]
        if len(alike) >= _ENOUGH and max(made) - min(made) >= _DAY:
            moved.update(point_id for _moment, point_id in alike)
    return frozenset(moved)


def _was_asked_for(point: Backup, resource: Resource) -> bool:
    return any(task.created_at >= point.created_at for task in resource.moves_of_ends)


def _is_automatic(point: Backup) -> bool:
    return point.by_policy or (point.by_policy is None and point.expired_at is not None)


def _facts(points: list[Backup], kept: list[_KeptBackup], limit: timedelta | None) -> Facts:
    facts: Facts = {
        "backups": len(points),
        "without_end": len(points) - len(kept),
        "limit_days": limit // _DAY if limit is not None else None,
    }
    return {**facts, "shortest_days": (min(each.time for each in kept) + SLACK) // _DAY} if kept else facts


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-403",
    name="actual-retention",
    title="Backups are really kept as long as demanded",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    judges_deleted=True,
    needs=frozenset({Kind.BACKUPS}),
    compares=True,
)
