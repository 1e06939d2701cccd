"""Tasks: the entries of the operation log."""

from collections.abc import Mapping
from datetime import datetime
from sys import intern
from types import NoneType
from typing import Any, Final

import orjson
from msgspec import Struct

from audit.records.fields import SHARED, block, blocks, failures, ids, number, optional_instant, shared, text, truth
from audit.records.keys import Key, key_of, text_of
from audit.records.operations import BACKUP, FALL_SHORT, KNOWN, MOVES_ENDS, OWN_BLOCKS, PUBLISHED
from audit.timestamps import instant

FINAL_STATUSES: Final = frozenset({"success", "failed", "timeout", "skipped"})
OPEN_STATUSES: Final = frozenset({"running", "waiting"})
HOLLOW: Final = "success that made nothing"
"""Our own status, which no response has: the log shows that a task that says success made no backup."""
NO_ERROR: Final = "0"
_BROKEN: Final = frozenset({"failed", "timeout", HOLLOW})
_CAME_TO_NOTHING: Final = _BROKEN | {"skipped"}
_NO_ZONE: Final = "+00:00"  # times without a zone are UTC
_NOTHING: Final[dict[str, Any]] = {}
_TEXT_OR_NONE: Final = frozenset({str, NoneType})
_SHORTEST: Final = len("2026-11-23T04:00:00")


