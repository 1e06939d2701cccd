"""Faults of the inventory: what happens to whole vaults and policies. Each records every control that it makes fail."""

from datetime import datetime, timedelta
from typing import Final

from audit.simulator import identifiers
from audit.simulator.background import by_hand, scheduled
from audit.simulator.blueprint import BackupRun, Draft, LooseResource, PlannedPolicy, PlannedResource, PlannedVault
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.company import RESOURCE_TYPES, new_resource, new_vault
from audit.simulator.messages import Row
from audit.simulator.points import copy_row
from audit.simulator.policies import LONG_PLANS_FROM_DAYS, choose_plan, generous, new_policy
from audit.simulator.tasks import clerk_of

HOUR: Final = timedelta(hours=1)
_OLD_DAYS: Final = 5
RESTORES_JUDGED_FROM_DAYS: Final = 90
_ENOUGH_TO_SPARE_ONE: Final = 3
_KINDS: Final = ("server", "disk", "server", "turbo")


def disable_policy(draft: Draft, policy: PlannedPolicy) -> None:
    """Disable a policy ten days ago, or before a shorter window; its vaults get no more runs.

    It keeps a number of backups, so that none is deleted any more.
    """
    policy.enabled = False
    policy.retention = generous(draft, policy.plan)
    since = draft.as_of - 10 * DAY if draft.days >= LONG_PLANS_FROM_DAYS else draft.start
    draft.truth.policy(policy.id, "CBR-201")
    held = [vault for vault in draft.vaults if vault.policy is policy]
    draft.policy_changed(
        policy, since, *((control, "vault", vault.id) for vault in held for control in ("CBR-301", "CBR-303"))
    )
    for vault in held:
        draft.truth.vault(vault.id, "CBR-301")
        for resource in vault.resources:
            draft.runs[resource.id] = [run for run in draft.runs[resource.id] if run.created < since]
            if draft.runs[resource.id]:
                draft.truth.resource(resource.id, "CBR-101")


def take_policy_away(draft: Draft, vault: PlannedVault) -> None:
    """Leave a vault without a policy: every other resource has one old backup, made by hand.

    Its resources need not follow a policy that does not exist.
    """
    draft.policies = [policy for policy in draft.policies if policy is not vault.policy]
    vault.policy = None
    draft.truth.vault(vault.id, "CBR-301")
    draft.vault_changed(vault, "dissociatePolicy", draft.long_ago, ("CBR-301", "vault", vault.id))
    for number, resource in enumerate(vault.resources):
        draft.runs[resource.id] = []
        resource.follows = False
        if number % 2 == 0 and draft.days > 2 * _OLD_DAYS:
            by_hand(draft, resource, draft.between(draft.start, draft.as_of - _OLD_DAYS * DAY))
            draft.truth.resource(resource.id, "CBR-101")


def delete_vault(draft: Draft) -> None:
    """Delete a vault of an abandoned project, with its two resources still in it."""
    vault = new_vault(draft, "pilot-project", "server")
    at = _in_the_middle(draft)
    resources = [new_resource(draft, vault, place) for place in range(2)]
    backups = sum(_run_until(draft, resource, at) for resource in resources)
    for resource in resources:
        for run in draft.runs[resource.id]:
            run.deleted = True
    _started_by_hand(draft, clerk_of(draft).vault_delete(vault, at, backups))
    draft.truth.vault(vault.id, "CBR-111")


def remove_resource(draft: Draft, vault: PlannedVault) -> None:
    """Remove one resource from a vault by hand; nothing backs it up afterwards."""
    resource = new_resource(draft, vault, len(vault.resources))
    at = _in_the_middle(draft)
    _run_until(draft, resource, at)
    _started_by_hand(draft, clerk_of(draft).remove_resource(resource, at))
    draft.truth.vault(vault.id, "CBR-111")
    draft.loose.append(LooseResource(vault.object_type, resource.id, resource.name, resource.type, resource.size))
    draft.truth.resource(resource.id, "CBR-503")


