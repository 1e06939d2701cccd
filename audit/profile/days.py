"""Days in a profile."""

import re
from datetime import date
from typing import Annotated, Final

from pydantic import BeforeValidator

_DATE: Final = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}")


def _day(written: object) -> object:
    """Parse a date from a string; neither JSON nor our YAML has a date type."""
    if not isinstance(written, str):
        return written
    if not _DATE.fullmatch(written):
        raise ValueError("write a date, such as 2027-03-31")
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise ValueError(f"{written} is not a valid date") from error


WrittenDay = Annotated[date, BeforeValidator(_day)]
"""A date, such as 2027-03-31."""
