"""What is kept, counted again: CBR-111, 207, 401 to 408, 501 to 505."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from tests.simulator.rows import Pair, Row, Rows, flag, made_by, when

if TYPE_CHECKING:
    from tests.simulator.recount import Limits

SERVERS = {"OS::Nova::Server", "OS::Ironic::BareMetalServer", "OS::Native::Server"}


def failures(rows: Rows, limits: "Limits", since: datetime) -> Iterator[Pair]:
    for vault, resource in rows.held():
        broken = [*_broken(rows, limits, vault, resource)]
        places = ("CBR-504",) if resource["protect_status"] == "deleted" else _of_place(rows, vault, resource)
        for control in {*_of_points(rows, limits, resource, broken), *places}:
            yield control, "resource", resource["id"]
        if broken or _comes_from_nowhere(rows, since, resource):
            yield "CBR-404", "resource", resource["id"]
    for vault in rows.estate.vaults:
        ends = [point["expired_at"] for point in rows.points_of_vault.get(vault["id"], ()) if point.get("expired_at")]
        if any(when(end) + limits.overstay < rows.estate.as_of for end in ends):
            yield "CBR-405", "vault", vault["id"]
    yield from _beside(rows, limits)
    yield from _destroyed(rows, limits)
    yield from _unprotected(rows)


def _beside(rows: Rows, limits: "Limits") -> Iterator[Pair]:
    """What lists say that only some profiles have read."""
    held = {resource["id"] for _, resource in rows.held()}
    for agent in rows.estate.agents:
        silent = when(agent["last_active_time"]) + limits.silence < rows.estate.as_of
        if agent["agent_id"] in held and (silent or agent["status"] == "abnormal"):
            yield "CBR-505", "resource", agent["agent_id"]
    if any(each["status"] == "error" for found in rows.estate.deployments.values() for each in found):
        yield "CBR-207", "collection", rows.estate.project_id
    for _, resource in rows.held():
        points = [point for point in rows.estate.backups if point["resource_id"] == resource["id"]]
        newest = next((point["id"] for point in points if point["status"] not in {"protecting", "deleting"}), "")
        if any(member["status"] != "rejected" for member in rows.estate.members.get(newest, ())):
            yield "CBR-407", "resource", resource["id"]
    counts = {row["resource_id"]: row["backup_count"] for row in rows.estate.storage_usage}
    for vault, resource in rows.held():
        points = rows.own_points_of.get(resource["id"], [])
        is_kept = any(rows.is_old(point) and point["status"] == "available" for point in points)
        is_counted = is_kept and resource["backup_count"] and not vault["billing"]["is_multi_az"]
        if is_counted and counts[resource["id"]] == 0 and resource["protect_status"] != "deleted":
            yield "CBR-408", "resource", resource["id"]


def _of_points(rows: Rows, limits: "Limits", resource: Row, broken: list[datetime]) -> Iterator[str]:
    points = rows.own_points_of.get(resource["id"], [])
    ready = [point for point in points if point["status"] != "protecting"]
    if ready[0]["status"] != "available" if ready else bool(rows.claims(resource)):
        yield "CBR-401"
    if ready and any(promised > when(ready[0]["created_at"]) for promised in broken):
        yield "CBR-401"
    whole = [point for point in points if point["status"] == "available"]
    if resource["backup_size"] == 0 and any(rows.is_old(point) for point in whole):
        yield "CBR-406"
    if points and not flag(points[0]["extend_info"]["encrypted"]):
        yield "CBR-402"
    for point in points:
        by_policy = flag(point["extend_info"].get("auto_trigger", True))
        end = point.get("expired_at")
        if by_policy and end and when(end) - when(point["created_at"]) < limits.kept:
            yield "CBR-403"


def _of_place(rows: Rows, vault: Row, resource: Row) -> Iterator[str]:
    if rows.enabled(vault) is not None and not resource["auto_protect"]:
        yield "CBR-501"
    extra = resource["extra_info"]
    if resource["type"] in SERVERS and (extra.get("exclude_volumes") or extra.get("include_volumes")):
        yield "CBR-502"


def _broken(rows: Rows, limits: "Limits", vault: Row, resource: Row) -> Iterator[datetime]:
    """When tasks promised a backup that is not there, or not their own, although nothing explains it."""
    repeats = {task["id"] for task in rows.backups(resource, "failed")}
    policies = rows.policies_of.get(vault["id"], [])
    for newer, task in enumerate(rows.claims(resource)):
        age = rows.estate.as_of - when(task["ended_at"])
        explained = any(rows.explains(policy, age, newer, limits.explained) for policy in policies)
        if task["id"] in repeats or not (rows.proves(resource, task) or made_by(task) in rows.deleted or explained):
            yield when(task["created_at"])


def _comes_from_nowhere(rows: Rows, since: datetime, resource: Row) -> bool:
    """Whether a backup is there that no task made."""
    points = rows.own_points_of.get(resource["id"], [])
    made = {made_by(task) for task in rows.backups(resource)}
    return any(point["id"] not in made for point in points if when(point["created_at"]) >= since)


def _destroyed(rows: Rows, limits: "Limits") -> Iterator[Pair]:
    for task in rows.successes:
        operation = task["operation_type"]
        if operation in ("vault_delete", "remove_resource") or (operation == "delete" and _early(rows, limits, task)):
            yield "CBR-111", "vault", task["vault_id"]


def _early(rows: Rows, limits: "Limits", task: Row) -> bool:
    maker = rows.makers[task["extra_info"]["delete"]["backup_id"]]
    at, ended = when(task["created_at"]) - limits.deleted_late, when(maker["ended_at"])
    ends = rows.ends_of[task["extra_info"]["resource"]["id"]]
    newer = bisect_right(ends, at) - bisect_right(ends, ended)
    policies = [each for each in rows.policies_of[task["vault_id"]] if each["operation_type"] == "backup"]
    return not any(rows.explains(policy, at - ended, newer, limits.retained) for policy in policies)


def unlisted(rows: Rows) -> Iterator[Pair]:
    """Servers that the list of resources does not show any more; bare metal is not sure to be listed."""
    listed = {instance["id"] for instances in rows.estate.protectables.values() for instance in instances}
    for _, resource in rows.held():
        if resource["type"] != "OS::Ironic::BareMetalServer" and resource["id"] not in listed:
            yield "CBR-504", "resource", resource["id"]


def _unprotected(rows: Rows) -> Iterator[Pair]:
    held = {resource["id"] for _, resource in rows.held()}
    for instances in rows.estate.protectables.values():
        for instance in instances:
            if instance["protectable"]["result"] and instance["id"] not in held:
                yield "CBR-503", "resource", instance["id"]
