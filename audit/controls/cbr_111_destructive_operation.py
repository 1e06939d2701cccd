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
                    what was deleted had come; or backups are gone by rules that no run saw when they were made, and
                    others beside them are kept for longer; or a deletion or removal has a status that is not
                    documented, or a task an operation; or the backups could not be read completely; or no vault holds a
                    resource any more, and no task shows when it left
    not_applicable  a resource whose place is known: its vault is judged; or the log names a vault, a resource or a
                    known backup for whatever was taken away
    A vault answers for the tasks that concern it, the collection for those that name neither a vault nor a resource
    nor a backup whose task is seen, and a resource for having left without one: no other control judges it then. What
    says that it succeeded counts even where it names an error, or something that it could not take away; only it does
    not show then what left. The deletion of a vault that does not name the id is that of the only vault that had the
    name last, unless something shows that one later.
    This control asks whether something was meant, which only a person can say: a waiver settles what is unknown here.
    A backup is held to what was promised when it was made: to its own end, or else to the rules of its policy at that
    time, as far as runs saw them; a changed policy does not date backups that are there, and one that was taken off
    still counts for what was made until then. The number of newer ones excuses it where the policy kept a number then,
    and where it has no end also if the policy did later. A backup that was made by hand and has no end has no time to
    go. On a first run nobody knows the rules of then. A deletion that the present ones do not allow is unknown where
    the next backup that is there shows as short a life; one that they allow, where the next one or the last one before
    is to live for longer than it did and than they give: it ends later, or has no end although others have one. A
    number sets no end, and takes the oldest backup first: where an older one without an end is left, it is no
    explanation. What was made by hand shows no rule, nor does what may be kept as a single one of a week, month or
    year; an end that somebody moved cannot be told from that of a rule. A backup without an end that a number explains
    is unknown where the policy keeps one of each day, week, month or year, and of one that is recent enough
    none is left: no run says since when it keeps them.
    A backup that was made before the window had reached every retention that is not longer than the part of the window
    before its deletion. A deletion that this does not explain is counted and not judged: a longer window shows it. Of
    copies in a replication vault only their own ends are judged, and nothing of what was in a vault that was deleted,
    or belonged to a resource that was taken out.
How to fix it
    Ask who started the task; Cloud Trace Service names the user. If it was not meant, protect the resources again.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Final, NamedTuple

from audit.collection import Kind
from audit.history import TaskList, listed, newest, pick, pick_backups, pick_begun
from audit.judging.findings import (
    Clue,
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
from audit.records import BACKUP, DELETIONS, REMOVALS, TAKE_AWAY, TAKING, VAULT_DELETE, Task
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
    Lives,
    Presence,
    Resource,
    SubjectKind,
    Taken,
    VaultSubject,
    shows,
)

_DAY: Final = timedelta(days=1)
_EVER: Final = datetime.min.replace(tzinfo=UTC)
_Moments = Mapping[str | None, list[datetime]]


class _Dated(NamedTuple):
    """The deletion of a backup whose age is known.

    Attributes:
        place: which deletion it is.
        at: when it was created.
        began: when the backup began.
        backup: a task like the one that made the backup, apart from its times.
    """

    place: int
    at: datetime
    began: datetime
    backup: Task


def judge(subject: VaultSubject | Resource | Collection, _limits: Limits) -> Verdict:
    """Look for what was taken away: from a vault, from nobody knows where, or unseen."""
    if isinstance(subject, Resource):
        return _of_resource(subject)
    return _of_loose(subject) if isinstance(subject, Collection) else _of_vault(subject)


def _of_resource(resource: Resource) -> Verdict:
    """Only what no task explains is said of the resource itself."""
    if resource.presence == Presence.UNKNOWN:
        return unread(Kind.VAULTS)
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
        return puzzled("a deletion or removal", puzzling)
    odd = pick(tasks, lambda task: not task.is_known and not task.came_to_nothing)
    return strange("taken something away", odd) if odd else None


