"""Every selected control on every subject of its kind: exactly one finding for each pair."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from audit.collection import Kind
from audit.demands import Demands
from audit.findings import Control, Finding, Verdict, not_applicable, unknown
from audit.subjects import Limits, Presence, Resource, Subject, SubjectKind, Subjects, VaultSubject

_EXCUSES: Final = {
    Presence.REPLICA: not_applicable("only replication vaults hold it"),
    Presence.UNACCOUNTED: unknown("no vault holds it, and no task shows when it left"),
    Presence.UNPROTECTED: not_applicable("no vault holds it, and no task names it"),
    Presence.UNKNOWN: unknown("the vaults could not be read completely"),
}


def evaluate(subjects: Subjects, controls: Iterable[Control[Any]], demands: Demands) -> tuple[Finding, ...]:
    """Judge every pair; the findings come in order of control, kind and subject.

    The waivers of the profile are judged last: what they meet shows only when the other findings are known.
    """
    selected = tuple(controls)
    judged = _Judging(subjects, demands)
    found = tuple(
        judged.finding(control, subject)
        for control in selected
        for kind in control.kinds
        for subject in subjects.of(kind)
    )
    on_waivers = tuple(
        judged.finding(control, subject)
        for control in selected
        if SubjectKind.WAIVER in control.kinds
        for subject in demands.waiver_subjects(found, complete=subjects.collection.complete)
    )
    return tuple(sorted((*found, *on_waivers), key=lambda finding: finding.control))  # the sort is stable


class _Judging:
    """One evaluation: who is judged by which limits, found out once for each subject."""

    def __init__(self, subjects: Subjects, demands: Demands) -> None:
        self._collection = subjects.collection
        self._demands = demands
        self._covered: dict[tuple[SubjectKind, str], bool] = {}
        self._limits: dict[tuple[SubjectKind, str], Limits] = {}

    def finding(self, control: Control[Any], subject: Subject) -> Finding:
        """Judge one pair, and mark it where a waiver accepts the outcome."""
        finding = Finding(
            control=control.id,
            kind=subject.kind,
            id=subject.id,
            name=subject.name,
            severity=control.severity,
            verdict=self._excused(control, subject) or self._judge(control, subject),
        )
        waiver = self._demands.mark(finding)
        return replace(finding, waiver=waiver) if waiver else finding

    def _judge(self, control: Control[Any], subject: Subject) -> Verdict:
        """Apply the rule; one that raises says nothing about the subject, and the finding says so."""
        try:
            return control.judge(subject, self._limits_of(subject))
        except Exception as error:  # noqa: BLE001  # a broken rule must not hide the other findings
            return unknown("the control itself failed; please report this", error=type(error).__name__)

    def _limits_of(self, subject: Subject) -> Limits:
        key = subject.kind, subject.id
        if key not in self._limits:
            self._limits[key] = self._demands.of(subject)
        return self._limits[key]

    def _covers(self, subject: Subject) -> bool:
        key = subject.kind, subject.id
        if key not in self._covered:
            self._covered[key] = self._demands.covers(subject)
        return self._covered[key]

    def _excused(self, control: Control[Any], subject: Subject) -> Verdict | None:
        """Say why a subject is not judged at all, or None where it is."""
        if not self._covers(subject):
            return not_applicable("not in the scope of the profile")
        absent = None if control.judges_departed else _absent(subject)
        return absent or self._refused(control)

    def _refused(self, control: Control[Any]) -> Verdict | None:
        """Name the permission without which the control cannot judge."""
        for kind in Kind:
            if kind in control.needs and self._collection.refused(kind):
                return unknown("a permission is missing", permission=kind.permission)
        return None


def _absent(subject: Subject) -> Verdict | None:
    """Say why a resource or a vault that is gone, or never was in a vault, is not judged."""
    if not isinstance(subject, Resource | VaultSubject):
        return None
    if subject.departure is not None:
        gone = "it left its vault" if isinstance(subject, Resource) else "it was deleted"
        return not_applicable(gone, [subject.departure.task_id], left=subject.departure.at)
    return _EXCUSES.get(subject.presence) if isinstance(subject, Resource) else None
