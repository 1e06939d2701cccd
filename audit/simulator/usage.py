"""What the service counts for each resource, whichever vaults keep its backups."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from audit.simulator.blueprint import Draft
from audit.simulator.messages import Row

_COUNTED: Final = timedelta(days=1)


def usage_rows(draft: Draft, vaults: list[Row], backups: list[Row]) -> list[Row]:
    """Count the finished backups that exist, and unlisted ones in a hybrid vault.

    The size of backups in several zones is stated separately. If the draft says so, one resource is left out.
    """
    synchronised = {resource.id: resource.synchronised for resource in draft.resources()}
    made = Counter(row["resource_id"] for row in backups if _is_finished(row))
    rows = {
        held["id"]: _usage(vault, held, made[held["id"]] + synchronised.get(held["id"], 0))
        for vault, held in _kept(vaults, "backup", "hybrid")
    }
    if draft.forgets_usage:
        _forget(draft, vaults, backups, rows)
    return list(rows.values())


def _usage(vault: Row, held: Row, count: int) -> Row:
    in_several_zones = vault["billing"]["is_multi_az"]
    return {
        "resource_id": held["id"],
        "resource_name": held["name"],
        "resource_type": held["type"],
        "backup_count": count,
        "backup_size": 0 if in_several_zones else held["backup_size"],
        "backup_size_multiaz": held["backup_size"] if in_several_zones else 0,
    }


def _forget(draft: Draft, vaults: list[Row], backups: list[Row], rows: dict[str, Row]) -> None:
    """Count nothing for the last single-zone resource that has backups from before the last day."""
    end = draft.as_of - _COUNTED
    old = {row["resource_id"] for row in backups if row["status"] == "available" and _is_from_before(row, end)}
    there = {resource.id for resource in draft.resources() if not (resource.is_deleted or resource.is_unlisted)}
    single = [held["id"] for vault, held in _kept(vaults, "backup") if not vault["billing"]["is_multi_az"]]
    for resource_id in [each for each in single if each in old & there][-1:]:
        rows[resource_id] |= {"backup_count": 0, "backup_size": 0}
        draft.truth.resource(resource_id, "CBR-408")


def _kept(vaults: list[Row], *protect_types: str) -> Iterator[tuple[Row, Row]]:
    """Yield each resource with its vault, in vaults of some types."""
    chosen = (vault for vault in vaults if vault["billing"]["protect_type"] in protect_types)
    return ((vault, held) for vault in chosen for held in vault["resources"])


def _is_finished(row: Row) -> bool:
    return bool(row["image_type"] == "backup" and row["status"] != "protecting")


def _is_from_before(row: Row, end: datetime) -> bool:
    return _is_finished(row) and datetime.fromisoformat(row["created_at"]).replace(tzinfo=UTC) < end
