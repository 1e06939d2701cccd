"""The sentences of the page: the verdict, what keeps the evidence from being a proof, what a problem explains."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from audit.judging.findings import Outcome
from audit.report.contents import Report
from audit.report.facts import Conclusion, RunFacts
from audit.report.page.words import Words
from audit.report.problems import Problem
from audit.report.wording import MOST_CHANGES
from audit.subjects import SubjectKind

VERDICTS: Final = {
    Conclusion.COMPLIANT: ("compliant", "✓", "Compliant"),
    Conclusion.NON_COMPLIANT: ("failed", "✗", "Not compliant"),
    Conclusion.INCOMPLETE: ("incomplete", "?", "Incomplete"),
}
"""The style, mark and word of each conclusion."""
_OF_THE_AUDIT: Final = frozenset({SubjectKind.COLLECTION, SubjectKind.WAIVER})


def as_sentence(text: str) -> str:
    """Capitalise the first letter of a text."""
    return text[:1].upper() + text[1:]


def notices(run: RunFacts, words: Words) -> Iterator[str]:
    """Yield what a reader must know before the verdict."""
    if run.is_what_if:
        yield words.text(
            "What-if: judged by a profile other than the configured one. The latest report stays as it was."
        )
    if run.profile_changes:
        keys = ", ".join(run.profile_changes[:MOST_CHANGES])
        more = len(run.profile_changes) - MOST_CHANGES
        told = words.text("{keys} and {number} more", keys=keys, number=more) if more > 0 else keys
        yield words.text(
            "A profile other than that of the run before ({keys}): only what both judge is compared.", keys=told
        )


def verdict_sentence(report: Report, words: Words) -> str:
    """Explain in one sentence why the run ended as it did."""
    if report.conclusion == Conclusion.NON_COMPLIANT:
        return _what_is_wrong(report, words)
    waived = sum(finding.outcome == Outcome.FAIL for finding in report.waived)
    accepted = (
        words.count(waived, "failure is accepted by waivers.", "failures are accepted by waivers.") if waived else ""
    )
    if report.conclusion == Conclusion.COMPLIANT:
        return words.sentences(_nothing_found(report, words), _left_out(report, words), accepted)
    open_points = words.enumerate(doubts(report, words))
    if waived:
        found = words.text(
            "Nothing else failed, but this is no proof that all backups happened: {doubts}.", doubts=open_points
        )
    else:
        found = words.text(
            "Nothing failed, but this is no proof that all backups happened: {doubts}.", doubts=open_points
        )
    return words.sentences(found, accepted)


def _nothing_found(report: Report, words: Words) -> str:
    if not report.summary.resources:
        return words.text("No problem was found, and the evidence is complete.")
    resources = words.count(report.summary.resources, "resource")
    return words.text("No problem was found in {resources}, and the evidence is complete.", resources=resources)


def _left_out(report: Report, words: Words) -> str:
    """Say which default controls are not applied: what they judge is unknown."""
    left_out = report.summary.controls_left_out
    if not left_out:
        return ""
    controls = words.count(len(report.controls), "control")
    return words.text(
        "Only {controls} judged; the profile leaves out {number} of the usual ones.",
        controls=controls,
        number=len(left_out),
    )


def _what_is_wrong(report: Report, words: Words) -> str:
    wrong = Counter(kind for kind, _ in {place for problem in report.problems for place in problem.subjects})
    action = words.count(len(report.problems), "problem needs action", "problems need action")
    subjects = _subjects(wrong, words, report.summary.resources)
    if wrong.total() == 1:
        found = words.text("{problems}: {subjects} does not comply.", problems=action, subjects=subjects)
    else:
        found = words.text("{problems}: {subjects} do not comply.", problems=action, subjects=subjects)
    open_points = doubts(report, words)
    more = words.text("There may be more: {doubts}.", doubts=words.enumerate(open_points)) if open_points else ""
    return words.sentences(found, more)


def drift_news(report: Report, words: Words, utc: Callable[[datetime], str]) -> str:
    """Say how many kinds of drift the last run did not see; empty if none."""
    previous = report.run.previous
    if previous.trouble:
        return words.text("Which of them are new is not known: {trouble}.", trouble=previous.trouble)
    if previous.as_of is None:
        return ""
    new = sum(not previous.knows(drift) for drift in report.collection.drift)
    time = utc(previous.as_of)
    if new == 1:
        return words.text("1 of them is new since the last run, {time} UTC.", time=time)
    if new:
        return words.text("{number} of them are new since the last run, {time} UTC.", number=f"{new:,}", time=time)
    return words.text("None of them are new since the last run, {time} UTC.", time=time)


def explained_sentence(problem: Problem, words: Words) -> str:
    """Say how much follows from a problem, and for how many other subjects."""
    failures = words.count(len(problem.also) + len(problem.explains), "other failure")
    others = Counter(kind for kind, _ in problem.subjects[1:])
    if not others:
        return words.text("Explains {failures}", failures=failures)
    return words.text("Explains {failures} of {subjects}", failures=failures, subjects=_subjects(others, words))


def each_explained_sentence(problem: Problem, words: Words) -> str:
    """Say how much follows from each of several problems that are like this one."""
    return words.text("Each explains {failures}", failures=words.count(len(problem.also), "other failure"))


def subjects_of(number: int, kind: SubjectKind, words: Words) -> str:
    """Count subjects of one kind."""
    many = "policies" if kind == SubjectKind.POLICY else ""
    return words.count(number, kind.value, many)


def _subjects(numbers: Counter[SubjectKind], words: Words, resources: int | None = None) -> str:
    """Count subjects by kind; resources out of a total, if given."""
    parts = {kind: subjects_of(numbers[kind], kind, words) for kind in SubjectKind}
    if resources is not None:
        parts[SubjectKind.RESOURCE] = words.text(
            "{number} of {resources}",
            number=f"{numbers[SubjectKind.RESOURCE]:,}",
            resources=words.count(resources, "resource"),
        )
    return words.enumerate([parts[kind] for kind in SubjectKind if numbers[kind]])


def doubts(report: Report, words: Words) -> tuple[str, ...]:
    """Yield everything that keeps the evidence from being a proof."""
    gaps, rejected = len(report.collection.gaps), len(report.collection.unusable)
    undecided = report.summary.outcomes.get(Outcome.UNKNOWN, 0)
    found = []
    if all(finding.kind in _OF_THE_AUDIT for finding in report.findings):
        found.append(words.text("there was nothing to judge"))
    if gaps:
        found.append(words.text("what was read has {gaps}", gaps=words.count(gaps, "gap")))
    if rejected:
        found.append(words.text("{rows} could not be used", rows=words.count(rejected, "row")))
    if undecided:
        found.append(words.text("{checks} could not be decided", checks=words.count(undecided, "check")))
    if not found and report.conclusion == Conclusion.INCOMPLETE:
        found.append(_nothing_confirmed(report, words))
    return tuple(found)


def _nothing_confirmed(report: Report, words: Words) -> str:
    if report.summary.resources:
        return words.text("no control found anything that it could confirm")
    if report.resources:
        return words.text("no resource is in the scope of the profile")
    return words.text("no resource was found")
