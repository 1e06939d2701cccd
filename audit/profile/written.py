"""What all parts of a profile share. People write profiles, so errors are precise and nothing is guessed."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

LARGEST: Final = 256 * 1024  # bytes in a file
KeyPath = tuple[str | int, ...]
"""The path of a key or item in a profile, outermost first."""


class Written(BaseModel):
    """Written by people: unknown keys are mistakes, and numbers are not guessed from text.

    Parts are not built each for itself: the profile, which holds them, is built when the first one is read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


def hint(wrong: str, known: Iterable[str]) -> str:
    """Return the nearest valid text, or all of them if none is near."""
    words = tuple(known)
    nearest = get_close_matches(wrong, words, n=1)
    return f"; did you mean {nearest[0]}?" if nearest else f"; known are {', '.join(words)}"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}; an example is Europe/Berlin") from error
    return name


ZoneName = Annotated[str, AfterValidator(_zone)]
PlainLine = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
"""One line of text that is not blank."""
