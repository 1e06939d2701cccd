"""Policies and vaults, counted again: CBR-201 to 206, 301 to 306 and 601."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulator.rows import DAY, Pair, Row, Rows, flag, longest_gap, shortest_gap, when

if TYPE_CHECKING:
    from tests.simulator.recount import Limits


def failures(rows: Rows, limits: "Limits", days: int) -> Iterator[Pair]:
    for policy in rows.estate.policies:
        for control in _of_policy(limits, policy):
            yield control, "policy", policy["id"]
    for vault in rows.backup_vaults:
        for control in _of_backup_vault(rows, limits, vault, days):
            yield control, "vault", vault["id"]
    for vault in rows.hybrid_vaults:
        for control in _of_copies_and_restores(rows, limits, vault, days):
            yield control, "vault", vault["id"]
    for vault in rows.estate.vaults:
        if vault in rows.backup_vaults and (not vault["locked"] or _lock_is_void(rows, vault)):
            yield "CBR-303", "vault", vault["id"]
        for control in _of_vault(limits, vault):
            yield control, "vault", vault["id"]


def _of_policy(limits: "Limits", policy: Row) -> Iterator[str]:
    if not policy["associated_vaults"]:
        return
    if not policy["enabled"]:
        yield "CBR-201"
        return
    if policy["operation_type"] == "backup" and longest_gap(policy) > limits.interval:
        yield "CBR-202"
    rule = policy["operation_definition"]
    days, number = rule.get("retention_duration_days", -1), rule.get("max_backups", -1)
    least, most = _kept(policy, days, number, limits)
    if least is not None and least < limits.kept:
        yield "CBR-203"
    weeks, months, years = _copies(rule)
    longest = max(most or timedelta(0), years * 365 * DAY, months * 30 * DAY, weeks * 7 * DAY)
    if most is None or longest > limits.kept_at_most:
        yield "CBR-204"
    if most is not None and (weeks < limits.weeks or months < limits.months or not rule.get("timezone")):
        yield "CBR-205"


def _copies(rule: Row) -> tuple[int, int, int]:
    """Weeks, months and years of which a copy is kept; advanced rules are given to policies that run daily only."""
    advanced = rule.get("advanced_retention_rules", {})
    units = ("week", "month", "year")
    kept = [advanced.get(f"{unit}ly_retention_rules", {}).get("retention_duration_periods", -1) for unit in units]
    weeks, months, years = (
        max(rule.get(f"{unit}_backups", 0), number) for unit, number in zip(units, kept, strict=True)
    )
    return weeks, months, years


def _kept(policy: Row, days: int, number: int, limits: "Limits") -> tuple[timedelta | None, timedelta | None]:
    """Say how long backups are kept at least and at most; None for ever."""
    if days > 0:
        return days * DAY, days * DAY
    if number <= 0:
        return None, None
    gap = longest_gap(policy) if limits.by_longest_gap else shortest_gap(policy)
    return (number - 1) * gap, number * longest_gap(policy)


def _of_backup_vault(rows: Rows, limits: "Limits", vault: Row, days: int) -> Iterator[str]:
    policy = rows.enabled(vault)
    if policy is None:
        yield "CBR-301"
    elif not vault["resources"]:
        yield "CBR-302"
    yield from _of_copies_and_restores(rows, limits, vault, days)


def _of_copies_and_restores(rows: Rows, limits: "Limits", vault: Row, days: int) -> Iterator[str]:
    if rows.enabled(vault, "replication") is None:
        yield "CBR-206"
    if days >= 90 and vault["resources"] and not _restored(rows, limits, vault):
        yield "CBR-601"


def _lock_is_void(rows: Rows, vault: Row) -> bool:
    """Whether a number of backups is kept, or all backups of a resource were made by hand."""
    backup = [each for each in rows.policies_of.get(vault["id"], ()) if each["operation_type"] == "backup"]
    if any(policy["operation_definition"].get("max_backups", -1) > 0 for policy in backup):
        return True
    points = [point for point in rows.points_of_vault.get(vault["id"], ()) if point["status"] == "available"]
    by_policy = {point["resource_id"] for point in points if flag(point["extend_info"].get("auto_trigger", True))}
    return not by_policy.issuperset(point["resource_id"] for point in points)


def _of_vault(limits: "Limits", vault: Row) -> Iterator[str]:
    billing = vault["billing"]
    is_full = billing["used"] * 100 >= limits.usage * billing["size"] * 1024 and not vault["auto_expand"]
    if is_full or billing["status"] in ("frozen", "error", "deleting"):
        yield "CBR-304"
    if not billing["is_multi_az"]:
        yield "CBR-305"
    if not any(tag["key"] == "owner" and tag["value"] for tag in vault["tags"]):
        yield "CBR-306"


def _restored(rows: Rows, limits: "Limits", vault: Row) -> bool:
    return any(
        task["operation_type"] == "restore"
        and task["vault_id"] == vault["id"]
        and rows.estate.as_of - when(task["created_at"]) <= limits.restored
        for task in rows.successes
    )
