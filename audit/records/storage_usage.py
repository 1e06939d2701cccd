"""Storage usage: what CBR counts for each resource, in all vaults together."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from audit.records.fields import number


class Usage(Struct, frozen=True, kw_only=True):
    """What CBR counts for one resource. Source: ShowStorageUsage.

    Attributes:
        backup_count: the number of backups; None if the response does not say.
    """

    backup_count: int | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Usage":
        """Build the usage from a row of storage_usage."""
        return cls(backup_count=number(row.get("backup_count")))
