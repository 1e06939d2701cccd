"""Every selected control on every subject of its kind: exactly one finding for each pair."""

from collections.abc import Iterable
from typing import Any, Final

from audit.findings import Control, Finding, Verdict, not_applicable, unknown
from audit.subjects import Limits, Presence, Resource, Subject, Subjects, VaultSubject

_EXCUSES: Final = {
    Presence.REPLICA: not_applicable("only replication vaults hold it"),
    Presence.UNACCOUNTED: unknown("no vault holds it, and no task shows when it left"),
    Presence.UNKNOWN: unknown("the vaults could not be read completely"),
}


def evaluate(subjects: Subjects, controls: Iterable[Control[Any]], limits: Limits) -> tuple[Finding, ...]:
    """Judge every pair; the findings come in order of control, kind and subject."""
    return tuple(
        _finding(control, subject, limits)
        for control in controls
        for kind in control.kinds
        for subject in subjects.of(kind)
    )


def _finding(control: Control[Any], subject: Subject, limits: Limits) -> Finding:
    return Finding(
        control=control.id,
        kind=subject.kind,
        id=subject.id,
        name=subject.name,
        severity=control.severity,
        verdict=_excused(control, subject) or _judge(control, subject, limits),
    )


def _judge(control: Control[Any], subject: Subject, limits: Limits) -> Verdict:
    """Apply the rule; one that raises says nothing about the subject, and the finding says so."""
    try:
        return control.judge(subject, limits)
    except Exception as error:  # noqa: BLE001  # a broken rule must not hide the other findings
        return unknown("the control itself failed; please report this", error=type(error).__name__)


def _excused(control: Control[Any], subject: Subject) -> Verdict | None:
    """Say why a subject is not judged at all, or None where it is."""
    if control.judges_departed or not isinstance(subject, Resource | VaultSubject):
        return None
    if subject.departure is not None:
        gone = "it left its vault" if isinstance(subject, Resource) else "it was deleted"
        return not_applicable(gone, [subject.departure.task_id], left=subject.departure.at)
    return _EXCUSES.get(subject.presence) if isinstance(subject, Resource) else None
