"""Maintenance windows: times in which a planned run may be missing. They follow local clocks, as people's plans do.

A window starts when the clocks first show its start or later, and lasts while they show a time before its end. An hour
that occurs twice is in the window both times; an hour that the clocks skip is not part of it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

_DAY: Final = timedelta(days=1)
_TICK: Final = timedelta.resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOff:
    """From one moment to another, excluding the end."""

    name: str
    start: datetime
    end: datetime

    def covers(self, moment: datetime) -> bool:
        """Whether a moment is in the window."""
        return self.start <= moment < self.end

    def is_over(self, now: datetime) -> bool:
        """Whether the window will never occur again."""
        return self.end <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDays:
    """The same hours on some days, in the local time of a zone.

    Attributes:
        weekdays: the weekdays on which it starts, 0 for Monday.
        dates: the dates on which it starts.
        yearly: the months and days on which it starts every year.
        end: on the next day if it is not later than the start.
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
        """How long it lasts on each of its days, unless the clocks change."""
        return datetime.combine(self._last_day(date.min), self.end) - datetime.combine(date.min, self.start)

    def covers(self, moment: datetime) -> bool:
        """Whether a moment is in the window, which may have started the day before."""
        today = moment.astimezone(self.zone).date()
        return any(self._starts_on(day) and self._lasts(day, moment) for day in (today, today - _DAY))

    def is_over(self, now: datetime) -> bool:
        """Whether the window will never occur again."""
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
    """Every window of a subject; called with a time, it returns why a run due then is not judged."""

    windows: tuple[MaintenanceWindow, ...] = ()

    def __call__(self, moment: datetime) -> str:
        """Return the name of the first window that covers a time, or an empty string."""
        return next((f"maintenance: {window.name}" for window in self.windows if window.covers(moment)), "")


def in_utc(wall: datetime, zone: tzinfo, fold: int = 0) -> datetime:
    """Return the moment at which the clocks of a zone show a time; if it occurs twice, fold 1 is the second.

    For a time that the clocks skip, it is the moment of their change.
    """
    first, second = (wall.replace(tzinfo=zone, fold=number).astimezone(UTC) for number in (0, 1))
    if second < first:
        return _change(second, first, zone)
    return second if fold else first


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """Return the moment between two others at which the clocks change."""
    old = before.astimezone(zone).utcoffset()
    while after - before > _TICK:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
