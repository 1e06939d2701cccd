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

from audit.collection import ALWAYS_READ, Kind
from audit.controls import CONTROLS
from audit.demands import Demands
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
    scheduled_run_days: int = Field(
        default=7, ge=1, le=366, description="Period whose planned runs are held against the log."
    )
    backup_window_hours: int = Field(
        default=6, ge=1, le=744, description="A planned backup must have ended so long after it was due."
    )
    replication_lag_hours: int = Field(
        default=24, ge=1, le=8760, description="A backup must have been copied so long after it was made."
    )
    max_interval_hours: int = Field(
        default=168, ge=1, le=8760, description="Longest time between two planned runs of a policy."
    )
    min_retention_days: int | None = Field(default=7, ge=1, le=99999, description="Backups are kept at least so long.")
    max_retention_days: int | None = Field(
        default=None, ge=1, le=99999, description="Backups are kept at most so long; without it, for any time."
    )
    min_daily_copies: int = Field(default=0, ge=0, le=100, description="Long-term copies, one a day, of a policy.")
    min_weekly_copies: int = Field(default=0, ge=0, le=100, description="Long-term copies, one a week, of a policy.")
    min_monthly_copies: int = Field(default=0, ge=0, le=100, description="Long-term copies, one a month, of a policy.")
    min_yearly_copies: int = Field(default=0, ge=0, le=100, description="Long-term copies, one a year, of a policy.")
    replication_regions: tuple[str, ...] = Field(
        default=(), strict=False, description="Regions that copies may go to; empty where any will do."
    )
    max_vault_usage_percent: int = Field(default=80, ge=1, le=100, description="Use of a vault's size, in percent.")
    required_tags: tuple[str, ...] = Field(
        default=(), strict=False, description="Keys of the tags that every vault must carry."
    )
    allowed_excluded_disks: tuple[str, ...] = Field(
        default=(), strict=False, description="Ids of disks that may be left out of a server's backup."
    )
    overstay_days: int = Field(
        default=2, ge=0, le=3660, description="How long after the end of its retention a backup may still be there."
    )
    max_restore_minutes: int = Field(default=720, ge=1, le=44640, description="Longest time that a restore may take.")
    max_waiver_days: int = Field(default=365, ge=1, le=365, description="How far ahead a waiver may end.")
    max_waived_subjects: int = Field(default=10, ge=1, le=10000, description="Subjects that one waiver may cover.")

    def at(self, now: datetime) -> Limits:
        """Return the limits as controls want them, judged at a time."""
        return Limits(
            now=now,
            max_backup_age=_hours(self.max_backup_age_hours),
            grace=timedelta(hours=self.grace_hours),
            min_success_rate=self.min_success_rate_percent,
            success_rate_period=timedelta(days=self.success_rate_days),
            max_consecutive_failures=self.max_consecutive_failures,
            repair_within=_hours(self.repair_within_hours),
            stuck_after=timedelta(hours=self.stuck_after_hours),
            max_skipped_runs=self.max_skipped_runs,
            skipped_runs_period=timedelta(days=self.skipped_runs_days),
            restore_test_period=timedelta(days=self.restore_test_days),
            scheduled_run_period=timedelta(days=self.scheduled_run_days),
            backup_window=timedelta(hours=self.backup_window_hours),
            replication_lag=timedelta(hours=self.replication_lag_hours),
            max_interval=timedelta(hours=self.max_interval_hours),
            min_retention=_days(self.min_retention_days),
            max_retention=_days(self.max_retention_days),
            min_daily_copies=self.min_daily_copies,
            min_weekly_copies=self.min_weekly_copies,
            min_monthly_copies=self.min_monthly_copies,
            min_yearly_copies=self.min_yearly_copies,
            replication_regions=self.replication_regions,
            max_vault_usage=self.max_vault_usage_percent,
            required_tags=self.required_tags,
            allowed_excluded_disks=frozenset(self.allowed_excluded_disks),
            overstay=timedelta(days=self.overstay_days),
            max_restore_time=timedelta(minutes=self.max_restore_minutes),
            max_waiver_period=timedelta(days=self.max_waiver_days),
            max_waived_subjects=self.max_waived_subjects,
        )


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

    @property
    def lists(self) -> frozenset[Kind]:
        """The lists that have to be read: what every run reads, and what a selected control needs."""
        return ALWAYS_READ.union(*(control.needs for control in self.selected))

    def demands_at(self, now: datetime) -> Demands:
        """Return what is demanded, judged at a time."""
        return Demands(limits=self.limits.at(now))


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


def _days(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(days=number)
