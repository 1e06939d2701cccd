"""Protectable resources as the service lists them, with everything that their own services say about them.

Recorded responses contain addresses, start scripts and passwords. An auditor does not need those and must not keep
them; they are included here so that a test can search for them in what was kept.
"""

from base64 import b64encode
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import NO_ERROR, Draft, LooseResource, ServiceError
from audit.simulator.company import RESOURCE_TYPES
from audit.simulator.messages import Row
from audit.simulator.points import ZONES
from audit.simulator.tasks import written

KINDS: Final = ("server", "disk", "turbo", "workspace", "workspace_v2")
PASSWORD: Final = "Correct-Horse-42"  # noqa: S105 - opens nothing, and must never be kept
_SCRIPT: Final = f"#!/bin/sh\nexport DB_PASSWORD={PASSWORD}\n"
USER_DATA: Final = b64encode(_SCRIPT.encode()).decode()
INNER_ADDRESS: Final = "192.0.2.17"
OUTER_ADDRESS: Final = "198.51.100.23"
_DISK: Final = RESOURCE_TYPES["disk"]
_OTHERS: Final = ("turbo", "workspace", "workspace_v2")


def protectable_rows(draft: Draft, vaults: list[Row]) -> dict[str, list[Row]]:
    """Return every resource of the project by its kind, those in vaults first."""
    shown = {vault["id"]: vault for vault in vaults}
    found: dict[str, list[Row]] = {kind: [] for kind in KINDS}
    for resource in draft.resources():
        vault = resource.vault
        if vault.protect_type == "hybrid" or resource.is_deleted or resource.is_unlisted:
            continue  # on premises, or gone
        known = LooseResource(vault.object_type, resource.id, resource.name, resource.type, resource.size)
        found[known.kind].append(_instance(draft, known, resource.disks, shown[vault.id]))
    for loose in draft.loose:
        disks = (identifiers.uuid(draft.rng),) if loose.kind == "server" else ()
        found[loose.kind].append(_instance(draft, loose, disks, None))
    return found


def _instance(draft: Draft, known: LooseResource, disks: tuple[str, ...], vault: Row | None) -> Row:
    good = known.refusal == NO_ERROR
    status = ("ACTIVE" if disks else "available") if good else "ERROR"
    return {
        "id": known.id,
        "type": known.type,
        "name": known.name,
        "size": known.size,
        "status": status,
        "protectable": _result(known.refusal, vault),
        "detail": _server(draft, known, disks) if disks else _other(draft, known),
        "children": [_child(draft, known, disk, vault) for disk in disks],
    }


def _result(refusal: ServiceError, vault: Row | None) -> Row:
    return {"result": refusal == NO_ERROR, "code": refusal.code, "reason": refusal.message, "vault": vault}


def _server(draft: Draft, known: LooseResource, disks: tuple[str, ...]) -> Row:
    """Return what the compute service says about a server."""
    addresses = [_address(INNER_ADDRESS, "fixed"), _address(OUTER_ADDRESS, "floating")]
    return {
        "id": known.id,
        "name": known.name,
        "status": "ACTIVE",
        "flavor": {"id": "s6.large.2", "name": "s6.large.2", "vcpus": "2", "ram": "4096", "disk": "0", "gpus": []},
        "addresses": {identifiers.uuid(draft.rng): addresses},
        "accessIPv4": "",
        "metadata": {"os_type": "Linux", "charging_mode": "0", "admin_pass": PASSWORD},
        "tenant_id": draft.project_id,
        "key_name": "operations",
        "tags": [],
        "image": "",
        "fault": None,
        "os-extended-volumes:volumes_attached": [{"id": disk, "device": "/dev/vda"} for disk in disks],
        "OS-EXT-SRV-ATTR:hostname": known.name,
        "OS-EXT-SRV-ATTR:user_data": USER_DATA,
        "OS-EXT-AZ:availability_zone": ZONES[0],
        "OS-EXT-STS:vm_state": "active",
        "OS-SRV-USG:launched_at": written(draft.before),
    }


def _address(address: str, kind: str) -> Row:
    return {"version": "4", "addr": address, "primary": True, "OS-EXT-IPS:type": kind}


def _other(draft: Draft, known: LooseResource) -> Row:
    """Return what another service says about its resource; file systems and desktops have an address, too."""
    detail: Row = {"id": known.id, "name": known.name, "size": known.size, "availability_zone": ZONES[0]}
    if known.kind in _OTHERS:
        return detail | {"export_location": f"{INNER_ADDRESS}:/", "created_at": written(draft.before)}
    return detail | {"attachments": [], "metadata": {"readonly": "False"}, "encrypted": True, "volume_type": "SSD"}


def _child(draft: Draft, known: LooseResource, disk: str, vault: Row | None) -> Row:
    """Return a disk of a server; it says nothing about protection, but names the vault of its server."""
    held = {} if vault is None else {"vault_id": vault["id"], "vault_name": vault["name"]}
    return {
        "id": disk,
        "name": f"{known.name}-disk",
        "size": known.size,
        "status": "in-use",
        "type": _DISK,
        "detail": _other(draft, known._replace(id=disk, kind="disk")),
        "children": [],
        **held,
    }
