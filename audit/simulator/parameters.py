"""Query parameters, read strictly: unknown, repeated and out-of-range ones are refused."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl

from audit.simulator.answers import bad_parameter

Reader = Callable[[str], object]
MOST_ROWS: Final = 1000
MOST_PROTECTABLES: Final = 50  # the text says so, but a recorded response was to limit=100


def read(query: str, readers: Mapping[str, Reader], *, repeatable: str = "") -> dict[str, object]:
    """Read a query with one reader for each known name; only the ``repeatable`` one may occur twice, as a list."""
    found: dict[str, object] = {}
    repeated: list[object] = []
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in readers:
            raise bad_parameter(f"{name!r} is not known.")
        if name in found and name != repeatable:
            raise bad_parameter(f"{name!r} is given twice.")
        try:
            found[name] = readers[name](text)
        except ValueError as error:
            raise bad_parameter(f"{name!r} {error}.") from error
        if name == repeatable:
            repeated.append(found[name])
    return {**found, repeatable: repeated} if repeated else found


def text(value: str) -> str:
    """Read a non-empty text."""
    if not value:
        raise ValueError("is empty")
    return value


def one_of(*values: str) -> Reader:
    """Read one of a few words."""

    def reader(value: str) -> str:
        if value not in values:
            raise ValueError(f"is not one of {', '.join(values)}")
        return value

    return reader


def whole(lowest: int, highest: int | None = None) -> Reader:
    """Read a whole number within limits."""

    def reader(value: str) -> int:
        # isdecimal alone would let the digits of other scripts pass.
        if not (value.isascii() and value.isdecimal()):
            raise ValueError("is not a whole number")
        number = int(value)
        if number < lowest or (highest is not None and number > highest):
            raise ValueError("is out of range")
        return number

    return reader


def moment(value: str) -> datetime:
    """Read a time in the only form that the documents give for queries."""
    return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def flag(value: str) -> bool:
    """Read true or false."""
    if value.lower() not in ("true", "false"):
        raise ValueError("is neither true nor false")
    return value.lower() == "true"


PAGING: Final[Mapping[str, Reader]] = {"limit": whole(1, MOST_ROWS), "offset": whole(0)}
TASKS: Final[Mapping[str, Reader]] = {
    **PAGING,
    "start_time": moment,
    "end_time": moment,
    "enterprise_project_id": text,
    "operation_type": one_of(
        "backup",
        "copy",
        "replication",
        "delete",
        "restore",
        "vault_delete",
        "remove_resource",
        "sync",
        "migrate_resources",
        "update_expiration_time",
    ),
    "provider_id": text,
    "resource_id": text,
    "resource_name": text,
    "status": one_of("success", "skipped", "failed", "running", "timeout", "waiting"),
    "vault_id": text,
    "vault_name": text,
}
POLICIES: Final[Mapping[str, Reader]] = {"operation_type": one_of("backup", "replication"), "vault_id": text}
VAULTS: Final[Mapping[str, Reader]] = {
    **PAGING,
    "name": text,
    "cloud_type": one_of("public", "hybrid"),
    "protect_type": one_of("backup", "replication", "hybrid"),
    "object_type": text,
    "enterprise_project_id": text,
    "id": text,
    "policy_id": text,
    "status": text,
    "resource_ids": text,
}
BACKUPS: Final[Mapping[str, Reader]] = {
    **PAGING,
    "checkpoint_id": text,
    "dec": flag,
    "end_time": moment,
    "enterprise_project_id": text,
    "image_type": one_of("backup", "replication"),
    "incremental": flag,
    "marker": text,
    "member_status": one_of("pending", "accepted", "rejected"),
    "name": text,
    "own_type": one_of("all_granted", "private", "shared"),
    "parent_id": text,
    "resource_az": text,
    "resource_id": text,
    "resource_name": text,
    "resource_type": one_of("OS::Cinder::Volume", "OS::Nova::Server", "OS::Workspace::DesktopV2"),
    "show_replication": flag,
    "sort": text,
    "start_time": moment,
    "status": one_of(
        "available",
        "protecting",
        "deleting",
        "restoring",
        "error",
        "waiting_protect",
        "waiting_delete",
        "waiting_restore",
    ),
    "used_percent": whole(1, 100),
    "vault_id": text,
}
ORGANISATION_POLICIES: Final[Mapping[str, Reader]] = {**PAGING, "operation_type": one_of("backup", "replication")}
MEMBERS: Final[Mapping[str, Reader]] = {
    **PAGING,
    "dest_project_id": text,
    "status": one_of("pending", "accepted", "rejected"),
}
STORAGE_USAGE: Final[Mapping[str, Reader]] = {**PAGING, "resource_id": text, "resource_type": text}
AGENTS: Final[Mapping[str, Reader]] = {**PAGING, "status": text, "agent_id": text}
PROTECTABLES: Final[Mapping[str, Reader]] = {
    "limit": whole(1, MOST_PROTECTABLES),
    "offset": whole(0),
    "marker": text,
    "name": text,
    "status": text,
    "id": text,
    "server_id": text,
}
