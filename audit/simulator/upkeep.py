"""What else happens in an estate: deletions by retention, restore tests, replication, backups by hand."""

from datetime import datetime, timedelta
from typing import Final

from audit.simulator import identifiers
from audit.simulator.background import by_hand
from audit.simulator.blueprint import Draft, Policy, Run, Vault
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.company import choose_plan
from audit.simulator.messages import Row
from audit.simulator.tasks import Course, clerk_of

HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)


def delete_expired(draft: Draft) -> None:
    """Delete each backup of a policy in the batch of the day after its retention ended."""
    clerk = clerk_of(draft)
    for runs in draft.runs.values():
        for run in runs:
            if run.policy is None or run.status != "success" or run.deleted:
                continue
            expired = run.ended + run.policy.retention_days * DAY
            batch = (expired + DAY).replace(hour=0, minute=0, second=0)
            at = max(batch + draft.rng.random() * 12 * HOUR, expired + 3 * HOUR)
            if draft.settled(at + 2 * HOUR):
                draft.rows.append(clerk.delete(run, at))


def restore_each_vault(draft: Draft) -> None:
    """Restore one resource of each vault, late in the window but at most 60 days before its end."""
    clerk = clerk_of(draft)
    reach = min(0.4 * (draft.as_of - draft.start), 60 * DAY)
    for vault in draft.vaults:
        if vault.id in draft.untested or not vault.resources:
            continue
        created = draft.between(draft.as_of - reach, draft.as_of - 3 * HOUR)
        run = _source(draft, vault, created)
        resource = draft.rng.choice(vault.resources) if run is None else run.resource
        backup_id = identifiers.uuid(draft.rng) if run is None else run.backup_id
        ended = created + draft.rng.uniform(0.1, 1.5) * HOUR
        draft.rows.append(clerk.restore(resource, backup_id, Course(created, ended)))


def synchronise(draft: Draft) -> None:
    """Synchronise backups made on premises once a week."""
    if not draft.vaults:
        return
    clerk = clerk_of(draft)
    at = draft.start + draft.rng.random() * DAY
    while draft.settled(at + HOUR):
        draft.rows.append(clerk.sync(at))
        at += 7 * DAY


def replicate(draft: Draft) -> None:
    """Replicate what is in the first vault once a day, by a policy of its own."""
    if not draft.vaults:
        return
    vault = draft.vaults[0]
    policy = _replication_policy(draft, vault)
    clerk = clerk_of(draft)
    for moment in policy.plan.due(policy.created, draft.start, draft.as_of):
        at = moment + draft.rng.random() * HOUR
        for run in _newest_before(draft, vault, at):
            if draft.settled(at + HOUR):
                draft.rows.append(clerk.replication(run, at, policy.destination or {}))


def copy_once(draft: Draft) -> None:
    """Copy one backup by hand, with the operation type that replication had before."""
    destination = {"destination_project_id": identifiers.project(draft.rng), "destination_region": "sim-2"}
    runs = (run for resource in draft.resources() for run in draft.successes(resource))
    for run in runs:
        at = run.ended + MINUTE
        if draft.settled(at + HOUR):
            draft.rows.append(clerk_of(draft).replication(run, at, destination, by_hand=True))
            return


def back_up_by_hand(draft: Draft) -> None:
    """Back up a few resources without trouble by hand, such as before a change; every other one names no vault."""
    troubled = draft.truth.troubled()
    sound = [resource for resource in draft.resources() if draft.runs[resource.id] and resource.id not in troubled]
    for number, resource in enumerate([*sound[:1], *(other for other in sound[1:] if draft.one_in(10))]):
        run = by_hand(draft, resource, draft.between(draft.start, draft.as_of - 4 * HOUR))
        run.nameless = number % 2 == 0


def _source(draft: Draft, vault: Vault, moment: datetime) -> Run | None:
    """Choose a backup of the vault that existed at a moment."""
    found = [
        run
        for resource in vault.resources
        for run in draft.successes(resource)[:20]
        if run.ended < moment and not run.deleted
    ]
    return draft.rng.choice(found) if found else None


def _newest_before(draft: Draft, vault: Vault, moment: datetime) -> list[Run]:
    """Find the newest backup of each resource that existed at a moment and is less than a day old."""
    found = []
    for resource in vault.resources:
        fresh = (run for run in draft.successes(resource) if moment - DAY < run.created and run.ended < moment)
        found += [run for run in [next(fresh, None)] if run is not None]
    return found


def _replication_policy(draft: Draft, vault: Vault) -> Policy:
    destination: Row = {
        "destination_project_id": identifiers.project(draft.rng),
        "destination_region": "sim-2",
    }
    policy = Policy(
        id=identifiers.uuid(draft.rng),
        name="policy-second-region",
        plan=choose_plan(draft, 1),
        retention_days=90,
        created=draft.start - 120 * DAY,
        operation_type="replication",
        destination=destination,
    )
    vault.replication = policy
    draft.policies.append(policy)
    return policy
