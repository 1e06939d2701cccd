"""Restore drills in a profile: who restored what and when, what was checked, and until when it counts."""

from typing import Final

from pydantic import Field, ValidationInfo, field_validator

from audit.judging.patterns import literal_characters
from audit.profile.days import WrittenDay
from audit.profile.written import PlainLine, Written

_FEWEST_CHARACTERS: Final = 3


class DrillValues(Written):
    """Somebody signs that a restore was tried. CBR-601 takes it beside restore tasks, and says which it was."""

    resource: PlainLine = Field(description="Id or name of what was restored, or a pattern with * and ?.")
    date: WrittenDay = Field(description="The day of the restore, in the timezone of the profile.")
    by: PlainLine = Field(description="Who signs for it.")
    checked: PlainLine = Field(description="What was looked at after the restore.")
    valid_until: WrittenDay = Field(
        description="The last day on which it counts; restore_test_days after the restore it counts no longer, either."
    )
    evidence: PlainLine | None = Field(default=None, description="Where its record lies, such as a link or a ticket.")

    @field_validator("resource")
    @classmethod
    def _names_something(cls, pattern: str) -> str:
        if literal_characters(pattern) < _FEWEST_CHARACTERS:
            raise ValueError(
                f"the pattern matches nearly everything; use at least {_FEWEST_CHARACTERS} characters beside * and ?"
            )
        return pattern

    @field_validator("valid_until")
    @classmethod
    def _is_not_before_the_restore(cls, day: WrittenDay, info: ValidationInfo) -> WrittenDay:
        if "date" in info.data and day < info.data["date"]:
            raise ValueError("must not be before the date of the restore")
        return day
