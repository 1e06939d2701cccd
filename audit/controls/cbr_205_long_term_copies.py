"""CBR-205 long-term-copies: policies keep the long-term copies that are demanded.

Why it matters
    Some damage and some questions of auditors are a year old. A few copies far back cost little and answer both.
How it is judged
    pass            of each demanded kind the policy keeps enough: `min_daily_copies`, `min_weekly_copies`,
                    `min_monthly_copies` and `min_yearly_copies`
    fail            it keeps fewer of a kind, or has such a rule and does not say whose days and weeks it means
    not_applicable  the profile demands none, or the policy is disabled or applied to no vault
    Where all backups are kept for ever, or by age for as long as the copies would reach back, no rule is needed: n
    months count as n times 31 days, n years as n times 366.
How to fix it
    Add the numbers of days, weeks, months or years to the policy's retention, and its time zone.
"""

from typing import Final

from audit.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed
from audit.records import Policy
from audit.subjects import Limits, PolicySubject, SubjectKind


def judge(subject: PolicySubject, limits: Limits) -> Verdict:
    """Compare each number with the one that is demanded."""
    policy, rules = subject.policy, _rules(subject.policy, limits)
    demanded = {period: (kept, least, days) for period, (kept, least, days) in rules.items() if least}
    if not demanded:
        return not_applicable("the profile demands no long-term copies")
    if not subject.is_relied_on:
        return not_applicable("it is disabled, or applied to no vault")
    facts: Facts = {"operation": policy.operation}
    for period, (kept, least, _days) in demanded.items():
        facts |= {period: kept, f"limit_{period}": least}
    if policy.keeps_for_ever:
        return passed("everything that it makes is kept for ever", **facts)
    lacking = [period for period, (kept, least, days) in demanded.items() if kept < least and not _lasts(policy, days)]
    if lacking:
        return failed("it keeps too few long-term copies", lacking=", ".join(lacking), **facts)
    if policy.timezone is None and any(kept > 0 for kept, _least, _days in rules.values()):
        return failed("it does not say whose days and weeks its long-term copies are of", **facts)
    return passed("it keeps the long-term copies that are demanded", **facts)


def _rules(policy: Policy, limits: Limits) -> dict[str, tuple[int, int, int]]:
    """Of each period: the copies that are kept, those that are demanded, and the days that the latter reach back."""
    return {
        "days": (policy.daily_copies, limits.min_daily_copies, limits.min_daily_copies),
        "weeks": (policy.weekly_copies, limits.min_weekly_copies, limits.min_weekly_copies * 7),
        "months": (policy.monthly_copies, limits.min_monthly_copies, limits.min_monthly_copies * 31),
        "years": (policy.yearly_copies, limits.min_yearly_copies, limits.min_yearly_copies * 366),
    }


def _lasts(policy: Policy, days: int) -> bool:
    """Every backup is kept for so many days, so that those of each period are among them."""
    return not policy.keeps_by_number and (policy.retention_days or 0) >= days


CONTROL: Final[Control[PolicySubject]] = Control(
    id="CBR-205",
    name="long-term-copies",
    title="Policies keep the long-term copies that are demanded",
    severity=Severity.LOW,
    doc=__doc__,
    kinds=(SubjectKind.POLICY,),
    judge=judge,
    opt_in=True,
)
