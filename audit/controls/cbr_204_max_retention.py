"""CBR-204 max-retention: policies keep nothing longer than allowed.

Why it matters
    Personal data and card numbers live on in backups. Laws and contracts say when they must be gone, and space costs.
How it is judged
    pass            nothing that the policy makes is kept for longer than `max_retention_days`
    fail            something may be, or everything is kept for ever
    unknown         its age or number cannot be read; a number of backups is kept, and the schedule by which they come
                    cannot be read or is not known; or an advanced rule does not say for how long it keeps what it picks
    not_applicable  the profile sets no upper bound, or the policy is disabled or applied to no vault
    Of N backups the oldest goes when the N-th newer one comes; the longest such stretch of the schedule counts.
    Long-term copies and advanced rules count in full: n months as n times 31 days, n years as n times 366, whatever
    they pick. Where only advanced rules limit what is kept, it counts as kept for ever: the API documents that what
    neither age nor number limits is.
How to fix it
    Give the policy an age, or lower the number that it keeps, its long-term copies and its advanced rules.
"""

from datetime import timedelta
from typing import Final

from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.records import Deed
from audit.subjects import FOR_EVER, Limits, PolicySubject, SubjectKind, kept_at_most

_DAY: Final = timedelta(days=1)


def judge(subject: PolicySubject, limits: Limits) -> Verdict:
    """Compare the longest time that is possible with the one that is allowed."""
    if limits.max_retention is None:
        return not_applicable("the profile sets no upper bound")
    if not subject.is_relied_on:
        return not_applicable("it is disabled, or applied to no vault")
    kept = kept_at_most(subject)
    facts: Facts = {"operation": subject.policy.operation, "limit_days": limits.max_retention // _DAY}
    if not subject.policy.limits_known:
        return unknown("how long it keeps what it makes cannot be read", **facts)
    if kept is None:
        return unknown("nobody knows how slowly the number of backups that it keeps comes together", **facts)
    if kept == FOR_EVER:
        return failed("what it makes is kept for ever", **facts)
    facts |= {"kept_days": -(-kept // _DAY)}
    if kept > limits.max_retention:
        return failed("what it makes may be kept for too long", **facts)
    if any(rule.periods is None for rule in subject.policy.keeping_rules):
        return unknown("an advanced rule does not say for how long it keeps backups", **facts)
    return passed("nothing that it makes is kept for too long", **facts)


CONTROL: Final[Control[PolicySubject]] = Control(
    id="CBR-204",
    name="max-retention",
    title="Policies keep nothing longer than allowed",
    severity=Severity.LOW,
    doc=__doc__,
    kinds=(SubjectKind.POLICY,),
    judge=judge,
    deeds=frozenset({Deed.CHANGE_POLICY}),
    weighs_gaps=True,
)
