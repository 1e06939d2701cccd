"""Deletions of vaults: which vault each deleted, and until when that vault may have existed.

CBR deletes a vault together with all its backups. No document says how soon the other lists show that; an hour is
allowed. A deletion that failed, left something behind or does not end explains nothing: the vault may still exist.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from audit.records import OPEN_STATUSES, Task
from audit.subjects.missing_backups import SLACK
from audit.timestamps import shown


@dataclass(slots=True)
class Earlier:
    """What is known of a vault that is not listed.

    Attributes:
        name: its last known name, and when it was seen; None if unknown.
        last_sign: the last time that something showed its existence.
        missing_since: when an earlier run first missed it; None if none did.
    """

    name: tuple[datetime, str] | None = None
    last_sign: datetime | None = None
    missing_since: datetime | None = None

    def note(self, moment: datetime, name: str | None = None) -> None:
        """Record a sign of it, and its name at that time."""
        self.last_sign = max(self.last_sign or moment, moment)
        if name:
            self.name = max(self.name or (moment, name), (moment, name))

    def may_have_been(self, name: str | None, ordered: datetime, end: datetime) -> bool:
        """Whether it may be the deleted vault of a name: no later sign shows it, and it was not gone before."""
        is_called_so = self.name is not None and self.name[1] == name
        was_there = self.missing_since is None or self.missing_since >= ordered
        return is_called_so and was_there and (self.last_sign is None or self.last_sign <= end + SLACK)


@dataclass(slots=True)
class DeletedVaults:
    """What the log says about deletions.

    Attributes:
        now: the time of judgement.
        stuck_after: how long an unfinished deletion may take.
        ends: for each vault that was or is being deleted, until when it may have existed.
        undone: the ids of vaults whose deletion failed, wholly or in part.
    """

    now: datetime
    stuck_after: timedelta
    ends: dict[str, datetime] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)

    def note(self, task: Task, vault_id: str) -> bool:
        """Record a deletion; return False if it did not delete the vault."""
        end = self._end(task)
        if end is None:
            self.undone.add(vault_id)
            return False
        self.ends[vault_id] = max(end, self.ends.get(vault_id, end))
        return True

    def _end(self, task: Task) -> datetime | None:
        if task.status in OPEN_STATUSES:
            is_under_way = task.failures is None and self.now - task.created_at <= self.stuck_after
            return self.now if is_under_way else None
        return end_of(task) if task.did_it_all else None

    def explain(self, vault_id: str, last_sign: datetime | None) -> bool:
        """Whether a vault was deleted after its last sign, or so shortly before that lists may lag."""
        end = self.ends.get(vault_id)
        return end is not None and (last_sign is None or last_sign <= end + SLACK)

    def said_of(self, vault_id: str) -> str:
        """Return what the log says about the deletion of a vault that something still shows, or an empty string."""
        if vault_id in self.ends:
            return f"seen after a task deleted it at {shown(self.ends[vault_id])}"
        return "not known to be deleted completely" if vault_id in self.undone else ""


def end_of(task: Task) -> datetime:
    """Return when a finished deletion ended."""
    return task.ended_at or task.created_at
