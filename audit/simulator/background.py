"""The normal life of an estate: each resource is backed up whenever its policy is due."""

from datetime import datetime, timedelta
from typing import Final

from audit.simulator import identifiers
from audit.simulator.blueprint import BackupRun, Draft, PlannedPolicy, PlannedResource
from audit.simulator.copying import note_old_copy

LONGEST_DELAY: Final = 1800.0
LONGEST: Final = timedelta(hours=3)
SHORTEST: Final = timedelta(minutes=2)


def run_policies(draft: Draft) -> None:
    """Give every resource the runs of its vault's policy."""
    pairs = [(vault, policy) for policy in draft.policies for vault in draft.vaults if vault.policy is policy]
    for vault, policy in pairs:
        due = policy.due(draft.start, draft.as_of)
        checkpoints = [identifiers.uuid(draft.rng) for _ in due]
        for resource in vault.resources:
            draft.runs[resource.id] = scheduled(draft, resource, policy, due, checkpoints)


def scheduled(
    draft: Draft, resource: PlannedResource, policy: PlannedPolicy, due: list[datetime], checkpoints: list[str]
) -> list[BackupRun]:
    """Run a resource at each due time with some delay; the previous run may not have ended yet."""
    runs = []
    for moment, checkpoint_id in zip(due, checkpoints, strict=True):
        created = tidy(draft, moment + timedelta(seconds=_delay(draft)))
        if draft.settled(created):
            run = _run(draft, resource, policy, checkpoint_id, created)
            run.due = moment
            runs.append(run)
    return runs


def by_hand(draft: Draft, resource: PlannedResource, created: datetime, status: str = "success") -> BackupRun:
    """Start a backup by hand; it follows no policy, and every other one does not name its vault."""
    run = _run(draft, resource, None, identifiers.uuid(draft.rng), tidy(draft, created))
    run.nameless = draft.one_in(2)
    if status != "success":
        run.status = status
    draft.runs[resource.id] = sorted([*draft.runs[resource.id], run], key=lambda run: run.created)
    return run


def made_before(draft: Draft, resource: PlannedResource, policy: PlannedPolicy | None, created: datetime) -> BackupRun:
    """Add a backup that is too old for a task to show how it was made; it was copied then."""
    run = _run(draft, resource, policy, identifiers.uuid(draft.rng), created)
    draft.unlogged.setdefault(resource.id, []).append(run)
    if resource.vault.replication is not None:
        note_old_copy(draft, run, resource.vault.replication)
    return run


def keep_from_before(draft: Draft) -> None:
    """Add some backups from before the window, if the retention of the policy allows it."""
    for resource in draft.resources():
        policy = resource.vault.policy
        for days in (draft.rng.uniform(0, 2), draft.rng.uniform(29, 33)):
            created = draft.before - timedelta(days=days)
            if policy is not None and _outlasts(draft, policy, created):
                made_before(draft, resource, policy, created)


def number_incrementals(draft: Draft) -> None:
    """Make backups full or incremental as the policy of each vault requires, or at random."""
    for runs in draft.runs.values():
        done = 0
        for run in runs:
            policy = run.resource.vault.policy
            cycle = 0 if policy is None or policy.full_interval < 0 else policy.full_interval + 1
            by_lot = draft.rng.randrange(10) > 0
            if run.resource.never_full:
                run.incremental = done > 0
            else:
                run.incremental = done % cycle > 0 if cycle else by_lot
            done += run.status == "success" and not run.repeats


def _outlasts(draft: Draft, policy: PlannedPolicy, created: datetime) -> bool:
    """Whether a backup of this age is still kept."""
    expiry = policy.retention.expiry(created)
    return expiry is None or expiry > draft.as_of + timedelta(days=2)


def tidy(draft: Draft, moment: datetime) -> datetime:
    """Drop the fraction of a time now and then, so that it is written without one."""
    return moment.replace(microsecond=0) if draft.one_in(50) else moment


def _run(
    draft: Draft, resource: PlannedResource, policy: PlannedPolicy | None, checkpoint_id: str, created: datetime
) -> BackupRun:
    rng = draft.rng
    run = BackupRun(
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
