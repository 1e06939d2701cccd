"""Which requirements of which standard a control supports, and how far; the data is in frameworks.json.

It may name controls that this version does not have yet; callers leave those out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Any, Final

import orjson


class Claim(StrEnum):
    """What the controls can say of a requirement at best."""

    SUPPORTS = "supports"
    PARTLY = "partly"
    CANNOT_SHOW = "cannot_show"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One requirement of a standard, in our own words.

    Attributes:
        controls: the ids of the controls whose findings are evidence; if nothing can be shown, the nearest ones.
        limit: what they do not show.
    """

    id: str
    text: str
    claim: Claim
    controls: tuple[str, ...]
    limit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """One standard.

    Attributes:
        source: where the requirements were read.
        note: what applies to all of its requirements, or an empty string.
    """

    id: str
    name: str
    source: str
    note: str
    requirements: tuple[Requirement, ...]


def _framework(part: Mapping[str, Any]) -> Framework:
    return Framework(
        id=part["id"],
        name=part["name"],
        source=part["source"],
        note=part.get("note", ""),
        requirements=tuple(
            Requirement(
                id=each["id"],
                text=each["text"],
                claim=Claim(each["claim"]),
                controls=tuple(each["controls"]),
                limit=each["limit"],
            )
            for each in part["requirements"]
        ),
    )


_TABLE: Final[Mapping[str, Any]] = orjson.loads(
    resources.files("audit.judging.frameworks").joinpath("frameworks.json").read_bytes()
)
FRAMEWORKS: Final = tuple(_framework(part) for part in _TABLE["frameworks"])
MAPPED_TO_NONE: Final[Mapping[str, str]] = _TABLE["mapped_to_none"]
"""The controls that support no requirement of these standards, and why."""
