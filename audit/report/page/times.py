"""Times and ages as people read them."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from audit.collection import instant
from audit.report.page.sentences import count
from audit.report.problems import Problem

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
_UNITS: Final = {True: ("day", "hour"), False: ("hour", "minute")}
_SIGNS: Final = {"day": "d", "hour": "h", "minute": "min"}
_OFFSET: Final = re.compile(r"^([+-]\d\d)(\d\d)?$")


class Clock:
    """Times as people read them: in UTC and, where it is another one, in the zone of the report."""

    def __init__(self, name: str, now: datetime) -> None:
        self.now = now.astimezone(UTC)
        self.name = name
        self.is_known = True
        try:
            self._zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
            self.is_known, self._zone = False, ZoneInfo("UTC")
        self.is_utc = now.astimezone(self._zone).tzname() == "UTC"

    def utc(self, moment: datetime) -> str:
        """Write a time as ``23 Nov 2026, 04:00``."""
        moment = moment.astimezone(UTC)
        return f"{day_words(moment)} {moment.year}, {moment:%H:%M}"

    def brief(self, moment: datetime) -> str:
        """Write a time as ``23 Nov 04:00``, with the year where it is not the present one."""
        moment = moment.astimezone(UTC)
        year = "" if moment.year == self.now.year else f" {moment.year}"
        return f"{day_words(moment)}{year} {moment:%H:%M}"

    def local(self, moment: datetime) -> str:
        """Write a time in the zone of the report, with the day where it is another one."""
        here = moment.astimezone(self._zone)
        day = "" if here.date() == moment.astimezone(UTC).date() else f"{day_words(here)}, "
        return f"{day}{here:%H:%M} {_OFFSET.sub(_offset, here.tzname() or '')}"

    def age(self, moment: datetime) -> str:
        """Say how long ago something was: in days, or in hours on the first day."""
        passed = self.now - moment
        if passed >= _DAY:
            return count(passed // _DAY, "day")
        return count(passed // _HOUR, "hour") if passed >= _HOUR else "less than an hour"


def lasting(length: timedelta) -> str:
    """Write a length of time: ``3 days 4 hours``, or ``24 hours 5 minutes`` below two days; begun ones count whole."""
    units = zip(_parts(length), _UNITS[length > 2 * _DAY], strict=True)
    return " ".join(count(number, unit) for number, unit in units if number)


def brief_length(length: timedelta) -> str:
    """Write a length of time as ``3 d 4 h`` or ``24 h 5 min``."""
    units = zip(_parts(length), _UNITS[length > 2 * _DAY], strict=True)
    return " ".join(f"{number} {_SIGNS[unit]}" for number, unit in units if number)


def _parts(length: timedelta) -> tuple[int, int]:
    return divmod(ceil(length / _HOUR), 24) if length > 2 * _DAY else divmod(ceil(length / _MINUTE), 60)


@dataclass(frozen=True, slots=True)
class Age:
    """When a problem began; the evidence may only show that it began no later."""

    since: datetime
    is_at_least: bool


def problem_age(problem: Problem) -> Age | None:
    """Say when a problem began, None where the evidence does not say."""
    if not problem.since:
        return None
    return Age(instant(problem.since), problem.or_earlier)


def day_words(moment: date) -> str:
    """Write a day as ``23 Nov``."""
    return f"{moment.day} {_MONTHS[moment.month - 1]}"


def full_date(day: date) -> str:
    """Write a day as ``Mon 23 Nov 2026``."""
    return f"{_WEEKDAYS[day.weekday()]} {day_words(day)} {day.year}"


def month(day: date) -> str:
    """Write a month as ``Nov 2026``."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def minute(moment: datetime) -> str:
    """Write a time for programs, to the minute: ``2026-11-23T04:00Z``."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M}Z"


def _offset(found: re.Match[str]) -> str:
    """Write the name of a zone that has only an offset: +0545 is UTC+05:45."""
    return f"UTC{found[1]}:{found[2] or '00'}"
