"""Storage usage: what CBR counts of each resource, whichever vaults keep its backups."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from audit.records.fields import number


class Usage(Struct, frozen=True, kw_only=True):
    """What CBR counts of one resource. Source: ShowStorageUsage.

    Attributes:
        backup_count: how many backups; None where the answer does not say.
    """

    backup_count: int | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Usage":
        """Build the usage from a row of storage_usage."""
        return cls(backup_count=number(row.get("backup_count")))
