"""CBR-404 task-backup-agreement: the task log and the backups in the vaults tell the same story.

Why it matters
    A success without a backup is a promise that was broken unseen. A backup without a task came past every record of
    what was done.
How it is judged
    pass            what each successful task made is there, or a deletion or retention explains that it is not; and
                    each backup that was made while the log is covered has its task
    fail            a backup is gone and nothing explains it; a success names a backup that was there before it, or that
                    an earlier success made, or none although such resources have backups in the list and none came
                    meanwhile; or a backup is there that no task made
    unknown         the backups could not be read completely, or the task log has gaps or a row that matters here and
                    could not be used; what does not agree may be explained by policies or vaults that could not be
                    read, by a task that names no backup, or by one whose status or operation is not documented, or that
                    says it succeeded and names an error; or the vault says that it keeps no backup of the resource and
                    one is listed, or the other way round; or backups are gone by rules that no run saw when they were
                    made, and others beside them are kept for longer; or a number explains it, and the last backup of a
                    day, week, month or year is gone of which the policy keeps one; or backups that an earlier run saw
                    are gone, nothing explains it, and CBR-111 is not applied
    not_applicable  the log shows no successful backup whose vault holds the resource, and no backup is there that was
                    made while the log is covered
    Retention explains a loss where an applied policy by its rules of then leaves a backup no longer life than it had,
    or, where no run saw these, the end of the next backup that a policy made and that is there in a vault of the
    resource; or where as many newer ones were made as the policy kept since then. A
    policy that was taken off counts for what was made until then. What CBR-111 says of a first run, which does not know
    the rules of then, holds here too. Not judged are backups that an earlier run saw, which CBR-111 holds to the end
    that they had; backups from before the resource was taken out of a vault, copies, parts of a server's backup, what
    was synchronised into a hybrid vault, backups without a task on the first day of the log, and whatever the last hour
    brought. A backup is older than its task where it was made more than an hour before. What a vault counts is written
    nowhere: only none against some is a contradiction.
How to fix it
    Ask Cloud Trace Service who deleted or made the backup. If it was lost, open a service ticket with its id.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Final, NamedTuple

from audit.collection import Kind
from audit.history import plain
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
from audit.records import DELETIONS, TAKING, Backup, Task
from audit.subjects import (
    BACKUPS,
    DELETING,
    REMOVING,
    SLACK,
    SUCCESSES,
    Claims,
    Limits,
    Resource,
    SubjectKind,
    shows,
    silent_since,
    unexplained,
    weigh_claims,
)

_NONE_MADE: Final = frozenset({"failed", "timeout", "skipped", "waiting"})
_FIRST: Final = timedelta(days=1)  # a task may have waited for long before it made its backup


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Hold the tasks against the backups, and the backups against the tasks."""
    if resource.recovery_points is None:
        return unread(Kind.BACKUPS)
    claims = weigh_claims(resource, limits.now)
    gone, hollow, points = claims.gone, claims.hollow, _covered(resource)
    known = set(resource.backups.backup_keys)
    extra = [point for point in points if point.key not in known]
    facts: Facts = {"successes": claims.made, "gone": len(gone), "backups": len(points), "without_task": len(extra)}
    if hollow:
        facts["hollow"] = len(hollow)
    if not resource.log_read or not (hollow or _is_clear(resource, gone, extra)):
        return unknown("the task log has gaps", [*gone, *hollow], **facts)
    odd = resource.strange_since(gone[0].began) if gone else []
    rules = resource.policies
    is_lost = gone and rules is not None and all(rule.policy.limits_known for rule in rules) and not odd
    if hollow or is_lost or not all(_is_doubtful(point, resource) for point in extra):
        found = _Disagreement(gone, hollow, extra)
        return failed(found.reason, found.tasks, since=found.since, backup=found.first, **facts)
    if odd:
        return strange("deleted a backup that is gone", odd, **facts)
    if gone or extra:
        reason = "what does not agree may be explained by what could not be read, or by a task that nobody understands"
        return unknown(reason, gone, **facts)
    if claims.doubtful:
        return guessed(claims.doubtful, gone_in_doubt=len(claims.doubtful), **facts)
    if claims.last:
        return last_copy(claims.last, gone_in_doubt=len(claims.last), **facts)
    return _agreed(resource, claims, points, limits, facts)


