"""Routine events in an estate: restore tests, synchronisation, backups by hand."""

from datetime import datetime, timedelta
from typing import Final

from audit.simulator import identifiers
from audit.simulator.background import by_hand
from audit.simulator.blueprint import BackupRun, Draft, PlannedVault
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.tasks import Course, clerk_of

HOUR: Final = timedelta(hours=1)


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
        if not draft.runs[resource.id]:  # the restore shows that it was there, long enough to owe a first backup
            created = draft.as_of - reach
        backup_id = identifiers.uuid(draft.rng) if run is None else run.backup_id
        ended = created + draft.rng.uniform(0.1, 1.5) * HOUR
        draft.rows.append(clerk.restore(resource, backup_id, Course(created, ended)))


def synchronise(draft: Draft) -> None:
    """Synchronise backups made on premises once a week, unless a hybrid vault reports what it brought."""
    if not draft.vaults or any(vault.protect_type == "hybrid" for vault in draft.vaults):
        return
    clerk = clerk_of(draft)
    at = draft.start + draft.rng.random() * DAY
    while draft.settled(at + HOUR):
        draft.rows.append(clerk.sync(at))
        at += 7 * DAY


def back_up_by_hand(draft: Draft) -> None:
    """Back up a few healthy resources by hand, as before a change; every other task names no vault."""
    troubled = draft.truth.troubled()
    sound = [resource for resource in draft.resources() if draft.runs[resource.id] and resource.id not in troubled]
    for number, resource in enumerate([*sound[:1], *(other for other in sound[1:] if draft.one_in(10))]):
        run = by_hand(draft, resource, draft.between(draft.start, draft.as_of - 4 * HOUR))
        run.nameless = number % 2 == 0


def _source(draft: Draft, vault: PlannedVault, moment: datetime) -> BackupRun | None:
    """Return a backup of the vault that existed at a moment."""
    found = [
        run
        for resource in vault.resources
        for run in draft.successes(resource)[:20]
        if run.ended < moment and not run.deleted
    ]
    return draft.rng.choice(found) if found else None
