"""Judges every subject by every selected control of its kind: exactly one finding for each pair."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, Final

from audit.clouds import CLOUDS
from audit.collection import ALWAYS_READ, Kind
from audit.judging.findings import Control, Outcome, Verdict, not_applicable, unknown, unread
from audit.judging.findings_table import Findings, Judgement
from audit.judging.reasons import OUT_OF_SCOPE
from audit.judging.requirements import Requirements
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
_NOTHING: Final = frozenset[str]()
_OPEN: Final = frozenset({Outcome.PASS, Outcome.UNKNOWN})
_DELETED: Final = not_applicable("it was deleted, and is still in its vault: CBR-504 judges that")
_OUT_OF_SCOPE: Final = not_applicable(OUT_OF_SCOPE)


def evaluate(
    subjects: Subjects,
    controls: Iterable[Control[Any]],
    requirements: Requirements,
    note: Note = lambda _subject, _limits: None,
) -> Findings:
    """Judge every pair; the findings are sorted by control, kind and subject.

    The waivers of the profile are judged last: what they match is known only after the other findings.

    Args:
        subjects: the subjects to judge.
        controls: the controls to apply.
        requirements: what the profile requires.
        note: called for each subject and its limits, after it is judged and before its cached data is freed.
    """
    selected = tuple(controls)
    judging = _Judging(subjects.collection, requirements, note, selected)
    found = [each for kind in SubjectKind for each in judging.of(kind, selected, subjects.of(kind))]
    met = requirements.waiver_subjects(
        Findings(tuple(found)), complete=subjects.collection.complete, rejected=subjects.collection.rejected
    )
    found += judging.of(SubjectKind.WAIVER, selected, met)
    return Findings(tuple(sorted(found, key=attrgetter("control"))))  # the sort is stable


class _Judging:
    """One evaluation: the limits of each subject, and the waivers."""

    def __init__(
        self, collection: Collection, requirements: Requirements, note: Note, controls: Sequence[Control[Any]]
    ) -> None:
        self._note = note
        self._collection = collection
        self._requirements = requirements
        title = CLOUDS[collection.cloud].title
        self._lacking = {
            feature: not_applicable("the cloud does not have it", cloud=title, lacks=feature.value, shown_by=why)
            for feature, why in collection.lacks.items()
        }
        self._waivable = {waiver.control for waiver in requirements.waivers}
        self._left_to = {presence: control.id for control in controls for presence in control.judges_alone}
        self._leaves_deleted = any(control.judges_deleted_alone for control in controls)
        self._leaves_missed = any(control.judges_missed for control in controls)
        self._unread_of: dict[tuple[frozenset[Kind], frozenset[str]], Kind | None] = {}

    def of(
        self, kind: SubjectKind, controls: Iterable[Control[Any]], subjects: Sequence[Subject]
    ) -> Iterator[Judgement]:
        """Judge each subject of one kind by each control of that kind.

        All controls judge one subject before the next one, so that its cached task views can be freed: the tasks of all
        subjects as objects would need more memory than everything else.
        """
        applied: list[tuple[Control[Any], Verdict | None, list[Verdict]]] = [
            (control, self._refused(control), []) for control in controls if kind in control.kinds
        ]
        if not (applied and subjects):
            return
        for subject in subjects:
            limits = self._requirements.of(subject)
            out = None if self._requirements.covers(subject) else _OUT_OF_SCOPE
            gone, deleted = self._absent(subject), self._deleted(subject)
            for control, refused, verdicts in applied:
                absent = None if control.judges_departed else gone
                lacking = self._lacking.get(control.about) if control.about else None
                excuse = out or lacking or absent or (None if control.judges_deleted else deleted)
                verdicts.append(excuse or self._judged(control, subject, limits, refused))
            self._note(subject, limits)
            if isinstance(subject, Resource):
                subject.forget()
        ids, names = [subject.id for subject in subjects], [subject.name for subject in subjects]
        for control, _refused, verdicts in applied:
            yield self._marked(Judgement(control.id, kind, control.severity, ids, names, verdicts))

    def _absent(self, subject: Subject) -> Verdict | None:
        """Explain why a resource or vault is not judged that is gone, or was never in a vault."""
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
        """Explain why a resource that its vault calls deleted needs no new backups, if a control judges that."""
        is_left = self._leaves_deleted and isinstance(subject, Resource) and subject.is_called_deleted
        return _DELETED if is_left else None

    def _judged(self, control: Control[Any], subject: Subject, limits: Limits, refused: Verdict | None) -> Verdict:
        """Apply the control; if it needs a list that was refused, the reason is the missing permission."""
        verdict = self._held(control, subject, limits)
        return refused if refused and verdict.outcome in _OPEN else verdict

    def _held(self, control: Control[Any], subject: Subject, limits: Limits) -> Verdict:
        """Apply the control where it can bear what is missing; never pass on something that no control judges."""
        if not control.weighs_gaps and (missing := self._missing(control, subject)):
            return unread(missing)
        verdict = _verdict(control, subject, limits)
        if verdict.outcome != Outcome.PASS:
            return verdict
        if missing := self._unread(control.reads, subject):
            return unread(missing)
        if not control.leaves_missed or self._leaves_missed or not isinstance(subject, Resource):
            return verdict
        missed = left_to_vaults(subject, limits.now)
        if missed:
            return unknown("backups that an earlier run saw are gone, and no control judges that", missed)
        return verdict

    def _missing(self, control: Control[Any], subject: Subject) -> Kind | None:
        """Return a list that a verdict may rest on, and of which something that may concern the subject is missing."""
        kinds = ALWAYS_READ | control.needs | control.reads
        if isinstance(subject, Resource | VaultSubject):
            return self._unread(kinds, subject)
        asked = sorted(kinds & self._collection.asked)
        return next((kind for kind in asked if not self._collection.has_all(kind)), None)

    def _unread(self, kinds: frozenset[Kind], subject: Subject) -> Kind | None:
        """Return a list that was asked for and not read, or of which an unusable row may concern the subject."""
        rows = subject.unusable if isinstance(subject, Resource | VaultSubject) else ()
        key = kinds, frozenset([row.kind for row in rows]) if rows else _NOTHING
        if key not in self._unread_of:  # it is the same for nearly all subjects
            self._unread_of[key] = self._unread_or(*key)
        return self._unread_of[key]

    def _unread_or(self, kinds: frozenset[Kind], spoilt: frozenset[str]) -> Kind | None:
        asked = sorted(kinds & self._collection.asked)
        return next((kind for kind in asked if kind in spoilt or not self._collection.has_read(kind)), None)

    def _marked(self, judgement: Judgement) -> Judgement:
        """Mark an outcome that a waiver accepts."""
        if judgement.control not in self._waivable:
            return judgement
        return replace(judgement, waivers=[self._requirements.mark(finding) for finding in judgement])

    def _refused(self, control: Control[Any]) -> Verdict | None:
        """Return the permission without which the control cannot judge."""
        for kind in Kind:
            if kind in control.needs and self._collection.refused(kind):
                return unknown("a permission is missing", permission=kind.permission or "not documented")
        return None


def _verdict(control: Control[Any], subject: Subject, limits: Limits) -> Verdict:
    """Apply the control; if it raises, the finding says so: that tells nothing about the subject."""
    try:
        return control.judge(subject, limits)
    except Exception as error:  # noqa: BLE001  # a broken control must not hide the other findings
        return unknown("the control itself failed; please report this", error=type(error).__name__)
