"""Responses that no document explains: an auditor must leave them open, neither passing nor failing.

The rows of a healthy estate are changed as a newer service might write them, each change with its own subjects.
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
from audit.simulator.removal import remove_backups
from audit.simulator.tasks import written
from audit.simulator.truth import DEFAULT

_CHANGED: Final = ("policies", "vaults", "tasks", "backups", "storage_usage")
_FEW_DAYS: Final = 8  # more than the default preset requires
_ENOUGH: Final = 3
_OF_BACKUPS: Final = ("CBR-101", "CBR-103", "CBR-104")
_RECENT: Final = timedelta(days=2)


@dataclass(slots=True)
class _Additions:
    """The rows during the changes, and what is unknown about them.

    Attributes:
        free: the unchanged resources, each with its vault.
    """

    estate: Estate
    rng: Random
    free: list[tuple[Row, Row]]
    open: set[tuple[str, str, str]] = field(default_factory=set)

    def backed_up(self) -> Iterator[tuple[str, list[Row]]]:
        """Return an unchanged resource, if there is one left, and the tasks of its backups."""
        for _vault, held in self.free[-1:]:
            self.free.pop()
            yield held["id"], [row for row in self.estate.tasks if _backs_up(row, held["id"])]

    def leave_open(self, kind: str, subject: str, *controls: str) -> None:
        """Record what must be unknown."""
        self.open |= {(control, kind, subject) for control in controls}


def add_undocumented_answers(estate: Estate, *, seed: int = 1) -> Estate:
    """Add responses that no document explains to a healthy estate; the estate itself is not changed.

    Its truth is known for the default preset, and lists what must be unknown as ``unknown``; nothing fails.
    """
    if estate.scenario != "healthy":
        raise ValueError(f"{estate.scenario} estates cannot get undocumented answers; choose a healthy one")
    changed = replace(estate, **{name: deepcopy(getattr(estate, name)) for name in _CHANGED})
    rng = Random(f"riddles {seed}")
    held = [(vault, each) for vault in changed.vaults for each in vault["resources"]]
    rng.shuffle(held)
    scene = _Additions(changed, rng, held)
    for plant in CHANGES:
        plant(scene)
    told = [
        {"control": control, "subject": {"kind": kind, "id": subject}, "outcome": "unknown"}
        for control, kind, subject in sorted(scene.open)
    ]
    return replace(changed, _truth={DEFAULT: {"conclusion": "incomplete", "expected": [], "unknown": told}})


def leaves_without_a_task(scene: _Additions) -> None:
    """A resource is in no vault any more, and no task removed it."""
    for place, (vault, held) in enumerate(scene.free):
        is_named = any(_names(row, held["id"]) for row in scene.estate.tasks)
        if len(vault["resources"]) > 1 and is_named:
            del scene.free[place]
            vault["resources"].remove(held)
            scene.leave_open("resource", held["id"], "CBR-111")
            return


def has_a_new_status(scene: _Additions) -> None:
    """The backups of a resource end with a status that no document has."""
    for resource_id, tasks in scene.backed_up():
        for row in tasks:
            row["status"] = "partial_success"
        scene.leave_open("resource", resource_id, *_OF_BACKUPS, "CBR-105", "CBR-107")


def contradicts_itself(scene: _Additions) -> None:
    """The backups of a resource say that they succeeded, but name an error."""
    for resource_id, tasks in scene.backed_up():
        for row in tasks:
            row["error_info"] = {"code": "BackupService.9998", "message": "One disk was left out."}
        scene.leave_open("resource", resource_id, *_OF_BACKUPS, "CBR-105", "CBR-107")


def is_of_a_new_kind(scene: _Additions) -> None:
    """The backups of a resource are made by an undocumented operation."""
    for resource_id, tasks in scene.backed_up():
        for row in tasks:
            row["operation_type"] = "auto_backup"
        scene.leave_open("resource", resource_id, *_OF_BACKUPS)


def deletes_by_a_new_kind(scene: _Additions) -> None:
    """Something happens to a vault by an undocumented operation."""
    free = [vault for vault in scene.estate.vaults if ("CBR-111", "vault", vault["id"]) not in scene.open]
    for vault in scene.rng.sample(free, min(1, len(free))):
        _add(scene, "batch_delete", vault_id=vault["id"], vault_name=vault["name"])
        scene.leave_open("vault", vault["id"], "CBR-111")


def deletes_who_knows_what(scene: _Additions) -> None:
    """A backup that no task made is deleted, and the log does not say from where."""
    _add(scene, "delete", vault_id=None, vault_name=None)
    scene.leave_open("collection", scene.estate.project_id, "CBR-111")


def lowered_its_retention(scene: _Additions) -> None:
    """A policy has recently kept backups for eight days, and one is gone that it would not keep any more.

    Someone who sees it for the first time cannot know by which rule the backup was kept: those beside it end later. A
    task shows who deleted it, or none does.
    """
    for vault, held, days in _kept_by_age(scene):
        old = _between(scene.estate, held["id"], _FEW_DAYS + 1, days)
        if len(old) < _ENOUGH:
            continue
        for policy in _applied(scene.estate, vault):
            policy["operation_definition"]["retention_duration_days"] = _FEW_DAYS
        scene.free.remove((vault, held))
        remove_backups(scene.estate, held, old[1:2])
        if scene.rng.randrange(2):
            _add(scene, "delete", old[1]["id"], vault_id=vault["id"], vault_name=vault["name"])
            scene.leave_open("vault", vault["id"], "CBR-111")
        else:
            scene.leave_open("resource", held["id"], "CBR-404")
        return


def _kept_by_age(scene: _Additions) -> Iterator[tuple[Row, Row, int]]:
    """Return the unchanged resources with their vaults, and for how many days these keep their backups."""
    for vault, held in scene.free:
        rules = [policy["operation_definition"] for policy in _applied(scene.estate, vault)]
        if rules and rules[0]["retention_duration_days"] > 0:
            yield vault, held, rules[0]["retention_duration_days"]


def _applied(estate: Estate, vault: Row) -> list[Row]:
    """Return the policies that make the backups of a vault."""
    making = (policy for policy in estate.policies if policy["operation_type"] == "backup")
    return [
        policy for policy in making if vault["id"] in {each["vault_id"] for each in policy["associated_vaults"] or ()}
    ]


def _between(estate: Estate, resource_id: str, youngest: int, oldest: int) -> list[Row]:
    """Return the backups that its policy made of a resource, of some ages in days, and whose tasks are in the log."""
    logged = {row["extra_info"]["backup"]["backup_id"] for row in estate.tasks if row["operation_type"] == "backup"}
    begin, end = (_ago(estate, timedelta(days=days)) for days in (oldest, youngest))
    whole = [row for row in estate.backups if row["resource_id"] == resource_id and row["expired_at"]]
    return [row for row in whole if row["id"] in logged and begin < row["created_at"] < end]


def _ago(estate: Estate, time: timedelta) -> str:
    return written((estate.as_of - time).astimezone(UTC))


def _add(scene: _Additions, operation: str, backup_id: str | None = None, **named: str | None) -> None:
    """Add a task beside another one of the last days, so that the log stays sorted and every window contains it.

    A task that deletes an existing backup is the newest.
    """
    since = _ago(scene.estate, _RECENT)
    recent = sum(row["created_at"] > since for row in scene.estate.tasks)
    place = 0 if backup_id else scene.rng.randrange(max(recent, 1))
    row = deepcopy(scene.estate.tasks[place])
    deleted = {"backup_id": backup_id or identifiers.uuid(scene.rng)}
    extra = {"common": row["extra_info"]["common"], "delete": deleted}
    row |= {"id": identifiers.uuid(scene.rng), "operation_type": operation, "policy_id": None, "status": "success"}
    row |= {"extra_info": extra, "error_info": {"code": "", "message": ""}, **named}
    scene.estate.tasks.insert(place, row)


def _backs_up(row: Row, resource_id: str) -> bool:
    return row["operation_type"] == "backup" and _names(row, resource_id)


def _names(row: Row, resource_id: str) -> bool:
    return bool(row["extra_info"].get("resource", {}).get("id") == resource_id)


CHANGES: Final[tuple[Callable[[_Additions], None], ...]] = (
    lowered_its_retention,
    leaves_without_a_task,
    has_a_new_status,
    contradicts_itself,
    is_of_a_new_kind,
    deletes_by_a_new_kind,
    deletes_who_knows_what,
)
