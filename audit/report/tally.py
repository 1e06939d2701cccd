"""How many findings are alike, and how often each control came to which outcome."""

from collections import Counter
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any, Final

from audit.findings import Control, Finding, Outcome
from audit.subjects import SubjectKind, Waiver

Alike = Mapping[tuple[str, Outcome, SubjectKind, Waiver | None], int]
"""How many findings have the same control, outcome, kind of subject and waiver."""

Tally = Mapping[str, Counter[Outcome]]
"""The outcomes of each control by its id; one that judged nothing has none."""

_ALIKE: Final = attrgetter("control", "verdict.outcome", "kind", "waiver")


def count_alike(findings: Iterable[Finding]) -> Alike:
    """Look through findings once for all that is counted."""
    return Counter(map(_ALIKE, findings))


def tally(alike: Alike, controls: Iterable[Control[Any]]) -> Tally:
    """Count the findings of each control that was applied."""
    counts: dict[str, Counter[Outcome]] = {control.id: Counter() for control in controls}
    for (control, outcome, _kind, _waiver), number in alike.items():
        counts[control][outcome] += number
    return counts
