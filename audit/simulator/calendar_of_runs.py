"""When a simulated policy runs: its times of day, its patterns as text, and its longest gap.

The patterns have the forms of real policies: rules by weekday or by day count, keys in different orders, hours with and
without a leading zero, one rule for each time of day, everything in UTC.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Final

DAY: Final = timedelta(days=1)
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
EVERY_WEEKDAY: Final = (0, 1, 2, 3, 4, 5, 6)
_STYLES: Final = (
    "FREQ=WEEKLY;BYDAY={days};BYHOUR={hour:02};BYMINUTE={minute:02}",
    "FREQ=WEEKLY;BYHOUR={hour};BYDAY={days};BYMINUTE={minute:02}",
)
_BY_DAY_COUNT: Final = (
    "FREQ=DAILY;INTERVAL={interval};BYHOUR={hour};BYMINUTE={minute:02}",
    "FREQ=DAILY;INTERVAL={interval};BYHOUR={hour:02};BYMINUTE={minute:02}",
)


@dataclass(frozen=True, slots=True)
class RunCalendar:
    """Times of day on some weekdays, or on every n-th day if ``interval`` is given."""

    times: tuple[time, ...]
    weekdays: tuple[int, ...] = EVERY_WEEKDAY
    interval: int | None = None
    style: int = 0

    def patterns(self) -> list[str]:
        """Return one rule for each time of day."""
        styles = _STYLES if self.interval is None else _BY_DAY_COUNT
        # The second style starts the week on Sunday, as the console does.
        order = sorted(self.weekdays, key=lambda day: (day + self.style) % 7)
        days = ",".join(WEEKDAYS[day] for day in order)
        return [
            styles[self.style].format(days=days, interval=self.interval, hour=at.hour, minute=at.minute)
            for at in self.times
        ]

    def due(self, anchor: datetime, start: datetime, end: datetime) -> list[datetime]:
        """Return the runs from ``start`` to ``end``; every n-th day counts from the day of ``anchor``."""
        moments: list[datetime] = []
        for offset in range((end.date() - start.date()).days + 1):
            day = start.date() + offset * DAY
            if self._runs_on((day - anchor.date()).days, day.weekday()):
                moments += (datetime.combine(day, at, UTC) for at in self.times)
        return [moment for moment in moments if start <= moment <= end]

    def longest_gap(self) -> timedelta:
        """Return the longest time between two consecutive runs."""
        return max(_gaps(self))

    def shortest_gap(self) -> timedelta:
        """Return the shortest time between two consecutive runs."""
        return min(_gaps(self))

    def _runs_on(self, days_since_anchor: int, weekday: int) -> bool:
        if self.interval is None:
            return weekday in self.weekdays
        return days_since_anchor % self.interval == 0


@cache
def _gaps(plan: RunCalendar) -> tuple[timedelta, ...]:
    anchor = datetime(2024, 1, 1, tzinfo=UTC)
    runs = plan.due(anchor, anchor, anchor + 64 * DAY)
    return tuple(later - earlier for earlier, later in pairwise(runs))
