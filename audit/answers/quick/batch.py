"""Rows of the task log by column, packed as far as they can be without the table that they go to."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, Final

from audit.history.batch import Batch
from audit.history.commons import Common
from audit.history.layout import NEVER, NO_BACKUP, NO_ID
from audit.history.moments import states_of
from audit.records import BACKUP, COPIES, DELETIONS, RESTORES, SYNC, VAULT_DELETE
from audit.records.fields import FAILURES, NOT_SYNCED, SHARED, failures, number, text, truth
from audit.records.keys import keys_of
from audit.records.task import NO_ERROR

_SOME_TIME: Final = "2000-01-01T00:00:00"  # stands where there is none until all are packed together
_SOME_ID: Final = "00000000-0000-0000-0000-000000000000"
_NO_ERROR_INFO: Final = SimpleNamespace(code=None, message=None)


def batch_of(places: Sequence[int], rows: Sequence[Any], resources: Sequence[Common]) -> Batch:
    """Pack rows by column.

    Raises:
        ValueError: a row has ids or times of an unusual form.
    """
    how, backup_ids = _own(rows)
    return Batch(
        places=places,
        keys=keys_of([row.id for row in rows]),
        created=states_of([row.created_at for row in rows]),
        updated=states_of([row.updated_at for row in rows]),
        started=_packed(states_of, [row.started_at for row in rows], _SOME_TIME, NEVER),
        ended=_packed(states_of, [row.ended_at for row in rows], _SOME_TIME, NEVER),
        backup_keys=_packed(keys_of, backup_ids, _SOME_ID, NO_ID),
        oddities=bytes([NO_BACKUP if backup_id is None else 0 for backup_id in backup_ids]),
        where=[
            resource + (row.vault_id, row.vault_name, row.policy_id)  # noqa: RUF005  # a star takes longer
            for row, resource in zip(rows, resources, strict=True)
        ],
        how=how,
        plain_where=_plain_where,
        plain_how=_plain_how,
    )


def _own(rows: Sequence[Any]) -> tuple[list[Common], list[Any]]:
    """Read what tasks say of their operation, and the ids of their backups."""
    how: list[Common] = []
    backup_ids: list[Any] = []
    for row in rows:
        operation, extra, error = row.operation_type, row.extra_info, row.error_info or _NO_ERROR_INFO
        backup_id = incremental = rest = odd_code = target_id = synced = left = None
        if operation == BACKUP:
            if block := extra.backup:
                backup_id, incremental = block.backup_id, block.incremental
                rest, odd_code = block.app_consistency_status, block.app_consistency_error_code
        elif operation in COPIES:
            backup_id = extra.replication and extra.replication.source_backup_id
        elif operation in DELETIONS:
            backup_id = extra.delete and extra.delete.backup_id
        elif operation in RESTORES and (block := extra.restore):
            backup_id, target_id = block.backup_id, block.target_resource_id
        elif operation == SYNC and (block := extra.sync):
            synced, left = block.sync_backup_num, failures({NOT_SYNCED: block.err_sync_backup_num})
        elif operation == VAULT_DELETE and (block := extra.vault_delete):
            left = failures({name: getattr(block, name) for name in FAILURES})
        what = (operation, row.status, error.code, error.message)
        how.append((*what, incremental, rest, odd_code, target_id, (), synced, left))
        backup_ids.append(backup_id or None)
    return how, backup_ids


def _packed(pack: Callable[[Sequence[str]], bytes], texts: Sequence[Any], some: str, nothing: bytes) -> bytes:
    """Pack texts together; where there is none, some text is packed, and taken out again."""
    with suppress(TypeError):  # few pages have a task without
        return pack(texts)
    missing = [place for place, each in enumerate(texts) if type(each) is not str]
    filled = list(texts)
    for place in missing:
        filled[place] = some
    packed, width = bytearray(pack(filled)), len(nothing)
    for place in missing:
        packed[place * width : (place + 1) * width] = nothing
    return bytes(packed)


def _plain_where(read: Common) -> Common:
    return tuple([SHARED[each] for each in read])


def _plain_how(read: Common) -> Common:
    operation, status, code, message, incremental, consistency, consistency_code, target_id, *rest = read
    removed, synced, left = rest
    return (
        operation,
        status,
        SHARED[code],
        SHARED[message],
        truth(incremental),
        text(consistency),
        None if consistency_code == NO_ERROR else SHARED[consistency_code],
        text(target_id),
        removed,
        number(synced),
        left,
    )
