"""Every selected control on every subject of its kind: exactly one finding for each pair."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from msgspec.structs import replace

from audit.collection import Kind
from audit.demands import Demands
from audit.findings import Control, Finding, Verdict, not_applicable, unknown
from audit.subjects import Collection, Limits, Presence, Resource, Subject, SubjectKind, Subjects, VaultSubject

_EXCUSES: Final = {
    Presence.REPLICA: not_applicable("only replication vaults hold it"),
    Presence.UNACCOUNTED: unknown("no vault holds it, and no task shows when it left"),
    Presence.UNPROTECTED: not_applicable("no vault holds it, and no task names it"),
    Presence.UNKNOWN: unknown("the vaults could not be read completely"),
}
Note = Callable[[Subject, Limits], None]
_OUT_OF_SCOPE: Final = not_applicable("not in the scope of the profile")


def evaluate(
    subjects: Subjects, controls: Iterable[Control[Any]], demands: Demands, note: Note = lambda _subject, _limits: None
) -> tuple[Finding, ...]:
    """Judge every pair; the findings come in order of control, kind and subject.

    The waivers of the profile are judged last: what they meet shows only when the other findings are known.

    Args:
        subjects: what is judged.
        controls: the rules.
        demands: what the organisation demands.
        note: is called for each subject with its limits, after it was judged and before what it remembers is freed.
    """
    selected = tuple(controls)
    judging = _Judging(subjects.collection, demands, note)
    judged = {kind: iter(judging.findings(_judging(selected, kind), subjects.of(kind))) for kind in SubjectKind}
    found = [(control.id, next(judged[kind])) for control in selected for kind in control.kinds]
    on_waivers = _judging(selected, SubjectKind.WAIVER)
    if on_waivers:
        every = chain.from_iterable(findings for _control, findings in found)
        met = demands.waiver_subjects(every, complete=subjects.collection.complete)
        found += zip((control.id for control in on_waivers), judging.findings(on_waivers, met), strict=True)
    found.sort(key=itemgetter(0))  # the sort is stable
    return tuple(chain.from_iterable(findings for _control, findings in found))


def _judging(controls: Iterable[Control[Any]], kind: SubjectKind) -> list[Control[Any]]:
    return [control for control in controls if kind in control.kinds]


class _Judging:
    """One evaluation: who is judged by which limits, and what is waived."""

    def __init__(self, collection: Collection, demands: Demands, note: Note) -> None:
        self._note = note
        self._collection = collection
        self._demands = demands
        self._waivable = {waiver.control for waiver in demands.waivers}

    def findings(self, controls: Sequence[Control[Any]], subjects: Sequence[Subject]) -> list[list[Finding]]:
        """Judge each subject by each control; return the findings of each control, in order of subject.

        One subject is judged by all controls before the next one, so that what it remembers of its tasks can be freed:
        all tasks at once, each an object, would need more memory than everything else.
        """
        found: list[list[Finding]] = [[] for _control in controls]
        if not controls:
            return found
        applied = [
            (control, control.id, control.severity, self._refused(control), kept.append)
            for control, kept in zip(controls, found, strict=True)
        ]
        waivable = self._waivable
        for subject in subjects:
            kind, subject_id, name = subject.kind, subject.id, subject.name
            limits = self._demands.of(subject)
            out = None if self._demands.covers(subject) else _OUT_OF_SCOPE
            gone = out or _absent(subject)
            for control, control_id, severity, refused, keep in applied:
                excuse = (out if control.judges_departed else gone) or refused
                verdict = excuse or _verdict(control, subject, limits)
                finding = Finding(control_id, kind, subject_id, name, severity, verdict)
                keep(self._marked(finding) if control_id in waivable else finding)
            self._note(subject, limits)
            if isinstance(subject, Resource | VaultSubject):
                subject.forget()
        return found

    def _marked(self, finding: Finding) -> Finding:
        """Mark a finding where a waiver accepts its outcome."""
        waiver = self._demands.mark(finding)
        return replace(finding, waiver=waiver) if waiver else finding

    def _refused(self, control: Control[Any]) -> Verdict | None:
        """Name the permission without which the control cannot judge."""
        for kind in Kind:
            if kind in control.needs and self._collection.refused(kind):
                return unknown("a permission is missing", permission=kind.permission)
        return None


def _verdict(control: Control[Any], subject: Subject, limits: Limits) -> Verdict:
    """Apply the rule; one that raises says nothing about the subject, and the finding says so."""
    try:
        return control.judge(subject, limits)
    except Exception as error:  # noqa: BLE001  # a broken rule must not hide the other findings
        return unknown("the control itself failed; please report this", error=type(error).__name__)


def _absent(subject: Subject) -> Verdict | None:
    """Say why a resource or a vault that is gone, or never was in a vault, is not judged."""
    if not isinstance(subject, Resource | VaultSubject):
        return None
    if subject.departure is not None:
        gone = "it left its vault" if isinstance(subject, Resource) else "it was deleted"
        return not_applicable(gone, [subject.departure.task_id], left=subject.departure.at)
    return _EXCUSES.get(subject.presence) if isinstance(subject, Resource) else None
