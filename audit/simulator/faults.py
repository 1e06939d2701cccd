"""Faults of single resources. Each plants itself if it fits, and notes every control that it makes fail.

A fault returns whether it was planted. All of them keep far away from the limits that an auditor uses, so that
nothing depends on a minute more or less.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from audit.simulator.background import by_hand
from audit.simulator.blueprint import Draft, Policy, Resource, Run
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.error_codes import failed, skipped

Fault = Callable[[Draft, Resource], bool]
HOUR: Final = timedelta(hours=1)
SECOND: Final = timedelta(seconds=1)
_STRIKES: Final = 3  # failures in a row that an auditor does not accept
_FEW_RUNS: Final = 16
_MANY_RUNS: Final = 24
_ENOUGH_RUNS: Final = 8
_SHORT: Final = timedelta(minutes=9)
_RATE_DAYS: Final = 30


def never_runs(draft: Draft, resource: Resource) -> bool:
    """The resource is in the vault, but no run ever touched it."""
    draft.runs[resource.id] = []
    draft.truth.resource(resource.id, "CBR-101")
    return True


def fails_for_days(draft: Draft, resource: Resource) -> bool:
    """All runs of the last days fail or time out, at least four of them."""
    policy = _frequent(resource)
    if policy is None:
        return False
    gap = policy.plan.longest_gap()
    stretch = max(4 * gap, gap + 18 * HOUR, 0.2 * min(draft.days, _RATE_DAYS) * DAY)
    runs = [run for run in draft.successes(resource) if draft.as_of - run.created <= stretch]
    if len(runs) < _STRIKES:
        return False
    for number, run in enumerate(runs):
        status = "timeout" if number % 4 == 1 else "failed"
        _spoil(draft, run, status)
    draft.truth.resource(resource.id, "CBR-101", "CBR-103", "CBR-104", "CBR-105")
    return True


def fails_now_and_then(draft: Draft, resource: Resource) -> bool:
    """Every fourth run fails, and the next one succeeds."""
    runs = draft.successes(resource)
    if _frequent(resource) is None or len(runs) < _ENOUGH_RUNS:
        return False
    for run in runs[3::4]:
        _spoil(draft, run, "failed")
    draft.truth.resource(resource.id, "CBR-103")
    return True


def fails_once(draft: Draft, resource: Resource) -> bool:
    """One run failed and the next one repaired it: harmless, unless there are few runs."""
    return _bad_once(draft, resource, "failed")


def times_out_once(draft: Draft, resource: Resource) -> bool:
    """One run was stopped for taking too long, and the next one repaired it."""
    return _bad_once(draft, resource, "timeout")


def is_skipped(draft: Draft, resource: Resource) -> bool:
    """Two runs of the last days did not start."""
    runs = [run for run in _repaired(draft, resource) if run.created > draft.as_of - 5.5 * DAY]
    for run in runs[::2][:2]:
        _spoil(draft, run, "skipped")
        draft.truth.resource(resource.id, "CBR-107")
    return bool(runs)


def was_skipped(draft: Draft, resource: Resource) -> bool:
    """A run did not start, but that is long enough ago to be forgotten."""
    runs = [run for run in _repaired(draft, resource) if run.created < draft.as_of - 9 * DAY]
    if runs:
        _spoil(draft, runs[0], "skipped")
    return bool(runs)


def is_stuck(draft: Draft, resource: Resource) -> bool:
    """A run has been running for more than a day; later ones succeeded all the same."""
    runs = [run for run in _repaired(draft, resource) if draft.as_of - 4 * DAY < run.created]
    runs = [run for run in runs if run.created < draft.as_of - 30 * HOUR]
    if runs:
        runs[0].status = "running"
        draft.truth.resource(resource.id, "CBR-106")
    return bool(runs)


def waits_for_ever(draft: Draft, resource: Resource) -> bool:
    """A backup started by hand has been waiting for more than a day."""
    by_hand(draft, resource, draft.between(draft.as_of - 44 * HOUR, draft.as_of - 30 * HOUR), "waiting")
    draft.truth.resource(resource.id, "CBR-106")
    return True


def waits(draft: Draft, resource: Resource) -> bool:
    """A backup started by hand a few minutes ago is still waiting: harmless."""
    by_hand(draft, resource, draft.between(draft.as_of - 600 * SECOND, draft.as_of - 60 * SECOND), "waiting")
    return True


def _bad_once(draft: Draft, resource: Resource, status: str) -> bool:
    """Spoil one run where the rate of successes stays far from 95 %, on either side."""
    finished = [run for run in draft.successes(resource) if run.created > draft.as_of - _RATE_DAYS * DAY]
    runs = [run for run in _repaired(draft, resource) if run.created > draft.as_of - 25 * DAY]
    few = len(finished) <= _FEW_RUNS
    if not runs or not (few or len(finished) >= _MANY_RUNS):
        return False
    _spoil(draft, draft.rng.choice(runs), status)
    if few:
        draft.truth.resource(resource.id, "CBR-103")
    return True


def _repaired(draft: Draft, resource: Resource) -> list[Run]:
    """Runs that may be spoilt because at least two newer ones succeeded; newest first."""
    return draft.successes(resource)[2:] if _frequent(resource) is not None else []


def _frequent(resource: Resource) -> Policy | None:
    """The policy of the resource's vault, if it runs at least once a day."""
    policy = resource.vault.policy
    return policy if policy is not None and policy.plan.longest_gap() <= DAY else None


def _spoil(draft: Draft, run: Run, status: str) -> None:
    """Let a run end badly: a skipped one at once, a failed one soon, a stopped one after its usual time."""
    rng = draft.rng
    if status == "skipped":
        run.spoil(status, skipped(rng), rng.uniform(1, 20) * SECOND)
    elif status == "failed":
        run.spoil(status, failed(rng, run.resource.vault.object_type), rng.uniform(0.1, 1) * _SHORT)
    else:
        run.status = "timeout"
        limit = min(8 * HOUR, 0.9 * longest_gap(run))
        run.duration = limit if draft.settled(run.created + limit) else run.duration


def longest_gap(run: Run) -> timedelta:
    """The longest gap of the policy that started a run."""
    return DAY if run.policy is None else run.policy.plan.longest_gap()
