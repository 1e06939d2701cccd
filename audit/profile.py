"""The profile: what an organisation demands of its backups, as people write it in YAML."""

import difflib
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from audit.controls import CONTROLS
from audit.errors import ProfileError
from audit.findings import Control
from audit.subjects import Limits

_CONTROL_IDS: Final = tuple(control.id for control in CONTROLS)


class _Written(BaseModel):
    """Written by people: unknown keys are mistakes, and numbers are not guessed from text."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class LimitValues(_Written):
    """The numbers that controls compare with."""

    max_backup_age_hours: int | None = Field(
        default=None,
        ge=1,
        le=744,
        description="Greatest age of the newest successful backup; without it, the policy's own interval plus grace.",
    )
    grace_hours: int = Field(default=6, ge=0, le=72, description="How much later than planned a backup may be.")
    min_success_rate_percent: int = Field(default=95, ge=0, le=100, description="Share of backups that must succeed.")
    success_rate_days: int = Field(default=30, ge=1, le=366, description="Period that the success rate is taken over.")
    max_consecutive_failures: int = Field(default=3, ge=1, le=100, description="Failures in a row that are too many.")
    repair_within_hours: int | None = Field(
        default=None,
        ge=1,
        le=744,
        description="Time in which a success must follow a failure; without it, the policy's interval plus grace.",
    )
    stuck_after_hours: int = Field(default=24, ge=1, le=744, description="Time after which an open task is stuck.")
    max_skipped_runs: int = Field(default=0, ge=0, le=1000, description="Skipped backups that are still accepted.")
    skipped_runs_days: int = Field(default=7, ge=1, le=366, description="Period that skipped backups are counted in.")
    restore_test_days: int = Field(default=90, ge=1, le=3660, description="Period in which a restore must succeed.")


class Profile(_Written):
    """What an organisation demands of its backups."""

    version: Literal[1] = Field(default=1, description="Version of this form.")
    timezone: str = Field(default="UTC", description="IANA name of the zone that people are shown beside UTC.")
    controls: tuple[str, ...] = Field(
        default=_CONTROL_IDS, min_length=1, strict=False, description="Ids of the controls that are applied."
    )
    limits: LimitValues = Field(default_factory=LimitValues, description="The numbers that controls compare with.")

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"there is no time zone {name!r}; an example is Europe/Berlin") from error
        return name

    @field_validator("controls")
    @classmethod
    def _controls_exist(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        for control_id in ids:
            if control_id not in _CONTROL_IDS:
                raise ValueError(f"there is no control {control_id!r}{_hint(control_id, _CONTROL_IDS)}")
        return tuple(control_id for control_id in _CONTROL_IDS if control_id in ids)

    @property
    def canonical(self) -> bytes:
        """The profile as sorted JSON with every default filled in."""
        return orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)

    @property
    def sha256(self) -> str:
        """The hash of the canonical form."""
        return hashlib.sha256(self.canonical).hexdigest()

    @property
    def selected(self) -> tuple[Control[Any], ...]:
        """The controls that are applied, in order of id."""
        return tuple(control for control in CONTROLS if control.id in self.controls)

    def limits_at(self, now: datetime) -> Limits:
        """Return the limits as controls want them, judged at a time."""
        values = self.limits
        return Limits(
            now=now,
            max_backup_age=_hours(values.max_backup_age_hours),
            grace=timedelta(hours=values.grace_hours),
            min_success_rate=values.min_success_rate_percent,
            success_rate_period=timedelta(days=values.success_rate_days),
            max_consecutive_failures=values.max_consecutive_failures,
            repair_within=_hours(values.repair_within_hours),
            stuck_after=timedelta(hours=values.stuck_after_hours),
            max_skipped_runs=values.max_skipped_runs,
            skipped_runs_period=timedelta(days=values.skipped_runs_days),
            restore_test_period=timedelta(days=values.restore_test_days),
        )


def parse_profile(text: str | bytes, name: str) -> Profile:
    """Read a profile from YAML.

    Args:
        text: the YAML.
        name: what errors call it, such as the path of the file.

    Raises:
        ProfileError: naming every line or key at fault, with the nearest key that exists.
    """
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date such as 2026-13-45 is a ValueError
        raise ProfileError(f"{name} is not YAML: {_place(error)}") from None  # the error quotes the text
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise ProfileError(f"{name} must hold keys such as limits:, not a {type(values).__name__}")
    return build_profile(values, name)


def build_profile(values: Mapping[str, Any], name: str) -> Profile:
    """Build a profile from parsed values.

    Raises:
        ProfileError: naming every key at fault, with the nearest key that exists.
    """
    try:
        return Profile.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(_fault(fault["loc"], fault["type"], fault["msg"]) for fault in error.errors())
        raise ProfileError(f"{name}: {faults}") from error


def _place(error: Exception) -> str:
    """Say where a text stops being YAML, without quoting it."""
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{where}{getattr(error, 'problem', None) or 'it cannot be read'}"


def _fault(where: tuple[str | int, ...], kind: str, message: str) -> str:
    path = ".".join(str(part) for part in where)
    if kind != "extra_forbidden":
        return f"{path}: {message.removeprefix('Value error, ')}"
    model: type[BaseModel] = LimitValues if where[0] == "limits" and len(where) > 1 else Profile
    return f"{path} is not a key of a profile{_hint(str(where[-1]), tuple(model.model_fields))}"


def _hint(wrong: str, known: tuple[str, ...]) -> str:
    nearest = difflib.get_close_matches(wrong, known, n=1)
    return f"; did you mean {nearest[0]}?" if nearest else f"; known are {', '.join(known)}"


def _hours(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(hours=number)