def delete_early(draft: Draft, vault: PlannedVault) -> None:
    """Delete a backup of the vault long before its expiry, if there is one; a locked vault would not allow it."""
    for resource in vault.resources:
        runs = [run for run in draft.successes(resource) if draft.settled(run.ended + 12 * HOUR)]
        if len(runs) < _ENOUGH_TO_SPARE_ONE or resource.copying != "well" or runs[-1].vanished:
            continue
        run = runs[-1]
        at = run.ended + min(0.4 * _retention(run), 0.5 * (draft.as_of - run.ended))
        run.deleted = True
        draft.unlock(vault, at - HOUR / 2)
        _started_by_hand(draft, clerk_of(draft).delete(run, at))
        draft.truth.vault(vault.id, "CBR-111")
        return


def leave_untested(draft: Draft, vault: PlannedVault) -> None:
    """Restore nothing from a vault; it shows only in a window that covers the 90 days that are judged."""
    if draft.days >= RESTORES_JUDGED_FROM_DAYS:
        draft.untested.add(vault.id)
        draft.truth.vault(vault.id, "CBR-601")


def add_replication_vault(draft: Draft) -> None:
    """Add a vault that receives copies from another region and protects nothing itself: harmless.

    One copy is of a resource that is here now. It is newer than the resource's own backups, but broken; another one is
    kept for hours only.
    """
    vault = new_vault(draft, "copies-from-sim-2", "server")
    vault.protect_type = "replication"
    abroad = [new_resource(draft, vault, place) for place in range(3)]
    for resource in abroad:
        made = draft.between(draft.start, draft.as_of - DAY)
        draft.copies.append(copy_row(draft, vault, resource, made, draft.as_of + 60 * DAY))
    home = draft.vaults[0].resources[0]
    broken = copy_row(draft, vault, home, draft.as_of - HOUR, draft.as_of + HOUR)
    broken["status"] = "error"
    broken["extend_info"]["encrypted"] = False
    draft.copies.append(broken)
    draft.vaults.append(vault)


def leave_unprotected(draft: Draft, number: int) -> None:
    """Leave some resources of the project outside every vault."""
    for place, kind in zip(range(number), _KINDS, strict=False):
        loose = LooseResource(
            kind, identifiers.uuid(draft.rng), f"{kind}-forgotten-{place + 1:02}", RESOURCE_TYPES[kind], 100
        )
        draft.loose.append(loose)
        draft.truth.resource(loose.id, "CBR-503")


def leave_policy_behind(draft: Draft) -> None:
    """Add a policy that the account kept when it left its organisation: it runs as before, and is harmless."""
    draft.policies[0].policy_type = "organization_policy_removed"


def add_unused_policy(draft: Draft) -> None:
    """Add a disabled policy that no vault uses: harmless."""
    policy = new_policy(draft, "prepared", choose_plan(draft, 1))
    policy.enabled = False
    draft.policies.append(policy)


def _started_by_hand(draft: Draft, task: Row) -> None:
    """Record a task that a person started."""
    draft.rows.append(task)
    draft.by_people.add(task["id"])


def _retention(run: BackupRun) -> timedelta:
    """Return how long a backup would have been kept at least."""
    policy = run.policy
    kept = None if policy is None else policy.retention.at_least(policy.plan.shortest_gap())
    return kept or 30 * DAY


def _in_the_middle(draft: Draft) -> datetime:
    return draft.as_of - draft.rng.uniform(0.3, 0.6) * (draft.as_of - draft.start)


def _run_until(draft: Draft, resource: PlannedResource, end: datetime) -> int:
    """Run a resource by the first policy of the estate until a moment; return the number of its backups."""
    policy = draft.policies[0]
    due = policy.due(draft.start, end)
    checkpoints = [identifiers.uuid(draft.rng) for _ in due]
    runs = [run for run in scheduled(draft, resource, policy, due, checkpoints) if run.ended < end]
    draft.runs[resource.id] = runs
    return len(runs)
