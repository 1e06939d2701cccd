"""What a profile demands of each subject: whether it is judged at all, by which limits, and what is waived."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from msgspec.structs import replace

from audit.collection import Rejected
from audit.judging.catalogue import OF_ROWS
from audit.judging.findings import Finding, Outcome
from audit.judging.selection import Selector, fit_all, fit_some, fits, is_of_the_audit
from audit.schedule.maintenance import Maintenance, MaintenanceWindow
from audit.subjects import Limits, Subject, Subjects, Waiver, WaiverSubject

_BY_END: Final = attrgetter("until", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which subjects are judged; those that nothing includes are left out, and so are those that are excluded."""

    include: tuple[Selector, ...] = ()
    exclude: tuple[Selector, ...] = ()

    def covers(self, subject: Subject) -> bool:
        """Whether a subject is judged; one of which the evidence does not say where it belongs is."""
        if is_of_the_audit(subject):
            return True
        if self.include and fit_some(self.include, subject) is False:
            return False
        return not (self.exclude and fit_all(self.exclude, subject))


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Some subjects have limits of their own, such as gold or bronze."""

    name: str
    select: tuple[Selector, ...]
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """A maintenance window of some subjects, or of all where nothing is selected."""

    window: MaintenanceWindow
    only: tuple[Selector, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """The demands of one profile at one time of judgement.

    Attributes:
        limits: of subjects that no level selects.
        levels: of several that select a subject, the first counts.
    """

    limits: Limits
    scope: Scope = Scope()
    levels: tuple[Level, ...] = ()
    upkeep: tuple[Upkeep, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    _shared: dict[tuple[int, tuple[MaintenanceWindow, ...]], Limits] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def of(self, subject: Subject) -> Limits:
        """Return the limits by which a subject is judged."""
        if not (self.levels or self.upkeep):
            return self.limits
        level = self.level_of(subject)
        limits = level.limits if level else self.limits
        windows = tuple(entry.window for entry in self.upkeep if not entry.only or fit_all(entry.only, subject))
        if not windows:
            return limits
        key = id(limits), windows
        if key not in self._shared:  # subjects with the same limits share them, so that what follows is known already
            self._shared[key] = replace(limits, maintenance=Maintenance(windows))
        return self._shared[key]

    def level_of(self, subject: Subject) -> Level | None:
        """Return the first level that selects a subject; None where none surely does."""
        return next((level for level in self.levels if fit_some(level.select, subject)), None)

    def covers(self, subject: Subject) -> bool:
        """Whether a subject is in the scope of the profile."""
        return self.scope.covers(subject)

    def out_of_scope(self, subjects: Subjects) -> int:
        """Count the subjects that are not judged because the profile leaves them out."""
        every: tuple[Subject, ...] = (*subjects.resources, *subjects.policies, *subjects.vaults)
        return sum(not self.covers(subject) for subject in every)

    def mark(self, finding: Finding) -> Waiver | None:
        """Return the waiver that accepts a finding, the one that lasts longest where there are several."""
        if not _needs_waiver(finding):
            return None
        fitting = (waiver for waiver in self.waivers if waiver.until > self.limits.now and _concerns(waiver, finding))
        return max(fitting, key=lambda waiver: (waiver.until, waiver.id), default=None)

    def accepted(self, rows: Iterable[Rejected]) -> Mapping[str, Waiver]:
        """Say of rows that could not be used, by their marks, which waiver accepts them; the one that lasts longest."""
        lasting = sorted((waiver for waiver in self.waivers if waiver.until > self.limits.now), key=_BY_END)
        return {row.mark: waiver for row in rows for waiver in lasting if _accepts(waiver, row)}

    def waiver_subjects(
        self, findings: Iterable[Finding], *, complete: bool, rejected: Collection[Rejected] = ()
    ) -> tuple[WaiverSubject, ...]:
        """Say of each waiver what it met; where the evidence is not complete, it may have met more."""
        if not self.waivers:
            return ()
        of_control: dict[str, list[Finding]] = {waiver.control: [] for waiver in self.waivers}
        for finding in findings:
            if finding.control in of_control:
                of_control[finding.control].append(finding)
        ordered = sorted(self.waivers, key=lambda waiver: waiver.id)
        return tuple(_met(waiver, of_control, rejected, complete=complete) for waiver in ordered)


def _met(
    waiver: Waiver, of_control: Mapping[str, list[Finding]], rejected: Iterable[Rejected], *, complete: bool
) -> WaiverSubject:
    met = [finding for finding in of_control[waiver.control] if _concerns(waiver, finding)]
    rows = sum(_accepts(waiver, row) for row in rejected)
    needed = sum(map(_needs_waiver, met)) + rows
    return WaiverSubject(waiver=waiver, findings=len(met) + rows, needed=needed, evidence_complete=complete)


def _accepts(waiver: Waiver, row: Rejected) -> bool:
    """Whether a waiver names a row that could not be used: exactly, as a pattern would accept what nobody has seen."""
    return waiver.control == OF_ROWS and waiver.subject in {row.id, row.mark}


def _concerns(waiver: Waiver, finding: Finding) -> bool:
    """Whether a waiver names a finding: by its control, and by the id or the name of its subject."""
    return finding.control == waiver.control and fits((waiver.subject,), finding.id, finding.name)


def _needs_waiver(finding: Finding) -> bool:
    return finding.outcome in {Outcome.FAIL, Outcome.UNKNOWN}
