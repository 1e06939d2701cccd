"""How long a simulated policy keeps backups: by age or by number, and also the last of weeks, months and years."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

DAY: Final = timedelta(days=1)
_WEEK: Final = 7 * DAY
_MONTH: Final = 31 * DAY
_YEAR: Final = 366 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The retention of a policy; without days and number its backups are kept for ever.

    Attributes:
        days: backups are deleted at this age.
        number: backups are deleted when there are so many newer ones.
        weeks, months, years: the newest backup of each of so many weeks … is kept in addition.
        sundays, firsts, new_years: for so many weeks, months and years, the backups of Sundays, of the first of each
            month and of 1 January are kept in addition, by the advanced rules.
        zone: the time zone of these weeks and months.
    """

    days: int | None = None
    number: int | None = None
    weeks: int = 0
    months: int = 0
    years: int = 0
    sundays: int = 0
    firsts: int = 0
    new_years: int = 0
    zone: str | None = "UTC+08:00"

    def expiry(self, ended: datetime) -> datetime | None:
        """Return when a backup reaches its age; None if age does not matter."""
        return None if self.days is None else ended + self.days * DAY

    def at_least(self, gap: timedelta) -> timedelta | None:
        """Return how long a backup is surely kept if runs are so far apart; None for ever."""
        if self.days is not None:
            return self.days * DAY
        return None if self.number is None else (self.number - 1) * gap

    def at_most(self, gap: timedelta) -> timedelta | None:
        """Return how long some backup is kept if runs are so far apart; None for ever."""
        usual = self.days * DAY if self.days is not None else self.number and self.number * gap
        weeks, months, years = self.copies()
        return None if not usual else max(usual, weeks * _WEEK, months * _MONTH, years * _YEAR)

    def copies(self) -> tuple[int, int, int]:
        """Return of how many weeks, months and years one backup is kept if there is one every day."""
        return max(self.weeks, self.sundays), max(self.months, self.firsts), max(self.years, self.new_years)

    def released(self, ended: datetime, newer: list[datetime]) -> datetime | None:
        """Return when a backup may be deleted, given when the newer ones ended, oldest first; None if not yet.

        Age and number are never in the same rule, and the last of a week or month is kept with a number only.
        """
        if self.days is not None:
            return self.expiry(ended)
        if self.number is None or len(newer) < self.number:
            return None
        return max(newer[self.number - 1], *self._kept_until(ended, newer[0]))

    def _kept_until(self, ended: datetime, following: datetime) -> list[datetime]:
        """Return until when a backup counts as the last of its week, month or year."""
        midnight = ended.replace(hour=0, minute=0, second=0, microsecond=0)
        week, month = midnight - ended.weekday() * DAY, midnight.replace(day=1)
        until = [ended]
        if following >= week + _WEEK:
            until.append(week + self.weeks * _WEEK)
        if (following.year, following.month) != (ended.year, ended.month):
            until.append(month + self.months * _MONTH)
        if following.year != ended.year:
            until.append(month.replace(month=1) + self.years * _YEAR)
        return until
