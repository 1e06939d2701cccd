"""Rows that no auditor can use: what they hide is unknown."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from audit.simulator.blueprint import BackupRun, Draft, PlannedVault, ServiceError
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.messages import Row
from audit.simulator.tasks import Course, Mentioned, clerk_of
from audit.simulator.truth import DEFAULT

_NOTHING_TO_BACK_UP: Final = ServiceError("BackupService.0001", "No resource is available for backup.")
_OF_RUNS: Final = ("CBR-103", "CBR-104", "CBR-105", "CBR-106")
_OF_POINTS: Final = ("CBR-401", "CBR-404")


def skip_without_resource(draft: Draft) -> None:
    """Let a policy find nothing to back up: the task names its vault but no resource, as CBR writes it."""
    vault = draft.rng.choice(draft.vaults)
    at = draft.between(max(draft.start, draft.as_of - 5 * DAY), draft.as_of - timedelta(hours=2))
    course = Course(at, at + timedelta(seconds=1), "skipped", _NOTHING_TO_BACK_UP)
    named = Mentioned(vault.object_type, vault, vault.policy.id if vault.policy else None)
    draft.rows.append(clerk_of(draft).row("backup", course, named, {"backup": {"backup_name": ""}}))
    for resource in vault.resources:
        draft.truth.hide("resource", resource.id, "CBR-107")


def choose(draft: Draft, tasks: Iterable[Row], backups: Iterable[Row]) -> frozenset[str]:
    """Choose rows to make unusable, and record what becomes unknown; what already fails is left alone."""
    logged = {row["id"] for row in tasks}
    sound = [vault for vault in draft.vaults if _is_sound(draft, vault)]
    if not sound:
        return frozenset()
    vault = draft.rng.choice(sound)
    chosen = {_spoil_policy(draft, vault)} if vault.policy else set()
    resource = draft.rng.choice(vault.resources)
    for run in [run for run in draft.successes(resource)[:1] if run.id in logged and _is_recent(draft, run)]:
        draft.truth.hide("resource", resource.id, *_OF_RUNS)
        chosen.add(run.id)
    for row in [row for row in backups if row["resource_id"] == resource.id][:1]:
        draft.truth.hide("resource", resource.id, *_OF_POINTS)
        draft.truth.hide("vault", vault.id, "CBR-405")
        chosen.add(row["id"])
    return frozenset(chosen)


def spoil(rows: list[Row], field: str, chosen: frozenset[str]) -> list[Row]:
    """Return a list as the service delivers it: the chosen rows lack a field."""
    return [{**row, field: None} if row["id"] in chosen else row for row in rows]


def _is_recent(draft: Draft, run: BackupRun) -> bool:
    return run.created > draft.as_of - 25 * DAY


def _spoil_policy(draft: Draft, vault: PlannedVault) -> str:
    """Make the policy of a vault, and of every other vault with it, unreadable."""
    policy = vault.policy
    for other in draft.vaults:
        if policy is not None and other.policy is policy:
            draft.truth.hide("vault", other.id, "CBR-301", "CBR-302")
            for resource in other.resources:
                draft.truth.hide("resource", resource.id, "CBR-102", "CBR-108", "CBR-501")
    return policy.id if policy else ""


def _is_sound(draft: Draft, vault: PlannedVault) -> bool:
    """Whether nothing fails by default for a vault, its policy, its contents, and all others with the policy."""
    shared = [other for other in draft.vaults if other is vault or (other.policy and other.policy is vault.policy)]
    ids = {vault.policy.id if vault.policy else ""}
    ids |= {other.id for other in shared} | {resource.id for other in shared for resource in other.resources}
    failing = {subject for _, _, subject in draft.truth.failures[DEFAULT]}
    return bool(vault.resources) and failing.isdisjoint(ids)
