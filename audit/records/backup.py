"""Backups, the recovery points that a vault keeps, and their copies in other regions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from sys import intern
from typing import Any, Final

from msgspec import Struct

from audit.records.fields import all_shared, fields_of, objects, optional_instant, shared, text, truth
from audit.records.keys import Key, each_key
from audit.records.operations import REPLICATION
from audit.timestamps import instant

_RESTORABLE: Final = frozenset({"available", "restoring", "waiting_restore"})
_REPLICA_STATUSES: Final = frozenset({"replicating", "success", "fail", "skip", "waiting_replicate"})
_BEING_MADE: Final = frozenset({"protecting", "waiting_protect"})
_BEING_DELETED: Final = frozenset({"deleting", "waiting_delete"})
_PASSING: Final = _BEING_MADE | _BEING_DELETED


class Replica(Struct, frozen=True, kw_only=True, gc=False):
    """One copy of a backup in another region (backups[].replication_records[]).

    Attributes:
        status: replicating, success, fail, skip or waiting_replicate.
    """

    status: str | None
    region: str | None
    created_at: datetime | None


class Backup(Struct, frozen=True, gc=False):
    """A backup in its current state. Source: ListBackups, table BackupResp.

    Attributes:
        key: the id, as tasks store it.
        status: available, protecting, deleting, restoring, error or waiting_…
        image_type: backup, or replication for a copy that came from another region.
        expired_at: when retention ends; None if it never does, as for a backup made by hand.
        by_policy: whether a policy made it (extend_info.auto_trigger); None if the response does not say.
        encrypted: whether its disks are encrypted; None if the response does not say.
        encrypted_algorithm: the algorithm, if the response has it; no response says whose key.
        parent_id: the backup of a server that this backup of one disk belongs to.
        replicas: its copies in other regions.
    """

    id: str
    key: Key
    resource_id: str
    vault_id: str
    status: str
    image_type: str
    created_at: datetime
    expired_at: datetime | None = None
    resource_name: str | None = None
    resource_type: str | None = None
    by_policy: bool | None = None
    encrypted: bool | None = None
    encrypted_algorithm: str | None = None
    parent_id: str | None = None
    replicas: tuple[Replica, ...] = ()

    @property
    def is_copy(self) -> bool:
        """Whether it came from another region; it proves nothing about the backups made here."""
        return self.image_type == REPLICATION

    @property
    def is_own(self) -> bool:
        """Whether it was made here and is whole: neither a copy nor a part of a server's backup."""
        return self.parent_id is None and self.image_type != REPLICATION

    @property
    def is_copied(self) -> bool:
        """Whether there is a copy of it in another region."""
        return any(replica.status == "success" for replica in self.replicas)

    @property
    def may_be_copied(self) -> bool:
        """Whether it has a copy with an undocumented status, which may or may not be complete."""
        return any(replica.status not in _REPLICA_STATUSES for replica in self.replicas)

    @property
    def is_available(self) -> bool:
        """Whether it can be restored from; it may be being restored now."""
        return self.status in _RESTORABLE

    @property
    def is_broken(self) -> bool:
        """Whether nothing can be restored from it; a failed backup may leave such a backup, too."""
        return self.status == "error"

    @property
    def is_being_made(self) -> bool:
        """Whether it is unfinished and may still fail."""
        return self.status in _BEING_MADE

    @property
    def is_lasting(self) -> bool:
        """Whether it is neither being made nor being deleted."""
        return self.status not in _PASSING

    @property
    def is_being_deleted(self) -> bool:
        """Whether it will soon be gone."""
        return self.status in _BEING_DELETED

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Backup":
        """Build a backup from a row of backups, as it was parsed.

        Raises:
            ValueError: a timestamp is well-formed but invalid.
        """
        return backups_of((fields_of(row),))[0]


def backups_of(rows: Sequence[Any]) -> list[Backup]:
    """Build backups from rows, field by field.

    Args:
        rows: objects whose fields are attributes: of types that were made of the schema, or as fields_of gives them.

    Raises:
        ValueError: a timestamp is well-formed but invalid.
    """
    ids = [row.id for row in rows]
    extends = [fields_of(row.extend_info) for row in rows]
    columns = (  # in the order of the fields of Backup
        each_key(ids),
        all_shared([row.resource_id for row in rows]),
        all_shared([row.vault_id for row in rows]),
        [intern(row.status) for row in rows],
        [intern(row.image_type) for row in rows],
        [instant(row.created_at) for row in rows],
        [optional_instant(row.expired_at) for row in rows],
        all_shared([row.resource_name for row in rows]),
        all_shared([row.resource_type for row in rows]),
        [truth(extend.auto_trigger) for extend in extends],
        [truth(extend.encrypted) for extend in extends],
        all_shared([extend.encrypted_algorithm for extend in extends]),
        [text(row.parent_id) for row in rows],
        [_replicas(row.replication_records) for row in rows],
    )
    return list(map(Backup, ids, *columns))


def _replicas(records: object) -> tuple[Replica, ...]:
    return tuple([_replica(record) for record in objects(records)]) if records else ()


def _replica(record: Any) -> Replica:
    return Replica(
        status=shared(record.status),
        region=shared(record.destination_region),
        created_at=optional_instant(record.created_at),
    )
