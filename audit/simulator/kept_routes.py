"""The lists of backups, protectable resources and agents."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Final

from audit.simulator import parameters
from audit.simulator.answers import bad_parameter, good
from audit.simulator.cloud import SimulatedCloud
from audit.simulator.listings import Asked, after, answer_page, find, list_page, paging, show, times
from audit.simulator.messages import Request, Response, Row

_SAME: Final = (
    "checkpoint_id",
    "image_type",
    "incremental",
    "name",
    "parent_id",
    "resource_az",
    "resource_id",
    "resource_name",
    "resource_type",
    "status",
    "vault_id",
)
_SORTABLE: Final = ("created_at", "updated_at", "name", "status", "resource_name", "resource_size")
_ALL_PROJECTS: Final = "all_granted_eps"


def list_backups(cloud: SimulatedCloud, request: Request, _: str) -> Response:
    """List the backups, newest first; their copies in other regions only with ``show_replication``.

    Times are compared with ``created_at``, inclusively; quirks compare in other ways. A hidden backup is counted and
    has a place in a page, but is never delivered.
    """
    quirks = cloud.quirks
    asked = quirks.read(request.split().query, parameters.BACKUPS)
    limit, offset = paging(asked, most=quirks.most_rows)
    rows = after(_sorted(_chosen(cloud, asked), str(asked.get("sort", ""))), asked.get("marker"))
    page = [row for row in rows[offset : offset + limit] if row["id"] not in cloud.estate.hidden]
    shown = page if asked.get("show_replication") else [row | {"replication_records": []} for row in page]
    count = quirks.counted(selected=len(rows), page=len(page), everything=len(cloud.estate.backups))
    stated = quirks.stated_limit(asked, limit)
    return answer_page("backups", shown, count=count, limit=stated, offset=offset)


def show_backup(cloud: SimulatedCloud, _: Request, backup_id: str) -> Response:
    """Show one backup, or the backup of one disk of a server, with its copies."""
    row = None if backup_id in cloud.estate.hidden else find(list(_with_children(cloud)), backup_id)
    return show("backup", row, "6200", "The backup does not exist.")


def list_protectables(cloud: SimulatedCloud, request: Request, kind: str) -> Response:
    """List the protectable resources of one kind; limit and offset are documented, the count is not."""
    if kind not in cloud.estate.protectables:
        raise bad_parameter(f"'protectable_type' is not one of {', '.join(cloud.estate.protectables)}.")
    asked = parameters.read(request.split().query, parameters.PROTECTABLES)
    limit, offset = paging(asked, parameters.MOST_PROTECTABLES)
    rows = [row for row in cloud.estate.protectables[kind] if _is_asked_for(row, asked)]
    page = after(rows, asked.get("marker"))[offset : offset + limit]
    return good({"instances": page, "count": len(rows)})


def list_members(cloud: SimulatedCloud, request: Request, backup_id: str) -> Response:
    """List the members of a backup; this response repeats neither limit nor offset."""
    if find(cloud.estate.backups, backup_id) is None:
        return show("backup", None, "6200", "The backup does not exist.")
    asked = parameters.read(request.split().query, parameters.MEMBERS)
    limit, offset = paging(asked)
    members = cloud.estate.members.get(backup_id, [])
    rows = [
        row for row in members if all(asked.get(name, row[name]) == row[name] for name in ("dest_project_id", "status"))
    ]
    return good({"members": rows[offset : offset + limit], "count": len(rows)})


def list_usage(cloud: SimulatedCloud, request: Request, _: str) -> Response:
    """List the usage of each resource; this response has its own name for the count, and repeats nothing."""
    asked = parameters.read(request.split().query, parameters.STORAGE_USAGE)
    limit, offset = paging(asked)
    rows = [
        row
        for row in cloud.estate.storage_usage
        if all(asked.get(name, row[name]) == row[name] for name in ("resource_id", "resource_type"))
    ]
    return good({"storage_usage": rows[offset : offset + limit], "resource_count": len(rows)})


def list_agents(cloud: SimulatedCloud, request: Request, _: str) -> Response:
    """List the agents; ``agent_id`` may contain several with commas."""
    asked = parameters.read(request.split().query, parameters.AGENTS)
    limit, offset = paging(asked)
    wanted = str(asked["agent_id"]).split(",") if "agent_id" in asked else None
    rows = [row for row in cloud.estate.agents if asked.get("status", row["status"]) == row["status"]]
    return list_page("agents", [row for row in rows if not wanted or row["agent_id"] in wanted], limit, offset)


def _with_children(cloud: SimulatedCloud) -> Iterator[Row]:
    for row in cloud.estate.backups:
        yield row
        yield from row["children"]


def _chosen(cloud: SimulatedCloud, asked: Asked) -> list[Row]:
    """Choose among the backups of the project or, if requested, those of the disks of one server."""
    if asked.get("own_type") == "shared" or "member_status" in asked:
        return []  # nobody shares anything with this project
    rows = _with_children(cloud) if "parent_id" in asked else cloud.estate.backups
    vaults = {vault["id"] for vault in cloud.estate.vaults if _vault_is_asked_for(vault, asked)}
    start, end = times(asked)
    return [row for row in rows if _backup_is_asked_for(row, asked, vaults) and cloud.quirks.selects(row, start, end)]


def _vault_is_asked_for(vault: Row, asked: Asked) -> bool:
    billing, project = vault["billing"], asked.get("enterprise_project_id", _ALL_PROJECTS)
    used_percent = billing["used"] * 100 // (billing["size"] * 1024)
    return project in (_ALL_PROJECTS, vault["enterprise_project_id"]) and used_percent >= int(
        str(asked.get("used_percent", 0))
    )


def _backup_is_asked_for(row: Row, asked: Asked, vaults: set[str]) -> bool:
    is_dec = row["extend_info"]["is_dec"]
    return (
        row["vault_id"] in vaults
        and all(row[name] == asked[name] for name in _SAME if name in asked)
        and asked.get("dec", is_dec) == is_dec
    )


def _sorted(rows: list[Row], sort: str) -> list[Row]:
    """Sort by keys such as ``name:asc,created_at:desc``; the first one has precedence."""
    for part in reversed(sort.split(",") if sort else []):
        key, _, direction = part.partition(":")
        if key not in _SORTABLE or direction not in ("", "asc", "desc"):
            raise bad_parameter(f"'sort' cannot be by {part!r}.")
        rows = sorted(rows, key=itemgetter(key), reverse=direction == "desc")
    return rows


def _is_asked_for(row: Row, asked: Asked) -> bool:
    facts = {"id": row["id"], "name": row["name"], "status": row["status"], "server_id": row["id"]}
    return all(asked.get(name, fact) == fact for name, fact in facts.items())
