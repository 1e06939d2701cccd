"""A waiver: a failure of a control for some subjects is accepted, for a reason and until a date."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from audit.subjects.subject_kinds import SubjectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A waiver of the profile. It marks a finding and keeps its outcome.

    Attributes:
        subject: the id or name of a subject, or a pattern with ``*`` and ``?``.
        until: the time from which the waiver has no effect.
        ticket: where the decision is recorded, or an empty string.
    """

    control: str
    subject: str
    owner: str
    reason: str
    until: datetime
    ticket: str = ""

    @property
    def id(self) -> str:
        """The control and subject that it is about."""
        return f"{self.control} {self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverSubject:
    """A waiver and the findings that it matched in this run.

    Attributes:
        findings: the findings of its control and subjects, whatever their outcome.
        needed: those that did not pass, and so are marked unless the waiver has expired.
        evidence_complete: whether everything was read, so that it could not have matched anything else.
    """

    kind: ClassVar[SubjectKind] = SubjectKind.WAIVER
    waiver: Waiver
    findings: int
    needed: int
    evidence_complete: bool = True

    @property
    def id(self) -> str:
        """The control and subject that it is about."""
        return self.waiver.id

    @property
    def name(self) -> str:
        """The control and subject that it is about."""
        return self.waiver.id
