"""When a policy should have run: from the recurrence rules of its trigger to due times.

CBR accepts a subset of RFC 2445, always in UTC: FREQ=DAILY or WEEKLY with BYDAY, BYHOUR, BYMINUTE and INTERVAL, at
most 24 rules per policy and 24 runs per day. INTERVAL counts from the start time of the trigger. Everything else is
rejected with a reason, so that a malicious rule cannot keep the audit busy.

Intervals between runs are measured over the period after which all rules repeat together. Some rules do not repeat
together within a lifetime: those are measured over a hundred years, or fewer if there are very many runs.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise, product
from math import lcm
from typing import Final, Literal, NamedTuple

from dateutil import rrule

_MOST_RULES: Final = 24
_MOST_TIMES_A_DAY: Final = 24
_LONGEST_INTERVAL: Final = 60
_WEEK: Final = 7  # days
_LONGEST_CYCLE: Final = _WEEK * _LONGEST_INTERVAL  # days between the runs of one rule
_LONGEST_MEASURED: Final = 36_525  # days
_MOST_MEASURED: Final = _LONGEST_CYCLE * _MOST_TIMES_A_DAY  # runs
_LAST_YEAR: Final = 2999  # as in the timestamps of schemas/cbr; later years cannot be computed with
_EVER: Final = datetime(1, 1, 1, tzinfo=UTC)
_KEYS: Final = frozenset({"FREQ", "BYDAY", "BYHOUR", "BYMINUTE", "INTERVAL"})
_PERIODS: Final[dict[str, tuple[Literal[2, 3], timedelta]]] = {
    "DAILY": (rrule.DAILY, timedelta(days=1)),
    "WEEKLY": (rrule.WEEKLY, timedelta(weeks=1)),
}
_DIGITS: Final = re.compile(r"[0-9]{1,3}")
_DAYS: Final = {
    "MO": rrule.MO,
    "TU": rrule.TU,
    "WE": rrule.WE,
    "TH": rrule.TH,
    "FR": rrule.FR,
    "SA": rrule.SA,
    "SU": rrule.SU,
}


class Weekdays(NamedTuple):
    """The weekdays, Monday as 0, on which a schedule runs in every week, and in some weeks."""

    every_week: frozenset[int]
    ever: frozenset[int]


class UnreadableScheduleError(ValueError):
    """The rules of a trigger cannot be read, or name more runs than CBR allows."""


@dataclass(frozen=True, slots=True)
class _Rule:
    frequency: Literal[2, 3]
    period: timedelta
    days: tuple[rrule.weekday, ...] | None
    hours: tuple[int, ...] | None
    minutes: tuple[int, ...] | None
    interval: int

    @property
    def cycle_days(self) -> int:
        """The number of days after which the rule repeats."""
        days = self.period.days * self.interval
        return days if self.days is None else lcm(days, 7)

    def days_of_week(self, start: datetime) -> frozenset[int]:
        """The weekdays, Monday as 0, on which the rule ever runs."""
        chosen = frozenset(range(7)) if self.days is None else frozenset(day.weekday for day in self.days)
        is_fixed = self.interval % 7 == 0 if self.frequency == rrule.DAILY else self.days is None
        return chosen & {start.weekday()} if is_fixed else chosen

    def times(self, start: datetime) -> frozenset[tuple[int, int]]:
        """The hours and minutes at which the rule runs."""
        return frozenset(product(self.hours or (start.hour,), self.minutes or (start.minute,)))

    def runs_a_day(self, start: datetime) -> float:
        """The largest average number of runs per day."""
        days = 1 if self.days is None or self.frequency == rrule.DAILY else len(self.days)
        return len(self.times(start)) * days / (self.interval * self.period.days)

    @property
    def is_anchored(self) -> bool:
        """Whether the rule needs no start time; otherwise the start time decides what it leaves open."""
        whole = self.hours is not None and self.minutes is not None and self.interval == 1
        return whole and (self.days is not None or self.frequency == rrule.DAILY)

    def between(self, start: datetime, since: datetime, until: datetime) -> Iterable[datetime]:
        """Yield the runs of this rule; the anchor is first moved near ``since`` by whole periods."""
        step = self.period * self.interval
        anchor = start + max(0, (since - start) // step - 1) * step
        rule = rrule.rrule(
            self.frequency,
            dtstart=anchor,
            interval=self.interval,
            byweekday=self.days,
            byhour=self.hours,
            byminute=self.minutes,
            bysecond=0,
        )
        return rule.between(since, until, inc=True)


class Schedule:
    """The runs of a trigger."""

    def __init__(self, patterns: Iterable[str], start_time: datetime | None) -> None:
        """Parse the rules.

        Raises:
            UnreadableScheduleError: a rule is outside the subset, or needs a start time and there is none.
        """
        self._rules = tuple(_read(pattern) for pattern in patterns)
        if not 0 < len(self._rules) <= _MOST_RULES:
            raise UnreadableScheduleError(f"a trigger has 1 to {_MOST_RULES} rules, this one has {len(self._rules)}")
        is_anchored = all(rule.is_anchored for rule in self._rules)
        if start_time is None and not is_anchored:
            raise UnreadableScheduleError("a rule counts from the start time, and the trigger has none")
        self._start = start_time or _EVER
        self._origin = _EVER if is_anchored else self._start
        self._check()
        self._cycle_days = min(lcm(*(rule.cycle_days for rule in self._rules)), self._measurable_days)

    def between(self, since: datetime, until: datetime) -> tuple[datetime, ...]:
        """Yield every run from ``since`` to ``until``, inclusive, in order and without duplicates."""
        return _runs(self._rules, self._origin, max(since, self._start), until)

    def first_from(self, since: datetime) -> datetime:
        """Return the first run at a time or later."""
        begin = max(since, self._start)
        ends = (begin + timedelta(days=days) for days in (7, 2 * _LONGEST_CYCLE))
        return next(found[0] for end in ends if (found := _runs(self._rules, self._origin, begin, end)))

    @property
    def _measurable_days(self) -> int:
        """Return how many days can be measured without keeping the audit busy."""
        runs_a_day = sum(rule.runs_a_day(self._start) for rule in self._rules)
        return max(_LONGEST_CYCLE, min(_LONGEST_MEASURED, int(_MOST_MEASURED / runs_a_day)))

    @cached_property
    def longest_gap(self) -> timedelta:
        """Return the longest time between two consecutive runs; two cycles show every gap."""
        return _longest_gap(self._rules, self._origin, timedelta(days=2 * self._cycle_days))

    def runs_in(self, days: int) -> int:
        """Return the number of runs in so many days, averaged over whole cycles and rounded down."""
        return self._runs_a_cycle * days // self._cycle_days

    def shortest_span(self, runs: int) -> timedelta:
        """Return the shortest time from the first to the last of so many consecutive runs."""
        return min(self._spans(runs))

    def longest_span(self, runs: int) -> timedelta:
        """Return the longest time from the first to the last of so many consecutive runs."""
        return max(self._spans(runs))

    def weekdays(self, ahead: timedelta) -> Weekdays:
        """Return the weekdays on which it runs, at a given offset from UTC."""
        days = lcm(self._cycle_days, _WEEK)
        begin = self._start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2) - ahead
        runs = _named(self._rules, self._origin, begin, begin + timedelta(days=days, microseconds=-1))
        counts = Counter(day.weekday() for day in {(run + ahead).date() for run in runs})
        return Weekdays(frozenset(day for day in counts if counts[day] * _WEEK == days), frozenset(counts))

    def _spans(self, runs: int) -> Iterable[timedelta]:
        """Measure from each run of a cycle; whole cycles have the same length wherever they begin."""
        cycle = timedelta(days=self._cycle_days)
        found, first = self._three_cycles, self._runs_a_cycle
        cycles, rest = divmod(max(runs, 1) - 1, first)
        return (found[number + rest] - found[number] + cycles * cycle for number in range(first))

    @cached_property
    def _runs_a_cycle(self) -> int:
        return bisect_left(self._three_cycles, self._origin + 2 * timedelta(days=self._cycle_days))

    @cached_property
    def _three_cycles(self) -> tuple[datetime, ...]:
        """Return the runs after the first cycle, which may lack those before the trigger was set.

        If the rules never repeat together, two cycles may contain one run less than twice those of the first.
        """
        begin, end = (self._origin + timedelta(days=cycles * self._cycle_days) for cycles in (1, 4))
        return _named(self._rules, self._origin, begin, end)

    def _check(self) -> None:
        """Reject rules that never run or run too often."""
        if self._start.year > _LAST_YEAR:
            raise UnreadableScheduleError(f"the trigger starts in the year {self._start.year}")
        times: dict[int, set[tuple[int, int]]] = defaultdict(set)
        for rule in self._rules:
            days = rule.days_of_week(self._start)
            if not days:
                raise UnreadableScheduleError("a rule counts weeks from a weekday on which it does not run")
            for day in days:
                times[day] |= rule.times(self._start)
        if max(map(len, times.values())) > _MOST_TIMES_A_DAY:
            raise UnreadableScheduleError(f"its rules name more than {_MOST_TIMES_A_DAY} runs a day")


def _named(rules: tuple[_Rule, ...], origin: datetime, since: datetime, until: datetime) -> tuple[datetime, ...]:
    """Return the runs of some rules, in order and without duplicates."""
    return tuple(sorted({run for rule in rules for run in rule.between(origin, since, until)}))


_runs: Final = lru_cache(maxsize=128)(_named)  # many policies have the same rules


@lru_cache(maxsize=1024)
def _longest_gap(rules: tuple[_Rule, ...], origin: datetime, span: timedelta) -> timedelta:
    """Measure the longest gap without storing the runs, of which there may be twenty thousand."""
    return max(later - earlier for earlier, later in pairwise(_named(rules, origin, origin, origin + span)))


def _read(pattern: str) -> _Rule:
    parts = _parts(pattern)
    if parts.get("FREQ") not in _PERIODS:
        raise UnreadableScheduleError(f"FREQ is neither DAILY nor WEEKLY in {pattern!r}")
    frequency, period = _PERIODS[parts["FREQ"]]
    days = tuple(parts["BYDAY"].split(",")) if "BYDAY" in parts else None
    if days is not None and not set(days) <= set(_DAYS):
        raise UnreadableScheduleError(f"BYDAY names no weekday in {pattern!r}")
    hours = _numbers(parts, "BYHOUR", 0, 23)
    minutes = _numbers(parts, "BYMINUTE", 0, 59)
    if len(hours or (0,)) * len(minutes or (0,)) > _MOST_TIMES_A_DAY:
        raise UnreadableScheduleError(f"more than {_MOST_TIMES_A_DAY} runs a day in {pattern!r}")
    interval = _numbers(parts, "INTERVAL", 1, _LONGEST_INTERVAL) or (1,)
    if len(interval) != 1:
        raise UnreadableScheduleError(f"INTERVAL is a list in {pattern!r}")
    return _Rule(
        frequency=frequency,
        period=period,
        days=None if days is None else tuple(_DAYS[day] for day in days),
        hours=hours,
        minutes=minutes,
        interval=interval[0],
    )


def _parts(pattern: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in pattern.strip().upper().removeprefix("RRULE:").rstrip(";").split(";"):
        key, _, value = part.partition("=")
        if key not in _KEYS or key in parts or not value:
            raise UnreadableScheduleError(f"{part!r} has no place in a trigger: {pattern!r}")
        parts[key] = value
    return parts


def _numbers(parts: dict[str, str], key: str, lowest: int, highest: int) -> tuple[int, ...] | None:
    if key not in parts:
        return None
    texts = parts[key].split(",")
    if not all(_DIGITS.fullmatch(text) and lowest <= int(text) <= highest for text in texts):
        raise UnreadableScheduleError(f"{key} must lie between {lowest} and {highest}, not {parts[key]!r}")
    return tuple(int(text) for text in texts)
