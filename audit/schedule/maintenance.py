"""Maintenance windows: times in which a planned run may stay away. Local clocks decide, as people plan by them.

A window lasts from the first moment at which the clocks show its start or later, to the last one at which they show a
time before its end: of an hour that comes twice both are in it, and one that the clocks leave out is no part of it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

_DAY: Final = timedelta(days=1)
_TICK: Final = timedelta.resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOff:
    """From one moment to another; the end is no part of it."""

    name: str
    start: datetime
    end: datetime

    def covers(self, moment: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.start <= moment < self.end

    def is_over(self, now: datetime) -> bool:
        """Whether it will never come again."""
        return self.end <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDays:
    """The same hours on some days, by the clocks of a zone.

    Attributes:
        weekdays: on which it starts every week, 0 for Monday.
        dates: on which it starts.
        yearly: on which it starts every year: month and day.
        end: on the day after where it is not later than the start.
    """

    name: str
    zone: tzinfo
    start: time
    end: time
    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()

    @property
    def length(self) -> timedelta:
        """How long it lasts on each of its days, where the clocks are not changed."""
        return datetime.combine(self._last_day(date.min), self.end) - datetime.combine(date.min, self.start)

    def covers(self, moment: datetime) -> bool:
        """Whether a moment lies in it; it may have started the day before."""
        today = moment.astimezone(self.zone).date()
        return any(self._starts_on(day) and self._lasts(day, moment) for day in (today, today - _DAY))

    def is_over(self, now: datetime) -> bool:
        """Whether it will never come again."""
        if self.weekdays or self.yearly:
            return False
        last = max(self.dates)
        return in_utc(datetime.combine(self._last_day(last), self.end), self.zone, fold=1) <= now

    def _starts_on(self, day: date) -> bool:
        return day.weekday() in self.weekdays or day in self.dates or (day.month, day.day) in self.yearly

    def _lasts(self, day: date, moment: datetime) -> bool:
        start = datetime.combine(day, self.start)
        end = datetime.combine(self._last_day(day), self.end)
        return in_utc(start, self.zone) <= moment < in_utc(end, self.zone, fold=1)

    def _last_day(self, day: date) -> date:
        return day if self.end > self.start else day + _DAY


MaintenanceWindow = OneOff | OnDays


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Every window that counts for a subject; called with a time, it says why a run due then is not judged."""

    windows: tuple[MaintenanceWindow, ...] = ()

    def __call__(self, moment: datetime) -> str:
        """Name the first window that covers a time, or nothing."""
        return next((f"maintenance: {window.name}" for window in self.windows if window.covers(moment)), "")


def in_utc(wall: datetime, zone: tzinfo, fold: int = 0) -> datetime:
    """Say when the clocks of a zone show a time; of one that comes twice, fold 1 is the second.

    For a time that the clocks leave out, it is the moment of their change.
    """
    first, second = (wall.replace(tzinfo=zone, fold=number).astimezone(UTC) for number in (0, 1))
    if second < first:
        return _change(second, first, zone)
    return second if fold else first


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """Find the moment between two others at which the clocks are changed."""
    old = before.astimezone(zone).utcoffset()
    while after - before > _TICK:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
