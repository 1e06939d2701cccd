"""CBR-111 destructive-operation: nothing that was protected was taken away by hand.

Why it matters
    Deleting backups is what an attacker does first and what a mistake looks like. Each case needs a person who
    says that it was meant.
How it is judged
    pass            the log shows no removal, and every backup that is gone had come to its end
    fail            the vault was deleted, a resource was taken out of it, or a backup went before its time: before the
                    end that it had when an earlier run saw it, whether or not a task shows who deleted it; or, where no
                    run saw it, before its age or the number of newer ones reached the retention of the vault's policies
    unknown         none was seen, and the task log has gaps or a row that matters here and could not be used; or
                    backups are gone and the policies cannot be read; or the evidence does not show whether the time of
                    what was deleted had come; or a deletion or removal has a status that is not documented, or a task
                    an operation; or the backups could not be read completely;
                    or no vault holds a resource any more, and no task shows when it left
    not_applicable  a resource whose place is known: its vault is judged; or the log names a vault, a resource or a
                    known backup for whatever was taken away
    A vault answers for the tasks that concern it, the collection for those that name neither a vault nor a resource
    nor a backup whose task is seen, and a resource for having left without one: no other control judges it then. What
    says that it succeeded counts even where it names an error, or something that it could not take away; only it does
    not show then what left. The deletion of a vault that does not name the id is that of the only vault that had the
    name last, unless something shows that one later.
    This control asks whether something was meant, which only a person can say: a waiver settles what is unknown here.
    A backup is held to what was promised when it was made: to its own end, or else to the rules of its policy at that
    time, as far as runs saw them; a changed policy does not date backups that are there. The number of newer ones
    excuses it where the policy kept a number then, and where it has no end also if the policy does now. A backup that
    was made by hand and has no end has no time to go. On a first run nobody knows the rules of then: a deletion that
    the present ones do not allow is unknown where the next backup that is there shows as short a life.
    A backup that was made before the window had reached every retention that is not longer than the part of the window
    before its deletion. A deletion that this does not explain is counted and not judged: a longer window shows it. Of
    copies in a replication vault only their own ends are judged, and nothing of what was in a vault that was deleted,
    or belonged to a resource that was taken out.
How to fix it
    Ask who started the task; Cloud Trace Service names the user. If it was not meant, protect the resources again.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Final

from audit.collection import Kind
from audit.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, puzzled, strange, unknown
from audit.records import (
    BACKUP,
    DELETIONS,
    REMOVALS,
    TAKE_AWAY,
    VAULT_DELETE,
    Task,
    newest,
    pick,
    pick_backups,
    pick_begun,
)
from audit.records.keys import Key
from audit.subjects import (
    DELETING,
    REMOVING,
    SLACK,
    SUCCESSES,
    Collection,
    Fate,
    Fates,
    Limits,
    PolicySubject,
    Presence,
    Resource,
    SubjectKind,
    Taken,
    VaultSubject,
    shows,
)

_DAY: Final = timedelta(days=1)
_EVER: Final = datetime.min.replace(tzinfo=UTC)


def judge(subject: VaultSubject | Resource | Collection, _limits: Limits) -> Verdict:
    """Look for what was taken away: from a vault, from nobody knows where, or unseen."""
    if isinstance(subject, Resource):
        return _of_resource(subject)
    return _of_loose(subject) if isinstance(subject, Collection) else _of_vault(subject)


def _of_resource(resource: Resource) -> Verdict:
    """Only what no task explains is said of the resource itself."""
    if resource.presence == Presence.UNKNOWN:
        return unknown("the vaults could not be read completely")
    if resource.presence != Presence.UNACCOUNTED:
        return not_applicable("what is taken out of a vault is judged there")
    if not resource.tasks:
        return unknown("no vault holds it, and no task shows when it left")
    last = newest(resource.tasks)
    return unknown("no vault holds it, and no task shows when it left", [last], last_task=last.created_at)


def _of_loose(collection: Collection) -> Verdict:
    """Look at the tasks that say nothing of where they took something away."""
    taken = [task for task in collection.tasks if task.operation in TAKE_AWAY and task.claims_success]
    removals = [task for task in taken if task.operation in REMOVALS]
    if removals:
        return failed("something was removed, and the log does not say what", removals, since=removals[0].created_at)
    if not all(shows(collection, sort, collection.window.since) for sort in (REMOVING, DELETING)):
        return unknown("nothing was seen to be taken away, and the task log has gaps")
    if taken:
        return unknown("backups were deleted, and the log does not say of what", taken, deletions=len(taken))
    return _doubt(collection.tasks) or not_applicable("the log says of every deletion what it concerns")


def _doubt(tasks: Sequence[Task]) -> Verdict | None:
    """Name the tasks that may have taken something away."""
    puzzling = pick(
        tasks, lambda task: task.operation in TAKE_AWAY and not task.is_understood and not task.claims_success
    )
    if puzzling:
        return puzzled("a deletion or a removal", puzzling)
    odd = pick(tasks, lambda task: not task.is_known and not task.came_to_nothing)
    return strange("taken something away", odd) if odd else None


def _of_vault(vault: VaultSubject) -> Verdict:
    """Look for removals, and for backups that went before their time."""
    taken = pick(vault.tasks, lambda task: task.operation in TAKE_AWAY and task.claims_success)
    removals = [task for task in taken if task.operation in REMOVALS]
    deletions = [task for task in taken if task.operation in DELETIONS]
    lost, unsure = _lost(vault, removals)
    named = {each.key for each in vault.taken}
    unseen = [task for task in deletions if task.backup_key not in named]
    backups = pick_backups(vault.tasks, {task.backup_key for task in unseen if task.backup_key})
    early, doubtful = _early(unseen, backups, vault)
    early += [task for task in deletions if task.backup_key in lost]
    undecided = _undecided(unseen, backups, vault) + [task for task in deletions if task.backup_key in unsure]
    found = sorted([*removals, *early], key=lambda task: (task.created_at, task.id))
    vanished = [lost[key] for key in sorted(lost.keys() - {task.backup_key for task in deletions}, key=str)]
    facts: Facts = {
        "removals": len(removals),
        "early_deletions": len(early),
        "deletions": len(deletions),
        "deletions_not_judged": len(undecided) + len(doubtful),
        "gone_without_task": len(vanished),
    }
    if found or vanished:
        since = min([*(task.created_at for task in found), *(each.gone for each in vanished)])
        return failed(_reason(found), found, since=since, **facts)
    if not all(shows(vault, sort, vault.window.since) for sort in (REMOVING, DELETING)):
        return unknown("nothing was seen to be taken away, and the task log has gaps", **facts)
    doubt = _doubt(vault.tasks)
    if doubt:
        return doubt
    if (deletions or unsure) and vault.policies is None:
        return unknown("backups are gone, and the policies could not be read", deletions, **facts)
    if doubtful:
        return unknown("backups were deleted, and perhaps no longer life was promised", doubtful, **facts)
    if _is_puzzling(undecided, deletions, vault):
        return unknown("backups were deleted, and the window does not show how old they were", undecided, **facts)
    return passed("nothing was seen to be taken away by hand", deletions[-1:], **facts)


def _reason(found: list[Task]) -> str:
    """Name the worst of what was done."""
    operations = {task.operation for task in found}
    if VAULT_DELETE in operations:
        return "the vault was deleted"
    if not operations.isdisjoint(DELETIONS):
        return "backups were deleted before their retention ended"
    return "resources were taken out of the vault" if found else "backups are gone before their retention ended"


def _lost(vault: VaultSubject, removals: list[Task]) -> tuple[dict[Key, Taken], frozenset[Key]]:
    """Find the backups that earlier runs saw and that went too early, and those of which nobody can say."""
    if vault.departure is not None or not vault.taken:
        return {}, frozenset()
    fates = Fates(vault)
    removed = {resource_id: task.created_at for task in removals for resource_id in (*task.removed, task.resource_id)}
    left = [each for each in vault.taken if each.made > removed.get(each.resource_id, _EVER)]
    of = {each.key: (each, fates.of(each)) for each in left}
    early = {key: each for key, (each, fate) in of.items() if fate == Fate.EARLY}
    unsure = frozenset(key for key, (_each, fate) in of.items() if fate == Fate.UNKNOWN)
    may_be_removed = vault.log_read and not shows(vault, REMOVING, vault.window.since)
    return ({}, unsure | early.keys()) if may_be_removed else (early, unsure)


def _early(deletions: list[Task], backups: list[Task], vault: VaultSubject) -> tuple[list[Task], list[Task]]:
    """Find the deletions that no rule explains by the age of the backup or by the number of newer ones.

    Returns:
        Those that came too early, and those of which nobody knows: the rules may have been others then, or nobody can
        say how the backup was made, or how many newer ones.
    """
    if vault.policies is None:
        return [], []
    made = {task.backup_key: task for task in backups if task.may_have_worked}
    rules = [subject for subject in vault.policies if subject.policy.operation == BACKUP]
    dated = [(task, made[task.backup_key]) for task in deletions if task.backup_key and task.backup_key in made]
    young = [(task, backup) for task, backup in dated if _is_young(task, backup, rules)]
    numbers = {number for subject in rules for number in _numbers(subject)}
    if numbers and not shows(vault, SUCCESSES, vault.window.since):
        return [], [task for task, _backup in young]  # the newer backups that explain a deletion may be missing
    fewest, of = min(numbers, default=inf), {backup.resource_id for _task, backup in young} if numbers else set()
    sure, most = _begun(vault, of, lambda task: task.succeeded), _begun(vault, of, lambda task: task.may_have_worked)
    young = [pair for pair in young if not numbers or _newer(*pair, sure) < fewest]
    doubtful = [
        task
        for task, backup in young
        if not (backup.claims_success and all(subject.policy.limits_known for subject in rules))
        or (numbers and _newer(task, backup, most) >= fewest)
        or _may_be_due(task, backup, rules, vault)
    ]
    return [task for task, _backup in young if task not in doubtful], doubtful


def _is_young(deletion: Task, backup: Task, rules: list[PolicySubject]) -> bool:
    """Whether a backup was deleted before it reached an age that was a rule when it was made."""
    ages = (terms.days for subject in rules for terms in subject.terms_at(backup.began))
    return (deletion.created_at - backup.began) / _DAY < min((days for days in ages if days is not None), default=inf)


def _numbers(subject: PolicySubject) -> set[int]:
    """The numbers of backups that a policy keeps, or kept while the log was covered."""
    now = subject.policy.max_backups if subject.policy.keeps_by_number else None
    return {number for number in (now, *(terms.number for terms in subject.terms)) if number is not None}


def _newer(deletion: Task, backup: Task, successes: Mapping[str | None, list[datetime]]) -> int:
    """Count the successful backups between a backup and its deletion."""
    began = successes.get(backup.resource_id, [])
    return bisect_right(began, deletion.created_at) - bisect_right(began, backup.began)


def _may_be_due(deletion: Task, backup: Task, rules: list[PolicySubject], vault: VaultSubject) -> bool:
    """Whether no run saw the rules of then, and the next backup that is there shows that they may have been shorter."""
    if all(subject.was_seen_by(backup.began) for subject in rules):
        return False
    points = (point for point in vault.recovery_points or () if point.is_own and point.by_policy is not False)
    later = (point for point in points if point.resource_id == backup.resource_id and point.created_at > backup.began)
    after = next(later, None)
    if after is None or after.expired_at is None:
        return False
    return after.expired_at - after.created_at <= deletion.created_at - backup.began + SLACK


def _undecided(deletions: list[Task], backups: list[Task], vault: VaultSubject) -> list[Task]:
    """Find the deletions of which nobody can say whether their time had come; what a failed backup left may go."""
    seen = {task.backup_key for task in backups}
    judged = {task.backup_key for task in backups if task.claims_success or task.broke}
    return [
        task
        for task in deletions
        if task.backup_key not in judged and (task.backup_key in seen or not _was_old_enough(task, vault))
    ]


def _was_old_enough(deletion: Task, vault: VaultSubject) -> bool:
    """Whether a backup from before the window, whose age nobody knows, had reached the longest retention by age."""
    rules = [subject for subject in vault.policies or () if subject.policy.operation == BACKUP]
    terms = [terms for subject in rules for terms in subject.terms_at(vault.window.since)]
    longest = max((each.days or 0 for each in terms), default=0)
    return bool(deletion.backup_key) and 0 < longest <= (deletion.created_at - vault.window.since) / _DAY


def _is_puzzling(undecided: list[Task], deletions: list[Task], vault: VaultSubject) -> bool:
    """Whether what nobody can say of some deletions leaves open whether all is well."""
    is_about_all = len(undecided) == len(deletions) or not all(task.backup_key for task in undecided)
    return bool(undecided) and bool(vault.takes_backups) and is_about_all


def _begun(
    vault: VaultSubject, resource_ids: AbstractSet[str | None], counts: Callable[[Task], bool]
) -> Mapping[str | None, list[datetime]]:
    """When the backups of some resources that count began, in order."""
    if not resource_ids:
        return {}
    began: dict[str | None, list[datetime]] = defaultdict(list)
    for task, moments in pick_begun(
        vault.tasks, lambda task: task.operation == BACKUP and task.resource_id in resource_ids and counts(task)
    ):
        began[task.resource_id].extend(moments)
    return {resource_id: sorted(moments) for resource_id, moments in began.items()}


CONTROL: Final[Control[VaultSubject | Resource | Collection]] = Control(
    id="CBR-111",
    name="destructive-operation",
    title="Nothing that was protected was taken away by hand",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE, SubjectKind.VAULT, SubjectKind.COLLECTION),
    judge=judge,
    reads=frozenset({Kind.BACKUPS}),
    compares=True,
    judges_departed=True,
    judges_missed=True,
    judges_alone=frozenset({Presence.UNACCOUNTED}),
    asks_people=True,
)
