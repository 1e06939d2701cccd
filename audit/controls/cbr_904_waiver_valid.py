"""CBR-904 waiver-valid: every waiver is in force, still needed, and no wider than it has to be.

Why it matters
    A waiver hides a failure from the conclusion. One that nobody ends, that nobody needs any more, or that covers half
    the estate hides failures that nobody has accepted.
How it is judged
    pass     it is in force, and at least one finding that it names did not pass
    fail     it has expired; its last day begins more than `max_waiver_days` ahead; its subject has fewer than three
             characters beside * and ?; it names more than `max_waived_subjects` findings; or none that needs it
    unknown  it names none that needs it, and the evidence has gaps
How to fix it
    Repair what the waiver excuses and delete it; or renew it with a new date after its owner has agreed, and name the
    subjects by id or by a narrower pattern.
"""

from datetime import timedelta
from typing import Final

from audit.judging.findings import Control, Facts, Severity, Verdict, failed, passed, unknown
from audit.judging.patterns import literal_characters
from audit.subjects import Limits, SubjectKind, WaiverSubject

_DAY: Final = timedelta(days=1)
_FEWEST_CHARACTERS: Final = 3


def judge(subject: WaiverSubject, limits: Limits) -> Verdict:
    """Hold the waiver against the calendar, then against what it met."""
    waiver = subject.waiver
    facts: Facts = {"owner": waiver.owner, "ends": waiver.until, "findings": subject.findings, "needed": subject.needed}
    if waiver.until <= limits.now:
        return failed("it has expired", since=waiver.until, **facts)
    left = (waiver.until - limits.now) // _DAY
    if waiver.until - _DAY - limits.now > limits.max_waiver_period:
        return failed("it ends too far ahead", days_left=left, limit_days=limits.max_waiver_period // _DAY, **facts)
    characters = literal_characters(waiver.subject)
    if characters < _FEWEST_CHARACTERS:
        reason = "its subject is too short and fits nearly anything"
        return failed(reason, characters=characters, limit_characters=_FEWEST_CHARACTERS, **facts)
    if subject.findings > limits.max_waived_subjects:
        return failed("it is too broad", limit_subjects=limits.max_waived_subjects, **facts)
    if subject.needed:
        return passed("it is in force, and needed", days_left=left, **facts)
    if not subject.evidence_complete:
        return unknown("nothing that needs it was seen, and the evidence has gaps", **facts)
    return failed("it is not used: no finding needs it", **facts)


CONTROL: Final[Control[WaiverSubject]] = Control(
    id="CBR-904",
    name="waiver-valid",
    title="Waivers are in force, needed and narrow",
    severity=Severity.LOW,
    doc=__doc__,
    kinds=(SubjectKind.WAIVER,),
    judge=judge,
    weighs_gaps=True,
)
