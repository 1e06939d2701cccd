"""Removed backups: the lists and counts without them."""

from collections.abc import Sequence

from audit.simulator.estate import Estate
from audit.simulator.messages import Row


def remove_backups(estate: Estate, held: Row, gone: Sequence[Row]) -> None:
    """Remove whole backups of a resource from the rows of an estate, as its vault holds it."""
    ids = {row["id"] for row in gone}
    estate.backups[:] = [row for row in estate.backups if not ids & {row["id"], row["parent_id"]}]
    for counted in (held, *(row for row in estate.storage_usage if row["resource_id"] == held["id"])):
        counted["backup_count"] -= len(gone)
