"""CBR-117 watch-intact: the watch saw every operation that took backups or protection away.

Why it matters
    The watch tells of such an operation within a minute, as long as events reach it. Who switches its trigger off
    is not heard of, and neither is what comes next.
How it is judged
    pass            the watch committed an event of every such operation on CBR that the traces show
    fail            it committed none of one that a person carried out more than `watch_grace_minutes` ago
    unknown         none is missing, and traces may be, or the events of the watch could not be listed
    not_applicable  the traces show no such operation
    CBR-115 says which operations these are; what the cloud itself did, and what failed, need no event. An event that is
    stored and not committed does not count. Operations from before the watch was set up have none: this fails until
    Cloud Trace Service forgets them, after seven days.
How to fix it
    Look for who changed the trigger, the function or its permissions. Let the trigger send every operation that
    docs/deploy.md names.
"""

from typing import Final

from audit.collection import Kind
from audit.judging.findings import Clue, Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.records import DESTRUCTIVE, Deed, Trace
from audit.subjects import Collection, Limits, SubjectKind

_SENT: Final = DESTRUCTIVE - {Deed.TOUCH_TRAIL, Deed.TOUCH_WATCH}


def judge(collection: Collection, limits: Limits) -> Verdict:
    """Look for operations without an event."""
    since, until = collection.window.since, limits.now - limits.watch_grace
    due = [trace for trace in collection.trail.traces if since <= trace.at < until and _needs_event(trace)]
    watched = collection.watched
    missing = [] if watched is None else [trace for trace in due if trace.id not in watched]
    if missing:
        facts: Facts = {"since": missing[0].at, "operations": len(due), "without_event": len(missing)}
        clues = [Clue(trace.id, trace.at) for trace in missing]
        return failed("the watch did not see what was done", **facts).with_clues(clues)
    if collection.trail_gap:
        return unknown("traces may be missing", why=collection.trail_gap, operations=len(due))
    if not due:
        return not_applicable("there was nothing to see")
    if watched is None:
        return unknown("the events of the watch could not be listed", operations=len(due))
    return passed("the watch saw everything that was done", operations=len(due))


def _needs_event(trace: Trace) -> bool:
    return trace.deed in _SENT and trace.succeeded is not False and not trace.actor.is_cloud


CONTROL: Final[Control[Collection]] = Control(
    id="CBR-117",
    name="watch-intact",
    title="The watch saw every operation that took backups or protection away",
    severity=Severity.HIGH,
    doc=__doc__,
    kinds=(SubjectKind.COLLECTION,),
    judge=judge,
    deeds=_SENT,
    weighs_gaps=True,
    looks_at_watch=True,
    needs=frozenset({Kind.TRACES}),
)
