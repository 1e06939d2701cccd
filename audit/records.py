"""The rows of the cloud that the audit computes with, each built from a validated JSON row.

Field names and meanings: "Querying the Task List" (tables 5 to 18), ListPolicies and ListVault of the CBR API.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sys import intern
from typing import Any, Final

from audit.collection import instant

FINAL_STATUSES: Final = frozenset({"success", "failed", "timeout", "skipped"})
OPEN_STATUSES: Final = frozenset({"running", "waiting"})
BACKUP: Final = "backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One entry of the operation log.

    Attributes:
        operation: backup, replication, restore, delete … (operation_type).
        status: success, failed, timeout, skipped, running or waiting; new ones may appear.
        resource_id: what the task worked on; None for tasks on a whole vault.
        backup_id: the backup that was made, deleted or restored.
        removed: ids of the resources that the task took out of a vault.
    """

    id: str
    operation: str
    status: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    resource_id: str | None = None
    resource_name: str | None = None
    resource_type: str | None = None
    vault_id: str | None = None
    vault_name: str | None = None
    policy_id: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    backup_id: str | None = None
    incremental: bool | None = None
    app_consistency: str | None = None
    target_resource_id: str | None = None
    removed: tuple[str, ...] = ()

    @property
    def began(self) -> datetime:
        """When the work began, or was ordered where it has not begun."""
        return self.started_at or self.created_at

    @property
    def finished(self) -> bool:
        """The status will not change any more; one that is not documented is final where the task has ended."""
        return self.status in FINAL_STATUSES or (self.status not in OPEN_STATUSES and self.ended_at is not None)

    @property
    def is_understood(self) -> bool:
        """The status is one of the documented ones, so that it says how the task went."""
        return self.status in FINAL_STATUSES or self.status in OPEN_STATUSES

    @property
    def succeeded(self) -> bool:
        """The task did what it was started for."""
        return self.status == "success"

    @property
    def broke(self) -> bool:
        """The task was started and did not do its work."""
        return self.status in {"failed", "timeout"}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Task":
        """Build a task from a row of operation_logs.

        Raises:
            ValueError: a timestamp has the right form but names no real time; or a backup names no resource, so that
                nobody could say whose backup it was.
        """
        operation = intern(row["operation_type"])
        extra, error = _block(row, "extra_info"), _block(row, "error_info")
        resource, own = _block(extra, "resource"), _block(extra, operation)
        resource_id = _shared(resource.get("id"))
        if operation == BACKUP and not resource_id:
            raise ValueError("a backup that names no resource (extra_info.resource.id)")
        return cls(
            id=row["id"],
            operation=operation,
            status=intern(row["status"]),
            created_at=instant(row["created_at"]),
            updated_at=instant(row["updated_at"]),
            started_at=_optional_instant(row.get("started_at")),
            ended_at=_optional_instant(row.get("ended_at")),
            resource_id=resource_id,
            resource_name=_shared(resource.get("name")),
            resource_type=_shared(resource.get("type")),
            vault_id=_shared(row.get("vault_id")),
            vault_name=_shared(row.get("vault_name")),
            policy_id=_shared(row.get("policy_id")),
            error_code=_shared(error.get("code")),
            error_message=_shared(error.get("message")),
            backup_id=_text(own.get("backup_id")),
            incremental=_truth(own.get("incremental")),
            app_consistency=_shared(own.get("app_consistency_status")),
            target_resource_id=_text(own.get("target_resource_id")),
            removed=_removed(extra) if "remove_resources" in extra else (),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A backup or replication policy, as it is now.

    Attributes:
        patterns: the recurrence rules of its trigger, in UTC (trigger.properties.pattern).
        start_time: when the trigger was set; INTERVAL counts from here.
        vault_ids: the vaults that it is applied to; the only link between the two.
        retention_days: None or -1 where backups are not deleted by age.
        max_backups: None or -1 where backups are not deleted by number.
    """

    id: str
    name: str
    operation: str
    enabled: bool
    patterns: tuple[str, ...]
    start_time: datetime | None
    vault_ids: frozenset[str]
    retention_days: int | None
    max_backups: int | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Policy":
        """Build a policy from a row of policies.

        Raises:
            ValueError: the start time names no real time.
        """
        properties = row["trigger"]["properties"]
        definition = _block(row, "operation_definition")
        return cls(
            id=row["id"],
            name=_text(row.get("name")) or row["id"],
            operation=row["operation_type"],
            enabled=row["enabled"],
            patterns=tuple(properties["pattern"]),
            start_time=_optional_instant(properties.get("start_time")),
            vault_ids=frozenset(vault["vault_id"] for vault in row.get("associated_vaults") or ()),
            retention_days=_number(definition.get("retention_duration_days")),
            max_backups=_number(definition.get("max_backups")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """One resource that a vault holds (vaults[].resources[])."""

    id: str
    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """A vault, as it is now.

    Attributes:
        protect_type: backup, replication or hybrid (billing.protect_type).
        created_at: None where the answer does not say.
    """

    id: str
    name: str
    protect_type: str
    created_at: datetime | None
    resources: tuple[Protected, ...]

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Vault":
        """Build a vault from a row of vaults.

        Raises:
            ValueError: the creation time names no real time.
        """
        return cls(
            id=row["id"],
            name=row["name"],
            protect_type=row["billing"]["protect_type"],
            created_at=_optional_instant(row.get("created_at")),
            resources=tuple(
                Protected(id=held["id"], name=_text(held.get("name")) or held["id"], type=held["type"])
                for held in row["resources"]
            ),
        )


def _optional_instant(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(f"not a timestamp: {value!r}")  # noqa: TRY004  # callers turn ValueError into Rejected
    return instant(value)


def _block(row: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return an object inside a row, empty where there is none; of another type, it has shown as drift."""
    block = row.get(key)
    return block if isinstance(block, dict) else {}


def _text(value: object) -> str | None:
    """Return a text; an empty one says nothing."""
    return value if isinstance(value, str) and value else None


def _shared(value: object) -> str | None:
    """Return a text that many rows repeat, as one copy for all of them."""
    return intern(value) if isinstance(value, str) and value else None


def _number(value: object) -> int | None:
    """Read a whole number; 7.0 is one too, as JSON has it."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _truth(value: object) -> bool | None:
    """Read a boolean that the API writes as true, "true", "True" or with quotes inside the text."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip('"').lower())
    return value if isinstance(value, bool) else None


def _removed(extra: Mapping[str, Any]) -> tuple[str, ...]:
    resources = _block(extra, "remove_resources").get("resources")
    blocks = [resource for resource in resources if isinstance(resource, dict)] if isinstance(resources, list) else []
    ids = (_text(resource.get("id")) for resource in blocks)
    return tuple(resource_id for resource_id in ids if resource_id)
