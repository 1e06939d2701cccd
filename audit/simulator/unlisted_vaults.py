"""Vaults that the log names but no list shows: some were deleted, and some only seem to be.

Rows are added to those of a healthy estate, each vault with old backups of its own.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from audit.simulator import identifiers
from audit.simulator.estate import Estate
from audit.simulator.messages import Row
from audit.simulator.tasks import written
from audit.simulator.truth import DEFAULT

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_BACKUPS: Final = 2


@dataclass(slots=True)
class _Unlisting:
    """The rows during the changes, and what was planted.

    Attributes:
        deleted: when the deletion of such a vault ended.
        hidden: the ids of the vaults that surely or perhaps still exist.
    """

    estate: Estate
    rng: Random
    deleted: datetime
    model: Row
    hidden: list[str] = field(default_factory=list)
    found: set[tuple[str, str, str]] = field(default_factory=set)

    def vault(self, name: str = "", resource: str = "") -> Row:
        """Add a former vault, with the backups that were made of a resource in it."""
        vault = {"id": identifiers.uuid(self.rng), "name": name or f"ghost-{self.rng.randrange(10**6)}"}
        for number in range(_BACKUPS):
            self.back_up(vault, self.deleted - (1 + number) * _DAY, resource or identifiers.uuid(self.rng))
        return vault

    def back_up(self, vault: Row, at: datetime, resource: str) -> None:
        """Add a backup that somebody made by hand."""
        held = {"id": resource, "name": "passed away", "type": "OS::Nova::Server"}
        made = {"backup_id": identifiers.uuid(self.rng), "backup_name": "manualbk", "incremental": "true"}
        self._add("backup", vault, at, at, {"resource": held, "backup": made})

    def delete(self, vault: Row, *, failures: Row | None = None, running_for: timedelta | None = None) -> Row:
        """Add the deletion of a vault; one that has not ended has been running for some time."""
        block = {"fail_count": 0, "total_count": _BACKUPS, **(failures or {})}
        if running_for is not None:
            return self._add("vault_delete", vault, self.estate.as_of - running_for, None, {"vault_delete": block})
        self.found.add(("CBR-111", "vault", vault["id"]))
        began = self.deleted - self.rng.uniform(0.1, 2) * _HOUR
        return self._add("vault_delete", vault, began, self.deleted, {"vault_delete": block})

    def _add(self, operation: str, vault: Row, at: datetime, end: datetime | None, extra: Row) -> Row:
        row = deepcopy(self.model)
        row |= {
            "id": identifiers.uuid(self.rng),
            "operation_type": operation,
            "status": "success" if end else "running",
            "policy_id": None,
            "checkpoint_id": None,
            "vault_id": vault["id"],
            "vault_name": vault["name"],
            **dict.fromkeys(("created_at", "started_at"), written(at)),
            "ended_at": written(end) if end else None,
            "updated_at": written(end or at),
            "error_info": {"code": "", "message": ""},
            "extra_info": {"common": row["extra_info"]["common"], **extra},
        }
        self.estate.tasks.append(row)
        return row


def add_unlisted_vaults(estate: Estate, *, seed: int = 1) -> Estate:
    """Let the log of a healthy estate name vaults that no list shows; the estate itself is not changed.

    Its truth is known for the default preset. It lists the hidden vaults as ``hidden``: an auditor who is not shown
    them has an incomplete collection, and much that depends on vaults is unknown.

    Raises:
        ValueError: the estate is not healthy, or has no backups.
    """
    if estate.scenario != "healthy":
        raise ValueError(f"{estate.scenario} estates cannot get unlisted vaults; choose a healthy one")
    changed = replace(estate, tasks=deepcopy(estate.tasks), policies=deepcopy(estate.policies))
    rng = Random(f"ghosts {seed}")
    models = [row for row in changed.tasks if row["operation_type"] == "backup"]
    if not models:
        raise ValueError("an estate without backups cannot get unlisted vaults; choose one with more resources or days")
    scene = _Unlisting(changed, rng, changed.as_of - rng.uniform(1.1, 1.9) * _DAY, models[0])
    for plant in rng.sample(GHOSTS, len(GHOSTS)):
        plant(scene)
    changed.tasks.sort(key=lambda row: str(row["created_at"]), reverse=True)
    told = [
        {"control": control, "subject": {"kind": kind, "id": subject}, "outcome": "fail"}
        for control, kind, subject in sorted(scene.found)
    ]
    truth = {"conclusion": "non_compliant", "expected": told, "hidden": sorted(scene.hidden)}
    return replace(changed, _truth={DEFAULT: truth})


def is_deleted(scene: _Unlisting) -> None:
    """A vault was deleted with everything in it: harmless but for the deletion."""
    scene.delete(scene.vault())


def is_deleted_by_its_name(scene: _Unlisting) -> None:
    """The same, but the log does not have its id."""
    scene.delete(scene.vault())["vault_id"] = None


def is_being_deleted(scene: _Unlisting) -> None:
    """A vault is being deleted: harmless, though a policy is still applied to it."""
    vault = scene.vault()
    scene.delete(vault, running_for=scene.rng.uniform(0.1, 8) * _HOUR)
    _apply(scene, vault)


def was_deleted_in_part(scene: _Unlisting) -> None:
    """Some contents of a vault could not be deleted, as one of two fields says."""
    vault = scene.vault()
    scene.delete(vault, failures={scene.rng.choice(("fail_count", "fail_delete_count")): scene.rng.randrange(1, 3)})
    scene.hidden.append(vault["id"])


def lives_on(scene: _Unlisting) -> None:
    """A backup was made in a vault hours after it was deleted."""
    resource = identifiers.uuid(scene.rng)
    vault = scene.vault(resource=resource)
    scene.delete(vault)
    scene.back_up(vault, scene.deleted + scene.rng.uniform(1.5, 20) * _HOUR, resource)
    scene.hidden.append(vault["id"])


def is_deleted_without_end(scene: _Unlisting) -> None:
    """The deletion of a vault has been running for days."""
    vault = scene.vault()
    scene.delete(vault, running_for=scene.rng.uniform(1.1, 1.9) * _DAY)
    scene.found.add(("CBR-106", "collection", scene.estate.project_id))
    scene.hidden.append(vault["id"])


def is_still_applied(scene: _Unlisting) -> None:
    """A policy is still applied to a vault that was deleted the day before."""
    vault = scene.vault()
    scene.delete(vault)
    _apply(scene, vault)
    scene.hidden.append(vault["id"])


def has_the_name_of_another(scene: _Unlisting) -> None:
    """Of two vaults with the same name, one was deleted."""
    gone = scene.vault()
    scene.delete(gone)
    scene.hidden.append(scene.vault(gone["name"])["id"])


def _apply(scene: _Unlisting, vault: Row) -> None:
    policy = scene.rng.choice([row for row in scene.estate.policies if row["associated_vaults"]])
    policy["associated_vaults"].append({**policy["associated_vaults"][0], "vault_id": vault["id"]})


GHOSTS: Final[tuple[Callable[[_Unlisting], None], ...]] = (
    is_deleted,
    is_deleted_by_its_name,
    is_being_deleted,
    was_deleted_in_part,
    lives_on,
    is_deleted_without_end,
    is_still_applied,
    has_the_name_of_another,
)