def _agreed(resource: Resource, claims: Claims, points: list[Backup], limits: Limits, facts: Facts) -> Verdict:
    """Nothing contradicts itself that can be read; say whether that is all."""
    if not resource.vaults_complete:
        return unread(Kind.VAULTS, **facts)
    if miscounted := _miscounted(resource):
        return unknown("its vault and the list of backups contradict each other", **miscounted, **facts)
    unsure = [*dict.fromkeys(_unsure(resource, limits.now))]
    if unsure:
        return puzzled("a task whose backup is missing or not its own", unsure, **facts)
    if not claims.made and not points:
        return not_applicable("there is nothing to compare", **facts)
    return passed("the task log and the backups agree", claims.newest, **facts)


def _unsure(resource: Resource, now: datetime) -> Iterator[Task]:
    """Name the tasks whose word cannot be relied on, and whose backup is not there, or is not their own."""
    there, settled = resource.points_by_key, resource.window.until - SLACK
    puzzling = [task for task in resource.puzzling if task.backup_key and (task.ended_at or task.began) <= settled]
    yield from chain(*unexplained(plain([task for task in puzzling if task.backup_key not in there]), resource, now))
    made = set(resource.sorted_tasks.claimed.backup_keys)
    made |= {task.backup_key for task in puzzling if _is_older(there.get(task.backup_key), task)}
    yield from (task for task in puzzling if task.backup_key in made)
    deletions = resource.doing(DELETIONS).picked(lambda task: not task.is_understood)
    yield from (task for task in deletions if task.backup_key and task.backup_key not in there)


def _is_clear(resource: Resource, gone: list[Task], extra: list[Backup]) -> bool:
    """Whether the log hides nothing that explains what does not agree or, where all does, a success without backup."""
    if not gone and not extra:
        return shows(resource, SUCCESSES, resource.window.since)
    explaining = [(sort, gone[0].began) for sort in (DELETING, REMOVING) if gone]
    explaining += [(BACKUPS, extra[0].created_at)] if extra else []
    return all(shows(resource, sort, since) for sort, since in explaining)


def _covered(resource: Resource) -> list[Backup]:
    """The whole backups that were made here while the log is covered, in vaults that nothing else fills."""
    begin, end = silent_since(resource) + _FIRST, resource.window.until - SLACK
    vaults = {vault.id for vault, _held in resource.places if vault.is_filled_by_cbr}
    points = [point for point in resource.own_points or () if begin <= point.created_at <= end]
    return [point for point in points if point.vault_id in vaults and not point.is_broken]


def _is_doubtful(point: Backup, resource: Resource) -> bool:
    """A task that went on when a backup was made may have made it, and does not say."""
    silent = [task for task in resource.backups if not task.backup_key and task.status not in _NONE_MADE]
    silent += resource.strange_since(resource.window.since)
    return any(task.began - SLACK <= point.created_at <= (task.ended_at or point.created_at) + SLACK for task in silent)


def _miscounted(resource: Resource) -> Facts:
    """Say where its vaults count no backup and one is there, or count some and none is.

    What exactly they count is written nowhere, so that other numbers prove nothing; and what was synchronised into a
    hybrid vault need not be listed.
    """
    if resource.is_synchronised:
        return {}
    counted, vault_ids = resource.counted_points, {vault.id for vault, _held in resource.backup_places}
    points = [point for point in resource.points_by_key.values() if point.vault_id in vault_ids]
    settled = [point for point in points if point.is_available and point.created_at <= resource.window.until - SLACK]
    contradicts = counted is not None and (bool(settled) if counted == 0 else not points)
    return {"vault_counts": counted, "listed": len(points)} if contradicts else {}


def _is_older(point: Backup | None, task: Task) -> bool:
    return point is not None and task.created_at - point.created_at > SLACK


class _Disagreement(NamedTuple):
    """What does not agree, and what to say of it."""

    gone: list[Task]
    hollow: list[Task]
    extra: list[Backup]

    @property
    def reason(self) -> str:
        """Name the worst of it."""
        if any(task.backup_key for task in self.gone):
            return "a backup is gone, and nothing explains it"
        return "a success made no backup of its own" if self.tasks else "a backup is there that no task made"

    @property
    def tasks(self) -> list[Task]:
        """The tasks at fault, in order."""
        return sorted((*self.gone, *self.hollow), key=lambda task: (task.created_at, task.id))

    @property
    def since(self) -> datetime:
        """When the oldest of it began."""
        return min((*(task.began for task in self.tasks), *(point.created_at for point in self.extra)))

    @property
    def first(self) -> str | None:
        """The id of the first backup in question; None where the task names none."""
        return self.tasks[0].backup_id if self.tasks else self.extra[0].id


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-404",
    name="task-backup-agreement",
    title="The task log and the backups tell the same story",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    deeds=TAKING,
    weighs_gaps=True,
    judges_deleted=True,
    needs=frozenset({Kind.BACKUPS}),
    compares=True,
    leaves_missed=True,
)
