"""A restore drill: a person vouches for a restore test, which the task log need not show."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A drill of the profile: a person's word, not evidence of the cloud.

    Attributes:
        resource: the id or name of what was restored, or a pattern with ``*`` and ``?``.
        held: the start of the day of the restore.
        until: the time from which the drill no longer counts.
        by: who vouches for it.
        checked: what was checked after the restore.
        evidence: where its record is, or an empty string.
    """

    resource: str
    held: datetime
    until: datetime
    by: str
    checked: str
    evidence: str = ""

    def counts_at(self, now: datetime) -> bool:
        """Whether the restore was before a time and the drill still counts then."""
        return self.held <= now < self.until
