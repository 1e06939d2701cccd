"""The findings of one evaluation, stored as columns: there are hundreds of thousands, and most fields are shared."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, repeat
from typing import Final

from audit.judging.findings import Finding, Outcome, Severity, Verdict
from audit.subjects import SubjectKind, Waiver

_NO_WAIVERS: Final = repeat(None)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdicts of one control for every subject of one kind, as columns in the order of the subjects.

    Attributes:
        control: the id of the control.
        severity: of the control; a verdict may have its own.
        waivers: the waiver of each outcome; empty if there are none.
    """

    control: str
    kind: SubjectKind
    severity: Severity
    ids: Sequence[str]
    names: Sequence[str]
    verdicts: Sequence[Verdict]
    waivers: Sequence[Waiver | None] = ()

    def __post_init__(self) -> None:
        """Reject columns of different lengths: a finding would be lost silently."""
        if len({len(self.ids), len(self.names), len(self.verdicts), len(self.waivers or self.ids)}) > 1:
            raise ValueError(f"{self.control}: not as many verdicts as subjects")

    def __iter__(self) -> Iterator[Finding]:
        """Yield one finding for each subject."""
        control, kind = repeat(self.control), repeat(self.kind)
        severities = [verdict.severity or self.severity for verdict in self.verdicts]
        waivers = self.waivers or _NO_WAIVERS
        return map(Finding, control, kind, self.ids, self.names, severities, self.verdicts, waivers)

    def at(self, place: int) -> Finding:
        """Return the finding of one subject."""
        verdict, waiver = self.verdicts[place], self.waivers[place] if self.waivers else None
        subject, severity = (self.ids[place], self.names[place]), verdict.severity or self.severity
        return Finding(self.control, self.kind, *subject, severity, verdict, waiver)

    def having(self, *outcomes: Outcome) -> Iterator[Finding]:
        """Yield the findings with one of these outcomes; no others are built."""
        return (self.at(place) for place, verdict in enumerate(self.verdicts) if verdict.outcome in outcomes)


@dataclass(frozen=True, slots=True)
class Findings(Collection[Finding]):
    """All findings of one evaluation; each is built whenever it is requested."""

    judgements: tuple[Judgement, ...]

    def __iter__(self) -> Iterator[Finding]:
        """Yield the findings, sorted by control, kind and subject."""
        return chain.from_iterable(self.judgements)

    def by_subject(self) -> Iterator[Finding]:
        """Yield the findings, sorted by kind, name and id of the subject, then by control.

        What is said of one subject has much in common, and so do resources with similar names.

        Raises:
            ValueError: controls of one kind did not judge the same subjects.
        """
        for kind in SubjectKind:
            columns = [judgement for judgement in self.judgements if judgement.kind == kind]
            if any([*column.ids] != [*columns[0].ids] for column in columns):
                raise ValueError(f"not every control judged every {kind}")
            order = sorted(zip(columns[0].names, columns[0].ids, count())) if columns else ()
            yield from (column.at(place) for _name, _id, place in order for column in columns)

    def __len__(self) -> int:
        """Return the number of findings."""
        return sum(len(judgement.verdicts) for judgement in self.judgements)

    def having(self, *outcomes: Outcome) -> Iterator[Finding]:
        """Yield the findings with one of these outcomes, in the same order."""
        return chain.from_iterable(judgement.having(*outcomes) for judgement in self.judgements)

    def waived(self) -> Iterator[Finding]:
        """Yield the findings with a waiver, in the same order."""
        some = (judgement for judgement in self.judgements if judgement.waivers)
        return (finding for judgement in some for finding in judgement if finding.waiver)

    def ids(self, kind: SubjectKind, outcome: Outcome) -> set[str]:
        """Return the ids of the subjects of a kind for which a control has an outcome."""
        some = (judgement for judgement in self.judgements if judgement.kind == kind)
        pairs = chain.from_iterable(zip(judgement.ids, judgement.verdicts, strict=True) for judgement in some)
        return {subject_id for subject_id, verdict in pairs if verdict.outcome == outcome}

    def __contains__(self, finding: object) -> bool:
        """Whether this finding is one of them."""
        return any(each == finding for each in self)
