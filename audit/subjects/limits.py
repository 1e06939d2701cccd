"""What the organisation demands of a subject, and the time at which it is judged."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.subjects.drill import Drill


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The numbers that controls compare with; audit/profile has their defaults, and where these come from.

    Attributes:
        max_backup_age: None where the policy's own longest interval plus ``grace`` is the limit.
        grace: how much later than planned a run may be.
        maintenance: names the maintenance window that covers a time, or gives an empty text.
        min_success_rate: percent of the finished backups of ``success_rate_period``.
        repair_within: None where the policy's own longest interval plus ``grace`` is the limit.
        scheduled_run_period: planned runs of so long ago are held against the log.
        backup_window: a planned run must have ended so long after it was due.
        replication_lag: a backup must have been copied so long after it was made.
        max_interval: longest time between two planned runs that is still accepted.
        min_retention, max_retention: how long backups are kept at least and at most; None where there is no such bound.
        min_daily_copies … min_yearly_copies: long-term copies that a policy must keep; 0 where none are demanded.
        replication_regions: where copies may go; empty where any region will do.
        max_vault_usage: percent of a vault's size.
        required_tags: keys that every vault must carry.
        allowed_excluded_disks: ids of disks that may be left out of a server's backup.
        min_backup_size: percent of what the backups of a resource usually took before; None where it need not be kept.
        overstay: how long after its end of retention a backup may still be there.
        max_restore_time: from start to end of a restore.
        weakened_for: how long a protection that became weaker fails, unless it is restored before.
        drills: restores that people signed for.
        max_agent_silence: how long ago an agent may have been active last.
        trusted_projects: ids of projects that backups may be shared with.
    """

    now: datetime
    max_backup_age: timedelta | None
    grace: timedelta
    min_success_rate: int
    success_rate_period: timedelta
    max_consecutive_failures: int
    repair_within: timedelta | None
    stuck_after: timedelta
    max_skipped_runs: int
    skipped_runs_period: timedelta
    restore_test_period: timedelta
    scheduled_run_period: timedelta
    backup_window: timedelta
    replication_lag: timedelta
    max_interval: timedelta
    min_retention: timedelta | None
    max_retention: timedelta | None
    min_daily_copies: int
    min_weekly_copies: int
    min_monthly_copies: int
    min_yearly_copies: int
    replication_regions: tuple[str, ...]
    max_vault_usage: int
    required_tags: tuple[str, ...]
    allowed_excluded_disks: frozenset[str]
    min_backup_size: int | None
    overstay: timedelta
    max_restore_time: timedelta
    max_agent_silence: timedelta
    weakened_for: timedelta
    trusted_projects: frozenset[str]
    max_waiver_period: timedelta
    max_waived_subjects: int
    maintenance: Callable[[datetime], str] = lambda _moment: ""
    drills: tuple[Drill, ...] = ()
