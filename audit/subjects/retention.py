"""How long a policy keeps what it makes, at least and at most.

A number of backups becomes a time by the schedule: when the newest of N backups is made, the oldest is as old as N - 1
intervals, and it goes when the next one comes. The shortest such stretch of the schedule is what is sure, and the
longest what is possible; an average would promise too much where runs are not even. A replication policy copies every
backup that is not copied yet, however seldom it runs, so that its copies are as far apart as the backups.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from audit.records import BACKUP, Policy
from audit.schedule import Schedule
from audit.subjects.policy import PolicySubject

FOR_EVER: Final = timedelta.max
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(weeks=1)
_LONGEST_MONTH: Final = timedelta(days=31)
_LONGEST_YEAR: Final = timedelta(days=366)
_MOST: Final = 99_999  # the most days, and the most backups, that a policy can ask for


def kept_at_least(subject: PolicySubject) -> timedelta | None:
    """How long every backup is kept; None where no schedule says how fast a number of backups comes together."""
    policy, rhythms = subject.policy, _rhythms(subject)
    if policy.keeps_by_number and not rhythms:
        return None
    bounds = list(_by_age(policy))
    if policy.keeps_by_number:
        bounds += [_surely(policy, rhythm) for rhythm in rhythms]
    return min(bounds, default=FOR_EVER)


def kept_at_most(subject: PolicySubject) -> timedelta | None:
    """How long some backup may be kept; None as above."""
    policy, rhythms = subject.policy, _rhythms(subject)
    if policy.keeps_for_ever:
        return FOR_EVER
    if policy.keeps_by_number and not rhythms:
        return None
    bounds = list(_by_age(policy))
    if policy.keeps_by_number:
        bounds.append(max(rhythm.longest_span(_number(policy) + 1) for rhythm in rhythms))
    return max(min(bounds), _long_term(policy))


def _long_term(policy: Policy) -> timedelta:
    """How long the newest backup of a day, a week, a month or a year may be kept beside the other rules."""
    return max(
        min(policy.daily_copies, _MOST) * _DAY,
        min(policy.weekly_copies, _MOST) * _WEEK,
        min(policy.monthly_copies, _MOST) * _LONGEST_MONTH,
        min(policy.yearly_copies, _MOST) * _LONGEST_YEAR,
    )


def _rhythms(subject: PolicySubject) -> tuple[Schedule, ...]:
    """The schedules by which backups come that the policy keeps; none where one of them is not known."""
    sources = (subject.schedule,) if subject.policy.operation == BACKUP else subject.sources or ()
    known = tuple(schedule for schedule in sources if schedule is not None)
    return known if len(known) == len(sources) else ()


def _by_age(policy: Policy) -> Iterator[timedelta]:
    if policy.keeps_by_age:
        yield timedelta(days=min(policy.retention_days or 0, _MOST))


def _number(policy: Policy) -> int:
    return min(policy.max_backups or 0, _MOST)


def _surely(policy: Policy, rhythm: Schedule) -> timedelta:
    """How long a number keeps each backup; where each is the only one of its day or week, that rule keeps it too."""
    rules = ((policy.daily_copies, _DAY), (policy.weekly_copies, _WEEK))
    long_term = ((min(copies, _MOST) - 1) * period for copies, period in rules if rhythm.shortest_span(2) >= period)
    return max(rhythm.shortest_span(_number(policy)), *long_term, timedelta(0))
