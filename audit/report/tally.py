"""How often each control came to which outcome."""

from collections import Counter
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

from audit.findings import Control, Finding, Outcome

Tally = Mapping[str, Counter[Outcome]]
"""The outcomes of each control by its id; one that judged nothing has none."""


def tally(findings: Iterable[Finding], controls: Iterable[Control[Any]]) -> Tally:
    """Count the findings of each control that was applied."""
    counts: dict[str, Counter[Outcome]] = {control.id: Counter() for control in controls}
    for (control, outcome), number in Counter(map(attrgetter("control", "verdict.outcome"), findings)).items():
        counts[control][outcome] += number
    return counts
