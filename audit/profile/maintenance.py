"""Maintenance windows in a profile: a name and local hours, once, weekly or on dates."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from audit.profile.scope import Selection
from audit.profile.written import PlainLine, Written, ZoneName

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_Time = TypeVar("_Time", time, datetime)
_LONGEST: Final = timedelta(days=31)
_ONCE: Final = "a day and a local time, such as 2026-12-05T22:00"
_ON_DAYS: Final = "a time of day, such as 22:00, because it comes on several days"
YEARLY: Final = re.compile(r"[0-9]{2}-[0-9]{2}")
_LEAP_YEAR: Final = "2028"


def _date(text: str) -> str:
    """Accept a date, or a month and day of every year."""
    written = f"{_LEAP_YEAR}-{text}" if YEARLY.fullmatch(text) else text
    try:
        date.fromisoformat(written)
    except ValueError as error:
        raise ValueError("write a date, such as 2026-12-25, or 12-25 for every year") from error
    return text


Date = Annotated[str, Field(pattern=r"^(2[0-9]{3}-)?[0-9]{2}-[0-9]{2}$"), AfterValidator(_date)]


class MaintenanceValues(Written):
    """A time in which planned runs may stay away: they are not judged, and the report says why."""

    name: PlainLine = Field(description="What people call it; the report names it.")
    weekly: Annotated[tuple[Weekday, ...], Field(strict=False, min_length=1, max_length=7)] | None = Field(
        default=None, description="Days on which it starts, every week."
    )
    dates: Annotated[tuple[Date, ...], Field(strict=False, min_length=1, max_length=400)] | None = Field(
        default=None,
        exclude_if=lambda dates: dates is None,  # profiles from before them keep their canonical form
        description="Dates on which it starts, such as holidays: 2026-12-25, or 12-25 for every year.",
    )
    start: Annotated[str, Field(max_length=32)] | None = Field(
        default=None,
        description="Local time: 2026-12-05T22:00, or 22:00 if weekly or on dates; dates alone are whole days.",
    )
    end: Annotated[str, Field(max_length=32)] | None = Field(
        default=None,
        description="Likewise, and no longer part of it; a time of day not later than start is that of the next day.",
    )
    zone: ZoneName | None = Field(default=None, description="IANA name of the zone; else the timezone of the profile.")
    only: Selection | None = Field(default=None, description="Whom it is for; for all where it is left out.")

    @field_validator("start", "end")
    @classmethod
    def _has_its_form(cls, text: str | None, info: ValidationInfo) -> str | None:
        if text is not None and {"weekly", "dates"} <= info.data.keys():  # otherwise it is unclear which form is meant
            time_of_day(text) if info.data["weekly"] or info.data["dates"] else local_time(text)
        return text

    @field_validator("end")
    @classmethod
    def _is_later(cls, text: str | None, info: ValidationInfo) -> str | None:
        is_once = not (info.data.get("weekly") or info.data.get("dates")) and {"weekly", "dates"} <= info.data.keys()
        if is_once and text is not None and (start := info.data.get("start")):
            length = local_time(text) - local_time(start)
            if not timedelta(0) < length <= _LONGEST:
                raise ValueError(f"must be later than the start, by {_LONGEST.days} days at most")
        return text

    @model_validator(mode="after")
    def _is_a_time(self) -> "MaintenanceValues":
        if self.weekly and self.dates:
            raise ValueError("weekly and dates cannot be combined; write two entries")
        if (self.start is None) != (self.end is None):
            raise ValueError("give both start and end, or neither")
        if self.start is None and not self.dates:
            raise ValueError("give start and end; only entries with dates may omit them and last whole days")
        return self


def time_of_day(text: str) -> time:
    """Read a local time that comes on several days."""
    return _read(time.fromisoformat, text, _ON_DAYS)


def local_time(text: str) -> datetime:
    """Read a day and a local time."""
    if len(text) <= len("2026-12-05"):
        raise ValueError(f"write {_ONCE}")
    return _read(datetime.fromisoformat, text, _ONCE)


def _read(read: Callable[[str], _Time], text: str, form: str) -> _Time:
    try:
        found = read(text)
    except ValueError as error:
        raise ValueError(f"write {form}") from error
    if found.tzinfo is not None:
        raise ValueError(f"write {form}; give the zone with the key zone")
    return found