class Task(Struct, frozen=True, gc=False):
    """One entry of the operation log.

    Attributes:
        key: its id, as keys.py stores it.
        operation: what it does (operation_type); operations.py lists the known ones. It is update_expiration_time if it
            is an undocumented one and extra_info has a block of that name: the API's name for such tasks is not
            documented.
        status: success, failed, timeout, skipped, running or waiting; new ones may appear.
        resource_id: what the task worked on; None for tasks on a whole vault.
        backup_key: the id of the backup that was made, deleted, restored or copied.
        app_consistency: "1" if the applications were quiescent while the backup was made, "0" if not.
        removed: the ids of the resources that the task removed from a vault.
        synced: the number of backups that a synchronisation brought into a hybrid vault; None if it does not say, or is
            none.
        failures: how much the deletion of a vault, or a removal from one, could not remove, or how many backups a
            synchronisation could not bring; None if it states none.
    """

    key: Key
    created_at: datetime
    updated_at: datetime
    operation: str
    status: str
    error_code: str | None = None
    error_message: str | None = None
    incremental: bool | None = None
    app_consistency: str | None = None
    app_consistency_error: str | None = None
    target_resource_id: str | None = None
    removed: tuple[str, ...] = ()
    synced: int | None = None
    failures: int | None = None
    resource_id: str | None = None
    resource_name: str | None = None
    resource_type: str | None = None
    vault_id: str | None = None
    vault_name: str | None = None
    policy_id: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    backup_key: Key | None = None

    @property
    def id(self) -> str:
        """Its id, as the API writes it."""
        return text_of(self.key)

    @property
    def backup_id(self) -> str | None:
        """The id of its backup, as the API writes it."""
        return None if self.backup_key is None else text_of(self.backup_key)

    @property
    def began(self) -> datetime:
        """When the work began, or was requested if it has not begun."""
        return self.started_at or self.created_at

    @property
    def finished(self) -> bool:
        """Whether the status will not change any more; an undocumented status is final if the task has ended."""
        return self.is_final or (self.status not in OPEN_STATUSES and self.ended_at is not None)

    @property
    def is_final(self) -> bool:
        """Whether the status is documented and will not change any more."""
        return self.status in FINAL_STATUSES or self.is_hollow

    @property
    def is_known(self) -> bool:
        """Whether the operation is documented; it is unknown what any other did."""
        return self.operation in KNOWN

    @property
    def is_understood(self) -> bool:
        """Whether the status is documented and nothing contradicts it, so that it shows how the task went."""
        if self.status == "success":
            return self.error is None
        return self.is_final or self.status in OPEN_STATUSES

    @property
    def error(self) -> str | None:
        """The code of its error, or the message if there is no code; code 0 means no error."""
        return None if self.error_code == NO_ERROR else self.error_code or self.error_message

    @property
    def succeeded(self) -> bool:
        """Whether the task did its work; a task that says so but also names an error may not have done all of it."""
        return self.status == "success" and self.error is None

    @property
    def did_it_all(self) -> bool:
        """Whether the task succeeded and states nothing that it could not do."""
        return self.succeeded and self.failures is None

    @property
    def claims_success(self) -> bool:
        """Whether the task says that it succeeded, even if it also names an error."""
        return self.status == "success"

    @property
    def may_have_worked(self) -> bool:
        """Whether the task succeeded, or it is unclear how it went."""
        return self.status == "success" or not self.is_understood

    @property
    def may_have_failed(self) -> bool:
        """Whether the task failed, or it is unclear how it went."""
        return self.broke or not self.is_understood

    @property
    def came_to_nothing(self) -> bool:
        """Whether the task surely did not do its work, and will not."""
        return self.status in _CAME_TO_NOTHING

    @property
    def broke(self) -> bool:
        """Whether the task started and did not do its work."""
        return self.status in _BROKEN

    @property
    def is_hollow(self) -> bool:
        """Whether it says that it succeeded, but made nothing."""
        return self.status == HOLLOW

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Task":
        """Build a task from a row of operation_logs.

        Raises:
            ValueError: a timestamp is well-formed but invalid; or a backup names no resource, so that it could not be
                assigned.
        """
        try:
            return cls._fast_path(row)
        except (AttributeError, TypeError, ValueError):
            return cls._slow_path(row)

    @classmethod
    def _fast_path(cls, row: Mapping[str, Any]) -> "Task":
        """Build a task in half the time, from a row whose times have no zone and whose fields have the usual types.

        Raises:
            AttributeError, TypeError, ValueError: something in the row is not as usual.
        """
        operation = intern(row["operation_type"])
        extra = row.get("extra_info") or _NOTHING
        resource = extra.get("resource") or _NOTHING
        own = extra.get(OWN_BLOCKS.get(operation, operation)) or _NOTHING
        error = row.get("error_info") or _NOTHING
        started_at, ended_at = row.get("started_at"), row.get("ended_at")
        backup_id = own.get("backup_id") or own.get("source_backup_id") or None
        error_of_applications = own.get("app_consistency_error_code")
        code, message = error.get("code"), error.get("message")
        is_usual = {type(backup_id), type(code), type(message)} <= _TEXT_OR_NONE
        if "remove_resources" in extra or MOVES_ENDS in extra or not is_usual:
            raise TypeError
        if operation == BACKUP and (type(resource.get("id")) is not str or not resource["id"]):
            raise ValueError
        return cls(
            key_of(row["id"]),
            _naive_moment(row["created_at"]),
            _naive_moment(row["updated_at"]),
            operation,
            intern(row["status"]),
            SHARED[code],
            SHARED[message],
            truth(own.get("incremental")),
            SHARED[own.get("app_consistency_status")],
            None if error_of_applications == NO_ERROR else SHARED[error_of_applications],
            text(own.get("target_resource_id")),
            (),
            number(own.get("sync_backup_num")),
            failures(own) if operation in FALL_SHORT else None,
            SHARED[resource.get("id")],
            SHARED[resource.get("name")],
            SHARED[resource.get("type")],
            SHARED[row.get("vault_id")],
            SHARED[row.get("vault_name")],
            SHARED[row.get("policy_id")],
            None if started_at is None else _naive_moment(started_at),
            None if ended_at is None else _naive_moment(ended_at),
            key_of(backup_id) if backup_id else None,
        )

    @classmethod
    def _slow_path(cls, row: Mapping[str, Any]) -> "Task":
        operation = intern(row["operation_type"])
        extra = block(row, "extra_info")
        error_code, error_message = _error(row.get("error_info"))
        resource, own = block(extra, "resource"), block(extra, OWN_BLOCKS.get(operation, operation))
        resource_id = shared(resource.get("id"))
        if operation == BACKUP and not resource_id:
            raise ValueError("a backup that names no resource (extra_info.resource.id)")
        error_of_applications = own.get("app_consistency_error_code")
        backup_id = text(own.get("backup_id")) or text(own.get("source_backup_id"))
        return cls(
            key=key_of(row["id"]),
            operation=MOVES_ENDS if operation not in PUBLISHED and block(extra, MOVES_ENDS) else operation,
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
            error_code=error_code,
            error_message=error_message,
            backup_key=key_of(backup_id) if backup_id else None,
            incremental=truth(own.get("incremental")),
            app_consistency=shared(own.get("app_consistency_status")),
            app_consistency_error=None if error_of_applications == NO_ERROR else shared(error_of_applications),
            target_resource_id=text(own.get("target_resource_id")),
            removed=_removed(extra) if "remove_resources" in extra else (),
            synced=number(own.get("sync_backup_num")),
            failures=failures(own) if operation in FALL_SHORT else None,
        )


def _naive_moment(text: str) -> datetime:
    """Parse a time without a zone.

    Raises:
        ValueError: the text is not a time, or has a form that Python accepts but the documents do not, such as a date.
    """
    if len(text) < _SHORTEST:
        raise ValueError("not a usual time")
    return datetime.fromisoformat(text + _NO_ZONE)


def _error(info: object) -> tuple[str | None, str | None]:
    """Read the code and message of an error; one of another form is still an error, with its text as the message."""
    if isinstance(info, dict):
        return _told(info.get("code")), _told(info.get("message"))
    return None, _told(info)


def _told(value: object) -> str | None:
    return shared(value if isinstance(value, str) else orjson.dumps(value).decode()) if value else None


def _removed(extra: Mapping[str, Any]) -> tuple[str, ...]:
    return ids(blocks(block(extra, "remove_resources").get("resources")))
