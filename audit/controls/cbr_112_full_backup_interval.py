"""CBR-112 full-backup-interval: a full backup comes as often as the policy says.

Why it matters
    An incremental backup needs all those before it, back to the last full one. The longer the chain, the slower the
    restore, and the more is lost with one damaged link.
How it is judged
    pass            no more incremental backups followed the newest full one than the policy's full_backup_interval
                    allows
    fail            more followed
    unknown         the task log has gaps or a row that matters here and could not be used, a policy or its schedule
                    cannot be read, a backup does not say whether it is full, or the window shows neither a full backup
                    nor more incremental ones than allowed; or newer tasks would decide if they were backups that
                    succeeded: their status or operation is not documented, or they name an error too
    not_applicable  no enabled policy of the resource asks for full backups, or none was made: CBR-101 judges that
    Incremental backups count that name the policy or answer its planned runs; full ones count whoever started them.
How to fix it
    Start a full backup by hand. If the policy goes on without one, open a service ticket with the ids of the tasks.
"""

from bisect import bisect_left
from datetime import datetime
from itertools import takewhile
from typing import Final

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
)
from audit.subjects import SUCCESSES, Limits, PolicySubject, Resource, Schedules, SubjectKind, shows, silent_since


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Count the incremental backups since the last full one, for the policy that allows the fewest."""
    planned = resource.planned_runs(limits)
    if planned is None:
        return unknown("nobody knows what was planned", problem=resource.unreadable)
    asking = [subject for subject in resource.followed if subject.makes_backups and _allowed(subject) > 0]
    if not asking:
        return not_applicable("no enabled policy asks for full backups")
    subject = min(asking, key=_allowed)
    return _of_chain(resource, subject, _made(resource, subject, planned))


def _of_chain(resource: Resource, subject: PolicySubject, made: TaskList) -> Verdict:
    chain = made[len(made) - len([*takewhile(lambda task: task.incremental, reversed(made.samples))]) :]
    if not shows(resource, SUCCESSES, _looked_at(made, len(chain), subject) or resource.window.since):
        return unknown("the task log has gaps")
    facts: Facts = {"policy": subject.id, "incremental": len(chain), "limit": _allowed(subject)}
    start = made[-len(chain) - 1 if len(chain) < len(made) else 0].began if made else resource.window.since
    doubt = _doubt(resource, start, _allowed(subject) - len(chain) if made else -1, facts)
    if doubt:
        return doubt
    if len(chain) > _allowed(subject):
        since = chain[_allowed(subject)].began
        return failed("too many incremental backups followed each other", chain, since=since, **facts)
    if not made:
        return not_applicable("no backup of the policy succeeded in the window", **facts)
    if len(chain) == len(made):
        return unknown("too few backups were made in the window to tell", chain, **facts)
    before = made[-len(chain) - 1]
    if before.incremental is None:
        return unknown("a backup does not say whether it is full", [before], **facts)
    return passed("a full backup came in time", [before], **facts)


def _doubt(resource: Resource, start: datetime, more: int, facts: Facts) -> Verdict | None:
    """Name the tasks that may have lengthened the chain by more than is allowed, or ended it."""
    puzzling = [task for task in resource.puzzling if task.began >= start]
    odd = resource.strange_since(start)
    if len(puzzling) + len(odd) <= more:
        return None
    if puzzling:
        return puzzled("a backup", puzzling, **facts)
    return strange("been a backup", odd, **facts) if odd else None


def _looked_at(made: TaskList, incremental: int, subject: PolicySubject) -> datetime | None:
    """When the oldest of the backups began that the verdict rests on; None where it rests on all that there are."""
    number = min(incremental, _allowed(subject)) + 1
    return made[-number].began if number <= len(made) else None


def _allowed(subject: PolicySubject) -> int:
    return subject.policy.full_backup_interval or 0


def _made(resource: Resource, subject: PolicySubject, planned: Schedules) -> TaskList:
    """The successes of the policy in the window, and the full backups of others, oldest first."""
    backups, own_id = resource.backups, subject.id
    runs = zip(planned.answers, planned.policy_ids, strict=True)
    answers = {answer for answer, policy_id in runs if policy_id == own_id}
    counting = {id(task) for task in backups.kinds if task.policy_id == own_id or task.incremental is False}
    samples, first = backups.samples, bisect_left(backups.created, silent_since(resource))
    succeeded = (place for place in range(first, len(samples)) if samples[place].succeeded)
    return backups.at([place for place in succeeded if id(samples[place]) in counting or place in answers])


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-112",
    name="full-backup-interval",
    title="A full backup comes as often as the policy says",
    severity=Severity.LOW,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    needs=frozenset({Kind.POLICIES}),
)
