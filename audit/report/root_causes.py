"""Groups failures by cause: each appears once, either as unexplained or below what explains it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from audit.judging.findings import Finding
from audit.report.cause_rules import CAUSES, RUNS, Cause
from audit.subjects import Resource, Subject, SubjectKind, Subjects, VaultSubject

_CAUSES_OF: Final[Mapping[str, tuple[Cause, ...]]] = {
    effect: tuple(cause for cause in CAUSES if effect in cause.explains)
    for effect in {effect for cause in CAUSES for effect in cause.explains}
}
_Place = tuple[SubjectKind, str]
_Key = tuple[str, SubjectKind, str]


def fold(failures: Iterable[Finding], subjects: Subjects) -> Iterator[tuple[Finding, list[Finding]]]:
    """Yield each unexplained failure with everything that it explains, worst first."""
    return _Folding(failures, subjects).groups()


class _Folding:
    """The failures of a run, and for each the one that explains it."""

    def __init__(self, failures: Iterable[Finding], subjects: Subjects) -> None:
        self._failures = {_key(failure): failure for failure in failures}
        effects = {(failure.kind, failure.id) for failure in self._failures.values() if failure.control in _CAUSES_OF}
        self._subjects = {
            (kind, subject.id): subject
            for kind in SubjectKind
            for subject in subjects.of(kind)
            if (kind, subject.id) in effects
        }
        self._above = {key: cause for key, failure in self._failures.items() if (cause := self._cause(failure))}
        self._join_runs()

    def groups(self) -> Iterator[tuple[Finding, list[Finding]]]:
        """Yield each unexplained failure with everything that it explains."""
        below: dict[_Key, list[Finding]] = {key: [] for key in self._failures if key not in self._above}
        for key in self._above:
            below[self._top(key)].append(self._failures[key])
        for key, explained in below.items():
            yield self._failures[key], sorted(explained, key=_rank)

    def _cause(self, failure: Finding) -> _Key | None:
        """Return the first cause in the table that failed for the subject, or for one that it depends on."""
        causes = _CAUSES_OF.get(failure.control, ())
        subject = self._subjects.get((failure.kind, failure.id)) if causes else None
        if subject is None:
            return None
        found = next(self._explaining(causes, subject), None)
        if isinstance(subject, Resource):
            subject.forget()  # if backups fail everywhere, the tasks of every resource would be in memory at once
        return found

    def _explaining(self, causes: Iterable[Cause], subject: Subject) -> Iterator[_Key]:
        places = tuple(_depends_on(subject))
        for cause in causes:
            for kind, subject_id in places:
                found = self._failures.get((cause.control, kind, subject_id))
                if found and cause.when(found, subject):
                    yield _key(found)

    def _join_runs(self) -> None:
        """Put the remaining failures about a resource's runs under the worst, counted with what that explains."""
        ranks = {key: failure.severity.rank for key, failure in self._failures.items()}
        for key in self._above:
            top = self._top(key)
            ranks[top] = min(ranks[top], ranks[key])
        alike: dict[str, list[_Key]] = defaultdict(list)
        for key, failure in self._failures.items():
            if failure.kind == SubjectKind.RESOURCE and failure.control in RUNS and key not in self._above:
                alike[failure.id].append(key)
        for group in alike.values():
            worst, *others = sorted(group, key=lambda key: (ranks[key], key))
            self._above |= dict.fromkeys(others, worst)

    def _top(self, key: _Key) -> _Key:
        while key in self._above:
            key = self._above[key]
        return key


def _key(finding: Finding) -> _Key:
    return finding.control, finding.kind, finding.id


def _rank(finding: Finding) -> tuple[int, str, str, str]:
    return finding.severity.rank, finding.control, finding.kind, finding.id


def _depends_on(subject: Subject) -> Iterator[_Place]:
    """Return the subject itself and those whose failures may explain its own, in a fixed order."""
    yield subject.kind, subject.id
    if isinstance(subject, Resource):
        held = [vault.id for vault in subject.vaults]
        left = sorted({task.vault_id or task.vault_name or "" for task in subject.tasks}) if subject.departure else []
        yield from ((SubjectKind.VAULT, vault_id) for vault_id in held or left)
    if isinstance(subject, Resource | VaultSubject):
        yield from ((SubjectKind.POLICY, policy.id) for policy in subject.policies or ())
    if isinstance(subject, VaultSubject) and subject.vault:
        yield from ((SubjectKind.RESOURCE, held.id) for held in subject.vault.resources)
