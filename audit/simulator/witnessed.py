"""Who took what away: what people did of the tasks, what the service did itself, and what left no task.

Source: "Operations Supported by CTS" of the CBR user guide; who acts is ours.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import Draft, PlannedAct
from audit.simulator.messages import Row
from audit.simulator.people import OPERATOR, PEOPLE, STRANGER, Culprit, told
from audit.simulator.trace_rows import trace_row

_SHOWN: Final = timedelta(days=6)  # traces are listed for seven days; what is nearly so old may be listed or not
_SETTLED: Final = timedelta(hours=2)
_A_WHILE: Final = timedelta(hours=20)
_A_MOMENT: Final = timedelta(minutes=1)
_OPERATIONS: Final = {"delete": "deleteBackup", "vault_delete": "deleteVault", "remove_resource": "removeResources"}
_REFUSED: Final = {"trace_rating": "warning", "code": "403"}


def trace_rows(draft: Draft) -> list[Row]:
    """Return the traces of an estate, and record what must not be among them."""
    rng = Random(f"traces {draft.project_id}")
    rows: list[Row] = []
    for task in draft.rows:
        shown = [_of_task(rng, draft, task)] if _is_shown(draft, task) else []
        rows += shown
        if task["id"] in draft.by_people:
            draft.culprits += _of_person(task, shown)
    if draft.has_a_stranger:
        rows += _of_stranger(rng, draft)
    if any(row["user"] for row in rows):
        draft.truth.collection(draft.project_id, "CBR-115", "CBR-117")
    for act in draft.acts:
        rows += _of_act(rng, draft, act)
    return rows


def _of_stranger(rng: Random, draft: Draft) -> Iterator[Row]:
    """Somebody may not delete a vault, deletes a policy that no vault uses, and then the tracker of the trail."""
    vault, user = draft.vaults[0], {"user": STRANGER}
    ids = [identifiers.uuid(rng) for _ in range(4)]
    deeds: tuple[tuple[str, Row], ...] = (
        ("deleteVault", {"resource_id": vault.id, **_REFUSED}),
        ("deletePolicy", {"resource_type": "policy", "resource_id": ids[3], "resource_name": "retired"}),
        ("deleteTracker", {"service_type": "CTS", "resource_type": "tracker", "resource_name": "system"}),
    )
    for number, (operation, about) in enumerate(deeds):
        yield trace_row(ids[number], draft.as_of - _A_WHILE + number * _A_MOMENT, operation, **about, **user)


def _of_act(rng: Random, draft: Draft, act: PlannedAct) -> Iterator[Row]:
    """Yield the trace of what somebody did, often after a stranger tried the same in vain."""
    trace_id, user, was_tried = identifiers.uuid(rng), rng.choice(PEOPLE), rng.randrange(3) == 0
    is_shown = act.at > draft.as_of - _SHOWN
    named = (trace_id, told(user)) if is_shown else ("", "")
    draft.culprits += [Culprit(*pair, *named) for pair in act.explains]
    if not is_shown:
        return
    if was_tried:
        tried: Row = {"user": STRANGER, **_REFUSED}
        yield trace_row(identifiers.uuid(rng), act.at - _A_MOMENT, act.operation, **act.about | tried)
    yield trace_row(trace_id, act.at, act.operation, **act.about, user=user)


def _of_person(task: Row, shown: list[Row]) -> Iterator[Culprit]:
    """Yield whom to name for a task that a person started, if its trace is shown."""
    named = (shown[0]["trace_id"], told(OPERATOR)) if shown else ("", "")
    yield Culprit("CBR-111", "vault", task["vault_id"], *named)
    for resource_id in _removed(task):
        yield Culprit("CBR-503", "resource", resource_id, *named)


def _is_shown(draft: Draft, task: Row) -> bool:
    age = draft.as_of - _moment(task)
    return task["operation_type"] in _OPERATIONS and task["status"] == "success" and _SETTLED < age < _SHOWN


def _of_task(rng: Random, draft: Draft, task: Row) -> Row:
    """Return the trace of the request that started a task."""
    about: Row = {"resource_id": task["vault_id"], "resource_name": task["vault_name"]}
    if removed := _removed(task):
        about["request"] = json.dumps({"resource_ids": removed})
    if task["operation_type"] == "delete":
        about = {"resource_type": "backup", "resource_id": task["extra_info"]["delete"]["backup_id"]}
    if task["id"] in draft.by_people:
        about["user"] = OPERATOR
    else:
        about |= {"trace_type": "SystemAction", "user": None, "source_ip": None}
    at = _moment(task) - timedelta(seconds=rng.randrange(1, 9))
    return trace_row(identifiers.uuid(rng), at, _OPERATIONS[task["operation_type"]], **about)


def _removed(task: Row) -> list[str]:
    return [each["id"] for each in task["extra_info"].get("remove_resources", {}).get("resources", ())]


def _moment(task: Row) -> datetime:
    return datetime.fromisoformat(task["created_at"]).replace(tzinfo=UTC)
