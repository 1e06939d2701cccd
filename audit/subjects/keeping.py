"""What the advanced rules of a policy keep: picked backups, for weeks, months or years.

The API documents which days a rule picks and how long it keeps their backups. It does not document which backup of a
picked day that is, how a rule combines with the others, or the words for weekdays, weeks and months. So a rule counts
in full when the question is whether something may be kept for too long. Otherwise it counts only if the schedule surely
runs on a picked day of every week, month or year.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from audit.records import KeepingRule, Policy
from audit.schedule.rules import Schedule

DAYS, WEEKS, MONTHS, YEARS = "days", "weeks", "months", "years"
LONGEST: Final[Mapping[str, timedelta]] = {
    DAYS: timedelta(days=1),
    WEEKS: timedelta(weeks=1),
    MONTHS: timedelta(days=31),
    YEARS: timedelta(days=366),
}
_DAY: Final = timedelta(days=1)
_MOST: Final = 99_999  # weeks, months or years; larger numbers cannot be computed with
_EVERY_DAY: Final = 7
_LAST_OF_MONTH: Final = -1
_DAYS_OF_EVERY_MONTH: Final = frozenset({_LAST_OF_MONTH, *range(1, 29)})
_WEEKS_OF_EVERY_MONTH: Final = frozenset({"first", "second", "third", "fourth", "last"})
_WEEKDAYS: Final = ("mo", "tu", "we", "th", "fr", "sa", "su")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONE: Final = re.compile(r"UTC([+-])([01][0-9]):([0-5][0-9])")


class Copies(NamedTuple):
    """How many copies a rule keeps, each of another week, month or year.

    Attributes:
        sure: the number that is kept as long as backups succeed.
        possible: the largest number that may be kept; None if the rule does not say how long it keeps them.
    """

    sure: int
    possible: int | None


def rules_of(policy: Policy) -> Mapping[str, KeepingRule]:
    """Return the advanced rules of a policy, by their unit."""
    rules = {WEEKS: policy.weekly_rule, MONTHS: policy.monthly_rule, YEARS: policy.yearly_rule}
    return {unit: rule for unit, rule in rules.items() if rule}


def length_of(unit: str, rule: KeepingRule) -> timedelta:
    """Return how long a rule keeps a backup at most; zero if it does not say."""
    return min(rule.periods or 0, _MOST) * LONGEST[unit]


def copies_of(policy: Policy, rhythms: Collection[Schedule]) -> Mapping[str, Copies]:
    """Count what each rule of a policy keeps of the backups made by some schedules, all of which are known."""
    return {unit: _copies(unit, rule, policy, rhythms) for unit, rule in rules_of(policy).items()}


def every_backup_for(policy: Policy, rhythms: Collection[Schedule]) -> timedelta:
    """Return how long the weekly rule keeps each backup; nothing is sure if a picked day has several."""
    rule, zone = policy.weekly_rule, _zone(policy)
    if not (rule and rule.periods and rhythms and zone is not None):
        return timedelta(0)
    chosen = _numbers(rule.weekdays, _WEEKDAYS)
    spans = all(rhythm.shortest_span(2) >= LONGEST[WEEKS] for rhythm in rhythms)
    return length_of(WEEKS, rule) if spans and _ever(rhythms, zone) <= chosen else timedelta(0)


class Periods(dict[date, tuple[int, ...]]):
    """The day, week, month or year of dates as a policy counts them, none of those that no rule picks.

    Weeks begin on Mondays. What was asked before is known.
    """

    def __init__(self, unit: str, rule: KeepingRule | None, *, has_zone: bool) -> None:
        """Store the unit, a rule that picks days (without one, all count), and whether their time zone is known."""
        super().__init__()
        self._unit = unit
        self._rule = rule
        self._has_zone = has_zone

    def __missing__(self, day: date) -> tuple[int, ...]:
        """Count a date that was not asked before."""
        may_pick = self._rule is None or _may_pick(self._unit, self._rule, day if self._has_zone else None)
        found = self[day] = self.around(day) if may_pick else ()
        return found

    def around(self, day: date) -> tuple[int, ...]:
        """Return the period of a date, whether or not it is picked."""
        if self._unit == DAYS:
            return (day.toordinal(),)
        if self._unit == WEEKS:
            return ((day.toordinal() - 1) // _EVERY_DAY,)  # the first day of all was a Monday
        return (day.year, day.month) if self._unit == MONTHS else (day.year,)


def periods_of(policy: Policy, unit: str, rule: KeepingRule | None = None) -> Periods:
    """Return the periods that a policy counts, of all days or of those that a rule picks."""
    return _periods(unit, rule, has_zone=_zone(policy) is not None)


_periods: Final = lru_cache(Periods)  # many policies count alike


def ahead_of_utc(policy: Policy) -> timedelta:
    """Return the UTC offset of a policy's days, zero if it does not say."""
    return _zone(policy) or timedelta(0)


