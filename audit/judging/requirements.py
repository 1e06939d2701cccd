"""What a profile requires of each subject: whether it is judged, by which limits, and what is waived."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from msgspec.structs import replace

from audit.collection import Rejected
from audit.judging.control_catalogue import OF_ROWS
from audit.judging.findings import Finding, Outcome
from audit.judging.patterns import fits
from audit.judging.selection import Selector, fit_all, fit_some, is_of_the_audit
from audit.schedule.maintenance import Maintenance, MaintenanceWindow
from audit.subjects import Limits, Subject, Subjects, Waiver, WaiverSubject

_BY_END: Final = attrgetter("until", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which subjects are judged: those that are included (by default all) and not excluded."""

    include: tuple[Selector, ...] = ()
    exclude: tuple[Selector, ...] = ()

    def covers(self, subject: Subject) -> bool:
        """Whether a subject is judged; a subject is, if the evidence does not show where it belongs."""
        if is_of_the_audit(subject):
            return True
        if self.include and fit_some(self.include, subject) is False:
            return False
        return not (self.exclude and fit_all(self.exclude, subject))


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Different limits for some subjects, such as gold or bronze."""

    name: str
    select: tuple[Selector, ...]
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceRule:
    """A maintenance window for the selected subjects, or for all if nothing is selected."""

    window: MaintenanceWindow
    only: tuple[Selector, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What one profile requires at one time of judgement.

    Attributes:
        limits: the limits of subjects that no level selects.
        levels: the levels; the first that selects a subject applies.
    """

    limits: Limits
    scope: Scope = Scope()
    levels: tuple[Level, ...] = ()
    maintenance: tuple[MaintenanceRule, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    _shared: dict[tuple[int, tuple[MaintenanceWindow, ...]], Limits] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def of(self, subject: Subject) -> Limits:
        """Return the limits by which a subject is judged."""
        if not (self.levels or self.maintenance):
            return self.limits
        level = self.level_of(subject)
        limits = level.limits if level else self.limits
        windows = tuple(entry.window for entry in self.maintenance if not entry.only or fit_all(entry.only, subject))
        if not windows:
            return limits
        key = id(limits), windows
        if (
            key not in self._shared
        ):  # subjects with the same limits share one object, so that results computed from it are shared, too
            self._shared[key] = replace(limits, maintenance=Maintenance(windows))
        return self._shared[key]

    def level_of(self, subject: Subject) -> Level | None:
        """Return the first level that selects a subject, or None if none surely does."""
        return next((level for level in self.levels if fit_some(level.select, subject)), None)

    def covers(self, subject: Subject) -> bool:
        """Whether a subject is in the scope of the profile."""
        return self.scope.covers(subject)

    def out_of_scope(self, subjects: Subjects) -> tuple[Subject, ...]:
        """Return the subjects that the profile leaves out."""
        every: tuple[Subject, ...] = (*subjects.resources, *subjects.policies, *subjects.vaults)
        return tuple(subject for subject in every if not self.covers(subject))

    def mark(self, finding: Finding) -> Waiver | None:
        """Return the waiver that accepts a finding; if there are several, the one that lasts longest."""
        if not _needs_waiver(finding):
            return None
        fitting = (waiver for waiver in self.waivers if waiver.until > self.limits.now and _concerns(waiver, finding))
        return max(fitting, key=lambda waiver: (waiver.until, waiver.id), default=None)

    def accepted(self, rows: Iterable[Rejected]) -> Mapping[str, Waiver]:
        """Return the waiver that accepts each unusable row, by its mark; of several, the one that lasts longest."""
        lasting = sorted((waiver for waiver in self.waivers if waiver.until > self.limits.now), key=_BY_END)
        return {row.mark: waiver for row in rows for waiver in lasting if _accepts(waiver, row)}

    def waiver_subjects(
        self, findings: Iterable[Finding], *, complete: bool, rejected: Collection[Rejected] = ()
    ) -> tuple[WaiverSubject, ...]:
        """Return each waiver with the findings that it matched; on incomplete evidence, it may have matched more."""
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
    """Whether a waiver names an unusable row exactly: a pattern would accept rows that nobody has seen."""
    return waiver.control == OF_ROWS and waiver.subject in {row.id, row.mark}


def _concerns(waiver: Waiver, finding: Finding) -> bool:
    """Whether a waiver names a finding, by its control and the id or name of its subject."""
    return finding.control == waiver.control and fits((waiver.subject,), finding.id, finding.name)


def _needs_waiver(finding: Finding) -> bool:
    return finding.outcome in {Outcome.FAIL, Outcome.UNKNOWN}
