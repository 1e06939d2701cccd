"""Who took what away: what people did of the tasks, what the service did itself, and what left no task.

Source: "Operations Supported by CTS" of the CBR user guide; who acts is ours.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import Draft
from audit.simulator.messages import Row
from audit.simulator.trace_rows import trace_row

_SHOWN: Final = timedelta(days=6)  # traces are listed for seven days; what is nearly so old may be listed or not
_SETTLED: Final = timedelta(hours=2)
_A_WHILE: Final = timedelta(hours=20)
_A_MOMENT: Final = timedelta(minutes=1)
_OPERATIONS: Final = {"delete": "deleteBackup", "vault_delete": "deleteVault", "remove_resource": "removeResources"}
_PERSON: Final = "operator"
_STRANGER: Final = "mallory"


def trace_rows(draft: Draft) -> list[Row]:
    """Return the traces of an estate, and record what must not be among them."""
    rng = Random(f"traces {draft.project_id}")
    rows = [_of_task(rng, draft, task) for task in draft.rows if _is_shown(draft, task)]
    if draft.has_a_stranger:
        rows += _of_stranger(rng, draft)
    if any(row["user"] for row in rows):
        draft.truth.collection(draft.project_id, "CBR-115", "CBR-117")
    return rows


def _of_stranger(rng: Random, draft: Draft) -> Iterator[Row]:
    """Somebody may not delete a vault, deletes a policy that no vault uses, and then the tracker of the trail."""
    vault, user = draft.vaults[0], {"user": _user(_STRANGER)}
    ids = [identifiers.uuid(rng) for _ in range(4)]
    deeds: tuple[tuple[str, Row], ...] = (
        ("deleteVault", {"resource_id": vault.id, "trace_rating": "warning", "code": "403"}),
        ("deletePolicy", {"resource_type": "policy", "resource_id": ids[3], "resource_name": "retired"}),
        ("deleteTracker", {"service_type": "CTS", "resource_type": "tracker", "resource_name": "system"}),
    )
    for number, (operation, about) in enumerate(deeds):
        yield trace_row(ids[number], draft.as_of - _A_WHILE + number * _A_MOMENT, operation, **about, **user)


def _is_shown(draft: Draft, task: Row) -> bool:
    age = draft.as_of - _moment(task)
    return task["operation_type"] in _OPERATIONS and task["status"] == "success" and _SETTLED < age < _SHOWN


def _of_task(rng: Random, draft: Draft, task: Row) -> Row:
    """Return the trace of the request that started a task."""
    about: Row = {"resource_id": task["vault_id"], "resource_name": task["vault_name"]}
    if task["operation_type"] == "delete":
        about = {"resource_type": "backup", "resource_id": task["extra_info"]["delete"]["backup_id"]}
    if task["id"] in draft.by_people:
        about["user"] = _user(_PERSON)
    else:
        about |= {"trace_type": "SystemAction", "user": None, "source_ip": None}
    at = _moment(task) - timedelta(seconds=rng.randrange(1, 9))
    return trace_row(identifiers.uuid(rng), at, _OPERATIONS[task["operation_type"]], **about)


def _user(name: str) -> Row:
    return {"id": f"id-of-{name}", "name": name, "domain": {"id": "account-1", "name": "company"}}


def _moment(task: Row) -> datetime:
    return datetime.fromisoformat(task["created_at"]).replace(tzinfo=UTC)
