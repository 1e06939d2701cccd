"""Every limit, once: what controls compare with, and its key, default, bounds, meaning and source in a profile.

The model of a profile, what controls are given, docs/controls.md and what counts as loosening a profile all follow from
this table.
"""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from msgspec import Struct


class Limit(Struct, frozen=True, kw_only=True):
    """One limit as a profile gives it.

    Attributes:
        key: its name in a profile, which ends with the unit where the limit is a time.
        default: what holds where no profile gives it.
        bounds: the least and the greatest number that a profile may give; None for a list.
        stricter: which of two values demands more: of numbers the one that is less or more, of lists the one with many
            items or few, or "any" where each item allows something and an empty list everything; None where nobody can
            say.
        meaning: what the readers of a profile are told of it.
        source: where the default comes from. "Ours" means that no standard or tool gives a number, and that this one is
            a proposal.
        unset: what having no limit amounts to where two profiles are compared.
        about: what it is about, where that belongs to no level of a profile.
        is_later: profiles from before it keep their canonical form, which leaves it out where it is the default.
    """

    key: str
    default: int | tuple[str, ...] | None
    bounds: tuple[int, int] | None = None
    stricter: Literal["less", "more", "many", "few", "any"] | None
    meaning: str
    source: str
    unset: int | None = None
    about: str = ""
    is_later: bool = False


_A_MONTH: Final = "Ours. A month is what CBR shows of its tasks."
_NO_BACKUP: Final = "Ours: a skipped run is a backup that does not exist."
_BY_LAW: Final = "No bound, and no long-term copies: only a law or a contract can ask for them."
_YOURS: Final = "Nobody but you knows these."
_EVERY_YEAR: Final = "Ours: whoever accepts a failure says so again every year, and for single subjects."


