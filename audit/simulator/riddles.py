"""Answers that nobody understands: what an auditor must leave open, neither passing nor failing it.

The rows of a healthy estate are changed as a newer service might write them, each riddle at subjects of its own.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from random import Random
from typing import Final

from audit.simulator import identifiers
from audit.simulator.estate import Estate
from audit.simulator.messages import Row
from audit.simulator.tasks import written
from audit.simulator.truth import DEFAULT

_OF_BACKUPS: Final = ("CBR-101", "CBR-103", "CBR-104")
_RECENT: Final = timedelta(days=2)


@dataclass(slots=True)
class _Scene:
    """The rows while they are changed, and what nobody can say of them.

    Attributes:
        free: resources that nothing was changed of, each beside its vault.
    """

    estate: Estate
    rng: Random
    free: list[tuple[Row, Row]]
    open: set[tuple[str, str, str]] = field(default_factory=set)

    def backed_up(self) -> Iterator[tuple[str, list[Row]]]:
        """A resource that nothing was changed of, if there is one left, and the tasks of its backups."""
        for _vault, held in self.free[-1:]:
            self.free.pop()
            yield held["id"], [row for row in self.estate.tasks if _backs_up(row, held["id"])]

    def leave_open(self, kind: str, subject: str, *controls: str) -> None:
        """Note what must be unknown."""
        self.open |= {(control, kind, subject) for control in controls}


def riddle(estate: Estate, *, seed: int = 1) -> Estate:
    """Let a healthy estate answer what nobody understands; the estate itself is not changed.

    Its truth is known for the default preset, and names what must be unknown as ``unknown``; nothing fails.
    """
    if estate.scenario != "healthy":
        raise ValueError(f"{estate.scenario} estates have no riddles; choose a healthy one")
    changed = replace(estate, vaults=deepcopy(estate.vaults), tasks=deepcopy(estate.tasks))
    rng = Random(f"riddles {seed}")
    held = [(vault, each) for vault in changed.vaults for each in vault["resources"]]
    rng.shuffle(held)
    scene = _Scene(changed, rng, held)
    for plant in RIDDLES:
        plant(scene)
    told = [
        {"control": control, "subject": {"kind": kind, "id": subject}, "outcome": "unknown"}
        for control, kind, subject in sorted(scene.open)
    ]
    return replace(changed, _truth={DEFAULT: {"conclusion": "incomplete", "expected": [], "unknown": told}})


def leaves_without_a_task(scene: _Scene) -> None:
    """A resource is in no vault any more, and no task took it out."""
    for place, (vault, held) in enumerate(scene.free):
        is_named = any(_names(row, held["id"]) for row in scene.estate.tasks)
        if len(vault["resources"]) > 1 and is_named:
            del scene.free[place]
            vault["resources"].remove(held)
            scene.leave_open("resource", held["id"], "CBR-111")
            return


def has_a_new_status(scene: _Scene) -> None:
    """The backups of a resource end in a way that no document knows."""
    for resource_id, tasks in scene.backed_up():
        for row in tasks:
            row["status"] = "partial_success"
        scene.leave_open("resource", resource_id, *_OF_BACKUPS, "CBR-105", "CBR-107")


def contradicts_itself(scene: _Scene) -> None:
    """The backups of a resource say that they succeeded, and name an error."""
    for resource_id, tasks in scene.backed_up():
        for row in tasks:
            row["error_info"] = {"code": "BackupService.9998", "message": "One disk was left out."}
        scene.leave_open("resource", resource_id, *_OF_BACKUPS, "CBR-105", "CBR-107")


def is_of_a_new_kind(scene: _Scene) -> None:
    """The backups of a resource are made by an operation that no document knows."""
    for resource_id, tasks in scene.backed_up():
        for row in tasks:
            row["operation_type"] = "auto_backup"
        scene.leave_open("resource", resource_id, *_OF_BACKUPS)


def deletes_by_a_new_kind(scene: _Scene) -> None:
    """Something happens to a vault by an operation that no document knows."""
    vault = scene.rng.choice(scene.estate.vaults)
    _add(scene, "batch_delete", vault_id=vault["id"], vault_name=vault["name"])
    scene.leave_open("vault", vault["id"], "CBR-111")


def deletes_who_knows_what(scene: _Scene) -> None:
    """A backup that no task made is deleted, and the log does not say from where."""
    _add(scene, "delete", vault_id=None, vault_name=None)
    scene.leave_open("collection", scene.estate.project_id, "CBR-111")


def _add(scene: _Scene, operation: str, **named: str | None) -> None:
    """Add a task beside another one of the last days, so that the log stays in order and every window holds it."""
    since = written((scene.estate.as_of - _RECENT).astimezone(UTC))
    recent = sum(row["created_at"] > since for row in scene.estate.tasks)
    place = scene.rng.randrange(max(recent, 1))
    row = deepcopy(scene.estate.tasks[place])
    extra = {"common": row["extra_info"]["common"], "delete": {"backup_id": identifiers.uuid(scene.rng)}}
    row |= {"id": identifiers.uuid(scene.rng), "operation_type": operation, "policy_id": None, "status": "success"}
    row |= {"extra_info": extra, "error_info": {"code": "", "message": ""}, **named}
    scene.estate.tasks.insert(place, row)


def _backs_up(row: Row, resource_id: str) -> bool:
    return row["operation_type"] == "backup" and _names(row, resource_id)


def _names(row: Row, resource_id: str) -> bool:
    return bool(row["extra_info"].get("resource", {}).get("id") == resource_id)


RIDDLES: Final[tuple[Callable[[_Scene], None], ...]] = (
    leaves_without_a_task,
    has_a_new_status,
    contradicts_itself,
    is_of_a_new_kind,
    deletes_by_a_new_kind,
    deletes_who_knows_what,
)
