"""Faults in what tasks claim: for days they report success, but make nothing.

Only the list of backups shows it or, if they name the same backup again and again, the log itself.
"""

from typing import Final

from audit.simulator.blueprint import BackupRun, Draft, PlannedResource
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.spoiling import HOUR, frequent, is_recent

_FEWEST: Final = 4
_RATE_DAYS: Final = 30


def names_an_old_backup(draft: Draft, resource: PlannedResource) -> bool:
    """All runs of the last days name the backup of the run before them."""
    runs, last = _of_the_last_days(draft, resource)
    if last is None:
        return False
    for run in runs:
        run.repeats = last.backup_id
        if is_recent(draft, run):
            draft.truth.resource(resource.id, "CBR-102")
    draft.truth.resource(resource.id, "CBR-101", "CBR-103", "CBR-104", "CBR-105", "CBR-401", "CBR-404")
    return True


def names_what_nobody_has(draft: Draft, resource: PlannedResource) -> bool:
    """The backups that the runs of the last days name are not in the list of backups."""
    return _leave_nothing(draft, resource)


def names_no_backup(draft: Draft, resource: PlannedResource) -> bool:
    """The runs of the last days name no backup, and none exists."""
    return _leave_nothing(draft, resource, names_none=True)


def _leave_nothing(draft: Draft, resource: PlannedResource, *, names_none: bool = False) -> bool:
    runs, last = _of_the_last_days(draft, resource)
    if last is None:
        return False
    for run in runs:
        run.vanished, run.names_none = True, names_none
    draft.truth.resource(resource.id, "CBR-101", "CBR-401", "CBR-404")
    return True


def _of_the_last_days(draft: Draft, resource: PlannedResource) -> tuple[list[BackupRun], BackupRun | None]:
    """Return the successes of a stretch that no auditor can miss, and the one before it, if surely kept."""
    policy = frequent(resource)
    if policy is None:
        return [], None
    gap = policy.plan.longest_gap()
    stretch = max(5 * gap, 2 * gap + 18 * HOUR, 0.2 * min(draft.days, _RATE_DAYS) * DAY)
    successes = draft.successes(resource)
    runs = [run for run in successes if draft.as_of - run.created <= stretch]
    before = successes[len(runs) :][:1]
    kept = [run for run in before if run.expiry is None or run.expiry > draft.as_of + 2 * DAY]
    return (runs, kept[0]) if kept and len(runs) >= _FEWEST else ([], None)
