"""How long a policy keeps what it makes, at least and at most.

The schedule converts a number of backups into a time: when the newest of N backups is made, the oldest is N - 1
intervals old, and it is deleted when the next one is made. The shortest such stretch of the schedule is certain, and
the longest is possible; an average would promise too much if runs are uneven. A replication policy copies every backup
that is not copied yet, however rarely it runs, so its copies are as far apart as the backups.

Advanced rules (keeping.py) never shorten anything. If they alone limit what is kept, it is unclear what happens to the
backups that they do not pick: the API documents that without age and number everything is kept for ever.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from audit.records import BACKUP, Policy
from audit.schedule.rules import Schedule
from audit.subjects.keeping import (
    DAYS,
    LONGEST,
    MONTHS,
    WEEKS,
    YEARS,
    Copies,
    Periods,
    copies_of,
    every_backup_for,
    length_of,
    periods_of,
    rules_of,
)
from audit.subjects.policy import PolicySubject

FOR_EVER: Final = timedelta.max
_DAY: Final = timedelta(days=1)
_MOST: Final = 99_999  # the largest number of days and of backups that a policy can have
_UNITS: Final = (DAYS, WEEKS, MONTHS, YEARS)
_NO_COPIES: Final = Copies(0, 0)


def kept_at_least(subject: PolicySubject) -> timedelta | None:
    """Return how long every backup is kept.

    None if its limits cannot be read, if no schedule shows how fast a number of backups is reached, or if only advanced
    rules limit it.
    """
    policy, rhythms = subject.policy, _rhythms(subject)
    is_open = policy.keeps_for_ever and policy.keeping_rules
    if not policy.limits_known or (policy.keeps_by_number and not rhythms) or is_open:
        return None
    bounds = list(_by_age(policy))
    if policy.keeps_by_number:
        bounds += [_surely(policy, rhythm) for rhythm in rhythms]
    return max(min(bounds, default=FOR_EVER), every_backup_for(policy, rhythms))


def kept_at_most(subject: PolicySubject) -> timedelta | None:
    """Return how long some backup may be kept; None if that is unknown, as above.

    Rules that do not say how long they keep what they pick are left out.
    """
    policy, rhythms = subject.policy, _rhythms(subject)
    if not policy.limits_known:
        return None
    if policy.keeps_for_ever:
        return FOR_EVER
    if policy.keeps_by_number and not rhythms:
        return None
    bounds = list(_by_age(policy))
    if policy.keeps_by_number:
        bounds.append(max(rhythm.longest_span(_number(policy) + 1) for rhythm in rhythms))
    return max(min(bounds), _long_term(policy))


def long_term_copies(subject: PolicySubject) -> Mapping[str, Copies]:
    """Return how many copies of another day, week, month and year are kept beside the other rules."""
    policy = subject.policy
    plain = _plain_copies(policy)
    picked = copies_of(policy, _rhythms(subject))
    return {unit: _more(number, picked.get(unit, _NO_COPIES)) for unit, number in plain.items()}


def copies_that_stay(subject: PolicySubject) -> list[tuple[int, Periods]]:
    """Return of how many days, weeks, months and years one backup each is surely kept, and how these are counted."""
    policy = subject.policy
    found = [(number, periods_of(policy, unit)) for unit, number in _plain_copies(policy).items() if number > 0]
    rules, picked = rules_of(policy), copies_of(policy, _rhythms(subject))
    return found + [
        (copies.sure, periods_of(policy, unit, rules[unit])) for unit, copies in picked.items() if copies.sure > 0
    ]


def longest_copy(policy: Policy) -> timedelta:
    """Return how long a policy keeps one backup of a day, week, month or year beside its other rules."""
    return max(min(number, _MOST) * LONGEST[unit] for unit, number in _plain_copies(policy).items())


def _more(number: int, picked: Copies) -> Copies:
    """Combine what a number of copies and an advanced rule keep; it is not documented whether the two add up."""
    possible = None if picked.possible is None else number + picked.possible
    return Copies(max(number, picked.sure), possible)


def _plain_copies(policy: Policy) -> Mapping[str, int]:
    copies = policy.daily_copies, policy.weekly_copies, policy.monthly_copies, policy.yearly_copies
    return dict(zip(_UNITS, copies, strict=True))


def _long_term(policy: Policy) -> timedelta:
    """Return how long a backup may be kept beside the other rules, as one of a day, week, month or year."""
    return max([longest_copy(policy), *(length_of(unit, rule) for unit, rule in rules_of(policy).items())])


def _rhythms(subject: PolicySubject) -> tuple[Schedule, ...]:
    """Return the schedules of the backups that the policy keeps; none if one of them is unknown."""
    sources = (subject.schedule,) if subject.policy.operation == BACKUP else subject.sources or ()
    known = tuple(schedule for schedule in sources if schedule is not None)
    return known if len(known) == len(sources) else ()


def _by_age(policy: Policy) -> Iterator[timedelta]:
    if policy.keeps_by_age:
        yield timedelta(days=min(policy.retention_days or 0, _MOST))


def _number(policy: Policy) -> int:
    return min(policy.max_backups or 0, _MOST)


def _surely(policy: Policy, rhythm: Schedule) -> timedelta:
    """Return how long a number keeps each backup; a rule for the only one of a day or week adds to that."""
    rules = ((policy.daily_copies, _DAY), (policy.weekly_copies, LONGEST[WEEKS]))
    long_term = ((min(copies, _MOST) - 1) * period for copies, period in rules if rhythm.shortest_span(2) >= period)
    return max(rhythm.shortest_span(_number(policy)), *long_term, timedelta(0))