def _of_vault(vault: VaultSubject) -> Verdict:
    """Look for removals, and for backups that went before their time."""
    removals = pick(vault.tasks, lambda task: task.operation in REMOVALS and task.claims_success)
    deletions = listed(vault.tasks, lambda task: task.operation in DELETIONS and task.claims_success)
    fates = Fates(vault)
    lost, unsure = _lost(vault, removals, fates)
    named = {each.key for each in vault.taken}
    unseen = deletions.naming(lambda key: key not in named)
    backups = pick_backups(vault.tasks, {key for key in unseen.backup_keys if key})
    weighed = _weigh(unseen, backups, vault, fates)
    early = [*weighed.early, *deletions.naming(lambda key: key in lost)]
    undecided = [*_undecided(unseen, backups, vault, fates), *deletions.naming(lambda key: key in unsure)]
    found = sorted([*removals, *early], key=lambda task: (task.created_at, task.id))
    vanished = [lost[key] for key in sorted(lost.keys() - set(deletions.backup_keys), key=str)]
    facts: Facts = {
        "removals": len(removals),
        "early_deletions": len(early),
        "deletions": len(deletions),
        "deletions_not_judged": len(undecided) + sum(map(len, weighed[1:])),
        "gone_without_task": len(vanished),
    }
    if found or vanished:
        since = min([*(task.created_at for task in found), *(each.gone for each in vanished)])
        clues = (Clue(each.id, each.gone) for each in vanished)
        return failed(_reason(found), found, since=since, **facts).with_clues(clues)
    if not all(shows(vault, sort, vault.window.since) for sort in (REMOVING, DELETING)):
        return unknown("nothing was seen to be taken away, and the task log has gaps", **facts)
    if doubt := _doubt(vault.tasks):
        return doubt
    is_unread = vault.policies is None or (unsure and not fates.rules.are_readable)
    if (deletions or unsure) and is_unread:
        return unknown("backups are gone, and the policies could not be read", deletions, **facts)
    if weighed.guessed or weighed.last or unsure:
        return _in_doubt(deletions, weighed, unsure, facts)
    if weighed.doubtful:
        return unknown("backups were deleted, and perhaps no longer life was promised", weighed.doubtful, **facts)
    if _is_puzzling(undecided, deletions, vault):
        return unknown("backups were deleted, and the window does not show how old they were", undecided, **facts)
    return passed("nothing was seen to be taken away by hand", deletions[-1:], **facts)


def _in_doubt(deletions: TaskList, weighed: "_Weighed", unsure: Mapping[Key, Fate], facts: Facts) -> Verdict:
    """Say why nobody can say whether backups that are gone had come to their end."""
    ids = {task.id for task in (*weighed.guessed, *weighed.last)}
    tasks = [task for task in deletions if task.id in ids or task.backup_key in unsure]
    facts = {**facts, "gone_in_doubt": len(ids) + len(unsure)}
    is_guessed = weighed.guessed or Fate.UNKNOWN in unsure.values()
    return guessed(tasks, **facts) if is_guessed else last_copy(tasks, **facts)


def _reason(found: list[Task]) -> str:
    """Name the worst of what was done."""
    operations = {task.operation for task in found}
    if VAULT_DELETE in operations:
        return "the vault was deleted"
    if not operations.isdisjoint(DELETIONS):
        return "backups were deleted before their retention ended"
    return "resources were taken out of the vault" if found else "backups are gone before their retention ended"


def _lost(vault: VaultSubject, removals: list[Task], fates: Fates) -> tuple[dict[Key, Taken], Mapping[Key, Fate]]:
    """Find the backups that earlier runs saw and that went too early, and those of which nobody can say."""
    if vault.departure is not None or not vault.taken:
        return {}, {}
    removed = {resource_id: task.created_at for task in removals for resource_id in (*task.removed, task.resource_id)}
    left = [each for each in vault.taken if each.made > removed.get(each.resource_id, _EVER)]
    of = {each.key: (each, fates.of(each)) for each in left}
    early = {key: each for key, (each, fate) in of.items() if fate == Fate.EARLY}
    unsure = {key: fate for key, (_each, fate) in of.items() if fate in {Fate.UNKNOWN, Fate.LAST}}
    may_be_removed = vault.log_read and not shows(vault, REMOVING, vault.window.since)
    return ({}, unsure | dict.fromkeys(early, Fate.UNKNOWN)) if may_be_removed else (early, unsure)


class _Weighed(NamedTuple):
    """The deletions of backups whose age is known that the rules do not clearly explain.

    Attributes:
        early: neither the age of the backup nor the number of newer ones explains them.
        doubtful: shorter rules may have held then, or nobody can say how the backup was made, or how many newer ones.
        guessed: rules explain them that no run saw then, and a backup that is left denies them.
        last: a number explains them, and they left none of a day, week, month or year of which a policy keeps one.
    """

    early: list[Task]
    doubtful: list[Task]
    guessed: list[Task]
    last: list[Task]


