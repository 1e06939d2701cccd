"""Waivers as people write them: who accepts which failure of whom, why, and until when."""

import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from audit.catalogue import OF_WAIVERS
from audit.profile.choice import ControlId
from audit.profile.written import Words, Written

if TYPE_CHECKING:
    from audit.subjects import Waiver

_DATE: Final = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}")


def _day(written: object) -> object:
    """Read a date as text has it; JSON and our YAML know no dates."""
    if not isinstance(written, str):
        return written
    if not _DATE.fullmatch(written):
        raise ValueError("write a date, such as 2027-03-31")
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise ValueError(f"there is no day {written}") from error


def _can_be_waived(control_id: str) -> str:
    if control_id in OF_WAIVERS:
        raise ValueError(f"{control_id} judges the waivers, and cannot be waived itself; skip: leaves a control out")
    return control_id


class WaiverValues(Written):
    """Somebody accepts that a control fails: the outcome stays, and no longer counts against the project."""

    control: Annotated[ControlId, AfterValidator(_can_be_waived)] = Field(description="Id of the control.")
    subject: Words = Field(description="Id or name of what it is about, or a pattern with * and ?.")
    owner: Words = Field(description="Who answers for it.")
    reason: Words = Field(description="Why the failure is accepted.")
    until: Annotated[date, BeforeValidator(_day)] = Field(
        description="The last day on which it holds, in the timezone of the profile; at most 365 days ahead."
    )
    ticket: Words | None = Field(default=None, description="Where the decision is recorded.")

    def waiver(self, zone: ZoneInfo) -> "Waiver":
        """The waiver as the core knows it: it ends with its last day."""
        from audit.maintenance import in_utc  # noqa: PLC0415  # see audit/profile/__init__.py
        from audit.subjects import Waiver  # noqa: PLC0415  # see audit/profile/__init__.py

        return Waiver(
            control=self.control,
            subject=self.subject,
            owner=self.owner,
            reason=self.reason,
            until=in_utc(datetime.combine(self.until + timedelta(days=1), time(0)), zone),
            ticket=self.ticket or "",
        )
