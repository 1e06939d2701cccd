"""Protectable resources: those of the project that could be in a vault."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from audit.records.fields import block, ids, text

_DELETED: Final = frozenset({"deleted", "soft_deleted"})


class Protectable(Struct, frozen=True, kw_only=True):
    """A resource of the project that could be protected, whether or not it is. Source: ListProtectable.

    Attributes:
        can_be_protected: whether CBR would accept it into a vault (protectable.result).
        vault_id: the vault that holds it, or None (protectable.vault.id).
        parts: the ids of a server's disks, which its backups include (children).
        status: its state, in the words of its service.
    """

    id: str
    name: str
    type: str
    can_be_protected: bool
    vault_id: str | None = None
    parts: tuple[str, ...] = ()
    status: str | None = None

    @property
    def is_deleted(self) -> bool:
        """Whether it is still listed although it was deleted."""
        return (self.status or "").lower() in _DELETED

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Protectable":
        """Build a protectable resource from an item of instances."""
        protectable = block(row, "protectable")
        return cls(
            id=row["id"],
            name=text(row.get("name")) or row["id"],
            type=row["type"],
            can_be_protected=protectable["result"],
            vault_id=text(block(protectable, "vault").get("id")),
            parts=ids(row.get("children")),
            status=text(row.get("status")),
        )
