"""Unusual kinds of vaults and resources: synchronised, deleted, and desktops of the newer kind."""

from datetime import timedelta
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import Draft, LooseResource, PlannedResource, PlannedVault
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.company import RESOURCE_TYPES, new_vault
from audit.simulator.tasks import clerk_of

_LONG_ENOUGH_DAYS: Final = 14
_SINCE_DAYS: Final = 12
_HOUR: Final = timedelta(hours=1)


def is_deleted(draft: Draft, resource: PlannedResource) -> bool:
    """The server was deleted days ago and is still in its vault, which says so; nothing has run since."""
    if resource.vault.policy is None:
        return False
    since = draft.as_of - (6 * DAY if draft.days >= _LONG_ENOUGH_DAYS else 0.6 * draft.days * DAY)
    draft.runs[resource.id] = [run for run in draft.runs[resource.id] if run.created < since]
    resource.is_deleted = True
    draft.truth.resource(resource.id, "CBR-504")
    return True


def delete_a_moment_ago(draft: Draft) -> None:
    """Delete a server that the list of resources already lacks; its vault reports an error, so that list decides."""
    troubled = draft.truth.troubled()
    sound = [each for each in draft.resources() if each.id not in troubled and each.type == RESOURCE_TYPES["server"]]
    if sound:
        resource = draft.rng.choice(sound)
        resource.is_unlisted = True
        draft.truth.resource(resource.id, "CBR-504", strict=True)


def leave_desktop_unprotected(draft: Draft) -> None:
    """Leave a desktop of the newer kind, which has a list of its own, outside every vault."""
    desktop = LooseResource(
        "workspace_v2", identifiers.uuid(draft.rng), "desk-forgotten", RESOURCE_TYPES["workspace"], 80
    )
    draft.loose.append(desktop)
    draft.truth.resource(desktop.id, "CBR-503")


def add_hybrid_vault(draft: Draft) -> None:
    """Add a vault into which VMware machines are synchronised every night, without a CBR policy.

    Nothing came for one of them for days, though every synchronisation succeeded; a short window does not show it.
    """
    vault = new_vault(draft, "on-premises", "vmware")
    vault.protect_type, vault.is_locked = "hybrid", False
    vault.replication = draft.vaults[0].replication
    for place in range(2):
        machine = _machine(draft, vault, place)
        vault.resources.append(machine)
        draft.runs[machine.id] = []
        is_late = place == 1 and draft.days >= _LONG_ENOUGH_DAYS
        _synchronise(draft, machine, _SINCE_DAYS if is_late else 0)
        if is_late:
            draft.truth.resource(machine.id, "CBR-101")
    draft.vaults.append(vault)


def _machine(draft: Draft, vault: PlannedVault, place: int) -> PlannedResource:
    return PlannedResource(
        id=identifiers.uuid(draft.rng),
        name=f"vm-on-premises-{place + 1:02}",
        type="OS::Native::Server",
        size=80,
        typical=_HOUR,
        vault=vault,
        encrypted_since=None,
    )


def _synchronise(draft: Draft, machine: PlannedResource, empty_days: int) -> None:
    """Synchronise a machine every night; nothing comes in the last days."""
    clerk, at = clerk_of(draft), draft.start + draft.rng.random() * DAY
    while draft.settled(at + _HOUR):
        brought = int(at < draft.as_of - empty_days * DAY)
        draft.rows.append(clerk.sync(at, machine, brought))
        machine.synchronised += brought
        at += DAY
