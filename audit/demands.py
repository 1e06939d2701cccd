"""What a profile demands of each subject: whether it is judged at all, by which limits, and what is waived."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from audit.findings import Finding, Outcome
from audit.subjects import Limits, Subject, Waiver, WaiverSubject


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """The demands of one profile at one time of judgement."""

    limits: Limits
    waivers: tuple[Waiver, ...] = ()

    def of(self, _subject: Subject) -> Limits:
        """Return the limits by which a subject is judged."""
        return self.limits

    def covers(self, _subject: Subject) -> bool:
        """Whether a subject is in the scope of the profile."""
        return True

    def mark(self, finding: Finding) -> Waiver | None:
        """Return the waiver that accepts a finding, the one that lasts longest where there are several."""
        fitting = (waiver for waiver in self.waivers if waiver.until > self.limits.now and _accepts(waiver, finding))
        return max(fitting, key=lambda waiver: (waiver.until, waiver.id), default=None)

    def waiver_subjects(self, findings: tuple[Finding, ...]) -> tuple[WaiverSubject, ...]:
        """Say of each waiver what it met."""
        return tuple(self._met(waiver, findings) for waiver in sorted(self.waivers, key=lambda waiver: waiver.id))

    @staticmethod
    def _met(waiver: Waiver, findings: tuple[Finding, ...]) -> WaiverSubject:
        met = [finding for finding in findings if _concerns(waiver, finding)]
        return WaiverSubject(waiver=waiver, findings=len(met), needed=sum(map(_needs_waiver, met)))


def _concerns(waiver: Waiver, finding: Finding) -> bool:
    """Whether a waiver names a finding: by its control, and by the id or the name of its subject."""
    return finding.control == waiver.control and any(
        fnmatchcase(text, waiver.subject) for text in (finding.id, finding.name)
    )


def _needs_waiver(finding: Finding) -> bool:
    return finding.outcome in {Outcome.FAIL, Outcome.UNKNOWN}


def _accepts(waiver: Waiver, finding: Finding) -> bool:
    return _needs_waiver(finding) and _concerns(waiver, finding)
