"""CBR-903 window-continuity: no time lies between this audit's window and the one before.

Why it matters
    CBR shows tasks for about 30 days. What no audit has read by then is gone: a time that no window covers hides
    whatever happened in it, for ever.
How it is judged
    pass            the task log was read from no later than where the window of the run before ended
    unknown         a time between the two was not read, the task log has gaps, or what the run before left is damaged
    not_applicable  there is no report of a run before
    Of a longer window, only the past 31 days count: CBR need not show tasks that are older.
How to fix it
    Let audits run at least once a week, with a window that reaches back beyond the last one. Read what is missing in
    the CBR console as long as it is there.
"""

from typing import Final

from audit.judging.findings import Control, Facts, Severity, Verdict, not_applicable, passed, unknown
from audit.subjects import Collection, Limits, SubjectKind


def judge(collection: Collection, _limits: Limits) -> Verdict:
    """Compare the start of this window with the end of the one before."""
    memory = collection.memory
    if collection.lost is not None:
        return unknown("what the run before left cannot be used", why=collection.lost)
    if memory is None:
        return not_applicable("there is no report of a run before")
    since = collection.shown_since
    facts: Facts = {"run": memory.run, "known_until": memory.until, "read_since": since}
    if since > memory.until:
        return unknown("a time between the run before and this one was not read", **facts)
    if not collection.log_complete:
        return unknown("the task log has gaps", **facts)
    return passed("the windows of this run and the one before join", **facts)


CONTROL: Final[Control[Collection]] = Control(
    id="CBR-903",
    name="window-continuity",
    title="No time lies between this audit's window and the one before",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.COLLECTION,),
    judge=judge,
    weighs_gaps=True,
)
