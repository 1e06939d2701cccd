"""Faults of whole vaults and policies. Each notes every control that it makes fail."""

from datetime import datetime, timedelta
from typing import Final

from audit.simulator import identifiers
from audit.simulator.background import by_hand, scheduled
from audit.simulator.blueprint import Draft, Policy, Resource, Vault
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.company import LONG_PLANS_FROM_DAYS, choose_plan, new_policy, new_resource, new_vault
from audit.simulator.error_codes import BEING_RESTORED
from audit.simulator.tasks import Course, clerk_of

HOUR: Final = timedelta(hours=1)
_OLD_DAYS: Final = 5
RESTORES_JUDGED_FROM_DAYS: Final = 90


def disable_policy(draft: Draft, policy: Policy) -> None:
    """Switch a policy off ten days ago, or before a window that is shorter; its vaults get no more runs."""
    policy.enabled = False
    since = draft.as_of - 10 * DAY if draft.days >= LONG_PLANS_FROM_DAYS else draft.start
    draft.truth.policy(policy.id, "CBR-201")
    for vault in draft.vaults:
        if vault.policy is not policy:
            continue
        draft.truth.vault(vault.id, "CBR-301")
        for resource in vault.resources:
            draft.runs[resource.id] = [run for run in draft.runs[resource.id] if run.created < since]
            draft.truth.resource(resource.id, "CBR-101")


def take_policy_away(draft: Draft, vault: Vault) -> None:
    """Leave a vault without a policy: every other resource has one old backup, made by hand."""
    draft.policies = [policy for policy in draft.policies if policy is not vault.policy]
    vault.policy = None
    draft.truth.vault(vault.id, "CBR-301")
    for number, resource in enumerate(vault.resources):
        draft.runs[resource.id] = []
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
    draft.rows.append(clerk_of(draft).vault_delete(vault, at, backups))
    draft.truth.vault(vault.id, "CBR-111")


def remove_resource(draft: Draft, vault: Vault) -> None:
    """Remove one resource from a vault by hand; nothing backs it up from then on."""
    resource = new_resource(draft, vault, len(vault.resources))
    at = _in_the_middle(draft)
    _run_until(draft, resource, at)
    draft.rows.append(clerk_of(draft).remove_resource(resource, at))
    draft.truth.vault(vault.id, "CBR-111")


def delete_early(draft: Draft, vault: Vault) -> None:
    """Delete a backup of the vault long before its retention ends, if there is one to delete."""
    for resource in vault.resources:
        runs = [run for run in draft.successes(resource) if draft.settled(run.ended + 12 * HOUR)]
        if not runs:
            continue
        run = runs[-1]
        retention = DAY * (7 if run.policy is None else run.policy.retention_days)
        at = run.ended + min(0.4 * retention, 0.5 * (draft.as_of - run.ended))
        run.deleted = True
        draft.rows.append(clerk_of(draft).delete(run, at))
        draft.truth.vault(vault.id, "CBR-111")
        return


def leave_untested(draft: Draft, vault: Vault) -> None:
    """Restore nothing from a vault; it shows only in a window that covers the 90 days that are judged."""
    if draft.days >= RESTORES_JUDGED_FROM_DAYS:
        draft.untested.add(vault.id)
        draft.truth.vault(vault.id, "CBR-601")


def restore_badly(draft: Draft, resource: Resource) -> None:
    """Let one restore fail, beside the good one that every vault gets: harmless."""
    created = draft.between(draft.start + 3 * HOUR, draft.as_of - 3 * HOUR)
    course = Course(created, created + HOUR / 30, "failed", BEING_RESTORED)
    draft.rows.append(clerk_of(draft).restore(resource, identifiers.uuid(draft.rng), course))


def add_replication_vault(draft: Draft) -> None:
    """Add a vault that receives copies from another region and protects nothing itself: harmless."""
    vault = new_vault(draft, "copies-from-sim-2", "server")
    vault.protect_type = "replication"
    draft.vaults.append(vault)


def add_unused_policy(draft: Draft) -> None:
    """Add a disabled policy that no vault uses: harmless."""
    policy = new_policy(draft, "prepared", choose_plan(draft, 1))
    policy.enabled = False
    draft.policies.append(policy)


def _in_the_middle(draft: Draft) -> datetime:
    return draft.as_of - draft.rng.uniform(0.3, 0.6) * (draft.as_of - draft.start)


def _run_until(draft: Draft, resource: Resource, end: datetime) -> int:
    """Run a resource by the first policy of the estate until a moment; return the number of its backups."""
    policy = draft.policies[0]
    due = policy.plan.due(policy.created, draft.start, end)
    checkpoints = [identifiers.uuid(draft.rng) for _ in due]
    runs = [run for run in scheduled(draft, resource, policy, due, checkpoints) if run.ended < end]
    draft.runs[resource.id] = runs
    return len(runs)
