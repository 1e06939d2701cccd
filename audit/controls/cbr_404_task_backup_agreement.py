"""CBR-404 task-backup-agreement: the task log and the backups in the vaults tell the same story.

Why it matters
    A success without a backup is a promise that was broken unseen. A backup without a task came past every record of
    what was done.
How it is judged
    pass            what each successful task made is there, or a deletion or retention explains that it is not; and
                    each backup that was made while the log is covered has its task
    fail            a backup is gone and nothing explains it, or one is there that no task made
    unknown         the backups could not be read completely, or the task log has gaps; or what does not agree may be
                    explained by policies or vaults that could not be read, or by a task that names no backup
    not_applicable  the log shows no successful backup whose vault holds the resource, and no backup is there that was
                    made while the log is covered
    Retention explains a loss where an applied policy, or the end of the next backup that is there, leaves a backup no
    longer life than it had, or where as many newer ones were made as the policy keeps. Not judged are backups from
    before the resource was taken out of a vault, copies, parts of a server's backup, what was synchronised into a
    hybrid vault, backups without a task on the first day of the log, and whatever the last hour brought.
How to fix it
    Ask Cloud Trace Service who deleted or made the backup. If it was lost, open a service ticket with its id.
"""

from bisect import bisect_right
from datetime import datetime, timedelta
from typing import Final

from audit.collection import Kind
from audit.findings import Control, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.records import BACKUP, Backup, Policy, Task
from audit.records.keys import Key
from audit.subjects import Limits, Resource, SubjectKind, silent_since

_NONE_MADE: Final = frozenset({"failed", "timeout", "skipped", "waiting"})
_DELETE: Final = frozenset({"delete"})
_DAY: Final = timedelta(days=1)
_FOR_EVER: Final = timedelta.max.days
_FIRST: Final = timedelta(days=1)  # a task may have waited for long before it made its backup
_LAST: Final = timedelta(hours=1)  # clocks differ, and the log may lag behind


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Hold the tasks against the backups, and the backups against the tasks."""
    if resource.recovery_points is None:
        return unknown("the backups could not be read completely")
    settled = resource.window.until - _LAST
    successes = [task for task in resource.kept_successes if task.backup_key]
    made = [task for task in successes if (task.ended_at or task.began) <= settled]
    gone, points = _gone(resource, made, limits.now), _covered(resource)
    known = {task.backup_key for task in resource.backups}
    extra = [point for point in points if point.key not in known]
    facts = {"successes": len(made), "gone": len(gone), "backups": len(points), "without_task": len(extra)}
    if not resource.log_complete:
        return unknown("the task log has gaps", gone, **facts)
    if (gone and resource.policies is not None) or not all(_is_doubtful(point, resource) for point in extra):
        return failed(_reason(gone), gone, since=_since(gone, extra), backup=_first(gone, extra), **facts)
    if gone or extra:
        return unknown("what does not agree may be explained by what could not be read", gone, **facts)
    if not resource.vaults_complete:
        return unknown("the vaults could not be read completely", **facts)
    if not made and not points:
        return not_applicable("there is nothing to compare", **facts)
    return passed("the task log and the backups agree", made[-1:], **facts)


def _gone(resource: Resource, made: list[Task], now: datetime) -> list[Task]:
    """Find the tasks whose backup is not there, and nothing that was read explains why."""
    there: set[Key | None] = {point.key for point in resource.recovery_points or ()}
    there |= {task.backup_key for task in resource.doing(_DELETE) if not task.broke}
    rules = [subject.policy for subject in resource.policies or () if subject.policy.operation == BACKUP]
    life = min([_FOR_EVER, *(rule.retention_days or 0 for rule in rules if rule.keeps_by_age)]) * _DAY
    missing = [task for task in made if task.backup_key not in there and now - task.began < life]
    if not missing:
        return []
    began = sorted(other.began for other in resource.sorted_tasks.successes)
    shown = [point for point in resource.own_points or () if point.expired_at]
    return [task for task in missing if not _has_expired(task, now, began, shown, rules)]


def _has_expired(task: Task, now: datetime, began: list[datetime], shown: list[Backup], rules: list[Policy]) -> bool:
    """Whether the number that a policy keeps, or the retention that the next backup shows, had an end for a backup."""
    newer = len(began) - bisect_right(began, task.began)
    after = bisect_right(shown, task.began, key=lambda point: point.created_at)
    if after < len(shown):
        point = shown[after]
        if point.expired_at is not None and now - task.began >= point.expired_at - point.created_at:
            return True
    return any(rule.keeps_by_number and newer >= (rule.max_backups or 0) for rule in rules)


def _covered(resource: Resource) -> list[Backup]:
    """The whole backups that were made here while the log is covered, in vaults that nothing else fills."""
    begin, end = silent_since(resource) + _FIRST, resource.window.until - _LAST
    vaults = {vault.id for vault, _held in resource.places if vault.protect_type == BACKUP}
    points = [point for point in resource.own_points or () if begin <= point.created_at <= end]
    return [point for point in points if point.vault_id in vaults and not point.is_broken]


def _is_doubtful(point: Backup, resource: Resource) -> bool:
    """A task that went on when a backup was made may have made it, and does not say."""
    silent = (task for task in resource.backups if not task.backup_key and task.status not in _NONE_MADE)
    return any(task.began - _LAST <= point.created_at <= (task.ended_at or point.created_at) + _LAST for task in silent)


def _reason(gone: list[Task]) -> str:
    return "a backup is gone, and nothing explains it" if gone else "a backup is there that no task made"


def _since(gone: list[Task], extra: list[Backup]) -> datetime:
    return min((*(task.began for task in gone), *(point.created_at for point in extra)))


def _first(gone: list[Task], extra: list[Backup]) -> str | None:
    return gone[0].backup_id if gone else extra[0].id


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-404",
    name="task-backup-agreement",
    title="The task log and the backups tell the same story",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    needs=frozenset({Kind.BACKUPS}),
)
