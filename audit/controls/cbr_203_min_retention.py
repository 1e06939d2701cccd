"""CBR-203 min-retention: policies keep what they make long enough.

Why it matters
    Damage is often found late. A backup from before it helps only while it is still there.
How it is judged
    pass            what the policy makes is kept for at least `min_retention_days`, or for ever
    fail            it is deleted earlier
    unknown         its age or number cannot be read; a number of backups is kept, and the schedule by which they come
                    cannot be read or is not known; or advanced rules alone say what is kept, and nobody knows what
                    becomes of what they do not pick
    not_applicable  the profile demands no retention, or the policy is disabled or applied to no vault
    A rule that is absent, 0 or -1 is no rule, and without any rule backups are kept for ever. Where age and number both
    limit them, the shorter counts. Of N backups the oldest is as old as N - 1 intervals when the newest is made; the
    shortest such stretch of the schedule counts. Long-term copies never shorten it, and prolong it where each backup
    is the only one of its day or week; so does a weekly advanced rule where each backup is the only one of its week
    and on a day that the rule picks. Copies come as often as the backups that a replication policy copies.
How to fix it
    Raise the age or the number that the policy keeps. Backups that are there already keep the end that they have.
"""

from datetime import timedelta
from typing import Final

from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.records import Deed
from audit.subjects import FOR_EVER, Limits, PolicySubject, SubjectKind, kept_at_least

_DAY: Final = timedelta(days=1)


def judge(subject: PolicySubject, limits: Limits) -> Verdict:
    """Compare the time that is sure with the one that is demanded."""
    if limits.min_retention is None:
        return not_applicable("the profile demands no retention")
    if not subject.is_relied_on:
        return not_applicable("it is disabled, or applied to no vault")
    policy, kept = subject.policy, kept_at_least(subject)
    facts: Facts = {"operation": policy.operation, "limit_days": limits.min_retention // _DAY}
    if policy.keeps_by_number:
        facts |= {"max_backups": policy.max_backups}
    if not policy.limits_known:
        return unknown("how long it keeps what it makes cannot be read", **facts)
    if kept is None and policy.keeps_for_ever:
        return unknown("nobody knows how long what its advanced rules do not pick is kept", **facts)
    if kept is None:
        return unknown("nobody knows how fast the number of backups that it keeps comes together", **facts)
    if kept == FOR_EVER:
        return passed("what it makes is kept for ever", **facts)
    facts |= {"kept_days": kept // _DAY}
    if kept < limits.min_retention:
        return failed("what it makes is deleted too early", **facts)
    return passed("what it makes is kept long enough", **facts)


CONTROL: Final[Control[PolicySubject]] = Control(
    id="CBR-203",
    name="min-retention",
    title="Policies keep what they make long enough",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.POLICY,),
    judge=judge,
    deeds=frozenset({Deed.CHANGE_POLICY}),
    weighs_gaps=True,
)
