"""Valid responses that differ from the documents: new fields, new operations, other spellings."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain
from random import Random
from typing import Final

from audit.simulator.blueprint import Draft, PlannedResource
from audit.simulator.messages import Row
from audit.simulator.tasks import Course, Mentioned, clerk_of

_HOURS_AGO: Final = timedelta(hours=5)
_TIMES: Final = ("created_at", "started_at", "ended_at", "updated_at")
_TIMES_OF_BACKUPS: Final = ("created_at", "updated_at", "protected_at", "expired_at")
_FORMS: Final[tuple[Callable[[datetime], str], ...]] = (
    lambda moment: moment.isoformat()[:-6],
    lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    lambda moment: moment.isoformat(timespec="microseconds"),
    lambda moment: moment.isoformat(timespec="milliseconds"),
)
_INCREMENTAL: Final = {
    "true": ("true", True, "True", '"true"'),
    "false": ("false", False, "False", '"false"'),
}


def add_new_operations(draft: Draft) -> None:
    """Add tasks of operations that are newer than the documents."""
    clerk = clerk_of(draft)
    for vault in draft.vaults[:3]:
        at = draft.between(draft.start, draft.as_of - (draft.as_of - draft.start) / 4)
        course = Course(at, draft.between(at, draft.as_of - (draft.as_of - at) / 4))
        named = Mentioned(vault.object_type, vault)
        moved: Row = {"source_vault_id": vault.id, "resources": [_brief(vault.resources[0])]}
        later: Row = {"affected_backups_count": 3, "expiration_day": f"{draft.as_of:%Y-%m-%d}"}
        draft.rows.append(clerk.row("migrate_resources", course, named, {"migrate_resources": moved}))
        block = {"update_expiration_time": later}
        draft.rows.append(clerk.row("update_expiration_time", course, named, block))


def add_harmless_acts(draft: Draft) -> None:
    """Let people do what takes nothing away, some of it under both names that documents give it."""
    for operation in ("bulkCreateDeleteVaultTag", "bulkCreateOrDeleteVaultTag", "addResources", "UPDATEVAULT"):
        for vault in draft.vaults[:2]:
            draft.vault_changed(vault, operation, draft.as_of - _HOURS_AGO, request={"vault": {"name": vault.name}})


def respell_task(rng: Random, row: Row) -> None:
    """Write a task's times and flags in another known form, and add undocumented fields."""
    _respell_times(rng, row, _TIMES)
    backup = row["extra_info"].get("backup")
    if backup is not None:
        backup["incremental"] = rng.choice(_INCREMENTAL[backup["incremental"]])
    if row["operation_type"] == "sync":
        row["status"] = "partially_synchronised"
    if rng.randrange(5) == 0:
        row["trace"] = {"node": f"worker-{rng.randrange(9)}", "queue": None}
        row["extra_info"]["common"]["stage"] = "finishing"


def respell(
    rng: Random, policies: list[Row], vaults: list[Row], backups: list[Row], protectables: Mapping[str, list[Row]]
) -> None:
    """Write every list except that of tasks in undocumented forms."""
    for rows in (policies, vaults, *protectables.values()):
        _respell_inventory(rows)
    for row in backups:
        _respell_backup(rng, row)


def respell_agents(agents: list[Row]) -> None:
    """Add an undocumented field, and write the time of a heartbeat in another form."""
    for row in agents:
        row["heartbeat_seconds"] = 60
        row["last_active_time"] = datetime.fromisoformat(row["last_active_time"]).strftime("%Y-%m-%dT%H:%M:%SZ")


def respell_organisation(policies: list[Row], deployments: Mapping[str, list[Row]]) -> None:
    """Add undocumented fields."""
    for row in (*policies, *chain.from_iterable(deployments.values())):
        row["revision"] = 7


def respell_usage(usage: list[Row]) -> None:
    """Add an undocumented field."""
    for row in usage:
        row["backup_count_multiaz"] = 0


def respell_members(members: Mapping[str, list[Row]]) -> None:
    """Add an undocumented field."""
    for row in chain.from_iterable(members.values()):
        row["granted_by"] = "somebody"


def _respell_backup(rng: Random, row: Row) -> None:
    """Write a backup's times and flags in another form; a missing expiry or origin may be left out."""
    _respell_times(rng, row, _TIMES_OF_BACKUPS)
    extend = row["extend_info"]
    if rng.randrange(4) == 0:
        extend["encrypted"] = str(extend["encrypted"])
        row["incremental"] = str(row["incremental"]).lower()
    if rng.randrange(4) == 0:
        del extend["auto_trigger"]
    if row["expired_at"] is None:
        del row["expired_at"]
    if rng.randrange(5) == 0:
        row["storage_class"] = {"tier": "standard", "since": None}


def _respell_times(rng: Random, row: Row, names: tuple[str, ...]) -> None:
    form = rng.choice(_FORMS)
    for name in names:
        if row[name] is not None:
            row[name] = form(datetime.fromisoformat(row[name]).replace(tzinfo=UTC))


def _respell_inventory(rows: list[Row]) -> None:
    """Add an undocumented field to every second row, and drop a documented status."""
    for row in rows[::2]:
        row["lifecycle"] = {"phase": "active", "since": None}
        for resource in row.get("resources", [])[:1]:
            resource["protect_status"] = None


def _brief(resource: PlannedResource) -> Row:
    return {"id": resource.id, "name": resource.name, "type": resource.type}