def may_be_kept_for(policy: Policy, made: datetime, length: timedelta) -> bool:
    """Whether a rule of a policy may keep a backup for so long."""
    rules = rules_of(policy)
    if not rules:  # nearly always
        return False
    zone = _zone(policy)
    day = None if zone is None else (made + zone).date()
    return any(
        (rule.periods is None or length_of(unit, rule) >= length) and _may_pick(unit, rule, day)
        for unit, rule in rules.items()
    )


def _copies(unit: str, rule: KeepingRule, policy: Policy, rhythms: Collection[Schedule]) -> Copies:
    picks = {_picks(unit, rule, rhythm, _zone(policy)) for rhythm in rhythms}
    if picks == {False}:
        return Copies(0, 0)
    return Copies(rule.periods or 0 if picks == {True} else 0, rule.periods)


def _picks(unit: str, rule: KeepingRule, rhythm: Schedule, zone: timedelta | None) -> bool | None:
    """Whether a schedule runs on a picked day in every week, month or year, or in none; None if neither is sure."""
    every_week, ever = rhythm.weekdays(zone or timedelta(0))
    runs_daily = len(every_week) == _EVERY_DAY
    if (zone is None and not runs_daily) or not _is_plain(unit, rule):
        return None
    if not _is_by_weekday(unit, rule):
        return True if runs_daily else None
    chosen = _numbers(rule.weekdays, _WEEKDAYS)
    if chosen & every_week:
        return True
    return False if len(chosen) == len(rule.weekdays) and not chosen & ever else None


def _is_by_weekday(unit: str, rule: KeepingRule) -> bool:
    return unit == WEEKS or rule.picks_by == "Weekly"


def _is_plain(unit: str, rule: KeepingRule) -> bool:
    """Whether the rule's picks are understood, and every week, month or year has such a day."""
    if unit == YEARS and not _numbers(rule.months, _MONTHS):
        return False
    if unit == WEEKS:
        return bool(rule.weekdays)
    if rule.picks_by == "Weekly":
        return bool(rule.weekdays) and not _WEEKS_OF_EVERY_MONTH.isdisjoint(map(str.lower, rule.weeks))
    return rule.picks_by == "Monthly" and not _DAYS_OF_EVERY_MONTH.isdisjoint(rule.days)


def _may_pick(unit: str, rule: KeepingRule, day: date | None) -> bool:
    """Whether a rule may pick the backups of a day; anything not understood may mean it."""
    if day is None:
        return True
    months = _numbers(rule.months, _MONTHS)
    if unit == YEARS and len(months) == len(rule.months) and months and day.month - 1 not in months:
        return False
    if _is_by_weekday(unit, rule):
        chosen = _numbers(rule.weekdays, _WEEKDAYS)
        return len(chosen) < len(rule.weekdays) or not chosen or day.weekday() in chosen
    is_last = (day + _DAY).day == 1
    return not rule.days or day.day in rule.days or (is_last and _LAST_OF_MONTH in rule.days)


def _numbers(words: Iterable[str], names: tuple[str, ...]) -> frozenset[int]:
    """Return the numbers of days or months, from 0; unknown words are left out."""
    beginnings = {name: number for number, name in enumerate(names)}
    length = len(names[0])
    return frozenset(beginnings[word] for word in (word.lower()[:length] for word in words) if word in beginnings)


def _ever(rhythms: Iterable[Schedule], zone: timedelta) -> frozenset[int]:
    return frozenset().union(*(rhythm.weekdays(zone).ever for rhythm in rhythms))


def _zone(policy: Policy) -> timedelta | None:
    """Return the UTC offset of a policy's days, or None if it does not say."""
    found = _ZONE.fullmatch(policy.timezone or "")
    if found is None:
        return None
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return ahead if found[1] == "+" else -ahead
