"""CBR-101 recent-backup: every protected resource has a recent successful backup.

Why it matters
    Attaching a resource to a vault shows intent, and a task that says success makes a promise. Only a backup that is
    there shows protection.
How it is judged
    pass            the newest successful backup that is still in a vault began no longer ago than
                    `max_backup_age_hours` or, where the profile sets none, than the longest interval of the policy
                    that it follows, with its start window and `grace_hours`
    fail            it began earlier, none is there, or the task log shows none although one was due
    unknown         a task says success within the limit, and the backups could not be read completely, or what it made
                    need not be listed yet (for an hour, unless another such success made nothing), or at all; no
                    success within the limit is sure, and a task within it has a status or an operation that is not
                    documented, or says that it succeeded and names an error; the task log has gaps or a row that
                    matters here and could not be used or does not reach back as far as the limit, no limit is known
                    because the policies cannot be read, or the vault's age contradicts the time of judgement; or no
                    backup was ever seen, and none was due since a first run saw the resource in its vault: no list says
                    when it came
    not_applicable  the resource or its vault is new, and its first backup is not due yet; or the same of its plan,
                    where the profile sets no limit and the newest backup was not too old when the plan changed
    The first backup is due after `max_backup_age_hours` or, where the profile sets none, at the first run that is
    planned, with start window and `grace_hours`. It counts from when the vault was made, or from the first run that saw
    the resource there or following the plan, after an earlier one that did not. Where no run saw that, the oldest task
    that names it, or else the oldest backup that its vault keeps of it, shows that it was there.
    A success made nothing where the list of backups does not have what it names, or shows it as more than an hour older
    than the task; and, where such resources have backups in the list, if it names none and none came meanwhile. What
    retention or a deletion took away is no recovery point any more. One in error counts: CBR-401 judges it.
    What is backed up elsewhere, such as VMware on premises, comes into a hybrid vault by synchronisation. One that
    succeeded and brought backups (`sync_backup_num`) counts, and so does a backup in the vault; that the list has those
    is written nowhere. It is planned elsewhere: where neither the profile nor a policy sets a limit, that is
    `max_interval_hours` and `grace_hours`. It is unknown where a recent synchronisation does not say how many backups
    it brought, or of which resource.
How to fix it
    Enable or apply a policy if none runs, or repair the cause that its last task names. Then start a manual backup, and
    check that it is in the vault.
"""

from datetime import datetime, timedelta
from typing import Final

from audit.collection import Kind
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
from audit.records import SYNC, Task
from audit.subjects import SUCCESSES, Limits, Resource, SubjectKind, newest_proof, reaches_back, shows, silent_since

_HOUR: Final = timedelta(hours=1)


