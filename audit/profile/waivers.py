"""Waivers in a profile: who accepts which failure of which subject, why, and until when."""

from typing import Annotated

from pydantic import AfterValidator, Field

from audit.judging.control_catalogue import OF_WAIVERS
from audit.profile.choice import ControlId
from audit.profile.days import WrittenDay
from audit.profile.written import PlainLine, Written


def _can_be_waived(control_id: str) -> str:
    if control_id in OF_WAIVERS:
        raise ValueError(
            f"{control_id} judges the waivers themselves and cannot be waived; use skip to leave a control out"
        )
    return control_id


class WaiverValues(Written):
    """Somebody accepts that a control fails: the outcome stays, and no longer counts against the project."""

    control: Annotated[ControlId, AfterValidator(_can_be_waived)] = Field(description="Id of the control.")
    subject: PlainLine = Field(description="Id or name of what it is about, or a pattern with * and ?.")
    owner: PlainLine = Field(description="Who answers for it.")
    reason: PlainLine = Field(description="Why the failure is accepted.")
    until: WrittenDay = Field(
        description="The last day on which it holds, in the timezone of the profile; at most 365 days ahead."
    )
    ticket: PlainLine | None = Field(default=None, description="Where the decision is recorded.")
