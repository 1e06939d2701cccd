"""Runs and restores, counted again: CBR-101 to 110, 112, 113, 602 and 603."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from tests.simulator.rows import DAY, HOUR, Pair, Row, Rows, due, flag, longest_gap, made_by, unfinished, when

if TYPE_CHECKING:
    from tests.simulator.recount import Limits

EARLY = HOUR / 60
NEVER = datetime.min.replace(tzinfo=UTC)
FOR_EVER = datetime.max.replace(tzinfo=UTC)


Judge = Callable[[Rows, "Limits", datetime, Row, Row], Iterator[str]]


def failures(rows: Rows, limits: "Limits", since: datetime) -> Iterator[Pair]:
    for vault, resource in rows.held():
        if resource["protect_status"] == "deleted":
            judges: tuple[Judge, ...] = (_of_copies, _of_restores)
        else:
            judges = (_of_success, _of_plan, _of_copies, _of_single_tasks, _of_restores)
        for judge in judges:
            for control in judge(rows, limits, since, vault, resource):
                yield control, "resource", resource["id"]
    for vault in rows.hybrid_vaults:
        for resource in vault["resources"]:
            if _is_left_behind(rows, limits, since, resource):
                yield "CBR-101", "resource", resource["id"]


def _is_left_behind(rows: Rows, limits: "Limits", since: datetime, machine: Row) -> bool:
    """Whether no synchronisation brought a backup for as long as policies may pause; a short log does not show it."""
    now, tasks = rows.estate.as_of, rows.tasks_of.get(machine["id"], ())
    limit = limits.interval + limits.grace
    brought = [when(task["started_at"]) for task in tasks if task["extra_info"].get("sync", {}).get("sync_backup_num")]
    return since < now - limit and not any(now - moment <= limit for moment in brought)


def _of_success(rows: Rows, limits: "Limits", _: datetime, vault: Row, resource: Row) -> Iterator[str]:
    policy, now = rows.enabled(vault), rows.estate.as_of
    limit = (DAY if policy is None else longest_gap(policy)) + limits.grace
    finished = rows.backups(resource, "success", "failed", "timeout")
    good = [task for task in finished if task["status"] == "success"]
    fresh = [task for task in rows.claims(resource) if now - when(task["started_at"]) <= limit]
    is_proven = any(rows.proves(resource, task) for task in fresh)
    if not is_proven and _is_owed(rows, limits, vault, resource):
        yield "CBR-101"
    made_good = _made_good(policy, rows.backups(resource))
    recent = [
        task["status"] for task in finished if now - when(task["created_at"]) <= 30 * DAY and task not in made_good
    ]
    if recent and recent.count("success") / len(recent) < limits.rate:
        yield "CBR-103"
    if len(finished) >= 3 and all(task["status"] != "success" for task in finished[:3]):
        yield "CBR-104"
    last = max((when(task["started_at"]) for task in good), default=NEVER)
    later = [when(task["started_at"]) for task in finished if when(task["started_at"]) > last]
    if later and now - min(later) > limit:
        yield "CBR-105"
    tasks = rows.tasks_of.get(resource["id"], ())
    if any(now - when(task["created_at"]) > limits.stuck for task in tasks if unfinished(task)):
        yield "CBR-106"
    skipped = [when(task["created_at"]) for task in rows.backups(resource, "skipped")]
    if any(now - created <= limits.skipped for created in skipped):
        yield "CBR-107"


def _made_good(policy: Row | None, tasks: list[Row]) -> list[Row]:
    """Failures that a success followed before the next run was due; tasks come newest first."""
    found: list[Row] = []
    for place, failure in enumerate(tasks):
        if policy is None or failure["status"] not in ("failed", "timeout"):
            continue
        created = when(failure["created_at"])
        begin = max(due(policy, created - 40 * DAY, created + EARLY), default=FOR_EVER)
        end = next((moment for moment in due(policy, created, created + 40 * DAY) if moment > begin), FOR_EVER)
        later = [task for task in tasks[:place] if task["status"] == "success"]
        if begin <= created + EARLY and any(when(task["created_at"]) < end - EARLY for task in later):
            found.append(failure)
    return found


def _first_sign(rows: Rows, resource: Row) -> datetime:
    """When a task or, where there is none, a backup first shows that its vault held the resource; otherwise now."""
    tasks = rows.tasks_of.get(resource["id"]) or rows.own_points_of.get(resource["id"]) or []
    return min((when(row["created_at"]) for row in tasks), default=rows.estate.as_of)


def _is_owed(rows: Rows, limits: "Limits", vault: Row, resource: Row) -> bool:
    """Whether a first backup was due since the resource is known to be there."""
    if rows.tasks_of.get(resource["id"]) and rows.backups(resource):
        return True
    policy, now, known = rows.enabled(vault), rows.estate.as_of, _first_sign(rows, resource)
    if policy is None or not resource["auto_protect"]:
        return known + DAY + limits.grace < now
    return any(moment + limits.grace < now for moment in due(policy, known, now))


def _of_plan(rows: Rows, limits: "Limits", since: datetime, vault: Row, resource: Row) -> Iterator[str]:
    policy, now = rows.enabled(vault), rows.estate.as_of
    if policy is None or not resource["auto_protect"]:
        return
    known = max(since, _first_sign(rows, resource) - limits.grace)
    start = now - limits.planned
    tasks = [task for task in rows.backups(resource)[::-1] if when(task["created_at"]) > start - DAY]
    moments = due(policy, start, now)
    periods = pairwise([*moments, FOR_EVER])
    judged = [(moment, end) for moment, end in periods if moment >= known]
    outcomes = {_outcome(tasks, policy, moment, end, limits, now) for moment, end in judged}
    yield from (control for outcome, control in (("unmet", "CBR-102"), ("slow", "CBR-108")) if outcome in outcomes)


def _outcome(tasks: list[Row], policy: Row, moment: datetime, end: datetime, limits: "Limits", now: datetime) -> str:
    """Say how the run that was due at a moment went, whose period reaches to the next one."""
    until = end if end == FOR_EVER else end - EARLY
    period = [task for task in tasks if moment - EARLY <= when(task["created_at"]) < until]
    named = [task for task in period if task["policy_id"] == policy["id"]]
    loose = [task for task in period if task["policy_id"] is None and _began(task) - moment <= limits.grace]
    answer = next(iter([*named, *loose]), None)
    if answer is not None and answer["status"] == "success":
        return "slow" if when(answer["ended_at"]) - moment > limits.window else "met"
    if answer is not None and unfinished(answer):
        return "open"
    if any(task["status"] == "success" for task in period):
        return "met"
    return "pending" if moment + limits.grace > now else "unmet"


def _began(task: Row) -> datetime:
    return when(task["started_at"] or task["created_at"])


def _of_copies(rows: Rows, limits: "Limits", _: datetime, vault: Row, resource: Row) -> Iterator[str]:
    if rows.enabled(vault, "replication") is None:
        return
    tasks = rows.tasks_of.get(resource["id"], ())
    copies = [task for task in tasks if task["operation_type"] in ("replication", "copy")]
    copied = {task["extra_info"]["replication"]["source_backup_id"] for task in copies if task["status"] == "success"}
    points = rows.own_points_of.get(resource["id"], [])
    copied |= {
        point["id"] for point in points for record in point["replication_records"] if record["status"] == "success"
    }
    made = [(point["id"], when(point["created_at"])) for point in points if point["status"] != "protecting"]
    if limits.by_tasks:
        made = [
            (made_by(task), when(task["created_at"])) for task in rows.backups(resource, "success") if made_by(task)
        ]
    old = [backup_id for backup_id, created in made if created <= rows.estate.as_of - limits.lag]
    if (copies and copies[0]["status"] in ("failed", "timeout")) or not copied.issuperset(old[:1]):
        yield "CBR-109"


def _of_single_tasks(rows: Rows, _: "Limits", __: datetime, vault: Row, resource: Row) -> Iterator[str]:
    good = rows.backups(resource, "success")
    blocks = [task["extra_info"]["backup"] for task in good]
    asked = vault["billing"]["consistent_level"] == "app_consistent"
    if asked and blocks and blocks[0]["app_consistency_status"] == "0":
        yield "CBR-110"
    policy = rows.enabled(vault)
    most = policy["operation_definition"].get("full_backup_interval", -1) if policy else -1
    stretches = groupby(blocks, key=lambda block: flag(block["incremental"]))
    if most > 0 and any(len(list(stretch)) > most for incremental, stretch in stretches if incremental):
        yield "CBR-112"
    named = [task["policy_id"] for task in rows.backups(resource) if task["policy_id"]]
    if named and named[0] not in {policy["id"] for policy in rows.policies_of.get(vault["id"], ())}:
        yield "CBR-113"


def _of_restores(rows: Rows, limits: "Limits", _: datetime, __: Row, resource: Row) -> Iterator[str]:
    tasks = [task for task in rows.tasks_of.get(resource["id"], ()) if task["operation_type"] == "restore"]
    good = [task for task in tasks if task["status"] == "success"]
    took: list[timedelta] = [when(task["ended_at"]) - when(task["started_at"]) for task in good]
    if any(each > limits.restore for each in took):
        yield "CBR-602"
    if tasks and tasks[0]["status"] == "failed":
        yield "CBR-603"
