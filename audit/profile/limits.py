"""The numbers that controls compare with, as people write them: whole numbers in the unit that the key names."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from audit.profile.written import Written

if TYPE_CHECKING:
    from audit.subjects import Drill, Limits

WEAKENED_DAYS: Final = 7
AGENT_SILENCE_HOURS: Final = 24
BACKUPS_LOOKED_AT: Final = 100
OF_THE_WHOLE: Final = {
    "max_backups_looked_at": "requests",
    "max_waiver_days": "waivers",
    "max_waived_subjects": "waivers",
}
"""Limits that belong to no level, and what they are about."""


class LimitValues(Written):
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
    min_backup_size_percent: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="What backups take at least of what they usually took before; without it, anything but nothing.",
    )
    overstay_days: int = Field(
        default=2, ge=0, le=3660, description="How long after the end of its retention a backup may still be there."
    )
    max_restore_minutes: int = Field(default=720, ge=1, le=44640, description="Longest time that a restore may take.")
    weakened_days: int = Field(
        default=WEAKENED_DAYS,
        ge=0,
        le=366,
        exclude_if=lambda days: days == WEAKENED_DAYS,  # profiles from before it keep their canonical form
        description="How long a protection that became weaker fails, unless it is restored before.",
    )
    max_agent_silence_hours: int = Field(
        default=AGENT_SILENCE_HOURS,
        ge=1,
        le=8760,
        exclude_if=lambda hours: hours == AGENT_SILENCE_HOURS,  # see weakened_days
        description="How long ago an agent that backs up files may have been active last.",
    )
    trusted_projects: tuple[str, ...] = Field(
        default=(),
        strict=False,
        exclude_if=lambda projects: not projects,  # see weakened_days
        description="Ids of projects that backups may be shared with.",
    )
    max_backups_looked_at: int = Field(
        default=BACKUPS_LOOKED_AT,
        ge=1,
        le=10000,
        exclude_if=lambda number: number == BACKUPS_LOOKED_AT,  # see weakened_days
        description="Backups that are asked for whom they are shared with, a call each.",
    )
    max_waiver_days: int = Field(default=365, ge=1, le=365, description="How far ahead a waiver may end.")
    max_waived_subjects: int = Field(default=10, ge=1, le=10000, description="Subjects that one waiver may cover.")

    def at(self, now: datetime, drills: "tuple[Drill, ...]" = ()) -> "Limits":
        """Return the limits as controls want them, judged at a time, with the restores that people signed for."""
        from audit.subjects import Limits  # noqa: PLC0415  # see audit/profile/__init__.py

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
            min_backup_size=self.min_backup_size_percent,
            overstay=timedelta(days=self.overstay_days),
            max_restore_time=timedelta(minutes=self.max_restore_minutes),
            max_agent_silence=timedelta(hours=self.max_agent_silence_hours),
            weakened_for=timedelta(days=self.weakened_days),
            trusted_projects=frozenset(self.trusted_projects),
            max_waiver_period=timedelta(days=self.max_waiver_days),
            max_waived_subjects=self.max_waived_subjects,
            drills=drills,
        )


def _without_defaults(schema: dict[str, Any]) -> None:
    """Of a level, only what is written counts."""
    for name, part in tuple(schema["properties"].items()):
        part.pop("default", None)
        if name in OF_THE_WHOLE:
            del schema["properties"][name]


class LevelLimits(LimitValues):
    """The limits that differ from those of the profile."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    @field_validator(*sorted(OF_THE_WHOLE), mode="before")
    @classmethod
    def _belongs_to_the_whole(cls, _value: object, info: ValidationInfo) -> object:
        subject = OF_THE_WHOLE[str(info.field_name)]
        raise ValueError(f"it is about {subject}, which have no level; write it under the limits of the profile")

    @property
    def written(self) -> dict[str, Any]:
        """The limits that differ, by key."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}

    def over(self, limits: LimitValues) -> LimitValues:
        """Return the limits of the profile with these in place of their own."""
        return limits.model_copy(update=self.written)


def _hours(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(hours=number)


def _days(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(days=number)
