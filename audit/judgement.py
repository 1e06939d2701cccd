"""The findings of one evaluation, kept as columns: there are hundreds of thousands, and most fields are shared."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Final

from audit.findings import Finding, Severity, Verdict
from audit.subjects import SubjectKind, Waiver

_NO_WAIVERS: Final = repeat(None)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one control says of every subject of one kind; the columns are in order of the subjects.

    Attributes:
        control: the id of the control.
        waivers: who accepts each outcome; empty where nobody accepts any.
    """

    control: str
    kind: SubjectKind
    severity: Severity
    ids: Sequence[str]
    names: Sequence[str]
    verdicts: Sequence[Verdict]
    waivers: Sequence[Waiver | None] = ()

    def __iter__(self) -> Iterator[Finding]:
        """Give one finding for each subject."""
        control, kind, severity = repeat(self.control), repeat(self.kind), repeat(self.severity)
        waivers = self.waivers or _NO_WAIVERS
        return map(Finding, control, kind, self.ids, self.names, severity, self.verdicts, waivers)


@dataclass(frozen=True, slots=True)
class Findings(Collection[Finding]):
    """All findings of one evaluation: each is made when it is asked for, and again when it is asked for again."""

    judgements: tuple[Judgement, ...]

    def __iter__(self) -> Iterator[Finding]:
        """Give them in order of control, kind and subject."""
        return chain.from_iterable(self.judgements)

    def __len__(self) -> int:
        """Count them."""
        return sum(len(judgement.verdicts) for judgement in self.judgements)

    def __contains__(self, finding: object) -> bool:
        """Whether one of them is this one."""
        return any(each == finding for each in self)
