"""How runs are made to fail: which ones may, so that no limit of an auditor is near, and how they end."""

from datetime import timedelta
from typing import Final

from audit.simulator.blueprint import BackupRun, Draft, PlannedPolicy, PlannedResource
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.error_codes import failed, skipped

HOUR: Final = timedelta(hours=1)
SECOND: Final = timedelta(seconds=1)
_SHORT: Final = timedelta(minutes=9)


def frequent(resource: PlannedResource) -> PlannedPolicy | None:
    """Return the policy of the resource's vault, if it runs at least once a day."""
    policy = resource.vault.policy
    return policy if policy is not None and policy.plan.longest_gap() <= DAY else None


def repaired(draft: Draft, resource: PlannedResource) -> list[BackupRun]:
    """Return scheduled runs that may fail because at least two newer ones succeeded; newest first.

    Runs that an auditor may or may not look at any more are left out.
    """
    runs = draft.successes(resource)[2:] if frequent(resource) is not None else []
    return [run for run in runs if is_recent(draft, run) or is_forgotten(draft, run)]


def is_recent(draft: Draft, run: BackupRun) -> bool:
    """Whether an auditor who looks at the runs of a week sees this one, and its grace is long over."""
    return run.due is not None and draft.as_of - 6 * DAY < run.due < draft.as_of - 9 * HOUR


def is_forgotten(draft: Draft, run: BackupRun) -> bool:
    """Whether it was planned so long ago that an auditor who looks at the runs of a week does not see it."""
    return run.due is not None and run.due < draft.as_of - 8.5 * DAY


def spoil(draft: Draft, run: BackupRun, status: str, *, met: bool = False) -> None:
    """Let a run end badly: a skipped one at once, a failed one soon, a stopped one after its usual time.

    Unless something else in its period meets the plan, an auditor must find that it was not met.
    """
    rng = draft.rng
    if status == "skipped":
        run.spoil(status, skipped(rng), rng.uniform(1, 20) * SECOND)
    elif status == "failed":
        run.spoil(status, failed(rng, run.resource.vault.object_type), rng.uniform(0.1, 1) * _SHORT)
    else:
        run.status = "timeout"
        limit = min(8 * HOUR, 0.9 * longest_gap(run))
        run.duration = limit if draft.settled(run.created + limit) else run.duration
    if is_recent(draft, run) and not met:
        draft.truth.resource(run.resource.id, "CBR-102")


def longest_gap(run: BackupRun) -> timedelta:
    """Return the longest gap of the policy that started a run."""
    return DAY if run.policy is None else run.policy.plan.longest_gap()
