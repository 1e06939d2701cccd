"""CBR-202 min-frequency: policies make backups often enough.

Why it matters
    The time between two backups is the work that is lost at worst. An average hides the long weekend.
How it is judged
    pass            the longest time between two planned runs is no longer than `max_interval_hours`
    fail            it is longer
    unknown         the schedule of the policy cannot be read
    not_applicable  the policy is disabled, is applied to no vault, or makes copies instead of backups
How to fix it
    Add the days or the hours that are missing to the schedule of the policy.
"""

from datetime import timedelta
from typing import Final

from audit.judging.findings import Control, Facts, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.records import Deed
from audit.subjects import Limits, PolicySubject, SubjectKind

_HOUR: Final = timedelta(hours=1)


def judge(subject: PolicySubject, limits: Limits) -> Verdict:
    """Compare the longest interval of the schedule with the limit."""
    if not subject.makes_backups or not subject.is_relied_on:
        return not_applicable("no vault has its backups made by it")
    if subject.schedule is None:
        return unknown("its schedule cannot be read", problem=subject.unreadable)
    gap = subject.schedule.longest_gap
    facts: Facts = {"longest_interval_hours": gap // _HOUR, "limit_hours": limits.max_interval // _HOUR}
    if gap > limits.max_interval:
        return failed("two planned backups are too far apart", **facts)
    return passed("planned backups are close enough to each other", **facts)


CONTROL: Final[Control[PolicySubject]] = Control(
    id="CBR-202",
    name="min-frequency",
    title="Policies make backups often enough",
    severity=Severity.MEDIUM,
    doc=__doc__,
    kinds=(SubjectKind.POLICY,),
    judge=judge,
    deeds=frozenset({Deed.CHANGE_POLICY}),
    weighs_gaps=True,
)
