"""CBR-115 destructive-change: only those whom the profile trusts took backups or protection away.

Why it matters
    Whoever wants a ransom deletes the backups first, with the account of somebody who may. The task log shows what
    went, and Cloud Trace Service who did it.
How it is judged
    pass     the traces show no operation that takes backups or protection away but those that something excuses
    fail     they show one that succeeded and that nothing excuses
    unknown  they show none, and they could not be read completely, or do not reach back to the run before
    Operations that take backups or protection away: deleting backups, vaults and policies, taking resources or a
    policy off a vault, switching its lock off, and what CBR calls by a name that begins like one of these; and
    whatever changes or deletes trackers and notifications of Cloud Trace Service, or triggers and functions of
    FunctionGraph, but for a function that has a name without any of `watched_functions` in it. One that does not say
    whether it succeeded counts as done.
    One of `trusted_actors` excuses it, a maintenance window that is for everything, or a profile that leaves out the
    vault, policy or resource that it was about, as far as the evidence still shows that. Backups that the cloud itself
    deleted had expired: they are counted. Who is not named is not trusted. A name alone is trusted in every account,
    so write ACCOUNT/NAME, an id or a URN; the URN of an agency without a session stands for all of its sessions.
    The failure is critical if one actor deleted `mass_deletions` backups or vaults within an hour, a lock was switched
    off, or the trail or the watch itself was touched. It fails for as long as Cloud Trace Service shows the trace:
    seven days.
How to fix it
    Ask whoever did it. If nobody meant it, lock the account, and protect the resources again. If it was meant, write
    the actor into `trusted_actors`. Let audits run every day: Cloud Trace Service forgets after seven.
"""

from typing import Final

from audit.collection import Kind
from audit.judging.destruction import Destruction, is_in_scope, most_at_once, weigh
from audit.judging.findings import Clue, Control, Facts, Severity, Verdict, failed, passed, unknown
from audit.records import DESTRUCTIVE, Deed
from audit.subjects import Collection, Limits, SubjectKind

_WORST: Final = {
    Deed.TOUCH_TRAIL: "somebody who is not trusted touched the trail of Cloud Trace Service",
    Deed.TOUCH_WATCH: "somebody who is not trusted touched a function or its trigger, which may be the watch",
    Deed.UNLOCK_VAULT: "somebody who is not trusted switched the lock of a vault off",
}


def judge(collection: Collection, limits: Limits) -> Verdict:
    """Look for what nothing excuses."""
    trail, left_out = collection.trail, collection.out_of_scope
    found = weigh(
        (trace for trace in trail.traces if trace.at >= collection.window.since),
        limits.trusted_actors,
        lambda trace: is_in_scope(trace, left_out, limits.watched_functions),
        limits.maintenance,
        limits.mass_deletions,
    )
    excused: Facts = {
        "by_trusted": len(found.trusted),
        "in_maintenance": len(found.in_maintenance),
        "out_of_scope": len(found.out_of_scope),
        "by_cloud": len(found.by_cloud),
    }
    if found.alarming:
        facts: Facts = {
            "since": found.alarming[0].at,
            "operations": len(found.alarming),
            "actors": len({trace.actor.key for trace in found.alarming}),
            "most_deletions_in_an_hour": most_at_once(found.alarming),
        }
        clues = [Clue(trace.id, trace.at) for trace in found.alarming]
        return failed(_reason(found), **facts, **excused).with_severity(found.severity).with_clues(clues)
    if collection.trail_gap:
        return unknown("traces may be missing", why=collection.trail_gap, **excused)
    return passed("nothing was taken away without an excuse", traces_since=trail.since, **excused)


def _reason(found: Destruction) -> str:
    """Name the worst of what was done."""
    deeds = {trace.deed for trace in found.alarming}
    worst = next((reason for deed, reason in _WORST.items() if deed in deeds), "")
    if worst:
        return worst
    if found.severity == Severity.CRITICAL:
        return "somebody who is not trusted deleted many backups or vaults within an hour"
    return "somebody who is not trusted took backups or protection away"


CONTROL: Final[Control[Collection]] = Control(
    id="CBR-115",
    name="destructive-change",
    title="Only those whom the profile trusts took backups or protection away",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.COLLECTION,),
    judge=judge,
    deeds=DESTRUCTIVE,
    weighs_gaps=True,
    needs=frozenset({Kind.TRACES}),
)
