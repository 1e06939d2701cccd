"""CBR-114 protection-weakened: nothing that protects became weaker since the run before.

Why it matters
    Whoever wants backups to be gone in a month shortens their retention today. Every limit may still be met; that it
    was better an hour ago shows only when both are compared.
How it is judged
    pass            nothing became weaker since the run before, and what did earlier is restored, or so long ago that it
                    counts as accepted: more than `weakened_days`
    fail            something became weaker and is not restored
    unknown         nothing is known to have become weaker, and this run or the one before could not read all of it, or
                    what that one left cannot be used
    not_applicable  there is no run before, or it did not know the subject
    A policy: it was disabled, keeps backups for a shorter time, fewer of them or fewer long-term copies, runs less
    often or within a wider start window, makes full backups less often, or copies to another region, project or
    account. Only what a vault relied on is judged. A vault: a policy was taken off it or replaced by a weaker one,
    copies go into another vault, its lock, its automatic binding, its growth or its permission to exceed its size was
    switched off, its backups are less consistent or in fewer zones, other tags pick what it binds, its type changed,
    the end of a backup in it was moved nearer, or it is gone with what it held. A resource: it is in no vault any more,
    or in one that promises less, by itself or by its policies; it does not follow the policy any more; or disks of it
    are left out. The collection: the profile demands less, or accepts more. What a task shows to have been deleted or
    removed, CBR-111 judges.
    Where nobody knows which of two values is stronger, as with another region or other tags, a change counts as weaker
    and as stronger. Tags count as well while automatic binding is off. What only warns or labels is not compared
    (threshold, notification, name, tags of the vault), nor are its size, the copies that single backups have elsewhere,
    or whether a policy is an organisation's.
    Before and after are what the answers of both runs say. What the run before could not read or use is compared with
    the newest of the 30 runs before it that could. What was weakened and restored between two runs is not seen.
    A new id restores nothing: what a policy lost is remembered for the vaults that it is taken off, and what a vault or
    its policies lost for the resources that leave it. It counts from the run that saw it first, or for the last time
    where it became weaker again. An end that moved by an hour or less did not move.
How to fix it
    Ask Cloud Trace Service who changed it. Restore it if it was not meant; if it was, let somebody sign for it with a
    waiver.
"""

from typing import Final

from audit.collection import Kind
from audit.judging.findings import Clue, Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.records import TAKING, UNPLANNING, Deed
from audit.subjects import Collection, Limits, PolicySubject, Resource, SubjectKind, Value, VaultSubject, Weakening

_Subject = Collection | PolicySubject | Resource | VaultSubject
_REASONS: Final = {
    SubjectKind.COLLECTION: "the profile demands less than in the run before, or accepts more",
    SubjectKind.POLICY: "the policy protects less than in the run before",
    SubjectKind.RESOURCE: "the resource is protected less than in the run before",
    SubjectKind.VAULT: "the vault protects less than in the run before",
}


def judge(subject: _Subject, limits: Limits) -> Verdict:
    """Look for what became weaker and is neither restored nor so old that it counts as accepted."""
    protection = subject.protection
    if protection is None:
        return not_applicable("there is no run before")
    weakened = [each for each in protection.weakened if limits.now - each.since <= limits.weakened_for]
    if weakened:
        tasks = sorted({task for each in weakened for task in each.tasks})
        since = min(each.since for each in weakened)
        facts = {"since": since, "run_before": protection.against, **_facts(weakened)}
        clues = [Clue(each.aspect.about, each.since) for each in weakened]
        return failed(_REASONS[subject.kind], tasks, **facts).with_clues(clues)
    if protection.doubt:
        return unknown(f"nothing is known to have become weaker, and {protection.doubt}")
    if protection.is_new:
        return not_applicable("the run before did not have it", run_before=protection.against)
    stronger = len(protection.strengthened)
    return passed("nothing became weaker since the run before", run_before=protection.against, strengthened=stronger)


def _facts(weakened: list[Weakening]) -> Facts:
    """Tell before and after of the first of each aspect, and how many there are."""
    facts: Facts = {"weakened": len(weakened)}
    for each in weakened:
        what = each.aspect.what
        if f"{what}_before" not in facts:
            about = {f"{what}_of": each.aspect.about} if each.aspect.about else {}
            facts |= {f"{what}_before": _told(each.before), f"{what}_after": _told(each.after), **about}
    return facts


def _told(value: Value) -> str | int | bool:
    if value is None:
        return "no limit"
    return (", ".join(value) or "none") if isinstance(value, tuple) else value


CONTROL: Final[Control[_Subject]] = Control(
    id="CBR-114",
    name="protection-weakened",
    title="Nothing that protects became weaker since the run before",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.RESOURCE, SubjectKind.POLICY, SubjectKind.VAULT, SubjectKind.COLLECTION),
    judge=judge,
    deeds=TAKING | UNPLANNING | {Deed.CHANGE_BACKUP, Deed.CHANGE_VAULT, Deed.UNLOCK_VAULT},
    weighs_gaps=True,
    reads=frozenset({Kind.BACKUPS}),
    compares=True,
    judges_departed=True,
)
