"""Tasks: the entries of the operation log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sys import intern
from typing import Any, Final

from audit.collection import instant
from audit.records.fields import block, blocks, ids, optional_instant, shared, text, truth

FINAL_STATUSES: Final = frozenset({"success", "failed", "timeout", "skipped"})
OPEN_STATUSES: Final = frozenset({"running", "waiting"})
BACKUP: Final = "backup"
RESTORE: Final = "restore"
REPLICATION: Final = "replication"
COPIES: Final = frozenset({REPLICATION, "copy"})  # copy is the older name
_OWN_BLOCKS: Final = {"copy": REPLICATION}  # where extra_info keeps what only this operation has


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One entry of the operation log.

    Attributes:
        operation: backup, replication, restore, delete … (operation_type).
        status: success, failed, timeout, skipped, running or waiting; new ones may appear.
        resource_id: what the task worked on; None for tasks on a whole vault.
        backup_id: the backup that was made, deleted, restored or copied.
        app_consistency: "1" where the applications were at rest while the backup was made, "0" where not.
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
    app_consistency_error: str | None = None
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
        extra, error = block(row, "extra_info"), block(row, "error_info")
        resource, own = block(extra, "resource"), block(extra, _OWN_BLOCKS.get(operation, operation))
        resource_id = shared(resource.get("id"))
        if operation == BACKUP and not resource_id:
            raise ValueError("a backup that names no resource (extra_info.resource.id)")
        return cls(
            id=row["id"],
            operation=operation,
            status=intern(row["status"]),
            created_at=instant(row["created_at"]),
            updated_at=instant(row["updated_at"]),
            started_at=optional_instant(row.get("started_at")),
            ended_at=optional_instant(row.get("ended_at")),
            resource_id=resource_id,
            resource_name=shared(resource.get("name")),
            resource_type=shared(resource.get("type")),
            vault_id=shared(row.get("vault_id")),
            vault_name=shared(row.get("vault_name")),
            policy_id=shared(row.get("policy_id")),
            error_code=shared(error.get("code")),
            error_message=shared(error.get("message")),
            backup_id=text(own.get("backup_id")) or text(own.get("source_backup_id")),
            incremental=truth(own.get("incremental")),
            app_consistency=shared(own.get("app_consistency_status")),
            app_consistency_error=_error(own.get("app_consistency_error_code")),
            target_resource_id=text(own.get("target_resource_id")),
            removed=_removed(extra) if "remove_resources" in extra else (),
        )


def _error(code: object) -> str | None:
    """Read an error code; "0" means that there was no error."""
    return None if code == "0" else shared(code)


def _removed(extra: Mapping[str, Any]) -> tuple[str, ...]:
    return ids(blocks(block(extra, "remove_resources").get("resources")))
