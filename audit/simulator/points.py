"""The backups that exist in the end, as the list of backups shows them.

The rows have the format of recorded responses: naive times, nulls, and undocumented fields.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import BackupRun, Draft, PlannedResource, PlannedVault
from audit.simulator.messages import Row
from audit.simulator.tasks import PROVIDERS, written

ZONES: Final = ("sim-1a", "sim-1b", "sim-1c")
_DISK: Final = "OS::Cinder::Volume"


def present(draft: Draft) -> list[BackupRun]:
    """Return the runs whose backups exist or are being made."""
    runs = [run for group in (draft.runs, draft.unlogged) for found in group.values() for run in found]
    return [run for run in runs if run.status in ("success", "running") and not _is_gone(run)]


def _is_gone(run: BackupRun) -> bool:
    return run.deleted or run.vanished or run.repeats is not None


def point_rows(draft: Draft, runs: list[BackupRun]) -> list[Row]:
    """Return the backups of these runs and those from another region, newest first."""
    rows = [_point(draft, run) for run in runs] + draft.copies
    rows.sort(key=lambda row: row["id"])
    rows.sort(key=lambda row: datetime.fromisoformat(row["created_at"]), reverse=True)
    return rows


def copy_row(
    draft: Draft, vault: PlannedVault, resource: PlannedResource, created: datetime, expired: datetime | None
) -> Row:
    """Return a backup that came from another region into a vault for copies."""
    by_policy = expired is not None
    row = _common(draft, resource, vault, "autobk" if by_policy else "manualbk", created)
    return row | {
        "checkpoint_id": identifiers.uuid(draft.rng),
        "image_type": "replication",
        "status": "available",
        "updated_at": written(created + timedelta(minutes=20)),
        "protected_at": None,
        "expired_at": None if expired is None else written(expired),
        "incremental": True,
        "scheduled_operation_id": None,
        "extend_info": _extend(auto_trigger=by_policy, encrypted=True, vault=vault, resource=resource),
        "children": [],
        "replication_records": [],
    }


def _point(draft: Draft, run: BackupRun) -> Row:
    resource, vault, expiry = run.resource, run.resource.vault, run.expiry
    created = run.created + timedelta(microseconds=draft.rng.randrange(1_000, 90_000))
    since = resource.encrypted_since
    making = run.status == "running"
    row = _common(draft, resource, vault, "manualbk" if run.policy is None else "autobk", created, run.backup_id)
    row |= {
        "checkpoint_id": run.checkpoint_id,
        "image_type": "backup",
        "status": "protecting" if making else "error" if run.broken else "available",
        "updated_at": row["created_at"] if making else written(run.ended + timedelta(milliseconds=40)),
        "protected_at": None if making else written(created + timedelta(seconds=20)),
        "expired_at": None if expiry is None or making else written(expiry),
        "incremental": run.incremental,
        "scheduled_operation_id": None if run.policy is None else run.policy_id,
        "extend_info": _extend(
            auto_trigger=run.policy is not None,
            encrypted=since is not None and since <= run.created,
            vault=vault,
            resource=resource,
        ),
        "replication_records": run.replicas,
    }
    if vault.is_app_consistent and not making:
        row["extend_info"]["app_consistency"] = _consistency(consistent=run.consistent)
    row["children"] = list(_children(draft, resource, row))
    return row


def _common(
    draft: Draft,
    resource: PlannedResource,
    vault: PlannedVault,
    prefix: str,
    created: datetime,
    backup_id: str | None = None,
) -> Row:
    known = backup_id or identifiers.uuid(draft.rng)
    return {
        "id": known,
        "name": f"{prefix}_{known[:4]}",
        "description": "",
        "created_at": written(created),
        "parent_id": None,
        "project_id": draft.project_id,
        "provider_id": PROVIDERS[vault.object_type],
        "resource_az": ZONES[0],
        "resource_id": resource.id,
        "resource_name": resource.name,
        "resource_size": resource.size,
        "resource_type": resource.type,
        "vault_id": vault.id,
        "version": 3,
    }


def _extend(*, auto_trigger: bool, encrypted: bool, vault: PlannedVault, resource: PlannedResource) -> Row:
    """Return the additional information; servers and disks each have some of it."""
    info: Row = {
        "auto_trigger": auto_trigger,
        "bootable": None if resource.disks else False,
        "os_images_data": None,
        "progress": None if resource.disks else 100,
        "snapshot_id": None,
        "support_lld": True,
        "supported_restore_mode": "backup" if resource.disks else None,
        "system_disk": False,
        "is_multi_az": vault.is_multi_az,
        "encrypted_algorithm": None,
        "is_dec": False,
        "app_consistency": None,
        "encrypted": encrypted,
    }
    return info | {"contain_system_disk": True, "architecture": "x86_64"} if resource.disks else info


def _consistency(*, consistent: bool) -> Row:
    status = "1" if consistent else "0"
    return {
        "app_consistency": status,
        "app_consistency_status": status,
        "app_consistency_error_code": "0",
        "app_consistency_error_message": "",
    }


def _children(draft: Draft, resource: PlannedResource, row: Row) -> Iterator[Row]:
    """Return the backups of a server's disks; the first one holds the system."""
    chosen = [disk for disk in resource.included or resource.disks if disk not in resource.excluded]
    for number, disk in enumerate(chosen):
        info = row["extend_info"] | {
            "bootable": number == 0,
            "system_disk": number == 0,
            "progress": 100,
            "supported_restore_mode": None,
            "app_consistency": None,
        }
        del info["contain_system_disk"], info["architecture"]
        yield row | {
            "id": identifiers.uuid(draft.rng),
            "name": f"{row['name']}_{number}",
            "parent_id": row["id"],
            "provider_id": PROVIDERS["disk"],
            "resource_id": disk,
            "resource_name": f"{resource.name}-{number}",
            "resource_size": max(1, resource.size // len(resource.disks)),
            "resource_type": _DISK,
            "extend_info": info,
            "children": [],
            "replication_records": [],
        }