def _weigh(deletions: TaskList, backups: TaskList, vault: VaultSubject, fates: Fates) -> _Weighed:
    """Hold the deletions against the rules of then."""
    if vault.policies is None:
        return _Weighed([], [], [], [])
    rules, lives, dated = fates.rules, fates.lives, _dated(deletions, backups)
    young = [each for each in dated if each.at - each.began < rules.shortest(each.began)]
    kept = {each.place: min(rules.numbers(each.began, each.at), default=inf) for each in young}
    old = [each for each in dated if each.place not in kept]
    guessed = [each.place for each in old if lives.outlast(each.backup.resource_id, each.began, each.at)]
    of = {each.backup.resource_id for each in young if kept[each.place] < inf}
    if of and not shows(vault, SUCCESSES, vault.window.since):  # newer backups may be missing
        return _Weighed([], deletions.each(kept), deletions.each(guessed), [])
    sure, most = _begun(vault, of, lambda task: task.succeeded), _begun(vault, of, lambda task: task.may_have_worked)
    early = [each for each in young if _newer(each, sure) < kept[each.place]]
    doubtful = [
        each.place
        for each in early
        if not (each.backup.claims_success and rules.are_readable)
        or _newer(each, most) >= kept[each.place]
        or lives.was_due_by(each.backup.resource_id, each.began, each.at - each.began + SLACK)
    ]
    excused = [each for each in young if _newer(each, sure) >= kept[each.place]]
    guessed += [each.place for each in excused if _is_denied(each, lives)]
    last = [*_last_of_theirs([each for each in excused if each.place not in guessed], dated, sure, fates)]
    surely = [each.place for each in early if each.place not in doubtful]
    return _Weighed(*(map(deletions.each, (surely, doubtful, guessed, last))))


def _dated(deletions: TaskList, backups: TaskList) -> list[_Dated]:
    """Find the deletions of backups of which the window shows when they were made."""
    made = {key: place for place, key in enumerate(backups.backup_keys) if backups.samples[place].may_have_worked}
    named = zip(deletions.backup_keys, deletions.created, strict=True)
    known = ((place, at, made[key]) for place, (key, at) in enumerate(named) if key and key in made)
    return [_Dated(place, at, backups.began[of], backups.samples[of]) for place, at, of in known]


def _is_denied(each: _Dated, lives: Lives) -> bool:
    """Whether what is left denies that a number took a backup."""
    outlasted = lives.outlast(each.backup.resource_id, each.began, each.at)
    return outlasted or lives.outnumber(each.backup.resource_id, each.began)


def _newer(each: _Dated, successes: _Moments) -> int:
    """Count the successful backups between a backup and its deletion."""
    began = successes.get(each.backup.resource_id, [])
    return bisect_right(began, each.at) - bisect_right(began, each.began)


def _last_of_theirs(excused: Sequence[_Dated], dated: Sequence[_Dated], sure: _Moments, fates: Fates) -> Iterator[int]:
    """Find the deletions of backups that were the last of a day, week, month or year of which the policy keeps one."""
    gone: dict[str | None, dict[datetime, datetime]] = {each.backup.resource_id: {} for each in excused}
    for each in dated:
        if each.backup.resource_id in gone:
            gone[each.backup.resource_id][each.began] = each.at
    copies = {of: fates.rules.last_copies(sure.get(of, ()), fates.lives.left(of), went) for of, went in gone.items()}
    return (each.place for each in excused if copies[each.backup.resource_id].include(each.began, each.at))


def _undecided(deletions: TaskList, backups: TaskList, vault: VaultSubject, fates: Fates) -> list[Task]:
    """Find the deletions of which nobody can say whether their time had come; what a failed backup left may go."""
    seen, kinds = set(backups.backup_keys), zip(backups.backup_keys, backups.samples, strict=True)
    judged = {key for key, task in kinds if task.claims_success or task.broke}
    open_ones = deletions.naming(lambda key: key not in judged)
    return [task for task in open_ones if task.backup_key in seen or not _was_old_enough(task, vault, fates)]


def _was_old_enough(deletion: Task, vault: VaultSubject, fates: Fates) -> bool:
    """Whether a backup from before the window, whose age nobody knows, had reached the longest retention by age."""
    since, at = vault.window.since, deletion.created_at
    longest = max(fates.rules.days(since), default=0)
    is_old = bool(deletion.backup_key) and 0 < longest <= (at - since) // _DAY
    return is_old and not fates.lives.outlast(deletion.resource_id, since, at)


def _is_puzzling(undecided: list[Task], deletions: TaskList, vault: VaultSubject) -> bool:
    """Whether what nobody can say of some deletions leaves open whether all is well."""
    is_about_all = len(undecided) == len(deletions) or not all(task.backup_key for task in undecided)
    return bool(undecided) and bool(vault.takes_backups) and is_about_all


def _begun(vault: VaultSubject, resource_ids: AbstractSet[str | None], counts: Callable[[Task], bool]) -> _Moments:
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
    deeds=TAKING,
    weighs_gaps=True,
    reads=frozenset({Kind.BACKUPS}),
    compares=True,
    judges_departed=True,
    judges_missed=True,
    judges_alone=frozenset({Presence.UNACCOUNTED}),
    asks_people=True,
)
