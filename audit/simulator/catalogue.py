"""Which faults there are, in the order in which they are planted; some of them only look like faults."""

from typing import Final

from audit.simulator import (
    faults,
    faults_of_claims,
    faults_of_plans,
    faults_of_points,
    faults_of_policies,
    faults_of_restores,
    faults_of_tasks,
    faults_of_vaults,
)
from audit.simulator.faults import Fault

# Of the two kinds of faults of resources, the first needs a resource of its own: it changes how the runs went.
RUNS: Final[tuple[Fault, ...]] = (
    faults.fails_for_days,
    faults.never_runs,
    faults.is_skipped,
    faults.is_stuck,
    faults.times_out_once,
    faults_of_plans.misses_a_run,
    faults_of_plans.blocks_the_next_run,
    faults_of_plans.runs_late,
    faults_of_plans.runs_long,
    faults_of_tasks.loses_consistency,
    faults_of_tasks.is_never_full,
    faults_of_tasks.has_another_policy,
    faults_of_tasks.does_not_follow,
    faults_of_claims.names_an_old_backup,
    faults_of_claims.names_what_nobody_has,
    faults_of_claims.names_no_backup,
    faults.fails_once,
    faults.waits,
    faults.was_skipped,
    faults.waits_for_ever,
    faults.fails_and_is_repaired,
    faults_of_plans.runs_long_and_is_made_up,
    faults_of_plans.ran_late,
    faults_of_plans.ran_long,
    faults_of_tasks.had_another_policy,
    faults_of_tasks.regained_consistency,
)
MANY_RUNS: Final[tuple[Fault, ...]] = (
    faults.fails_for_days,
    faults.never_runs,
    faults.is_skipped,
    faults.fails_now_and_then,
    faults.is_stuck,
    faults.waits_for_ever,
    faults.times_out_once,
    faults_of_plans.misses_a_run,
    faults_of_plans.blocks_the_next_run,
    faults_of_plans.runs_late,
    faults_of_plans.runs_long,
    faults_of_tasks.loses_consistency,
    faults_of_tasks.is_never_full,
    faults_of_tasks.has_another_policy,
    faults_of_tasks.does_not_follow,
    faults_of_claims.names_an_old_backup,
    faults_of_claims.names_what_nobody_has,
    faults_of_claims.names_no_backup,
)
BACKUPS: Final = (
    faults_of_points.newest_is_broken,
    faults_of_points.vanishes,
    faults_of_points.comes_from_nowhere,
    faults_of_points.is_kept_briefly,
    faults_of_points.is_not_copied,
    faults_of_points.copies_fail,
    faults_of_points.takes_no_space,
    faults_of_points.leaves_a_disk_out,
    faults_of_points.backs_up_one_disk_only,
    faults_of_restores.restores_slowly,
    faults_of_restores.cannot_be_restored,
    faults_of_points.is_not_encrypted,
    faults_of_points.older_is_broken,
    faults_of_points.is_encrypted_now,
    faults_of_points.copy_is_retried,
    faults_of_restores.is_restored_at_last,
)
POLICIES: Final = (
    faults_of_policies.runs_rarely,
    faults_of_policies.keeps_briefly,
    faults_of_policies.keeps_for_ever,
    faults_of_policies.keeps_too_few,
    faults_of_policies.keeps_few_months,
    faults_of_policies.forgets_the_zone,
    faults_of_policies.keeps_for_decades,
    faults_of_policies.keeps_just_enough,
)
REPLICATION: Final = (
    faults_of_vaults.is_not_replicated,
    faults_of_vaults.replication_is_disabled,
    faults_of_vaults.copies_are_kept_briefly,
)
VAULTS: Final = (
    faults_of_vaults.grows_unlocked,
    faults_of_vaults.is_almost_full,
    faults_of_vaults.is_in_one_zone,
    faults_of_vaults.has_no_owner,
    faults_of_vaults.keeps_beyond_the_end,
    faults_of_vaults.is_frozen,
    faults_of_vaults.is_unlocked,
    faults_of_vaults.grows,
    faults_of_vaults.is_almost_full_and_expands,
)
