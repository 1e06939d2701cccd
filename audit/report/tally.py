"""How many findings are alike, and how often each control had which outcome."""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import Any

from audit.judging.findings import Control, Outcome
from audit.judging.findings_table import Findings
from audit.subjects import SubjectKind, Waiver

Alike = Mapping[tuple[str, Outcome, SubjectKind, Waiver | None], int]
"""The number of findings with the same control, outcome, kind of subject and waiver."""

Tally = Mapping[str, Counter[Outcome]]
"""The outcomes of each control by its id; a control that judged nothing has none."""


def count_alike(findings: Findings) -> Alike:
    """Count findings."""
    counts: Counter[tuple[str, Outcome, SubjectKind, Waiver | None]] = Counter()
    for each in findings.judgements:
        pairs = zip([verdict.outcome for verdict in each.verdicts], each.waivers or repeat(None), strict=False)
        for (outcome, waiver), number in Counter(pairs).items():
            counts[each.control, outcome, each.kind, waiver] += number
    return counts


def tally(alike: Alike, controls: Iterable[Control[Any]]) -> Tally:
    """Count the findings of each control that was applied."""
    counts: dict[str, Counter[Outcome]] = {control.id: Counter() for control in controls}
    for (control, outcome, _kind, _waiver), number in alike.items():
        counts[control][outcome] += number
    return counts
