"""Vaults and the resources that they hold."""

import json
from collections.abc import Mapping
from datetime import datetime
from sys import intern
from typing import Any, Final

from msgspec import Struct

from audit.records.fields import are_ids, block, blocks, ids, number, optional_instant, shared, text, truth
from audit.records.operations import BACKUP, REPLICATION

_HYBRID: Final = "hybrid"


class Protected(Struct, frozen=True, kw_only=True):
    """One resource that a vault holds (vaults[].resources[]).

    Attributes:
        auto_protect: whether it follows the vault's automatic policy; None if the response does not say.
        excluded: the ids of its disks that are not backed up (extra_info.exclude_volumes).
        included: the ids of the only disks that are backed up; empty if all are (extra_info.include_volumes).
        disks_known: whether both lists could be read.
        protect_status: available, error, protecting, restoring, removing, or deleted if the resource is gone.
        size_gb: the size of the resource in GB (size).
        backup_count: the number of its backups in the vault.
        backup_mb: the space that these take, in MB (backup_size).
    """

    id: str
    name: str
    type: str
    auto_protect: bool | None = None
    excluded: tuple[str, ...] = ()
    included: tuple[str, ...] = ()
    disks_known: bool = True
    protect_status: str | None = None
    size_gb: int | None = None
    backup_count: int | None = None
    backup_mb: int | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Protected":
        """Build a protected resource from an item of a vault's resources."""
        extra = block(row, "extra_info")
        return cls(
            id=row["id"],
            name=text(row.get("name")) or row["id"],
            type=row["type"],
            auto_protect=truth(row.get("auto_protect")),
            excluded=ids(extra.get("exclude_volumes")),
            included=ids(extra.get("include_volumes")),
            disks_known=_tells_disks(row.get("extra_info")),
            protect_status=shared(row.get("protect_status")),
            size_gb=number(row.get("size")),
            backup_count=number(row.get("backup_count")),
            backup_mb=number(row.get("backup_size")),
        )


class Vault(Struct, frozen=True, kw_only=True):
    """A vault in its current state. What the response does not say is None.

    Attributes:
        protect_type: backup, replication or hybrid (billing.protect_type).
        cloud_type: public or hybrid (billing.cloud_type).
        object_type: server, disk, turbo, workspace, file … (billing.object_type).
        status: available, lock, frozen, deleting or error (billing.status); lock means that it is being enlarged.
        locked: whether backups cannot be deleted before they expire (WORM); not billing.status.
        auto_bind: whether new resources that match its rules are added automatically.
        bind_rules: the tags by which these are picked, as sorted key=value; empty if all are. No document says whether
            a resource needs one of them or all. Rules of another form are kept as they are.
        size_gb: the purchased size, in GB (billing.size).
        used_mb: the used size, in MB (billing.used).
        auto_expand: whether it is enlarged automatically before it is full.
        demand_billing: whether backups may take more than was purchased.
        threshold_percent: the usage at which CBR itself warns.
        smn_notify: whether CBR sends that warning.
        tags: keys and values, in the order of the response; a value may be empty.
    """

    id: str
    name: str
    protect_type: str
    created_at: datetime | None
    resources: tuple[Protected, ...]
    cloud_type: str | None = None
    object_type: str | None = None
    status: str | None = None
    consistent_level: str | None = None
    is_multi_az: bool | None = None
    locked: bool | None = None
    auto_bind: bool | None = None
    bind_rules: tuple[str, ...] | None = None
    size_gb: int | None = None
    used_mb: int | None = None
    threshold_percent: int | None = None
    auto_expand: bool | None = None
    demand_billing: bool | None = None
    smn_notify: bool | None = None
    enterprise_project_id: str | None = None
    tags: tuple[tuple[str, str], ...] | None = ()

    @property
    def receives_copies_only(self) -> bool:
        """Whether no backups are made into it: it only receives copies from another region."""
        return self.protect_type == REPLICATION

    @property
    def is_synchronised(self) -> bool:
        """Whether its contents were backed up elsewhere, such as on premises, and synchronised: CBR plans nothing."""
        return _HYBRID in {self.protect_type, self.cloud_type} and not self.receives_copies_only

    @property
    def is_filled_by_cbr(self) -> bool:
        """Whether it receives only backups that CBR makes."""
        return self.protect_type == BACKUP and not self.is_synchronised

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Vault":
        """Build a vault from a row of vaults.

        Raises:
            ValueError: the creation time is invalid.
        """
        billing = row["billing"]
        return cls(
            id=row["id"],
            name=row["name"],
            protect_type=billing["protect_type"],
            created_at=optional_instant(row.get("created_at")),
            resources=tuple(Protected.from_row(held) for held in row["resources"]),
            cloud_type=text(billing.get("cloud_type")),
            object_type=text(billing.get("object_type")),
            status=text(billing.get("status")),
            consistent_level=text(billing.get("consistent_level")),
            is_multi_az=truth(billing.get("is_multi_az")),
            locked=truth(row.get("locked")),
            auto_bind=truth(row.get("auto_bind")),
            bind_rules=_bind_rules(row.get("bind_rules")),
            size_gb=number(billing.get("size")),
            used_mb=number(billing.get("used")),
            threshold_percent=number(row.get("threshold")),
            auto_expand=truth(row.get("auto_expand")),
            demand_billing=truth(row.get("demand_billing")),
            smn_notify=truth(row.get("smn_notify")),
            enterprise_project_id=text(row.get("enterprise_project_id")),
            tags=_tags(row.get("tags")),
        )


def _tags(value: object) -> tuple[tuple[str, str], ...] | None:
    if not isinstance(value, list):
        return None
    pairs = ((text(tag.get("key")), text(tag.get("value")) or "") for tag in blocks(value))
    return tuple((intern(key), intern(text)) for key, text in pairs if key)


def _bind_rules(rules: object) -> tuple[str, ...] | None:
    """Read the tags by which resources are picked; an unreadable rule is kept as it is, so that changes of it show."""
    if rules is None:
        return None
    tags = rules.get("tags") or [] if isinstance(rules, dict) and rules.keys() <= {"tags"} else None
    if not isinstance(tags, list) or not all(map(_is_tag, tags)):
        return (json.dumps(rules, sort_keys=True, separators=(",", ":")),)
    return tuple(sorted({f"{tag['key']}={tag.get('value') or ''}" for tag in tags}))


def _is_tag(tag: object) -> bool:
    """Whether it is a key, perhaps with a value, and nothing else that might pick."""
    if not isinstance(tag, dict) or not tag.keys() <= {"key", "value"}:
        return False
    return text(tag.get("key")) is not None and isinstance(tag.get("value"), str | None)


def _tells_disks(extra: object) -> bool:
    if not isinstance(extra, Mapping):
        return not extra
    return are_ids(extra.get("exclude_volumes")) and are_ids(extra.get("include_volumes"))