def judge(resource: Resource, limits: Limits) -> Verdict:
    """Compare the age of the newest success, and then that of the newest one that left a backup, with the limit."""
    limit = limits.max_backup_age or resource.planned_interval(limits)
    last = resource.sorted_tasks.claimed.newest(lambda _task: True, resource.window.until)
    if limit is None:
        return unknown("no limit is set, and the resource's policies could not be read")
    if resource.is_synchronised:
        return _synchronised(resource, limits, limit)
    if last is None:
        return _without_success(resource, limits, limit)
    age = limits.now - last.began
    hours: Facts = {"age_hours": age // _HOUR, "limit_hours": limit // _HOUR}
    if age <= limit:
        return _of_points(resource, limits, limit, last)
    if limits.max_backup_age is None and (due := _still_due(resource, resource.awaited_since, limits)):
        return not_applicable("its plan is new, and the first backup by it is not due yet", [last], due=due, **hours)
    if not shows(resource, SUCCESSES, limits.now - limit):
        return unknown("a newer success may be missing: the task log has gaps", [last], **hours)
    doubt = _doubt(resource, limits.now - limit, hours)
    if doubt:
        return doubt
    return failed(_reason("no successful backup within the limit", resource), [last], since=last.began, **hours)


def _of_points(resource: Resource, limits: Limits, limit: timedelta, last: Task) -> Verdict:
    """Look for the backup behind a success within the limit."""
    if resource.recovery_points is None:
        counted: Facts = {} if resource.counted_points is None else {"vault_counts": resource.counted_points}
        return unknown(
            "a task says success, and the backups could not be read completely",
            [last],
            last_success=last.began,
            **counted,
        )
    proof, doubtful, refuted = newest_proof(resource)
    facts: Facts = {"last_success": proof.task.began if proof else None}
    if proof:
        facts["age_hours"] = (limits.now - proof.made) // _HOUR
    facts["limit_hours"] = limit // _HOUR
    if proof and limits.now - proof.made <= limit:
        return passed("the newest successful backup is recent enough", [proof.task], **facts)
    facts["last_claim"] = last.began
    in_doubt, void = ([task for task in part if limits.now - task.began <= limit] for part in (doubtful, refuted))
    if in_doubt and not (void and resource.kind_is_listed):
        return unknown("a task says success, and its backup is not in the list, or not yet", in_doubt[:1], **facts)
    if not shows(resource, SUCCESSES, limits.now - limit):
        return unknown("a newer success may be missing: the task log has gaps", [last], **facts)
    doubt = _doubt(resource, limits.now - limit, facts)
    if doubt:
        return doubt
    since = {"since": proof.made} if proof else {"since": silent_since(resource), "or_earlier": True}
    reason = "tasks say success, and none within the limit left a backup that is still there"
    return failed(reason, [last], **since, **facts)


def _synchronised(resource: Resource, limits: Limits, limit: timedelta) -> Verdict:
    """Look for a synchronisation that brought backups, or for what one brought."""
    if not resource.vaults_complete:
        return unread(Kind.VAULTS)
    successes, until, since = resource.sorted_tasks.successes, resource.window.until, limits.now - limit
    last = successes.newest(lambda task: task.operation == SYNC, until)
    facts: Facts = {"limit_hours": limit // _HOUR}
    if last and last.began >= since:
        return passed("the newest synchronisation that brought backups is recent enough", [last], **facts)
    recent = (point for point in resource.own_points or () if since <= point.created_at <= limits.now)
    newest = next((point for point in recent if point.is_available), None)
    if newest:
        facts |= {"backup": newest.id, "created": newest.created_at}
        return passed("a backup that was synchronised is recent enough", **facts)
    doubtful = [task for task in (*resource.puzzling, *resource.nameless_syncs) if task.began >= since]
    if doubtful:
        return unknown("a synchronisation does not say how many backups it brought, or of which resource", doubtful)
    if last is None:
        return _without_success(resource, limits, limit)
    if not shows(resource, SUCCESSES, since):
        return unknown("a newer synchronisation may be missing: the task log has gaps", [last], **facts)
    odd = resource.strange_since(since)
    if odd:
        return strange("brought backups within the limit", odd, **facts)
    return failed("no synchronisation within the limit brought backups", [last], since=last.began, **facts)


def _without_success(resource: Resource, limits: Limits, limit: timedelta) -> Verdict:
    facts: Facts = {"limit_hours": limit // _HOUR}
    if resource.held_since is not None and resource.held_since > limits.now:
        return unknown("its vault was created after the time of judgement", created=resource.held_since)
    if due := _still_due(resource, resource.held_since, limits):
        return not_applicable("its vault is new, and the first backup is not due yet", due=due, **facts)
    if due := _still_due(resource, resource.awaited_since, limits):
        return not_applicable("it is new, and its first backup is not due yet", due=due, **facts)
    if due := _still_due(resource, resource.known_since, limits):
        return unknown("nobody knows when it came into its vault, and no backup was due since", due=due, **facts)
    if not shows(resource, SUCCESSES, limits.now - limit):
        return unknown("no successful backup was seen, and the task log has gaps", **facts)
    since = max(filter(None, (silent_since(resource), resource.held_since, resource.known_since)))
    if not reaches_back(resource, limit, limits.now) and since == silent_since(resource):
        return unknown("the task log does not reach back as far as the limit", **facts)
    doubt = _doubt(resource, limits.now - limit, facts)
    if doubt:
        return doubt
    seen = "the task log shows no successful backup" if resource.backups else "the task log shows no backup at all"
    or_earlier = since != resource.awaited_since
    return failed(_reason(seen, resource), resource.backups[-1:], since=since, or_earlier=or_earlier, **facts)


def _still_due(resource: Resource, since: datetime | None, limits: Limits) -> datetime | None:
    """Until when there is time for the first backup that is owed from a time on; None where there is none left."""
    due = None if since is None else resource.first_backup_by(since, limits)
    return due if due is not None and limits.now <= due else None


def _doubt(resource: Resource, start: datetime, facts: Facts) -> Verdict | None:
    """Name the tasks that may have made a backup within the limit, and of which nobody knows that for sure."""
    puzzling = [task for task in resource.puzzling if start <= task.began <= resource.window.until]
    if puzzling:
        return puzzled("a backup within the limit", puzzling, **facts)
    odd = resource.strange_since(start)
    return strange("made a backup within the limit", odd, **facts) if odd else None


def _reason(seen: str, resource: Resource) -> str:
    """Name the cause where it is plain."""
    is_without_plan = resource.schedules == () and not resource.is_synchronised
    return f"{seen}, and no enabled policy makes any" if is_without_plan else seen


CONTROL: Final[Control[Resource]] = Control(
    id="CBR-101",
    name="recent-backup",
    title="Protected resources have a recent successful backup",
    severity=Severity.CRITICAL,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE,),
    judge=judge,
    weighs_gaps=True,
    reads=frozenset({Kind.BACKUPS}),
)
