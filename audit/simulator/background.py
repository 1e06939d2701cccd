"""The healthy life of an estate: each resource is backed up whenever its policy is due."""

from datetime import datetime, timedelta
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import Draft, Policy, Resource, Run

LONGEST_DELAY: Final = 1800.0
LONGEST: Final = timedelta(hours=3)
SHORTEST: Final = timedelta(minutes=2)


def run_policies(draft: Draft) -> None:
    """Give every resource the runs of its vault's policy."""
    pairs = [(vault, policy) for policy in draft.policies for vault in draft.vaults if vault.policy is policy]
    for vault, policy in pairs:
        due = policy.plan.due(policy.created, draft.start, draft.as_of)
        checkpoints = [identifiers.uuid(draft.rng) for _ in due]
        for resource in vault.resources:
            draft.runs[resource.id] = scheduled(draft, resource, policy, due, checkpoints)


def scheduled(
    draft: Draft, resource: Resource, policy: Policy, due: list[datetime], checkpoints: list[str]
) -> list[Run]:
    """Run a resource at each due time with some delay; the last run may not have ended yet."""
    runs = []
    for moment, checkpoint_id in zip(due, checkpoints, strict=True):
        created = tidy(draft, moment + timedelta(seconds=_delay(draft)))
        if draft.settled(created):
            runs.append(_run(draft, resource, policy, checkpoint_id, created))
    return runs


def by_hand(draft: Draft, resource: Resource, created: datetime, status: str = "success") -> Run:
    """Start a backup by hand; it follows no policy, and every other one does not name its vault."""
    run = _run(draft, resource, None, identifiers.uuid(draft.rng), tidy(draft, created))
    run.nameless = draft.one_in(2)
    if status != "success":
        run.status = status
    draft.runs[resource.id] = sorted([*draft.runs[resource.id], run], key=lambda run: run.created)
    return run


def tidy(draft: Draft, moment: datetime) -> datetime:
    """Drop the fraction of a moment now and then, so that it is written without one."""
    return moment.replace(microsecond=0) if draft.one_in(50) else moment


def _run(draft: Draft, resource: Resource, policy: Policy | None, checkpoint_id: str, created: datetime) -> Run:
    rng = draft.rng
    run = Run(
        resource=resource,
        policy=policy,
        id=identifiers.uuid(rng),
        checkpoint_id=checkpoint_id,
        backup_id=identifiers.uuid(rng),
        created=created,
        duration=min(LONGEST, max(SHORTEST, resource.typical * rng.lognormvariate(0.0, 0.3))),
    )
    if not draft.settled(run.ended):
        run.status = "running"
    return run


def _delay(draft: Draft) -> float:
    """Wait between 3 seconds and 30 minutes, most often a few minutes."""
    return min(LONGEST_DELAY, 3.0 + draft.rng.expovariate(1 / 180))
