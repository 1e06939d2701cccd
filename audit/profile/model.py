"""The profile: the rules that an organisation's backups are judged by."""

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Final, Literal

import orjson
from pydantic import Field, ValidationInfo, field_validator

from audit.profile.choice import GROUPS, Choice, ControlId, in_order
from audit.profile.drills import DrillValues
from audit.profile.limit_fields import LimitValues
from audit.profile.maintenance import MaintenanceValues
from audit.profile.presets import PRESETS
from audit.profile.retention import RetentionValues
from audit.profile.scope import LevelValues, ScopeValues
from audit.profile.waivers import WaiverValues
from audit.profile.written import Written, ZoneName, hint
from audit.report import FINDINGS
from audit.report.formats import FORMATS, FileName
from audit.report.languages import LANGUAGES, Language

_ALWAYS: Final = "report.json"  # later runs and other commands read it
_LOOK_BACK: Final = re.compile(r"([1-9][0-9]{0,3})([dh])")
_LONGEST_IN_HOURS: Final = {"d": 366, "h": 366 * 24}


class Profile(Written):
    """What an organisation demands of its backups."""

    version: Literal[1] = Field(default=1, description="Version of this form.")
    preset: str = Field(
        default="default",
        description="Where everything comes from that is not written here.",
        json_schema_extra={"enum": [*PRESETS]},
    )
    timezone: ZoneName = Field(
        default="UTC", description="IANA name of the zone of your people; they are shown its times beside UTC."
    )
    language: Language = Field(
        default="en",
        exclude_if=lambda language: language == "en",  # profiles from before it keep their canonical form
        description=f"Language of report.html and index.html: {' or '.join(LANGUAGES.values())}.",
    )
    look_back: str = Field(
        default="90d",
        description="How far back tasks are judged and remembered, such as 90d; a first run reads the last 30 days.",
    )
    controls: Annotated[tuple[Choice, ...], Field(strict=False, min_length=1)] = Field(
        default=GROUPS["default"],
        description="Controls that are applied: ids, default for all that need no asking for, or all.",
    )
    skip: Annotated[tuple[ControlId, ...], Field(strict=False)] = Field(
        default=(), description="Ids of controls that are not applied all the same."
    )
    formats: Annotated[tuple[FileName, ...], Field(strict=False)] = Field(
        default=("report.json", "report.html"),
        description="Reports that are written; report.json and findings.ndjson always are.",
    )
    # a default is constructed without validation, which would need its model to be built
    scope: ScopeValues = Field(default_factory=ScopeValues.model_construct, description="What is judged.")
    limits: LimitValues = Field(
        default_factory=LimitValues.model_construct, description="The numbers that controls compare with."
    )
    levels: Annotated[tuple[LevelValues, ...], Field(strict=False, max_length=20)] = Field(
        default=(), description="Other limits for some subjects; the first level that selects a subject counts."
    )
    maintenance: Annotated[tuple[MaintenanceValues, ...], Field(strict=False, max_length=100)] = Field(
        default=(), description="Times in which planned runs may stay away."
    )
    waivers: Annotated[tuple[WaiverValues, ...], Field(strict=False, max_length=1000)] = Field(
        default=(), description="Failures that somebody accepts for a while."
    )
    drills: Annotated[tuple[DrillValues, ...], Field(strict=False, max_length=1000)] = Field(
        default=(),
        exclude_if=lambda drills: not drills,  # profiles from before them keep their canonical form
        description="Restores that somebody tried, and signs for.",
    )

    retention: RetentionValues | None = Field(
        default=None,
        exclude_if=lambda retention: retention is None,  # profiles from before it keep their canonical form
        description="How long runs are kept; without it, for ever.",
    )

    @field_validator("preset")
    @classmethod
    def _preset_exists(cls, name: str) -> str:
        if name not in PRESETS:
            raise ValueError(f"unknown preset {name!r}{hint(name, PRESETS)}")
        return name

    @field_validator("formats")
    @classmethod
    def _in_the_order_of_formats(cls, chosen: tuple[FileName, ...]) -> tuple[FileName, ...]:
        return tuple(name for name in FORMATS if name in {*chosen, _ALWAYS} - {FINDINGS})

    @property
    def written(self) -> tuple[str, ...]:
        """The reports that a run writes, in order."""
        return tuple(name for name in FORMATS if name in {*self.formats, FINDINGS})

    @property
    def remembered(self) -> timedelta:
        """How far back tasks are judged and kept."""
        number, unit = int(self.look_back[:-1]), self.look_back[-1]
        return timedelta(days=number) if unit == "d" else timedelta(hours=number)

    @field_validator("look_back")
    @classmethod
    def _is_a_time_ago(cls, text: str) -> str:
        found = _LOOK_BACK.fullmatch(text)
        if not found or int(found[1]) > _LONGEST_IN_HOURS[found[2]]:
            raise ValueError("write a number of days or hours, such as 30d or 12h, up to 366 days")
        return text

    @field_validator("controls")
    @classmethod
    def _in_order(cls, chosen: tuple[str, ...]) -> tuple[str, ...]:
        return in_order(chosen)

    @field_validator("skip")
    @classmethod
    def _something_is_left(cls, ids: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if "controls" in info.data and set(info.data["controls"]) <= set(ids):
            raise ValueError("no controls are left")
        return in_order(ids)

    def repeated(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield the place and message of each level name or waiver that occurs twice."""
        keys: dict[tuple[str, ...], int] = {}
        named = [("levels", level.name) for level in self.levels]
        for number, key in enumerate(named):
            if keys.setdefault(key, number) != number:
                yield ("levels", number), f"another level is called {key[1]!r} too"
        for number, waiver in enumerate(self.waivers):
            if keys.setdefault((waiver.control, waiver.subject), number) != number:
                yield ("waivers", number), "another waiver is about the same control and subject"

    @property
    def canonical(self) -> bytes:
        """The profile as sorted JSON with every default filled in."""
        return orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)

    @property
    def sha256(self) -> str:
        """The hash of the canonical form."""
        return hashlib.sha256(self.canonical).hexdigest()
