"""A waiver: somebody accepts that a control fails for some subjects, for a reason and until a date."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from audit.subjects.kinds import SubjectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """What the profile says. It marks a finding and keeps its outcome.

    Attributes:
        subject: the id or the name of a subject, or a pattern with ``*`` and ``?``.
        until: the waiver has no effect from this time on.
        ticket: where the decision is recorded, or an empty text.
    """

    control: str
    subject: str
    owner: str
    reason: str
    until: datetime
    ticket: str = ""

    @property
    def id(self) -> str:
        """The pair that it is about."""
        return f"{self.control} {self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverSubject:
    """A waiver and what it met in this run.

    Attributes:
        findings: findings of its control and subjects, whatever their outcome.
        needed: those of them that did not pass, and so are marked unless the waiver has expired.
        evidence_complete: everything was read, so that there is nothing else that it could have met.
    """

    kind: ClassVar[SubjectKind] = SubjectKind.WAIVER
    waiver: Waiver
    findings: int
    needed: int
    evidence_complete: bool = True

    @property
    def id(self) -> str:
        """The pair that it is about."""
        return self.waiver.id

    @property
    def name(self) -> str:
        """The pair that it is about."""
        return self.waiver.id
