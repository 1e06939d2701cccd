"""The catalogue of controls: one file each, listed here by hand in order of id."""

from typing import Any, Final

from audit.controls import (
    cbr_101_recent_backup,
    cbr_102_scheduled_run,
    cbr_103_success_rate,
    cbr_104_consecutive_failures,
    cbr_105_unresolved_failure,
    cbr_106_stuck_task,
    cbr_107_skipped_run,
    cbr_108_backup_window,
    cbr_109_replication_success,
    cbr_110_app_consistency,
    cbr_111_destructive_operation,
    cbr_112_full_backup_interval,
    cbr_113_policy_attribution,
    cbr_201_policy_enabled,
    cbr_301_vault_has_policy,
    cbr_601_restore_tested,
    cbr_602_restore_time,
    cbr_603_unresolved_restore,
    cbr_901_collection_complete,
    cbr_902_schema_conformant,
    cbr_903_window_continuity,
    cbr_904_waiver_valid,
)
from audit.findings import Control

CONTROLS: Final[tuple[Control[Any], ...]] = (
    cbr_101_recent_backup.CONTROL,
    cbr_102_scheduled_run.CONTROL,
    cbr_103_success_rate.CONTROL,
    cbr_104_consecutive_failures.CONTROL,
    cbr_105_unresolved_failure.CONTROL,
    cbr_106_stuck_task.CONTROL,
    cbr_107_skipped_run.CONTROL,
    cbr_108_backup_window.CONTROL,
    cbr_109_replication_success.CONTROL,
    cbr_110_app_consistency.CONTROL,
    cbr_111_destructive_operation.CONTROL,
    cbr_112_full_backup_interval.CONTROL,
    cbr_113_policy_attribution.CONTROL,
    cbr_201_policy_enabled.CONTROL,
    cbr_301_vault_has_policy.CONTROL,
    cbr_601_restore_tested.CONTROL,
    cbr_602_restore_time.CONTROL,
    cbr_603_unresolved_restore.CONTROL,
    cbr_901_collection_complete.CONTROL,
    cbr_902_schema_conformant.CONTROL,
    cbr_903_window_continuity.CONTROL,
    cbr_904_waiver_valid.CONTROL,
)
