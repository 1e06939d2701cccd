"""How long a policy keeps what it makes, at least and at most.

A number of backups becomes a time by the schedule: when the newest of N backups is made, the oldest is as old as N - 1
intervals, and it goes when the next one comes. The shortest such stretch of the schedule is what is sure, and the
longest what is possible; an average would promise too much where runs are not even. A replication policy copies every
backup that is not copied yet, however seldom it runs, so that its copies are as far apart as the backups.

Advanced rules (keeping.py) never shorten anything. Where they alone limit what is kept, nobody knows what becomes of
the backups that they do not pick: the API documents that without age and number everything is kept for ever.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
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
    Period,
    copies_of,
    every_backup_for,
    length_of,
    may_be_kept_for,
    rules_of,
)
from audit.subjects.policy import PolicySubject

FOR_EVER: Final = timedelta.max
_DAY: Final = timedelta(days=1)
_MOST: Final = 99_999  # the most days, and the most backups, that a policy can ask for
_NO_COPIES: Final = Copies(0, 0)


def kept_at_least(subject: PolicySubject) -> timedelta | None:
    """How long every backup is kept.

    None where its limits cannot be read, no schedule says how fast a number of backups comes together, or advanced
    rules alone limit it.
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
    """How long some backup may be kept; None where nobody can say, as above.

    Rules that do not say for how long they keep what they pick are left out.
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
    """How many copies of another day, week, month and year are kept beside the other rules."""
    policy = subject.policy
    plain = _plain_copies(policy)
    picked = copies_of(policy, _rhythms(subject))
    return {unit: _more(number, picked.get(unit, _NO_COPIES)) for unit, number in plain.items()}


def may_be_picked(policy: Policy, made: datetime, length: timedelta) -> bool:
    """Whether a policy may keep a single backup for so many whole days, as one of a day, a week, a month or a year."""
    longest, whole = _longest_copy(policy), length // _DAY * _DAY
    return timedelta(0) < longest >= whole or may_be_kept_for(policy, made, whole)


def copies_that_stay(subject: PolicySubject) -> Iterator[tuple[int, Period]]:
    """Say of how many days, weeks, months and years one backup each is surely kept, and how these are counted."""
    policy = subject.policy
    yield from ((number, Period(unit, policy)) for unit, number in _plain_copies(policy).items())
    rules, picked = rules_of(policy), copies_of(policy, _rhythms(subject))
    yield from ((copies.sure, Period(unit, policy, rules[unit])) for unit, copies in picked.items())


def _more(number: int, picked: Copies) -> Copies:
    """What a number of copies and an advanced rule keep; nobody knows whether the two add up."""
    possible = None if picked.possible is None else number + picked.possible
    return Copies(max(number, picked.sure), possible)


def _plain_copies(policy: Policy) -> Mapping[str, int]:
    return {
        DAYS: policy.daily_copies,
        WEEKS: policy.weekly_copies,
        MONTHS: policy.monthly_copies,
        YEARS: policy.yearly_copies,
    }


def _long_term(policy: Policy) -> timedelta:
    """How long a backup may be kept beside the other rules, as one of a day, a week, a month or a year."""
    return max([_longest_copy(policy), *(length_of(unit, rule) for unit, rule in rules_of(policy).items())])


def _longest_copy(policy: Policy) -> timedelta:
    return max(min(number, _MOST) * LONGEST[unit] for unit, number in _plain_copies(policy).items())


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
    rules = ((policy.daily_copies, _DAY), (policy.weekly_copies, LONGEST[WEEKS]))
    long_term = ((min(copies, _MOST) - 1) * period for copies, period in rules if rhythm.shortest_span(2) >= period)
    return max(rhythm.shortest_span(_number(policy)), *long_term, timedelta(0))
