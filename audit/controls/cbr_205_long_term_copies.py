"""CBR-205 long-term-copies: policies keep the long-term copies that are demanded.

Why it matters
    Some damage and some questions of auditors are a year old. A few copies far back cost little and answer both.
How it is judged
    pass            of each demanded kind the policy keeps enough: `min_daily_copies`, `min_weekly_copies`,
                    `min_monthly_copies` and `min_yearly_copies`
    fail            it keeps fewer of a kind, or has a number of such copies and does not say whose days and weeks
                    it means
    unknown         its age or number cannot be read; or an advanced rule may keep enough of a kind, and the schedule
                    does not show that it does
    not_applicable  the profile demands none, or the policy is disabled or applied to no vault
    Where all backups are kept for ever, or by age for as long as the copies would reach back, no rule is needed: n
    months count as n times 31 days, n years as n times 366. An advanced rule that keeps for n weeks, months or years
    counts as n copies where the schedule is sure to run on a day that it picks in each of them, and as none where the
    schedule never runs on such a day. Whether a number and a rule of one kind add up is not documented: the larger
    counts. What advanced rules do not pick may be kept for ever where neither age nor number limits it.
How to fix it
    Add the numbers of days, weeks, months or years to the policy's retention, and its time zone; or advanced rules
    that pick days on which it runs.
"""

from collections.abc import Mapping
from typing import Final

from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.records import Deed, Policy
from audit.subjects import Limits, PolicySubject, SubjectKind, long_term_copies

_DAYS: Final = {"days": 1, "weeks": 7, "months": 31, "years": 366}


def judge(subject: PolicySubject, limits: Limits) -> Verdict:
    """Compare each number with the one that is demanded."""
    policy = subject.policy
    demanded = {unit: least for unit, least in _demanded(limits).items() if least}
    if not demanded:
        return not_applicable("the profile demands no long-term copies")
    if not subject.is_relied_on:
        return not_applicable("it is disabled, or applied to no vault")
    copies = long_term_copies(subject)
    facts: Facts = {"operation": policy.operation}
    for unit, least in demanded.items():
        facts |= {unit: copies[unit].sure, f"limit_{unit}": least}
    if not policy.limits_known:
        return unknown("how long it keeps what it makes cannot be read", **facts)
    if policy.keeps_for_ever and not policy.keeping_rules:
        return passed("everything that it makes is kept for ever", **facts)
    unsure = [unit for unit, least in demanded.items() if copies[unit].sure < least and not _lasts(policy, unit, least)]
    lacking = [unit for unit in unsure if (possible := copies[unit].possible) is not None and possible < demanded[unit]]
    if lacking and not policy.keeps_for_ever:
        return failed("it keeps too few long-term copies", lacking=", ".join(lacking), **facts)
    if unsure:
        return unknown("nobody knows whether it keeps enough long-term copies", unsure=", ".join(unsure), **facts)
    if policy.timezone is None and _has_numbers(policy):
        return failed("it does not say whose days and weeks its long-term copies are of", **facts)
    return passed("it keeps the long-term copies that are demanded", **facts)


def _demanded(limits: Limits) -> Mapping[str, int]:
    return {
        "days": limits.min_daily_copies,
        "weeks": limits.min_weekly_copies,
        "months": limits.min_monthly_copies,
        "years": limits.min_yearly_copies,
    }


def _lasts(policy: Policy, unit: str, number: int) -> bool:
    """Every backup is kept for so many days, weeks …, so that those of each are among them."""
    return not policy.keeps_by_number and (policy.retention_days or 0) >= number * _DAYS[unit]


def _has_numbers(policy: Policy) -> bool:
    numbers = (policy.daily_copies, policy.weekly_copies, policy.monthly_copies, policy.yearly_copies)
    return any(number > 0 for number in numbers)


CONTROL: Final[Control[PolicySubject]] = Control(
    id="CBR-205",
    name="long-term-copies",
    title="Policies keep the long-term copies that are demanded",
    severity=Severity.LOW,
    doc=__doc__,
    kinds=(SubjectKind.POLICY,),
    judge=judge,
    deeds=frozenset({Deed.CHANGE_POLICY}),
    weighs_gaps=True,
)
