"""Copies of backups in another region, made twice a day by policy, or by hand."""

from bisect import bisect_right
from datetime import datetime, timedelta
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import NO_ERROR, BackupRun, Draft, PlannedPolicy, PlannedResource, ServiceError
from audit.simulator.error_codes import COPY_LOST, COPY_TOO_LARGE
from audit.simulator.messages import Row
from audit.simulator.tasks import clerk_of

HOUR: Final = timedelta(hours=1)
_LATEST_START: Final = timedelta(minutes=30)


def replicate(draft: Draft) -> None:
    """Copy the backups of each vault with an enabled replication policy, each once, at the next run."""
    for vault in draft.vaults:
        if vault.replication is None or not vault.copies:
            continue
        due = vault.replication.due(draft.start, draft.as_of)
        begins = [moment + draft.rng.random() * _LATEST_START for moment in due]
        for resource in vault.resources:
            _copy_all(draft, vault.replication, resource, begins)


def copy_once(draft: Draft) -> None:
    """Copy one backup by hand, with the former operation type of replication."""
    for resource in draft.resources():
        policy = resource.vault.replication
        runs = draft.successes(resource) if policy is not None and resource.copying == "well" else []
        for run in runs:
            at = run.ended + timedelta(minutes=1)
            if policy is not None and draft.settled(at + HOUR):
                _copy(draft, run, policy, at, by_hand=True)
                return


def note_old_copy(draft: Draft, run: BackupRun, policy: PlannedPolicy) -> None:
    """Add a copy of a backup from before the log begins."""
    row = clerk_of(draft).replication(run, run.ended + HOUR, policy)
    run.replicas.append(_record(draft, run, row))


def _copy_all(draft: Draft, policy: PlannedPolicy, resource: PlannedResource, begins: list[datetime]) -> None:
    """Copy each backup of a resource at the first run after it was made, unless that is not over yet."""
    odd_since = resource.copying_since or draft.as_of
    for run in reversed(draft.successes(resource)):
        later = begins[bisect_right(begins, run.ended) :][:2]
        attempts = [at for at in later if draft.settled(at + HOUR)]
        results: tuple[ServiceError, ...] = (NO_ERROR,)
        if attempts and attempts[0] >= odd_since:
            results = _RESULTS[resource.copying]
            odd_since = draft.as_of if resource.copying == "is retried" else odd_since
        for at, failure in zip(attempts, results, strict=False):
            _copy(draft, run, policy, at, failure=failure)


def _copy(
    draft: Draft,
    run: BackupRun,
    policy: PlannedPolicy,
    at: datetime,
    *,
    failure: ServiceError = NO_ERROR,
    by_hand: bool = False,
) -> None:
    row = clerk_of(draft).replication(run, at, policy, failure=failure, by_hand=by_hand)
    draft.rows.append(row)
    run.replicas.append(_record(draft, run, row))


def _record(draft: Draft, run: BackupRun, row: Row) -> Row:
    """Return a copy as the list of backups shows it."""
    vault, failure = run.resource.vault, row["error_info"]
    block = {name: value for name, value in row["extra_info"]["replication"].items() if not name.endswith("_name")}
    good = row["status"] == "success"
    return {
        "id": identifiers.uuid(draft.rng),
        "created_at": row["created_at"],
        "status": "success" if good else "fail",
        "vault_id": vault.id,
        "destination_vault_id": vault.twin,
        **block,
        "extra_info": {
            "progress": 100 if good else 0,
            "fail_code": failure["code"] or None,
            "fail_reason": failure["message"] or None,
            "auto_trigger": row["operation_type"] == "replication",
            "destination_vault_id": vault.twin,
        },
    }


_RESULTS: Final[dict[str, tuple[ServiceError, ...]]] = {
    "well": (NO_ERROR,),
    "stops": (),
    "fails": (COPY_TOO_LARGE,),
    "is retried": (COPY_LOST, NO_ERROR),
}
