"""Maintenance windows as people write them: a name, a start and an end by local clocks, once or every week."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationInfo, field_validator

from audit.profile.scope import Selection, selectors
from audit.profile.written import Words, Written, ZoneName

if TYPE_CHECKING:
    from audit.demands import Upkeep
    from audit.maintenance import OneOff, Weekly

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_Time = TypeVar("_Time", time, datetime)
_LONGEST: Final = timedelta(days=31)
_ONCE: Final = "a day and a local time, such as 2026-12-05T22:00"
_WEEKLY: Final = "a time of day, such as 22:00, because it comes every week"


class MaintenanceValues(Written):
    """A time in which planned runs may stay away: they are not judged, and the report says why."""

    name: Words = Field(description="What people call it; the report names it.")
    weekly: Annotated[tuple[Day, ...], Field(strict=False, min_length=1, max_length=7)] | None = Field(
        default=None, description="Days on which it starts, every week; it comes once where this is left out."
    )
    start: Annotated[str, Field(max_length=32)] = Field(
        description="Local time: 2026-12-05T22:00, or 22:00 where it is weekly."
    )
    end: Annotated[str, Field(max_length=32)] = Field(
        description="Likewise, and no longer part of it; a weekly one ends on the next day if not later than its start."
    )
    zone: ZoneName | None = Field(default=None, description="IANA name of the zone; else the timezone of the profile.")
    only: Selection | None = Field(default=None, description="Whom it is for; for all where it is left out.")

    @field_validator("start", "end")
    @classmethod
    def _has_its_form(cls, text: str, info: ValidationInfo) -> str:
        if "weekly" in info.data:  # else it is wrong itself, and nobody can say which form is meant
            _clock(text) if info.data["weekly"] else _local(text)
        return text

    @field_validator("end")
    @classmethod
    def _is_later(cls, text: str, info: ValidationInfo) -> str:
        if info.data.get("weekly") is None and {"weekly", "start"} <= info.data.keys():
            length = _local(text) - _local(info.data["start"])
            if not timedelta(0) < length <= _LONGEST:
                raise ValueError(f"it must be later than the start, and by {_LONGEST.days} days at the most")
        return text

    def upkeep(self, zone: str) -> "Upkeep":
        """The window as the core knows it; without a zone of its own, in the one that is given."""
        from audit.demands import Upkeep  # noqa: PLC0415  # see audit/profile/__init__.py

        own = ZoneInfo(self.zone or zone)
        return Upkeep(window=self._weekly(own) if self.weekly else self._once(own), only=selectors(self.only))

    def _once(self, zone: ZoneInfo) -> "OneOff":
        from audit.maintenance import OneOff, in_utc  # noqa: PLC0415  # see audit/profile/__init__.py

        start, end = in_utc(_local(self.start), zone), in_utc(_local(self.end), zone, fold=1)
        return OneOff(name=self.name, start=start, end=end)

    def _weekly(self, zone: ZoneInfo) -> "Weekly":
        from audit.maintenance import Weekly  # noqa: PLC0415  # see audit/profile/__init__.py

        days = frozenset(_DAYS.index(day) for day in self.weekly or ())
        return Weekly(name=self.name, zone=zone, days=days, start=_clock(self.start), end=_clock(self.end))


def _clock(text: str) -> time:
    return _read(time.fromisoformat, text, _WEEKLY)


def _local(text: str) -> datetime:
    if len(text) <= len("2026-12-05"):
        raise ValueError(f"write {_ONCE}")
    return _read(datetime.fromisoformat, text, _ONCE)


def _read(read: Callable[[str], _Time], text: str, form: str) -> _Time:
    try:
        found = read(text)
    except ValueError as error:
        raise ValueError(f"write {form}") from error
    if found.tzinfo is not None:
        raise ValueError(f"write {form}; zone: names the zone")
    return found
