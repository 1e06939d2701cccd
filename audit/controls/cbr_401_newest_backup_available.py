"""CBR-401 newest-backup-available: the newest backup of every resource can be restored from.

Why it matters
    A task that succeeded is a promise. Whether the backup can be used shows only in the backup itself, and the newest
    one is the one that will be needed.
How it is judged
    pass            the newest backup in the vault is available
    fail            it is in error; backups succeeded and none of them is there; or a later success made none, as
                    CBR-404 sees it
    unknown         the backups could not be read completely; the newest one has a status that is not documented; a
                    newer one is gone by rules that no run saw when it was made, and others beside it are kept for
                    longer; or nobody can say whether the task failed, or whether there should be a backup, or a newer
                    one: the task log, the vaults or the policies have gaps or a row that matters here and could not be
                    used, or a task has a status or an operation that is not documented, or says that it succeeded and
                    names an error; where none is there, a log with gaps may hide that the resource was taken out of its
                    vault
    not_applicable  there is no backup, and none succeeded: CBR-101 judges that
    Left out are backups that are being made or deleted, copies from another region, parts of a server's backup, and
    what a failed task left behind: CBR-105 judges that.
How to fix it
    Start a manual backup now, and check that it becomes available. Then find out why the other one did not.
"""

from datetime import datetime
from typing import Final

from audit.collection import Kind
from audit.judging.findings import (
    Control,
    Facts,
    Severity,
    Verdict,
    failed,
    guessed,
    last_copy,
    not_applicable,
    passed,
    puzzled,
    strange,
    unknown,
    unread,
)
from audit.records import Backup, Task
from audit.subjects import (
    DELETING,
    FAILURES,
    REMOVING,
    SLACK,
    SUCCESSES,
    Limits,
    Resource,
    SubjectKind,
    shows,
    weigh_claims,
)


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Look at the newest backup that a failed task does not explain."""
    if resource.own_points is None:
        return unread(Kind.BACKUPS)
    broke = {task.backup_key for task in resource.sorted_tasks.broken if not task.is_hollow}
    points = [point for point in resource.own_points if not (point.is_broken and point.key in broke)]
    if not points:
        return _without_any(resource)
    newest = points[-1]
    keys = resource.backups.backup_keys
    made = resource.backups.each(place for place, key in enumerate(keys) if key == newest.key)
    facts = _facts(newest, points)
    if newest.is_available:
        missing = _later_ones(resource, limits, newest.created_at)
        if missing is not None:
            return missing
        return passed("the newest backup is available", [task for task in made if not task.is_hollow], **facts)
    return _of_bad(resource, newest, made, facts)


def _of_bad(resource: Resource, newest: Backup, made: list[Task], facts: Facts) -> Verdict:
    """The newest backup is not available; say whether it should be."""
    if not newest.is_broken:
        return unknown("the newest backup has a status that is not documented", made, status=newest.status, **facts)
    if not shows(resource, FAILURES, newest.created_at) and not any(task.succeeded for task in made):
        return unknown("the newest backup is in error, and a task that explains it may be missing", **facts)
    puzzling = [task for task in made if not task.is_understood]
    if puzzling:
        return puzzled("the task that made the newest backup", puzzling, **facts)
    odd = [] if made else [task for task in resource.strange if task.began <= newest.created_at + SLACK]
    if odd:
        return strange("failed and left behind the newest backup, which is in error", odd, **facts)
    return failed("the newest backup is in error", made, since=newest.created_at, **facts)


def _later_ones(resource: Resource, limits: Limits, newest: datetime) -> Verdict | None:
    """Look for successes after the newest backup whose own is not there."""
    if not (shows(resource, SUCCESSES, newest) and resource.vaults_complete):
        return unknown("the newest backup is available, and a task or a vault that tells of a newer one may be missing")
    last = resource.kept_successes.created[-1:]
    if not last or last[0] - newest <= SLACK:  # nearly always
        return None
    claims = weigh_claims(resource, limits.now)
    gone, doubtful, copies, hollow = (
        [task for task in part if task.created_at - newest > SLACK]
        for part in (claims.gone, claims.doubtful, claims.last, claims.hollow)
    )
    if gone and not hollow and resource.policies is None:
        return unknown("a newer backup is gone, and the policies that may explain it could not be read", gone)
    if gone and not hollow and not all(shows(resource, sort, gone[0].began) for sort in (DELETING, REMOVING)):
        return unknown("a newer backup is gone, and a task that explains it may be missing", gone)
    if not (gone or hollow):
        if doubtful:
            return guessed(doubtful, newest=newest)
        return last_copy(copies, newest=newest) if copies else None
    odd = resource.strange_since(gone[0].began) if gone and not hollow else []
    if odd:
        return strange("deleted newer backups", odd, newest=newest)
    found = sorted((*gone, *hollow), key=lambda task: task.created_at)
    return failed("successes after the newest backup made none", found, since=found[0].began, newest=newest)


def _without_any(resource: Resource) -> Verdict:
    if resource.kept_successes:
        last = resource.kept_successes[-1]
        odd = resource.strange_since(last.began)
        if odd:
            return strange("deleted the backups", odd, last_success=last.began)
        if not shows(resource, REMOVING, last.began):
            return unknown("backups succeeded, and none is there; a removal of the resource may be missing", [last])
        return failed("backups succeeded, and none is there to restore from", [last], last_success=last.began)
    if not (shows(resource, SUCCESSES, resource.window.since) and resource.vaults_complete):
        return unknown("there is no backup, and a task or a vault that tells of one may be missing")
    if resource.puzzling:
        return puzzled("there is no backup, and a task that should have made one", resource.puzzling)
    if resource.strange:
        return strange("made or deleted a backup, and none is there", resource.strange)
    return not_applicable("there is no backup, and none succeeded")


def _facts(newest: Backup, points: list[Backup]) -> Facts:
    in_error = sum(point.is_broken for point in points)
    return {"backup": newest.id, "created": newest.created_at, "backups": len(points), "in_error": in_error}


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-401",
    name="newest-backup-available",
    title="The newest backup of every resource can be restored from",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    judges_deleted=True,
    needs=frozenset({Kind.BACKUPS}),
)
