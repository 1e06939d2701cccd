"""Faults of planned runs: missing, late or too long."""

from datetime import timedelta
from typing import Final

from audit.simulator.background import by_hand
from audit.simulator.blueprint import BackupRun, Draft, PlannedResource
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.spoiling import HOUR, is_forgotten, is_recent, longest_gap, repaired

_LATE: Final = timedelta(hours=9)  # after this an auditor's grace and window are over


def misses_a_run(draft: Draft, resource: PlannedResource) -> bool:
    """A run of the last days never began, and no task shows why."""
    runs = _inner(draft, resource)
    if runs:
        draft.runs[resource.id].remove(draft.rng.choice(runs))
        draft.truth.resource(resource.id, "CBR-102")
    return bool(runs)


def blocks_the_next_run(draft: Draft, resource: PlannedResource) -> bool:
    """A run does not end, and the service skips the next one; later ones still succeeded."""
    all_runs = draft.runs[resource.id]
    runs = [run for run in _inner(draft, resource) if run.created < draft.as_of - 3 * DAY]
    if not runs:
        return False
    missed = runs[0]
    all_runs[all_runs.index(missed) - 1].status = "running"
    all_runs.remove(missed)
    draft.truth.resource(resource.id, "CBR-102", "CBR-106")
    return True


def runs_late(draft: Draft, resource: PlannedResource) -> bool:
    """A run of the last days began hours after its grace, but succeeded in its period."""
    return _postpone(draft, resource, [run for run in repaired(draft, resource) if is_recent(draft, run)])


def ran_late(draft: Draft, resource: PlannedResource) -> bool:
    """A run began late, but that is long enough ago to be forgotten."""
    return _postpone(draft, resource, [run for run in repaired(draft, resource) if is_forgotten(draft, run)])


def runs_long(draft: Draft, resource: PlannedResource) -> bool:
    """A run takes so long that the service may skip the next one, which no backup replaces."""
    runs = [run for run in _inner(draft, resource) if run.created < draft.as_of - DAY]
    if _prolong(draft, runs):
        draft.truth.resource(resource.id, "CBR-102")
    if runs:
        draft.truth.resource(resource.id, "CBR-108")
    return bool(runs)


def runs_long_and_is_made_up(draft: Draft, resource: PlannedResource) -> bool:
    """A run takes so long that the service skips the next one, and somebody makes that backup by hand."""
    runs = [run for run in _inner(draft, resource) if run.created < draft.as_of - DAY and longest_gap(run) < DAY]
    for long in _prolong(draft, runs):
        by_hand(draft, resource, long.ended + HOUR / 4)
        draft.truth.resource(resource.id, "CBR-108")
    return bool(runs)


def ran_long(draft: Draft, resource: PlannedResource) -> bool:
    """A run took so long that the service skipped the next one, but that is long enough ago to be forgotten."""
    runs = [run for run in repaired(draft, resource) if is_forgotten(draft, run)]
    _prolong(draft, runs)
    return bool(runs)


def _inner(draft: Draft, resource: PlannedResource) -> list[BackupRun]:
    """Return recent runs between older and newer ones, newest first."""
    oldest = draft.runs[resource.id][:2]
    return [run for run in repaired(draft, resource) if is_recent(draft, run) and run not in oldest]


def _postpone(draft: Draft, resource: PlannedResource, runs: list[BackupRun]) -> bool:
    fitting = [run for run in runs if longest_gap(run) == DAY]
    if not fitting:
        return False
    late = draft.rng.choice(fitting)
    late.created += _LATE + draft.rng.random() * 4 * HOUR
    late.duration = min(late.duration, 2 * HOUR)
    if is_recent(draft, late):
        draft.truth.resource(resource.id, "CBR-108")
    return True


def _prolong(draft: Draft, runs: list[BackupRun]) -> list[BackupRun]:
    """Let one of the runs take hours; return it if other runs became due meanwhile, which are skipped."""
    if not runs:
        return []
    long = draft.rng.choice(runs)
    gap, every = longest_gap(long), draft.runs[long.resource.id]
    long.duration = max(1.3 * gap, _LATE) if gap < DAY else _LATE + draft.rng.random() * 4 * HOUR
    left_out = [run for run in every if long.created < run.created < long.ended]
    draft.runs[long.resource.id] = [run for run in every if run not in left_out]
    return [long] if left_out else []
