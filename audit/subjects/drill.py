"""A restore drill: somebody signs that a restore was tried, which the task log need not show."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """What the profile says: the word of a person, and not evidence of the cloud.

    Attributes:
        resource: the id or the name of what was restored, or a pattern with ``*`` and ``?``.
        held: when the restore was tried: the start of that day.
        until: the record counts for nothing from this time on.
        by: who signs for it.
        checked: what was looked at after the restore.
        evidence: where its record lies, or an empty text.
    """

    resource: str
    held: datetime
    until: datetime
    by: str
    checked: str
    evidence: str = ""

    def counts_at(self, now: datetime) -> bool:
        """Whether the restore was tried by then, and the record still holds."""
        return self.held <= now < self.until
