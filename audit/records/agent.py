"""Agents: the clients on servers that back up files."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from audit.records.fields import optional_instant, text


class Agent(Struct, frozen=True, kw_only=True):
    """A CBR client on a server, which backs up files. Source: ListAgent.

    Attributes:
        id: agent_id; a vault for files holds the agent under it.
        status: normal, abnormal or uninstall (removed, or being upgraded); None if the response does not say.
        last_active: last_active_time; None if the response does not say.
    """

    id: str
    host_name: str | None
    status: str | None
    last_active: datetime | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Agent":
        """Build an agent from a row of agents.

        Raises:
            ValueError: the time is invalid.
        """
        return cls(
            id=row["agent_id"],
            host_name=text(row.get("host_name")),
            status=text(row.get("status")),
            last_active=optional_instant(row.get("last_active_time")),
        )
