"""CBR-406 backup-size: the backups of every resource take space.

Why it matters
    A backup of 0 bytes is there, is available, and holds nothing. Only its size shows it.
How it is judged
    pass            a vault says that the backups of the resource take space; where `min_backup_size_percent` is set, at
                    least so much of what they usually took before
    fail            they take less; or backups that can be restored from are in its vaults for more than a day, and
                    these say that all of them together take none
    unknown         the backups or the vaults could not be read completely; none of its vaults says that they take
                    space, and one does not say how much or how large the resource is, or the backups are younger than
                    a day; or they shall not shrink, and a vault does not say how much they take, or fewer than three
                    earlier days are known
    not_applicable  no backup that can be restored from is in its vaults, or the resource has no size itself
    No answer tells the size of a single backup. This rests on `backup_size` of each resource of a vault: what all its
    backups take, in whole MB. How soon a vault counts a new backup is written nowhere: a day is granted. What they
    usually took is the median of up to 15 days on which earlier runs noted it, so that a lasting change becomes usual.
How to fix it
    Restore the newest backup to a new server or disk, and look at what is on it. Check that no disk is left out.
"""

from datetime import datetime, timedelta
from typing import Final

from audit.collection import Kind
from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown, unread
from audit.records import Backup, Protected
from audit.subjects import Limits, Resource, SubjectKind

_COUNTED: Final = timedelta(days=1)
_ENOUGH: Final = 3


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Look at what its backups take in each vault, beside the backups that are there."""
    if resource.own_points is None:
        return unread(Kind.BACKUPS)
    vault_ids = {vault.id for vault, _held in resource.backup_places}
    points = [point for point in resource.own_points if point.is_available and point.vault_id in vault_ids]
    held = [held for _vault, held in resource.backup_places]
    taken = sum(each.backup_mb or 0 for each in held)
    if points and taken > 0 and limits.min_backup_size is None:
        return passed("its backups take space", backups=len(points), taken_mb=taken)
    if not resource.vaults_complete:
        return unread(Kind.VAULTS)
    if points and taken > 0:
        return _compared(resource, limits)
    if not points:
        return not_applicable("no backup that can be restored from is in its vaults")
    return _weightless(points, held, resource.window.until)


def _compared(resource: Resource, limits: Limits) -> Verdict:
    """Hold what its backups take against what they usually took."""
    taken, before, limit = resource.taken_mb, sorted(resource.taken_before), limits.min_backup_size or 0
    facts: Facts = {"taken_mb": taken, "limit_percent": limit, "days": len(before)}
    if taken is None:
        return unknown("one of its vaults does not say how much its backups take", **facts)
    if len(before) < _ENOUGH:
        return unknown("too few earlier days are known to compare with", **facts)
    facts["usual_mb"] = before[(len(before) - 1) // 2]
    if taken * 100 < limit * before[(len(before) - 1) // 2]:
        return failed("its backups take much less than before", **facts)
    return passed("its backups take space, and no less than demanded of what they took before", **facts)


def _weightless(points: list[Backup], held: list[Protected], now: datetime) -> Verdict:
    """Say what it means that none of its vaults says that its backups take space."""
    facts: Facts = {"backups": len(points), "taken_mb": 0, "size_gb": held[0].size_gb}
    if any(each.size_gb == 0 for each in held):
        return not_applicable("the resource has no size itself")
    if any(each.backup_mb is None or each.size_gb is None for each in held):
        return unknown("its vaults do not say how much its backups take, or how large it is", **facts)
    if points[0].created_at > now - _COUNTED:
        return unknown("its vaults may not have counted its first backups yet", **facts)
    return failed("its backups take no space at all", since=points[0].created_at, **facts)


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-406",
    name="backup-size",
    title="The backups of every resource take space, and no less than demanded",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    judges_deleted=True,
    needs=frozenset({Kind.BACKUPS}),
)
