"""Faults of backups: broken, missing, unexplained, unencrypted, kept too briefly or not copied."""

from datetime import timedelta
from typing import Final, Literal

from audit.simulator import identifiers
from audit.simulator.background import made_before
from audit.simulator.blueprint import BackupRun, Draft, PlannedResource
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.messages import Row
from audit.simulator.spoiling import HOUR

_COPIES_ODD_SINCE: Final = timedelta(days=3)
_SURELY_TO_BE_COPIED: Final = timedelta(hours=30)
_ENOUGH: Final = 4


def newest_is_broken(draft: Draft, resource: PlannedResource) -> bool:
    """The newest backup cannot be restored any more."""
    runs = draft.successes(resource)[:1]
    for run in runs:
        run.broken = True
        draft.truth.resource(resource.id, "CBR-401")
    return bool(runs)


def older_is_broken(draft: Draft, resource: PlannedResource) -> bool:
    """An older backup cannot be restored, but the newest one can: harmless."""
    runs = draft.successes(resource)[2:3]
    for run in runs:
        run.broken = True
    return bool(runs)


def vanishes(draft: Draft, resource: PlannedResource) -> bool:
    """A backup that its task made is missing, and neither a task nor its retention explains it."""
    runs = [run for newer, run in enumerate(draft.successes(resource)) if _must_be_there(draft, run, newer)]
    if not runs or resource.copying != "well":
        return False
    draft.rng.choice(runs).vanished = True
    draft.truth.resource(resource.id, "CBR-404")
    return True


def comes_from_nowhere(draft: Draft, resource: PlannedResource) -> bool:
    """A backup exists that no task made, though the log surely covers the time and no task may explain it."""
    runs = draft.successes(resource)
    if len(runs) < _ENOUGH or resource.copying != "well" or runs[2].created < draft.start + 30 * HOUR:
        return False
    if any(run.status == "waiting" for run in draft.runs[resource.id]):
        return False
    made_before(draft, resource, None, draft.between(runs[2].ended, runs[1].created))
    draft.truth.resource(resource.id, "CBR-404")
    return True


def is_not_encrypted(draft: Draft, resource: PlannedResource) -> bool:
    """The disks are not encrypted, so neither are the backups."""
    if not draft.successes(resource):
        return False
    resource.encrypted_since = None
    draft.truth.resource(resource.id, "CBR-402")
    return True


def is_encrypted_now(draft: Draft, resource: PlannedResource) -> bool:
    """The disks have been encrypted since some backups: the newest one counts, so this is harmless."""
    runs = draft.successes(resource)
    if len(runs) < _ENOUGH:
        return False
    resource.encrypted_since = runs[1].created
    return True


def is_kept_briefly(draft: Draft, resource: PlannedResource) -> bool:
    """Somebody shortened the life of the newest backup that the policy made."""
    runs = [run for run in draft.successes(resource) if run.policy and run.created > draft.as_of - 1.5 * DAY][:1]
    for run in runs:
        run.expires = run.created + draft.rng.uniform(2.5, 3.5) * DAY
        draft.truth.resource(resource.id, "CBR-403")
    return bool(runs)


def takes_no_space(draft: Draft, resource: PlannedResource) -> bool:
    """Backups of several days exist but are empty."""
    runs = [run for newer, run in enumerate(draft.successes(resource)) if _must_be_there(draft, run, newer)]
    if not any(run.created < draft.as_of - 2 * DAY for run in runs):
        return False
    resource.is_weightless = True
    draft.truth.resource(resource.id, "CBR-406")
    return True


def leaves_a_disk_out(draft: Draft, resource: PlannedResource) -> bool:
    """One disk of a server is excluded from its backups."""
    if not resource.disks or resource.is_deleted:
        return False
    resource.disks += (identifiers.uuid(draft.rng),)
    resource.excluded = resource.disks[-1:]
    _leaves_out(draft, resource)
    return True


def backs_up_one_disk_only(draft: Draft, resource: PlannedResource) -> bool:
    """Only the first disk of a server is backed up."""
    if not resource.disks or resource.is_deleted:
        return False
    resource.included = resource.disks[:1]
    resource.disks += (identifiers.uuid(draft.rng),)
    _leaves_out(draft, resource)
    return True


def _leaves_out(draft: Draft, resource: PlannedResource) -> None:
    """Record that not all disks of a server are backed up, which somebody chose some days ago."""
    draft.truth.resource(resource.id, "CBR-502")
    request: Row = {"vault": {"resources": [{"id": resource.id, "extra_info": resource.extra_info}]}}
    explains = ("CBR-502", "resource", resource.id)
    draft.vault_changed(resource.vault, "updateVault", draft.as_of - 2 * DAY, explains, request=request)


def is_not_copied(draft: Draft, resource: PlannedResource) -> bool:
    """Backups of the last days are not copied to the other region, though the vault has a policy for it."""
    return _copying_goes_wrong(draft, resource, "stops")


def copies_fail(draft: Draft, resource: PlannedResource) -> bool:
    """The copies of the last days failed."""
    return _copying_goes_wrong(draft, resource, "fails")


def copy_is_retried(draft: Draft, resource: PlannedResource) -> bool:
    """A copy failed, and the next attempt succeeded: harmless."""
    return _copying_goes_wrong(draft, resource, "is retried")


def _must_be_there(draft: Draft, run: BackupRun, newer: int) -> bool:
    """Neither age nor number comes near to explaining a missing backup; the newest one is left alone."""
    policy, age = run.resource.vault.policy, draft.as_of - run.created
    if policy is None or newer == 0 or run.expires or not draft.settled(run.ended + 3 * HOUR):
        return False
    copying = run.resource.vault.replication  # an auditor may take its rule for one of the backups
    rules = (policy.retention, policy.applied, *(() if copying is None else (copying.retention,)))
    return all(
        (rule.days is None or age < 0.5 * rule.days * DAY) and (rule.number is None or newer < 0.5 * rule.number)
        for rule in rules
    )


def _copying_goes_wrong(draft: Draft, resource: PlannedResource, how: Literal["stops", "fails", "is retried"]) -> bool:
    """Let copying fail if some backup is recent enough to be affected and old enough to be missed."""
    begin, end = draft.as_of - _COPIES_ODD_SINCE, draft.as_of - _SURELY_TO_BE_COPIED
    if not resource.vault.copies or not any(begin < run.created < end for run in draft.successes(resource)):
        return False
    resource.copying, resource.copying_since = how, begin
    if how != "is retried":
        draft.truth.resource(resource.id, "CBR-109")
    return True
