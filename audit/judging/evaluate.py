"""Every selected control on every subject of its kind: exactly one finding for each pair."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, Final

from audit.collection import ALWAYS_READ, Kind
from audit.judging.demands import Demands
from audit.judging.findings import Control, Outcome, Verdict, not_applicable, unknown, unread
from audit.judging.findings_table import Findings, Judgement
from audit.judging.reasons import OUT_OF_SCOPE
from audit.subjects import (
    Collection,
    Limits,
    Presence,
    Resource,
    Subject,
    SubjectKind,
    Subjects,
    VaultSubject,
    left_to_vaults,
)

_EXCUSES: Final = {
    Presence.REPLICA: not_applicable("only replication vaults hold it"),
    Presence.UNACCOUNTED: unknown("no vault holds it, and no task shows when it left"),
    Presence.UNPROTECTED: not_applicable("no vault holds it, and no task names it"),
    Presence.UNKNOWN: unknown("the vaults could not be read completely"),
}
Note = Callable[[Subject, Limits], None]
_OPEN: Final = frozenset({Outcome.PASS, Outcome.UNKNOWN})
_DELETED: Final = not_applicable("it was deleted, and is still in its vault: CBR-504 judges that")
_OUT_OF_SCOPE: Final = not_applicable(OUT_OF_SCOPE)


def evaluate(
    subjects: Subjects, controls: Iterable[Control[Any]], demands: Demands, note: Note = lambda _subject, _limits: None
) -> Findings:
    """Judge every pair; the findings come in order of control, kind and subject.

    The waivers of the profile are judged last: what they meet shows only when the other findings are known.

    Args:
        subjects: what is judged.
        controls: the rules.
        demands: what the organisation demands.
        note: is called for each subject with its limits, after it was judged and before what it remembers is freed.
    """
    selected = tuple(controls)
    judging = _Judging(subjects.collection, demands, note, selected)
    found = [each for kind in SubjectKind for each in judging.of(kind, selected, subjects.of(kind))]
    met = demands.waiver_subjects(
        Findings(tuple(found)), complete=subjects.collection.complete, rejected=subjects.collection.rejected
    )
    found += judging.of(SubjectKind.WAIVER, selected, met)
    return Findings(tuple(sorted(found, key=attrgetter("control"))))  # the sort is stable


class _Judging:
    """One evaluation: who is judged by which limits, and what is waived."""

    def __init__(self, collection: Collection, demands: Demands, note: Note, controls: Sequence[Control[Any]]) -> None:
        self._note = note
        self._collection = collection
        self._demands = demands
        self._waivable = {waiver.control for waiver in demands.waivers}
        self._left_to = {presence: control.id for control in controls for presence in control.judges_alone}
        self._leaves_deleted = any(control.judges_deleted_alone for control in controls)
        self._leaves_missed = any(control.judges_missed for control in controls)

    def of(
        self, kind: SubjectKind, controls: Iterable[Control[Any]], subjects: Sequence[Subject]
    ) -> Iterator[Judgement]:
        """Judge each subject of one kind by each control that judges such.

        One subject is judged by all controls before the next one, so that what it remembers of its tasks can be freed:
        all tasks at once, each an object, would need more memory than everything else.
        """
        applied: list[tuple[Control[Any], Verdict | None, list[Verdict]]] = [
            (control, self._refused(control), []) for control in controls if kind in control.kinds
        ]
        if not (applied and subjects):
            return
        for subject in subjects:
            limits = self._demands.of(subject)
            out = None if self._demands.covers(subject) else _OUT_OF_SCOPE
            gone, deleted = self._absent(subject), self._deleted(subject)
            for control, refused, verdicts in applied:
                absent = None if control.judges_departed else gone
                excuse = out or absent or (None if control.judges_deleted else deleted)
                verdicts.append(excuse or self._judged(control, subject, limits, refused))
            self._note(subject, limits)
            if isinstance(subject, Resource | VaultSubject):
                subject.forget()
        ids, names = [subject.id for subject in subjects], [subject.name for subject in subjects]
        for control, _refused, verdicts in applied:
            yield self._marked(Judgement(control.id, kind, control.severity, ids, names, verdicts))

    def _absent(self, subject: Subject) -> Verdict | None:
        """Say why a resource or a vault that is gone, or never was in a vault, is not judged."""
        if not isinstance(subject, Resource | VaultSubject):
            return None
        if subject.departure is not None:
            gone = "it left its vault" if isinstance(subject, Resource) else "it was deleted"
            return not_applicable(gone, [subject.departure.task_id], left=subject.departure.at)
        if isinstance(subject, VaultSubject):
            return None
        excuse, control = _EXCUSES.get(subject.presence), self._left_to.get(subject.presence)
        return not_applicable(excuse.reason, judged_by=control) if excuse and control else excuse

    def _deleted(self, subject: Subject) -> Verdict | None:
        """Say why no new backups are demanded of what its vault calls deleted, where a control judges that."""
        is_left = self._leaves_deleted and isinstance(subject, Resource) and subject.is_called_deleted
        return _DELETED if is_left else None

    def _judged(self, control: Control[Any], subject: Subject, limits: Limits, refused: Verdict | None) -> Verdict:
        """Apply the rule; what it cannot say without the list that it needs, the missing permission explains."""
        verdict = self._held(control, subject, limits)
        return refused if refused and verdict.outcome in _OPEN else verdict

    def _held(self, control: Control[Any], subject: Subject, limits: Limits) -> Verdict:
        """Apply the rule, and hold back a pass that rests on what was not read, or that nobody judges."""
        verdict = _verdict(control, subject, limits)
        if verdict.outcome != Outcome.PASS:
            return verdict
        if kind := self._unread(control, subject):
            return unread(kind)
        if not control.leaves_missed or self._leaves_missed or not isinstance(subject, Resource):
            return verdict
        missed = left_to_vaults(subject, limits.now)
        if missed:
            return unknown("backups that an earlier run saw are gone, and no control judges that", missed)
        return verdict

    def _unread(self, control: Control[Any], subject: Subject) -> Kind | None:
        """Name a list that a pass rests on, and of which something is missing that may be about the subject."""
        kinds = control.reads if control.weighs_gaps else control.reads | control.needs | ALWAYS_READ
        if isinstance(subject, Resource | VaultSubject):
            rows = subject.unusable
        else:
            rows = () if control.weighs_gaps else self._collection.unusable
        spoilt, has_read = {row.kind for row in rows}, self._collection.has_read
        asked = sorted(kinds & self._collection.asked)
        return next((kind for kind in asked if kind in spoilt or not has_read(kind)), None)

    def _marked(self, judgement: Judgement) -> Judgement:
        """Say where a waiver accepts an outcome."""
        if judgement.control not in self._waivable:
            return judgement
        return replace(judgement, waivers=[self._demands.mark(finding) for finding in judgement])

    def _refused(self, control: Control[Any]) -> Verdict | None:
        """Name the permission without which the control cannot judge."""
        for kind in Kind:
            if kind in control.needs and self._collection.refused(kind):
                return unknown("a permission is missing", permission=kind.permission or "not documented")
        return None


def _verdict(control: Control[Any], subject: Subject, limits: Limits) -> Verdict:
    """Apply the rule; one that raises says nothing about the subject, and the finding says so."""
    try:
        return control.judge(subject, limits)
    except Exception as error:  # noqa: BLE001  # a broken rule must not hide the other findings
        return unknown("the control itself failed; please report this", error=type(error).__name__)
