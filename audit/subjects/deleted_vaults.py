"""Deletions of vaults: which vault each was of, and until when that may have been there.

CBR deletes a vault together with all its backups. How soon the other lists show that, no document says; an hour is
allowed. A deletion that failed, left something behind or does not end explains nothing: the vault may still be there.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from audit.records import OPEN_STATUSES, Task
from audit.subjects.taken import SLACK
from audit.timestamps import shown


@dataclass(slots=True)
class Earlier:
    """What is known of a vault that is not listed.

    Attributes:
        name: that it had last, and when it was seen to have it; None where it is not known.
        last_sign: when something showed last that it was there.
        missing_since: when an earlier run missed it first; None where none did.
    """

    name: tuple[datetime, str] | None = None
    last_sign: datetime | None = None
    missing_since: datetime | None = None

    def note(self, moment: datetime, name: str | None = None) -> None:
        """Note a sign of it, and what it was called then."""
        self.last_sign = max(self.last_sign or moment, moment)
        if name:
            self.name = max(self.name or (moment, name), (moment, name))

    def may_have_been(self, name: str | None, ordered: datetime, end: datetime) -> bool:
        """Whether it may be the vault of a name that somebody deleted: nothing shows it after that, or gone before."""
        is_called_so = self.name is not None and self.name[1] == name
        was_there = self.missing_since is None or self.missing_since >= ordered
        return is_called_so and was_there and (self.last_sign is None or self.last_sign <= end + SLACK)


@dataclass(slots=True)
class DeletedVaults:
    """What the log says of deletions.

    Attributes:
        now: the time of judgement.
        stuck_after: how long a deletion that has not ended may be under way.
        ends: of each vault that was deleted, or is being deleted, until when it may have been there.
        undone: ids of vaults that a task was to delete and did not, or not with everything.
    """

    now: datetime
    stuck_after: timedelta
    ends: dict[str, datetime] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)

    def note(self, task: Task, vault_id: str) -> bool:
        """Note a deletion; False where it did not delete the vault."""
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
        """Whether a vault was deleted after the last sign of it, or so shortly before that lists may lag."""
        end = self.ends.get(vault_id)
        return end is not None and (last_sign is None or last_sign <= end + SLACK)

    def said_of(self, vault_id: str) -> str:
        """What the log says of the deletion of a vault that something shows all the same, or an empty text."""
        if vault_id in self.ends:
            return f"seen after a task deleted it at {shown(self.ends[vault_id])}"
        return "not known to be deleted completely" if vault_id in self.undone else ""


def end_of(task: Task) -> datetime:
    """When a deletion that has ended did so."""
    return task.ended_at or task.created_at
