"""What is different from the previous run, so that nobody is told the same thing twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.report.contents import Conclusion

Report = Mapping[str, Any]
Problem = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Before:
    """How the previous run ended, and the time that it judged at."""

    conclusion: Conclusion
    as_of: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A subject that is no longer shown as failing controls which it failed before."""

    kind: str
    name: str
    controls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A report, and what sets it apart from the one before, as report.json has both.

    Attributes:
        before: the previous run, None where there is none or its report cannot be read.
        new: the problems of subjects that fail a control which they did not fail before, worst first.
        known: the other problems, worst first.
        ended: what is no longer shown as failing; it may be mended, gone, or hidden by missing data.
    """

    report: Report
    before: Before | None
    new: tuple[Problem, ...]
    known: tuple[Problem, ...]
    ended: tuple[Ended, ...]

    @property
    def is_news(self) -> bool:
        """Tell whether the conclusion or the set of problems differs."""
        if self.before is None:
            return True
        return bool(self.new or self.ended) or self.report["conclusion"] != self.before.conclusion


def compare(report: Report, before: Report | None) -> Change:
    """Hold a report against the previous one; one of an unknown form counts as none."""
    try:
        return _compare(report, before)
    except (AttributeError, LookupError, TypeError, ValueError):
        return _compare(report, None)


def _compare(report: Report, before: Report | None) -> Change:
    now, then = _failing(report), _failing(before) if before else {}
    problems = report["problems"]
    news = {subject for subject, controls in now.items() if controls - then.get(subject, frozenset())}
    gone = {subject: controls - now.get(subject, frozenset()) for subject, controls in then.items()}
    names = {_subject(problem): problem["subject"]["name"] for problem in (before or report)["problems"]}
    return Change(
        report=report,
        before=Before(Conclusion(before["conclusion"]), str(before["run"]["as_of"])) if before else None,
        new=tuple(problem for problem in problems if _subject(problem) in news),
        known=tuple(problem for problem in problems if _subject(problem) not in news),
        ended=tuple(
            Ended(subject[0], names[subject], tuple(sorted(controls))) for subject, controls in gone.items() if controls
        ),
    )


def _failing(report: Report) -> dict[tuple[str, str], frozenset[str]]:
    """The failing controls of each subject."""
    return {_subject(problem): frozenset({problem["control"], *problem["also"]}) for problem in report["problems"]}


def _subject(problem: Problem) -> tuple[str, str]:
    return problem["subject"]["kind"], problem["subject"]["id"]
