"""CBR-109 replication-success: backups are copied to the other region in time.

Why it matters
    A copy elsewhere is what is left when a region, or the account of an administrator, is lost. A replication policy
    shows intent; only a finished copy shows protection.
How it is judged
    pass            the newest copy did not fail, and the newest backup that was there when a replication policy came
                    due, at least `replication_lag_hours` ago, is copied, or a newer one is
    fail            the newest copy failed or timed out, or neither that backup nor a newer one is copied
    unknown         the task log or the list of backups has gaps or a row that matters here and could not be used, the
                    policies or the schedule of the replication policy cannot be read, or nobody can say whether a
                    backup was copied: the newest copy, or one that is newer than the backup, has a status that is not
                    documented or says that it succeeded and names an error, or the operation of a newer task is not
                    documented
    not_applicable  no enabled replication policy is applied to a vault of the resource, or none came due long enough
                    ago for a backup that is there; or the cloud has no replication
    A copy is shown by a task that names the backup, or by the backup itself. Runs in a maintenance window, and runs
    before the policy was known as it is now, do not count as due.
How to fix it
    Read the error of the newest copy. Check that the destination vault is there, has room, and takes copies.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Final

from audit.clouds import Feature
from audit.collection import Kind
from audit.history import TaskList
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
    unread,
)
from audit.records import COPIES
from audit.records.keys import Key
from audit.subjects import COPYING, SUCCESSES, Limits, PolicySubject, Resource, SubjectKind, shows

_HOUR: Final = timedelta(hours=1)


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Look at the newest copy first, then for backups that should have been copied by now."""
    if resource.policies is None:
        return unread(Kind.POLICIES)
    copying = [policy for policy in resource.policies if policy.makes_copies]
    if not copying:
        return not_applicable("no enabled replication policy is applied")
    every = resource.doing(COPIES)
    copies = every.at([place for place, began in enumerate(every.began) if began <= limits.now])
    newest = copies.newest(lambda task: task.may_have_worked or task.broke)
    if not shows(resource, COPYING, newest.began if newest else resource.window.since):
        return unknown("the task log has gaps")
    odd = [task for task in resource.strange if newest is None or task.began > newest.began]
    if any(task.may_have_failed or (newest and newest.broke and not task.came_to_nothing) for task in odd):
        return strange("been a copy", odd)
    if newest and newest.broke:
        return failed("the newest copy failed", [newest], since=newest.began, error=newest.error_code)
    if newest and not newest.succeeded:
        return puzzled("the newest copy", [newest])
    if resource.recovery_points is None:
        return unread(Kind.BACKUPS)
    return _in_time(resource, copying, copies, limits)


def _in_time(resource: Resource, copying: list[PolicySubject], copies: TaskList, limits: Limits) -> Verdict:
    """Look for backups that should have been copied by now, unless a newer one is."""
    if any(policy.schedule is None for policy in copying):
        return unknown("the schedule of a replication policy cannot be read")
    finished, successes = copies.picked(lambda task: task.succeeded), resource.sorted_tasks.successes
    shown = {key: place for place, key in enumerate(finished.backup_keys)}
    ended = dict(zip(successes.backup_keys, successes.ended(range(len(successes))), strict=True))
    places = [_Place(resource, policy, limits, shown.keys(), ended) for policy in copying]
    late = sorted((point for place in places for point in place.late), key=lambda point: point.created_at)
    copied = max(
        (point for place in places for point in place.copied), key=lambda point: point.created_at, default=None
    )
    facts: Facts = {
        "limit_hours": limits.replication_lag // _HOUR,
        "newest_copied": copied.created_at if copied else None,
    }
    if late and not all(shows(resource, sort, late[0].created_at) for sort in (COPYING, SUCCESSES)):
        return unknown("the task log has gaps", **facts)
    if late:
        odd = resource.strange_since(late[0].created_at)
        if odd:
            return strange("copied a backup", odd, **facts)
        unclear = copies.picked(lambda task: not task.is_understood)
        puzzling = [task for task in unclear if task.began >= late[0].created_at]
        if puzzling:
            return puzzled("a copy", puzzling, **facts)
        if any(point.may_be_copied for point in late):
            return unknown("a copy has a status that is not documented", backup=late[0].id, **facts)
        return failed("backups were not copied in time", since=late[0].created_at, not_copied=len(late), **facts)
    if not copied or not any(place.owed for place in places):
        return not_applicable("no backup is there that should have been copied by now", **facts)
    evidence = [finished[shown[copied.key]]] if copied.key in shown else []
    return passed("the newest backup that should have been copied is, or a newer one", evidence, **facts)


class _Place:
    """The backups of a resource in the vaults of one replication policy."""

    def __init__(
        self,
        resource: Resource,
        policy: PolicySubject,
        limits: Limits,
        shown: AbstractSet[Key | None],
        ended: Mapping[Key | None, datetime | None],
    ) -> None:
        here = (point for point in resource.recovery_points or () if point.vault_id in policy.policy.vault_ids)
        points = [point for point in here if point.is_available and not point.is_copy]
        due = _last_due(policy, resource, limits)
        self.copied = [point for point in points if point.key in shown or point.is_copied]
        self.owed = [point for point in points if due and (ended.get(point.key) or point.created_at) <= due]
        newest = max((point.created_at for point in self.copied), default=None)
        self.late = [point for point in self.owed if newest is None or point.created_at > newest]


def _last_due(policy: PolicySubject, resource: Resource, limits: Limits) -> datetime | None:
    """When the policy last came due so long ago that its copies must be finished."""
    times, until = policy.timetable(resource.window.since, limits), limits.now - limits.replication_lag
    runs = zip(reversed(times.due), reversed(times.excuses), strict=True)
    due = next((moment for moment, excuse in runs if moment <= until and not excuse), None)
    return due if due and due >= (policy.planned_since or due) else None


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-109",
    name="replication-success",
    title="Backups are copied to the other region in time",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    judges_deleted=True,
    needs=frozenset({Kind.BACKUPS}),
    about=Feature.REPLICATION,
)
