"""The standards on the page: each requirement with its evidence and conclusion."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from audit.judging.findings import Outcome
from audit.judging.frameworks import Claim
from audit.report.page.words import Words
from audit.report.standings import FrameworkView, RequirementLine, Standing

CONCLUSIONS: Final = {
    Standing.NOT_MET: "not met",
    Standing.NOT_SHOWN: "not shown",
    Standing.MET: "met",
    Standing.NOT_APPLICABLE: "not applicable",
}
CANNOT_BE_SHOWN: Final = "cannot be shown"
AS_FAR_AS_IT_CAN_BE_SHOWN: Final = "met as far as it can be shown"
_STYLES: Final = {
    Standing.NOT_MET: "fail",
    Standing.NOT_SHOWN: "unknown",
    Standing.MET: "pass",
    Standing.NOT_APPLICABLE: "not-applicable",
}
_MARKS: Final = {Outcome.FAIL: "✗", Outcome.UNKNOWN: "?", Outcome.PASS: "✓"}


def standing_words(line: RequirementLine) -> str:
    """Describe a conclusion, within what the controls can show at most."""
    if line.requirement.claim == Claim.CANNOT_SHOW:
        return CANNOT_BE_SHOWN
    if line.standing == Standing.MET and line.requirement.claim == Claim.PARTLY:
        return AS_FAR_AS_IT_CAN_BE_SHOWN
    return CONCLUSIONS[line.standing]


def standing_style(line: RequirementLine) -> str:
    """Return the style of a conclusion; what can never be shown is not an alarm."""
    is_open = line.requirement.claim != Claim.CANNOT_SHOW
    return _STYLES[line.standing] if is_open else "not-applicable"


def sums(view: FrameworkView, words: Words) -> Iterator[tuple[str, str]]:
    """Count the conclusions of a standard: style and words, in a fixed order."""
    counts = Counter((standing_style(line), _short(line)) for line in view.lines)
    for style, what in (*((_STYLES[standing], what) for standing, what in CONCLUSIONS.items()), _NEVER):
        if counts[style, what]:
            yield style, words.text("{number} {what}", number=counts[style, what], what=words.text(what))


_NEVER: Final = ("not-applicable", CANNOT_BE_SHOWN)


def _short(line: RequirementLine) -> str:
    return _NEVER[1] if line.requirement.claim == Claim.CANNOT_SHOW else CONCLUSIONS[line.standing]


def worst(outcomes: Mapping[Outcome, int]) -> str:
    """Write a control's most important outcome: the number of failures, or of unknowns, or a tick."""
    for outcome, mark in _MARKS.items():
        if outcomes.get(outcome):
            return mark if outcome == Outcome.PASS else f"{mark} {outcomes[outcome]:,}"
    return "n/a"
