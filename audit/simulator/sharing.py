"""Whom backups are shared with: every project has a rejected share, and some also share with strangers."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import Draft, PlannedAct
from audit.simulator.messages import Row

_HARMLESS: Final = "rejected"
_LEAKS: Final = ("accepted", "pending")
_SOON: Final = timedelta(minutes=5)
_UNFINISHED: Final = ("protecting", "deleting")


def member_rows(draft: Draft, backups: list[Row]) -> dict[str, list[Row]]:
    """Return the members of backups by the id of the backup, and record which must not have them.

    Backups are sorted newest first, so the first one of a resource is its newest. Members use their own random numbers.
    """
    rng = Random(f"members {draft.project_id}")
    held = {resource.id for resource in draft.resources()}
    newest: dict[str, Row] = {}
    for backup in backups:
        if backup["status"] not in _UNFINISHED and backup["resource_id"] in held:
            newest.setdefault(backup["resource_id"], backup)
    statuses = (*_LEAKS, _HARMLESS) if draft.shares_with_strangers else (_HARMLESS,)
    members: dict[str, list[Row]] = {}
    for status, backup in zip(statuses, newest.values(), strict=False):
        members[backup["id"]] = [_member(rng, backup, status)]
        if status in _LEAKS:
            draft.truth.resource(backup["resource_id"], "CBR-407")
            about: Row = {"resource_type": "backup", "resource_id": backup["id"], "resource_name": backup["name"]}
            at = datetime.fromisoformat(backup["created_at"]).replace(tzinfo=UTC) + _SOON
            explains = ("CBR-407", "resource", backup["resource_id"])
            draft.acts.append(PlannedAct("createBackupMember", at, about, (explains,)))
    return members


def _member(rng: Random, backup: Row, status: str) -> Row:
    is_accepted = status == "accepted"
    return {
        "id": identifiers.uuid(rng),
        "status": status,
        "backup_id": backup["id"],
        "dest_project_id": identifiers.project(rng),
        "vault_id": identifiers.uuid(rng) if is_accepted else None,
        "image_id": None,
        "created_at": backup["created_at"],
        "updated_at": None if status == "pending" else backup["created_at"],
    }
