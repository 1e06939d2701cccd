"""Vaults and policies as the service returns them, with the undocumented fields."""

from collections import Counter, defaultdict
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import BackupRun, Draft, PlannedPolicy, PlannedResource, PlannedVault
from audit.simulator.messages import Row
from audit.simulator.retention import Retention
from audit.simulator.tasks import PROVIDERS, written

_SPEC_CODES: Final = {
    "server": "vault.backup.server.normal",
    "disk": "vault.backup.volume.normal",
    "turbo": "vault.backup.turbo.normal",
    "workspace": "vault.backup.server.normal",
    "vmware": "vault.hybrid.server.normal",
}
_MB: Final = 1024
_FULL_PERCENT: Final = 93


def vault_rows(draft: Draft, runs: list[BackupRun]) -> list[Row]:
    """Return all vaults, newest first, with the space of the backups of these runs."""
    held = _Held(draft, runs)
    vaults = sorted(draft.vaults, key=lambda vault: vault.created, reverse=True)
    return [_vault(draft, vault, held) for vault in vaults]


def policy_rows(draft: Draft) -> list[Row]:
    """Return all policies, each with its vaults."""
    return [_policy(draft, policy) for policy in draft.policies]


class _Held:
    """The number of backups of each resource by state, and the space that they take in each vault."""

    def __init__(self, draft: Draft, runs: list[BackupRun]) -> None:
        self.counts = Counter(run.resource.id for run in runs if run.status == "success")
        self.newest = {run.resource.id: run for run in sorted(runs, key=lambda run: run.created)}
        self.used: dict[str, int] = defaultdict(int)
        resources = {run.resource.id: run.resource for run in runs}
        for resource in resources.values():  # including those removed from their vaults
            self.used[resource.vault.id] += self.size(resource)
        for copy in draft.copies:
            self.used[copy["vault_id"]] += copy["resource_size"] * _MB // 4

    def size(self, resource: PlannedResource) -> int:
        """Return the size: a quarter of the resource for the first backup, at most three quarters for all."""
        return 0 if resource.is_weightless else resource.size * _MB * min(self.counts[resource.id], 3) // 4

    def status(self, resource: PlannedResource) -> str:
        if resource.is_deleted:
            return "deleted"
        run = self.newest.get(resource.id)
        if run is not None and run.status == "running":
            return "protecting"
        is_in_error = resource.is_unlisted or (run is not None and run.broken)
        return "error" if is_in_error else "available"


def _vault(draft: Draft, vault: PlannedVault, held: _Held) -> Row:
    billing = _billing(vault, held.used[vault.id])
    scale = billing["used"] / held.used[vault.id] if vault.is_full else 1
    return {
        "provider_id": PROVIDERS[vault.object_type],
        "description": None,
        "tags": vault.tags,
        "enterprise_project_id": vault.enterprise_project_id,
        "auto_bind": vault.object_type == "server" and vault.protect_type == "backup",
        "id": vault.id,
        "user_id": f"{draft.rng.getrandbits(128):032x}",
        "created_at": written(vault.created),
        "name": vault.name,
        "billing": billing,
        "project_id": draft.project_id,
        "resources": [_resource(resource, held, scale) for resource in vault.resources],
        "bind_rules": {"tags": [{"key": "backup", "value": "yes"}]} if vault.is_app_consistent else {},
        "auto_expand": vault.auto_expands,
        "smn_notify": True,
        "threshold": 80,
        "sys_lock_source_service": "",
        "locked": vault.is_locked,
        "availability_zone": "",
        "backup_name_prefix": None,
        "demand_billing": False,
        "cbc_delete_count": 0,
        "frozen": vault.status == "frozen",
        "cross_account": False,
        "cross_account_urn": "",
        "supplier": "",
    }


