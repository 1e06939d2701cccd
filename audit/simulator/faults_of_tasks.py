"""Faults that single tasks show: whose policy they name, and whether their backups are complete and consistent."""

from audit.simulator import identifiers
from audit.simulator.background import by_hand
from audit.simulator.blueprint import BackupRun, Draft, PlannedResource
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.messages import Row
from audit.simulator.spoiling import HOUR, is_forgotten


def has_another_policy(draft: Draft, resource: PlannedResource) -> bool:
    """The runs of the last days name a policy that is gone, at the times of the current one."""
    policy = resource.vault.policy
    if policy is None or policy.changed is not None:  # if none was due yet, it may have replaced the other one
        return False
    runs = [run for run in draft.runs[resource.id] if run.policy and run.created > draft.as_of - 3 * DAY]
    _rename(draft, runs)
    if runs:
        draft.truth.resource(resource.id, "CBR-113")
    return bool(runs)


def had_another_policy(draft: Draft, resource: PlannedResource) -> bool:
    """The runs of long ago name a policy that was replaced since: harmless."""
    runs = [run for run in draft.runs[resource.id] if is_forgotten(draft, run)]
    _rename(draft, runs)
    return bool(runs)


def does_not_follow(draft: Draft, resource: PlannedResource) -> bool:
    """The resource was exempted from the policy of its vault some days ago; somebody made a backup by hand today."""
    if resource.vault.policy is None:
        return False
    resource.follows = False
    draft.runs[resource.id] = [run for run in draft.runs[resource.id] if run.created < draft.as_of - 5 * DAY]
    by_hand(draft, resource, draft.as_of - draft.rng.uniform(4, 5) * HOUR)
    draft.truth.resource(resource.id, "CBR-501")
    request: Row = {"resource_ids": [resource.id], "action": "suspend"}
    explains = ("CBR-501", "resource", resource.id)
    draft.vault_changed(resource.vault, "setResources", draft.as_of - 5 * DAY, explains, request=request)
    return True


def loses_consistency(draft: Draft, resource: PlannedResource) -> bool:
    """Applications no longer hold still during the last backups, although the vault promises it."""
    return _lose_consistency(draft, resource, draft.successes(resource)[:2])


def regained_consistency(draft: Draft, resource: PlannedResource) -> bool:
    """Applications did not hold still during one backup, and did so again in the next ones: harmless."""
    return _lose_consistency(draft, resource, draft.successes(resource)[2:3], harmless=True)


def is_never_full(draft: Draft, resource: PlannedResource) -> bool:
    """All backups are incremental although the policy requires full ones in between."""
    policy = resource.vault.policy
    if policy is None or policy.full_interval < 0 or len(draft.successes(resource)) < 2 * policy.full_interval + 4:
        return False
    resource.never_full = True
    draft.truth.resource(resource.id, "CBR-112")
    return True


def _rename(draft: Draft, runs: list[BackupRun]) -> None:
    gone = identifiers.uuid(draft.rng)
    for run in runs:
        run.named = gone


def _lose_consistency(
    draft: Draft, resource: PlannedResource, runs: list[BackupRun], *, harmless: bool = False
) -> bool:
    if not runs or not resource.vault.is_app_consistent:
        return False
    for run in runs:
        run.consistent = False
    if not harmless:
        draft.truth.resource(resource.id, "CBR-110")
    return True
