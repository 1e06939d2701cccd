"""Members of a backup: the projects that it is shared with."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from audit.records.fields import text

_SHARED: Final = frozenset({"pending", "accepted"})
_REJECTED: Final = "rejected"


class Member(Struct, frozen=True, kw_only=True):
    """A project that a backup is shared with. Source: ShowMembersDetail.

    Attributes:
        project_id: the project that the backup is offered to (dest_project_id); None if the response does not say.
        status: pending, accepted or rejected.
    """

    project_id: str | None
    status: str

    @property
    def is_shared(self) -> bool:
        """Whether the project can use the backup, or accept it at any time."""
        return self.status in _SHARED

    @property
    def is_rejected(self) -> bool:
        """Whether the project rejected the backup and cannot use it."""
        return self.status == _REJECTED

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Member":
        """Build a member from a row of members."""
        return cls(project_id=text(row.get("dest_project_id")), status=row["status"])