def _billing(vault: PlannedVault, used: int) -> Row:
    """Size the vault so that at most half of it is used, or almost all; size is in GB, use in MB."""
    allocated = sum(resource.size for resource in vault.resources)
    replica = vault.protect_type == "replication"
    size = max(100, allocated, 2 * used // _MB + 1)
    return {
        "allocated": allocated,
        "cloud_type": "hybrid" if vault.protect_type == "hybrid" else "public",
        "consistent_level": "app_consistent" if vault.is_app_consistent else "crash_consistent",
        "frozen_scene": "ARREAR" if vault.status == "frozen" else None,
        "charging_mode": "post_paid",
        "order_id": None,
        "product_id": None,
        "protect_type": vault.protect_type,
        "object_type": vault.object_type,
        "spec_code": "vault.replication.server.normal" if replica else _SPEC_CODES[vault.object_type],
        "used": size * _MB * _FULL_PERCENT // 100 if vault.is_full else used,
        "storage_unit": None,
        "status": vault.status,
        "size": size,
        "is_multi_az": vault.is_multi_az,
        "is_double_az": False,
        "partner_bp_id": None,
    }


def _resource(resource: PlannedResource, held: _Held, scale: float) -> Row:
    return {
        "name": resource.name,
        "backup_size": int(held.size(resource) * scale),
        "extra_info": resource.extra_info,
        "protect_status": held.status(resource),
        "type": resource.type,
        "id": resource.id,
        "size": resource.size,
        "backup_count": held.counts[resource.id] + resource.synchronised,
        "auto_protect": resource.follows,
    }


def _policy(draft: Draft, policy: PlannedPolicy) -> Row:
    begins = policy.changed or policy.created
    row = {
        "name": policy.name,
        "associated_vaults": _associations(draft, policy),
        "enabled": policy.enabled,
        "trigger": {
            "properties": {
                "pattern": policy.plan.patterns(),
                "start_time": begins.strftime("%Y-%m-%d %H:%M:%S"),
            },
            "type": "time",
            "id": identifiers.uuid(draft.rng),
            "name": "default",
        },
        "operation_definition": _definition(draft, policy),
        "operation_type": policy.operation_type,
        "id": policy.id,
    }
    # Only one of two recorded policies had this field.
    is_told = policy.policy_type != "custom_policy" or draft.one_in(2)
    return {**row, "policy_type": policy.policy_type} if is_told else row


def _definition(draft: Draft, policy: PlannedPolicy) -> Row:
    """Return what a policy does, most often with placeholders for unused rules."""
    rule = policy.retention
    is_plain = policy.destination is None and policy.full_interval < 0 and not (rule.sundays or rule.new_years)
    if rule.days is not None and is_plain and draft.one_in(5):
        return {"retention_duration_days": rule.days}
    zone = {} if rule.zone is None else {"timezone": rule.zone}
    return {
        "retention_duration_days": rule.days or -1,
        "max_backups": rule.number or -1,
        "day_backups": 0,
        "week_backups": rule.weeks,
        "month_backups": rule.months,
        "year_backups": rule.years,
        **zone,
        "full_backup_interval": policy.full_interval,
        "created_by": "customer",
        **_advanced(rule),
        **({"cross_account_urn": policy.account_urn} if policy.account_urn else policy.destination or {}),
    }


def _advanced(rule: Retention) -> Row:
    """Return the advanced rules; one that is switched off keeps for -1 periods, and picks what it picked before."""
    if not (rule.sundays or rule.firsts or rule.new_years):
        return {}
    return {
        "advanced_retention_rules": {
            "weekly_retention_rules": {"days_of_week": ["SU"], "retention_duration_periods": rule.sundays or -1},
            "monthly_retention_rules": {
                "retention_type": "Monthly",
                "days_of_month": [1],
                "retention_duration_periods": rule.firsts or -1,
            },
            "yearly_retention_rules": {
                "retention_type": "Monthly",
                "retention_months": ["January"],
                "days_of_month": [1],
                "retention_duration_periods": rule.new_years or -1,
            },
        }
    }


def _associations(draft: Draft, policy: PlannedPolicy) -> list[Row] | None:
    """Return the vaults of a policy; null, not an empty list, if it was never applied."""
    backup = policy.operation_type == "backup"
    return [
        {"vault_id": vault.id, "destination_vault_id": None if backup else vault.twin}
        for vault in draft.vaults
        if policy in (vault.policy, vault.replication)
    ] or None
