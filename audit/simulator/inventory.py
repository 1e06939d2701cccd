"""Vaults and policies as the service answers them, with the fields that no document mentions."""

from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import Draft, Policy, Resource, Vault
from audit.simulator.messages import Row
from audit.simulator.tasks import PROVIDERS, written

_SPEC_CODES: Final = {
    "server": "vault.backup.server.normal",
    "disk": "vault.backup.volume.normal",
    "turbo": "vault.backup.turbo.normal",
    "workspace": "vault.backup.server.normal",
}
_MB: Final = 1024


def vault_rows(draft: Draft) -> list[Row]:
    """Write all vaults, newest first."""
    vaults = sorted(draft.vaults, key=lambda vault: vault.created, reverse=True)
    return [_vault(draft, vault) for vault in vaults]


def policy_rows(draft: Draft) -> list[Row]:
    """Write all policies, each with the vaults that it is applied to."""
    return [_policy(draft, policy) for policy in draft.policies]


def _vault(draft: Draft, vault: Vault) -> Row:
    resources = [_resource(draft, resource) for resource in vault.resources]
    return {
        "provider_id": PROVIDERS[vault.object_type],
        "description": None,
        "tags": [{"key": "owner", "value": "platform-team"}],
        "enterprise_project_id": vault.enterprise_project_id,
        "auto_bind": False,
        "id": vault.id,
        "user_id": f"{draft.rng.getrandbits(128):032x}",
        "created_at": written(vault.created),
        "name": vault.name,
        "billing": _billing(vault, resources),
        "project_id": draft.project_id,
        "resources": resources,
        "bind_rules": {},
        "auto_expand": False,
        "smn_notify": True,
        "threshold": 80,
        "sys_lock_source_service": "",
        "locked": False,
        "availability_zone": "",
        "backup_name_prefix": None,
        "demand_billing": False,
        "cbc_delete_count": 0,
        "frozen": False,
        "cross_account": False,
        "cross_account_urn": "",
        "supplier": "",
    }


def _billing(vault: Vault, resources: list[Row]) -> Row:
    """Size the vault so that at most half of it is used; size is in GB, use in MB."""
    used = sum(resource["backup_size"] for resource in resources)
    allocated = sum(resource["size"] for resource in resources)
    replica = vault.protect_type == "replication"
    return {
        "allocated": allocated,
        "cloud_type": "public",
        "consistent_level": "crash_consistent",
        "frozen_scene": None,
        "charging_mode": "post_paid",
        "order_id": None,
        "product_id": None,
        "protect_type": vault.protect_type,
        "object_type": vault.object_type,
        "spec_code": "vault.replication.server.normal" if replica else _SPEC_CODES[vault.object_type],
        "used": used,
        "storage_unit": None,
        "status": "available",
        "size": max(100, allocated, 2 * used // _MB + 1),
        "is_multi_az": False,
        "is_double_az": False,
        "partner_bp_id": None,
    }


def _resource(draft: Draft, resource: Resource) -> Row:
    backups = sum(not run.deleted for run in draft.successes(resource))
    return {
        "name": resource.name,
        "backup_size": resource.size * _MB * min(backups, 3) // 4,
        "extra_info": {},
        "protect_status": "available",
        "type": resource.type,
        "id": resource.id,
        "size": resource.size,
        "backup_count": backups,
        "auto_protect": True,
    }


def _policy(draft: Draft, policy: Policy) -> Row:
    row = {
        "name": policy.name,
        "associated_vaults": _associations(draft, policy),
        "enabled": policy.enabled,
        "trigger": {
            "properties": {
                "pattern": policy.plan.patterns(),
                "start_time": policy.created.strftime("%Y-%m-%d %H:%M:%S"),
            },
            "type": "time",
            "id": identifiers.uuid(draft.rng),
            "name": "default",
        },
        "operation_definition": _definition(draft, policy),
        "operation_type": policy.operation_type,
        "id": policy.id,
    }
    # Of two recorded policies only one had this field.
    return {**row, "policy_type": "custom_policy"} if draft.one_in(2) else row


def _definition(draft: Draft, policy: Policy) -> Row:
    """Write what a policy does: most often with fillers for the rules that are not used."""
    if policy.destination is None and draft.one_in(5):
        return {"retention_duration_days": policy.retention_days}
    fillers = {"day_backups": 0, "week_backups": 0, "month_backups": 0, "year_backups": 0}
    return {
        "retention_duration_days": policy.retention_days,
        "max_backups": -1,
        **fillers,
        "timezone": "UTC+08:00",
        "full_backup_interval": -1,
        "created_by": "customer",
        **(policy.destination or {}),
    }


def _associations(draft: Draft, policy: Policy) -> list[Row] | None:
    """List the vaults of a policy; null, not an empty list, when it was never applied."""
    backup = policy.operation_type == "backup"
    return [
        {"vault_id": vault.id, "destination_vault_id": None if backup else identifiers.uuid(draft.rng)}
        for vault in draft.vaults
        if policy in (vault.policy, vault.replication)
    ] or None
