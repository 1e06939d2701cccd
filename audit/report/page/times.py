"""Times and ages in a readable form."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from audit.report.page.words import ENGLISH, Words
from audit.report.problems import Problem
from audit.timestamps import instant

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
_OFFSET: Final = re.compile(r"^([+-]\d\d)(\d\d)?$")


class Clock:
    """Writes times in UTC and, if it differs, in the zone of the report."""

    def __init__(self, name: str, now: datetime, words: Words = ENGLISH) -> None:
        self.now = now.astimezone(UTC)
        self.name = name
        self.is_known = True
        self._words = words
        self._days: dict[date, str] = {}
        try:
            self._zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name is a folder of zones
            self.is_known, self._zone = False, ZoneInfo("UTC")
        self.is_utc = now.astimezone(self._zone).tzname() == "UTC"

    def utc(self, moment: datetime) -> str:
        """Write a time as ``23 Nov 2026, 04:00``."""
        moment = moment.astimezone(UTC)
        return self._words.text("{date}, {time}", date=dated(moment, self._words), time=f"{moment:%H:%M}")

    def brief(self, moment: datetime) -> str:
        """Write a time as ``23 Nov 04:00``, with the year if it is not the current one."""
        moment = moment.astimezone(UTC)
        day = moment.date()
        if day not in self._days:  # pages contain few different days, many times
            is_of_this_year = day.year == self.now.year
            self._days[day] = (day_words if is_of_this_year else dated)(day, self._words)
        return f"{self._days[day]} {moment.hour:02}:{moment.minute:02}"

    def local(self, moment: datetime) -> str:
        """Write a time in the zone of the report, with the day if it differs."""
        here = moment.astimezone(self._zone)
        time = f"{here:%H:%M} {_OFFSET.sub(_offset, here.tzname() or '')}"
        if here.date() == moment.astimezone(UTC).date():
            return time
        return self._words.text("{date}, {time}", date=day_words(here, self._words), time=time)

    def age(self, moment: datetime) -> str:
        """Write how long ago something was: in days, or in hours on the first day."""
        passed = self.now - moment
        if passed >= _DAY:
            return self._words.count(passed // _DAY, "day")
        if passed >= _HOUR:
            return self._words.count(passed // _HOUR, "hour")
        return self._words.text("less than an hour")


@dataclass(frozen=True, slots=True)
class Age:
    """When a problem began; the evidence may only show that it began no later."""

    since: datetime
    is_at_least: bool


def problem_age(problem: Problem) -> Age | None:
    """Return when a problem began, or None if the evidence does not say."""
    if not problem.since:
        return None
    return Age(instant(problem.since), problem.or_earlier)


def lasting(length: timedelta, words: Words) -> str:
    """Write a duration: ``3 days 4 hours``, or ``24 hours 5 minutes`` below two days; partial units are rounded up."""
    large, small = _parts(length)
    if length > 2 * _DAY:
        parts = [words.count(large, "day"), words.count(small, "hour")]
    else:
        parts = [words.count(large, "hour"), words.count(small, "minute")]
    return _without_nothing(parts, large, small)


def brief_length(length: timedelta, words: Words) -> str:
    """Write a duration as ``3 d 4 h`` or ``24 h 5 min``."""
    large, small = _parts(length)
    if length > 2 * _DAY:
        parts = [words.text("{number} d", number=large), words.text("{number} h", number=small)]
    else:
        parts = [words.text("{number} h", number=large), words.text("{number} min", number=small)]
    return _without_nothing(parts, large, small)


def _parts(length: timedelta) -> tuple[int, int]:
    return divmod(ceil(length / _HOUR), 24) if length > 2 * _DAY else divmod(ceil(length / _MINUTE), 60)


def _without_nothing(parts: list[str], *numbers: int) -> str:
    return " ".join(part for part, number in zip(parts, numbers, strict=True) if number) or parts[-1]


def day_words(moment: date, words: Words) -> str:
    """Write a day as ``23 Nov``."""
    return words.text("{day} {month}", day=moment.day, month=words.text(MONTHS[moment.month - 1]))


def dated(moment: date, words: Words) -> str:
    """Write a day as ``23 Nov 2026``."""
    return words.text("{day} {year}", day=day_words(moment, words), year=moment.year)


def full_date(day: date, words: Words) -> str:
    """Write a day as ``Mon 23 Nov 2026``."""
    return words.text("{weekday} {date}", weekday=words.text(WEEKDAYS[day.weekday()]), date=dated(day, words))


def month(day: date, words: Words) -> str:
    """Write a month as ``Nov 2026``."""
    return words.text("{day} {year}", day=words.text(MONTHS[day.month - 1]), year=day.year)


def minute(moment: datetime) -> str:
    """Write a time for programs, to the minute: ``2026-11-23T04:00Z``."""
    return f"{moment.astimezone(UTC).isoformat(timespec='minutes')[:16]}Z"


def _offset(found: re.Match[str]) -> str:
    """Write the name of a zone that has only an offset: +0545 is UTC+05:45."""
    return f"UTC{found[1]}:{found[2] or '00'}"