class NamedLimits(Struct, frozen=True, kw_only=True):
    """The limits as controls read them; None where there is no such limit."""

    # fmt: off
    max_backup_age: Annotated[timedelta | None, Limit(
        key="max_backup_age_hours", default=None, bounds=(1, 744), stricter="less", unset=30,
        meaning="Greatest age of the newest successful backup; without it, the policy's own interval plus grace.",
        source="No number: a backup is too old when the policy's own longest interval and grace_hours have passed. AWS "
        "Backup Audit Manager demands one day of every resource, which would blame a weekly policy six days a week.")]
    grace: Annotated[timedelta, Limit(
        key="grace_hours", default=6, bounds=(0, 72), stricter="less",
        meaning="How much later than planned a backup may be.",
        source="CBR is busiest from 22:00 to 08:00 and may start late then; the smallest backup window of Google Cloud "
        "is 6 hours.")]
    min_success_rate: Annotated[int, Limit(
        key="min_success_rate_percent", default=95, bounds=(0, 100), stricter="more",
        meaning="Share of backups that must succeed.",
        source=_A_MONTH)]
    success_rate_period: Annotated[timedelta, Limit(
        key="success_rate_days", default=30, bounds=(1, 366), stricter=None,
        meaning="Period that the success rate is taken over.",
        source=_A_MONTH)]
    max_consecutive_failures: Annotated[int, Limit(
        key="max_consecutive_failures", default=3, bounds=(1, 100), stricter="less",
        meaning="Failures in a row that are too many.",
        source="Commvault's three strikes.")]
    repair_within: Annotated[timedelta | None, Limit(
        key="repair_within_hours", default=None, bounds=(1, 744), stricter="less", unset=30,
        meaning="Time in which a success must follow a failure; without it, the policy's interval plus grace.",
        source="No number: a success must follow within the policy's own longest interval and grace_hours.")]
    stuck_after: Annotated[timedelta, Limit(
        key="stuck_after_hours", default=24, bounds=(1, 744), stricter="less",
        meaning="Time after which an open task is stuck.",
        source="Ours: a run that is still going when the next one of a daily policy is due.")]
    max_skipped_runs: Annotated[int, Limit(
        key="max_skipped_runs", default=0, bounds=(0, 1000), stricter="less",
        meaning="Skipped backups that are still accepted.",
        source=_NO_BACKUP)]
    skipped_runs_period: Annotated[timedelta, Limit(
        key="skipped_runs_days", default=7, bounds=(1, 366), stricter="more",
        meaning="Period that skipped backups are counted in.",
        source=_NO_BACKUP)]
    restore_test_period: Annotated[timedelta, Limit(
        key="restore_test_days", default=90, bounds=(1, 3660), stricter="less",
        meaning="Period in which a restore must succeed.",
        source="CIS Controls 11.5: test recovery every quarter, or more often.")]
    scheduled_run_period: Annotated[timedelta, Limit(
        key="scheduled_run_days", default=7, bounds=(1, 366), stricter="more",
        meaning="Period whose planned runs are held against the log.",
        source="Ours: long enough for a weekly policy, short enough that what is repaired is forgotten.")]
    backup_window: Annotated[timedelta, Limit(
        key="backup_window_hours", default=6, bounds=(1, 744), stricter="less",
        meaning="A planned backup must have ended so long after it was due.",
        source="The smallest backup window of Google Cloud.")]
    replication_lag: Annotated[timedelta, Limit(
        key="replication_lag_hours", default=24, bounds=(1, 8760), stricter="less",
        meaning="A backup must have been copied so long after it was made.",
        source="CBR's user guide: copies are made within 24 hours.")]
    max_interval: Annotated[timedelta, Limit(
        key="max_interval_hours", default=168, bounds=(1, 8760), stricter="less",
        meaning="Longest time between two planned runs of a policy.",
        source="CIS Controls 11.2: weekly, or more often.")]
    min_retention: Annotated[timedelta | None, Limit(
        key="min_retention_days", default=7, bounds=(1, 99999), stricter="more", unset=0,
        meaning="Backups are kept at least so long.",
        source="Prowler: at least 7 days.")]
    max_retention: Annotated[timedelta | None, Limit(
        key="max_retention_days", default=None, bounds=(1, 99999), stricter="less",
        meaning="Backups are kept at most so long; without it, for any time.",
        source=_BY_LAW)]
    min_daily_copies: Annotated[int, Limit(
        key="min_daily_copies", default=0, bounds=(0, 100), stricter="more",
        meaning="Long-term copies, one a day, of a policy.",
        source=_BY_LAW)]
    min_weekly_copies: Annotated[int, Limit(
        key="min_weekly_copies", default=0, bounds=(0, 100), stricter="more",
        meaning="Long-term copies, one a week, of a policy.",
        source=_BY_LAW)]
    min_monthly_copies: Annotated[int, Limit(
        key="min_monthly_copies", default=0, bounds=(0, 100), stricter="more",
        meaning="Long-term copies, one a month, of a policy.",
        source=_BY_LAW)]
    min_yearly_copies: Annotated[int, Limit(
        key="min_yearly_copies", default=0, bounds=(0, 100), stricter="more",
        meaning="Long-term copies, one a year, of a policy.",
        source=_BY_LAW)]
    replication_regions: Annotated[tuple[str, ...], Limit(
        key="replication_regions", default=(), stricter="any",
        meaning="Regions that copies may go to; empty where any will do.",
        source="Any region will do where copies are demanded at all.")]
    max_vault_usage: Annotated[int, Limit(
        key="max_vault_usage_percent", default=80, bounds=(1, 100), stricter="less",
        meaning="Use of a vault's size, in percent.",
        source="The threshold at which CBR itself warns, unless a vault says otherwise.")]
    required_tags: Annotated[tuple[str, ...], Limit(
        key="required_tags", default=(), stricter="many",
        meaning="Keys of the tags that every vault must carry.",
        source=_YOURS)]
    allowed_excluded_disks: Annotated[frozenset[str], Limit(
        key="allowed_excluded_disks", default=(), stricter="few",
        meaning="Ids of disks that may be left out of a server's backup.",
        source=_YOURS)]
    min_backup_size: Annotated[int | None, Limit(
        key="min_backup_size_percent", default=None, bounds=(1, 100), stricter="more", unset=0,
        meaning="What backups take at least of what they usually took before; without it, anything but nothing.",
        source="No number: what backups take falls when long-lived ones expire, and nobody but you knows how far.")]
    overstay: Annotated[timedelta, Limit(
        key="overstay_days", default=2, bounds=(0, 3660), stricter="less",
        meaning="How long after the end of its retention a backup may still be there.",
        source="CBR deletes what has expired in batches, on the day after.")]
    max_restore_time: Annotated[timedelta, Limit(
        key="max_restore_minutes", default=720, bounds=(1, 44640), stricter="less",
        meaning="Longest time that a restore may take.",
        source="The example in the documents of AWS Backup restore testing: 12 hours.")]
    weakened_for: Annotated[timedelta, Limit(
        key="weakened_days", default=7, bounds=(0, 366), stricter="more", is_later=True,
        meaning="How long a protection that became weaker fails, unless it is restored before.",
        source="Ours: long enough for a person to see it, also where a run follows every hour.")]
    max_agent_silence: Annotated[timedelta, Limit(
        key="max_agent_silence_hours", default=24, bounds=(1, 8760), stricter="less", is_later=True,
        meaning="How long ago an agent that backs up files may have been active last.",
        source="Ours: no document says how often an agent reports; one that is silent for a day misses a daily "
        "backup.")]
    trusted_projects: Annotated[frozenset[str], Limit(
        key="trusted_projects", default=(), stricter="few", is_later=True,
        meaning="Ids of projects that backups may be shared with.",
        source="Nobody but you knows these: without any, a backup must be shared with nobody.")]
    max_backups_looked_at: Annotated[int, Limit(
        key="max_backups_looked_at", default=100, bounds=(1, 10000), stricter="more", about="requests", is_later=True,
        meaning="Backups that are asked for whom they are shared with, a call each.",
        source="Ours: the newest backup of each resource is asked for, in some twenty seconds; what is beyond is "
        "unknown.")]
    trusted_actors: Annotated[frozenset[str], Limit(
        key="trusted_actors", default=(), stricter="few", about="actors", is_later=True,
        meaning="Who may delete backups and take protection away: ACCOUNT/NAME, ids or URNs; a name alone is anybody's "
        "who is called so in any account.",
        source="Nobody but you knows these: without any, nobody is trusted.")]
    watched_functions: Annotated[frozenset[str], Limit(
        key="watched_functions", default=("cbr-audit",), stricter="many", about="actors", is_later=True,
        meaning="Functions, by names or parts of names, whose change or deletion is an alarm; one that a trace does "
        "not name always is.",
        source="Ours: the name that Terraform gives the function, unless you give another.")]
    mass_deletions: Annotated[int, Limit(
        key="mass_deletions", default=5, bounds=(2, 10000), stricter="less", about="actors", is_later=True,
        meaning="Backups or vaults that one actor deletes within an hour, from which on it is critical.",
        source="Ours: more than anybody deletes by mistake, and fewer than an attacker needs.")]
    watch_grace: Annotated[timedelta, Limit(
        key="watch_grace_minutes", default=60, bounds=(1, 1440), stricter="less", about="actors", is_later=True,
        meaning="How long after an operation its event may still be on its way.",
        source="Ours: events come within a minute, and a failed one is sent again for some time.")]
    max_waiver_period: Annotated[timedelta, Limit(
        key="max_waiver_days", default=365, bounds=(1, 365), stricter="less", about="waivers",
        meaning="How far ahead a waiver may end.",
        source=_EVERY_YEAR)]
    max_waived_subjects: Annotated[int, Limit(
        key="max_waived_subjects", default=10, bounds=(1, 10000), stricter="less", about="waivers",
        meaning="Subjects that one waiver may cover.",
        source=_EVERY_YEAR)]
    # fmt: on


FIELDS: Final[dict[str, tuple[Any, Limit]]] = {
    name: (hint.__origin__, hint.__metadata__[0]) for name, hint in NamedLimits.__annotations__.items()
}
"""The type and the limit of every field, by its name."""
LIMITS: Final = {limit.key: limit for _kind, limit in FIELDS.values()}
"""Every limit, by its key."""
