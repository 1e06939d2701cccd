"""Faults of single resources. Each is planted if it fits, and records every control that it makes fail.

A fault returns whether it was planted. All stay far from the limits of an auditor, so that nothing depends on a minute
more or less.
"""

from collections.abc import Callable
from typing import Final

from audit.simulator.background import by_hand
from audit.simulator.blueprint import BackupRun, Draft, PlannedResource
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.spoiling import HOUR, SECOND, frequent, repaired, spoil

Fault = Callable[[Draft, PlannedResource], bool]
_STRIKES: Final = 3  # consecutive failures that an auditor does not accept
_FEW_RUNS: Final = 16
_MANY_RUNS: Final = 24
_ENOUGH_RUNS: Final = 8
_RATE_DAYS: Final = 30


def never_runs(draft: Draft, resource: PlannedResource) -> bool:
    """The resource is in the vault but was never backed up; at first, it is unknown whether it was added just now."""
    policy = resource.vault.policy
    if policy is None or policy.changed is not None:
        return False
    draft.runs[resource.id] = []
    draft.unlogged.pop(resource.id, None)
    return True


def fails_for_days(draft: Draft, resource: PlannedResource) -> bool:
    """All runs of the last days fail or time out, at least four of them."""
    policy = frequent(resource)
    if policy is None:
        return False
    gap = policy.plan.longest_gap()
    stretch = max(4 * gap, gap + 18 * HOUR, 0.2 * min(draft.days, _RATE_DAYS) * DAY)
    runs = [run for run in draft.successes(resource) if draft.as_of - run.created <= stretch]
    if len(runs) < _STRIKES:
        return False
    for number, run in enumerate(runs):
        status = "timeout" if number % 4 == 1 else "failed"
        spoil(draft, run, status)
    draft.truth.resource(resource.id, "CBR-101", "CBR-103", "CBR-104", "CBR-105")
    return True


def fails_now_and_then(draft: Draft, resource: PlannedResource) -> bool:
    """Every fourth run fails, and the next one succeeds."""
    runs = draft.successes(resource)
    if frequent(resource) is None or len(runs) < _ENOUGH_RUNS:
        return False
    allowed = repaired(draft, resource)
    for run in runs[3::4]:
        if run in allowed:
            spoil(draft, run, "failed")
    draft.truth.resource(resource.id, "CBR-103")
    return True


def fails_once(draft: Draft, resource: PlannedResource) -> bool:
    """One run failed and the next one repaired it: harmless, unless there are few runs."""
    return _bad_once(draft, resource, "failed") is not None


def times_out_once(draft: Draft, resource: PlannedResource) -> bool:
    """One run was stopped for taking too long, and the next one repaired it."""
    return _bad_once(draft, resource, "timeout") is not None


def fails_and_is_repaired(draft: Draft, resource: PlannedResource) -> bool:
    """One run failed, and somebody made the backup by hand soon after: harmless."""
    failed = _bad_once(draft, resource, "failed", met=True)
    if failed is not None:
        by_hand(draft, resource, failed.created + 1.5 * HOUR)
    return failed is not None


def is_skipped(draft: Draft, resource: PlannedResource) -> bool:
    """Two runs of the last days did not start."""
    runs = [run for run in repaired(draft, resource) if run.created > draft.as_of - 5.5 * DAY]
    for run in runs[::2][:2]:
        spoil(draft, run, "skipped")
        draft.truth.resource(resource.id, "CBR-107")
    return bool(runs)


def was_skipped(draft: Draft, resource: PlannedResource) -> bool:
    """A run did not start, but that is long enough ago to be forgotten."""
    runs = [run for run in repaired(draft, resource) if run.created < draft.as_of - 9 * DAY]
    if runs:
        spoil(draft, runs[0], "skipped")
    return bool(runs)


def is_stuck(draft: Draft, resource: PlannedResource) -> bool:
    """A run has been running for more than a day; later ones succeeded all the same."""
    runs = [run for run in repaired(draft, resource) if draft.as_of - 4 * DAY < run.created]
    runs = [run for run in runs if run.created < draft.as_of - 30 * HOUR]
    if runs:
        runs[0].status = "running"
        draft.truth.resource(resource.id, "CBR-106")
    return bool(runs)


def waits_for_ever(draft: Draft, resource: PlannedResource) -> bool:
    """A backup started by hand has been waiting for more than a day."""
    by_hand(draft, resource, draft.between(draft.as_of - 44 * HOUR, draft.as_of - 30 * HOUR), "waiting")
    draft.truth.resource(resource.id, "CBR-106")
    return True


def waits(draft: Draft, resource: PlannedResource) -> bool:
    """A backup started by hand a few minutes ago is still waiting: harmless."""
    by_hand(draft, resource, draft.between(draft.as_of - 600 * SECOND, draft.as_of - 60 * SECOND), "waiting")
    return True


def _bad_once(draft: Draft, resource: PlannedResource, status: str, *, met: bool = False) -> BackupRun | None:
    """Spoil one run where the rate of successes stays far from 95 %, on either side."""
    finished = [run for run in draft.successes(resource) if run.created > draft.as_of - _RATE_DAYS * DAY]
    runs = [run for run in repaired(draft, resource) if run.created > draft.as_of - 25 * DAY]
    few = len(finished) <= _FEW_RUNS
    if not runs or not (few or len(finished) >= _MANY_RUNS):
        return None
    chosen = draft.rng.choice(runs)
    spoil(draft, chosen, status, met=met)
    if few and not met:
        draft.truth.resource(resource.id, "CBR-103")
    return chosen
