"""The expiry of backups: what retention deletes, and when."""

from datetime import datetime, timedelta
from typing import Final

from audit.simulator.blueprint import BackupRun, Draft
from audit.simulator.calendar_of_runs import DAY
from audit.simulator.tasks import clerk_of

HOUR: Final = timedelta(hours=1)


def delete_expired(draft: Draft) -> None:
    """Delete each backup of a policy in the daily batch after its expiry.

    The deletions of some policies leave no task, as if the log did not show them.
    """
    clerk = clerk_of(draft)
    for runs in draft.runs.values():
        kept = [run for run in runs if _is_kept(run)]
        ended = [run.ended for run in kept]
        for place, run in enumerate(kept):
            at = _batch(draft, _released(run, ended[place + 1 :]))
            if at is None or not draft.settled(at + 2 * HOUR):
                continue
            run.deleted = True
            if run.policy is not None and not run.policy.is_silent:
                draft.rows.append(clerk.delete(run, at))


def _is_kept(run: BackupRun) -> bool:
    """Whether retention ignores a backup: it affects only existing backups of policies."""
    return run.policy is not None and run.status == "success" and not (run.deleted or run.vanished or run.repeats)


def _released(run: BackupRun, newer: list[datetime]) -> datetime | None:
    if run.expires is not None or run.policy is None:
        return run.expires
    return run.policy.applied.released(run.ended, newer)


def _batch(draft: Draft, released: datetime | None) -> datetime | None:
    """Return a time in the batch of the next day, UTC."""
    if released is None:
        return None
    batch = (released + DAY).replace(hour=0, minute=0, second=0)
    return max(batch + draft.rng.random() * 8 * HOUR, released + 3 * HOUR)
