"""The words of the page: counts, the verdict in one sentence, names made readable."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from markupsafe import Markup

from audit.findings import Outcome
from audit.report.contents import Report
from audit.report.facts import Conclusion
from audit.report.problems import Problem
from audit.subjects import SubjectKind

_VISIBLE_THOUGH_UNPRINTABLE: Final = "\u200c\u200d\u00a0\u3000"
"""Joiners of Indic scripts and emoji, and the wide spaces."""
_UUID_START: Final = re.compile(r"[0-9a-f]{8}(?=-[0-9a-f]{4}-)")

_OF_THE_AUDIT: Final = frozenset({SubjectKind.COLLECTION, SubjectKind.WAIVER})


def count(number: int, one: str, many: str = "") -> str:
    """Write a number and its noun: 1 problem, 2 problems."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def as_sentence(text: str) -> str:
    """Begin a text with a capital letter."""
    return text[:1].upper() + text[1:]


def short(identity: str) -> str:
    """Cut an id to its first part, as consoles do."""
    found = _UUID_START.match(identity)
    return found[0] if found else identity


def readable(value: object) -> object:
    """Show characters that cannot be seen, or that turn the text around them, by their number."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(
        letter if letter.isprintable() or letter in _VISIBLE_THOUGH_UNPRINTABLE else f"\\u{ord(letter):04x}"
        for letter in value
    )


def verdict_sentence(report: Report) -> str:
    """Say in one sentence why the run ended as it did."""
    summary = report.summary
    waived = sum(finding.outcome is Outcome.FAIL for finding in report.waived)
    accepted = f" {count(waived, 'failure is', 'failures are')} accepted by waivers." if waived else ""
    if report.conclusion is Conclusion.COMPLIANT:
        place = f" in {count(summary.resources, 'resource')}" if summary.resources else ""
        return f"No problem was found{place}, and the evidence is complete.{accepted}"
    open_points = doubts(report)
    if report.conclusion is Conclusion.INCOMPLETE:
        nothing = "Nothing else failed" if waived else "Nothing failed"
        return f"{nothing}, but this is no proof that all backups happened: {_enumerate(open_points)}.{accepted}"
    wrong = Counter(kind for kind, _ in {place for problem in report.problems for place in problem.subjects})
    action = f"{count(len(report.problems), 'problem needs', 'problems need')} action"
    comply = f"{_subjects(wrong, summary.resources)} {'does' if wrong.total() == 1 else 'do'} not comply"
    more = f" There may be more: {_enumerate(open_points)}." if open_points else ""
    return f"{action}: {comply}.{more}"


def drift_news(report: Report, utc: Callable[[datetime], str]) -> str:
    """Say how many kinds of drift the last run did not see; nothing where there was none."""
    previous = report.run.previous
    if previous.trouble:
        return f"Which of them are new is not known: {previous.trouble}."
    if previous.as_of is None:
        return ""
    new = sum(not previous.knows(drift) for drift in report.collection.drift)
    verb = "is" if new == 1 else "are"
    return f"{f'{new:,}' if new else 'None'} of them {verb} new since the last run, {utc(previous.as_of)} UTC."


def explained_sentence(problem: Problem) -> str:
    """Say how much follows from a problem, and of how many other subjects."""
    number = count(len(problem.also) + len(problem.explains), "other failure")
    others = Counter(kind for kind, _ in problem.subjects[1:])
    return f"Explains {number} of {_subjects(others)}" if others else f"Explains {number}"


def _subjects(numbers: Counter[SubjectKind], resources: int | None = None) -> str:
    """Count subjects of each kind; resources out of how many, where that is given."""
    words = {kind: count(numbers[kind], kind.value) for kind in SubjectKind}
    words[SubjectKind.POLICY] = count(numbers[SubjectKind.POLICY], "policy", "policies")
    if resources is not None:
        words[SubjectKind.RESOURCE] = f"{numbers[SubjectKind.RESOURCE]:,} of {count(resources, 'resource')}"
    return _enumerate([words[kind] for kind in SubjectKind if numbers[kind]])


def doubts(report: Report) -> tuple[str, ...]:
    """Everything that keeps the evidence from being a proof."""
    gaps, rejected = len(report.collection.gaps), len(report.collection.rejected)
    undecided = report.summary.outcomes.get(Outcome.UNKNOWN, 0)
    found = []
    if all(finding.kind in _OF_THE_AUDIT for finding in report.findings):
        found.append("there was nothing to judge")
    if gaps:
        found.append(f"what was read has {count(gaps, 'gap')}")
    if rejected:
        found.append(f"{count(rejected, 'row')} could not be used")
    if undecided:
        found.append(f"{count(undecided, 'check')} could not be decided")
    if not found and report.conclusion is Conclusion.INCOMPLETE:
        found.append(_nothing_confirmed(report))
    return tuple(found)


def _nothing_confirmed(report: Report) -> str:
    if report.summary.resources:
        return "no control found anything that it could confirm"
    return "no resource is in the scope of the profile" if report.resources else "no resource was found"


def _enumerate(parts: Sequence[str]) -> str:
    """Join parts of a sentence: a; a and b; a, b and c."""
    *head, last = parts
    return f"{', '.join(head)} and {last}" if head else last
