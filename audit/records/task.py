"""Tasks: the entries of the operation log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from sys import intern
from typing import Any, Final

import orjson
from msgspec import Struct

from audit.records.fields import (
    NOTHING,
    SHORTFALLS,
    all_shared,
    failures,
    fields_of,
    number,
    optional_instant,
    text,
    truth,
)
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
        """Build a task from a row of operation_logs, as it was parsed.

        Raises:
            ValueError: a timestamp has the right form but names no real time; or a backup names no resource.
        """
        columns = columns_of((fields_of(row),))
        task_id, created, updated, *common, started, ended, backup_id = [value for (value,) in columns]
        first = (key_of(task_id), instant(created), instant(updated))
        last = (optional_instant(started), optional_instant(ended), backup_id and key_of(backup_id))
        return cls(*(*first, *common, *last))


def columns_of(rows: Sequence[Any]) -> tuple[Sequence[Any], ...]:
    """Read the fields of tasks from rows of operation_logs, field by field, with times and ids as texts.

    Args:
        rows: objects whose fields are attributes: of types that were made of the schema, or as fields_of gives them.

    Raises:
        ValueError: a backup names no resource, so that nobody could say whose backup it was.
    """
    extras = [fields_of(row.extra_info) for row in rows]
    resources = [fields_of(extra.resource) for extra in extras]
    errors = [_error(row.error_info) for row in rows]
    operations = [intern(row.operation_type) for row in rows]
    owns = [
        fields_of(getattr(of, OWN_BLOCKS.get(does, does), None)) for does, of in zip(operations, extras, strict=True)
    ]
    resource_ids = all_shared([resource.id for resource in resources])
    if any(does == BACKUP and not resource for does, resource in zip(operations, resource_ids, strict=True)):
        raise ValueError("a backup that names no resource (extra_info.resource.id)")
    codes = [getattr(own, "app_consistency_error_code", None) for own in owns]
    synced = [getattr(own, "sync_backup_num", None) for own in owns]
    backup_ids = [_text(own, "backup_id") or _text(own, "source_backup_id") for own in owns]
    return (  # in the order of the fields of Task
        [row.id for row in rows],
        [row.created_at for row in rows],
        [row.updated_at for row in rows],
        list(map(_operation, operations, extras)),
        [intern(row.status) for row in rows],
        all_shared([code for code, _ in errors]),
        all_shared([message for _, message in errors]),
        [truth(getattr(own, "incremental", None)) for own in owns],
        all_shared([getattr(own, "app_consistency_status", None) for own in owns]),
        all_shared([None if code == NO_ERROR else code for code in codes]),
        [_text(own, "target_resource_id") for own in owns],
        [_removed(removed) if (removed := extra.remove_resources) else () for extra in extras],
        [None if each is None else number(each) for each in synced],
        [_failures(own) if does in FALL_SHORT else None for does, own in zip(operations, owns, strict=True)],
        resource_ids,
        all_shared([resource.name for resource in resources]),
        all_shared([resource.type for resource in resources]),
        all_shared([row.vault_id for row in rows]),
        all_shared([row.vault_name for row in rows]),
        all_shared([row.policy_id for row in rows]),
        [row.started_at for row in rows],
        [row.ended_at for row in rows],
        backup_ids,
    )


def _operation(operation: str, extra: Any) -> str:
    is_move = operation not in PUBLISHED and fields_of(getattr(extra, MOVES_ENDS, None)) is not NOTHING
    return MOVES_ENDS if is_move else operation


def _error(info: Any) -> tuple[Any, Any]:
    """Read code and message of an error; one of another form is an error all the same, and its text the message."""
    error = fields_of(info)
    return (None, _told(info)) if error is NOTHING else (_told(error.code), _told(error.message))


def _told(value: object) -> object:
    return value if isinstance(value, str) or not value else orjson.dumps(value).decode()


def _removed(block: Any) -> tuple[str, ...]:
    """Read the ids of what was taken out of a vault."""
    resources = fields_of(block).resources
    ids = [text(fields_of(each).id) for each in resources] if isinstance(resources, list) else ()
    return tuple([each for each in ids if each])


def _failures(own: Any) -> int | None:
    return failures([getattr(own, name, None) for name in SHORTFALLS])


def _text(own: Any, name: str) -> str | None:
    return text(getattr(own, name, None))
