"""What to do, as the page lists it: similar problems share one entry."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from audit.judging.findings import Severity
from audit.judging.witnesses import Pair
from audit.report.page.sentences import subjects_of
from audit.report.page.times import Age, problem_age
from audit.report.page.words import Words
from audit.report.problems import Problem


@dataclass(frozen=True, slots=True)
class Entry:
    """One problem, or several that differ only in their subject and start."""

    problems: tuple[Problem, ...]
    new: int
    """The number of them that the previous run did not have."""

    @property
    def first(self) -> Problem:
        """The problem that represents all of them."""
        return self.problems[0]

    def whose(self, words: Words) -> str:
        """The number of their subjects."""
        return subjects_of(len(self.problems), self.first.kind, words)

    @property
    def oldest(self) -> Age | None:
        """The age of the oldest of them, None if unknown."""
        ages = [age for problem in self.problems if (age := problem_age(problem))]
        return min(ages, key=lambda age: (age.since, not age.is_at_least), default=None)


def entries(problems: Iterable[Problem], new: frozenset[Pair], reasons: Mapping[Pair, str]) -> tuple[Entry, ...]:
    """Group similar problems in the place of the first of them; one that explains other subjects stays alone.

    Args:
        problems: the problems, worst first.
        new: what the previous run did not have.
        reasons: why each failure failed.
    """
    found: dict[object, list[Problem]] = {}
    for problem in problems:
        own = (problem.kind, problem.id, problem.control)
        found.setdefault(own if problem.explains else _likeness(problem, reasons), []).append(problem)
    return tuple(
        Entry(tuple(alike), sum((each.control, each.kind, each.id) in new for each in alike))
        for alike in found.values()
    )


def by_severity(problems: Iterable[Problem]) -> Mapping[Severity, int]:
    """Count the problems by severity, worst first."""
    numbers = Counter(problem.severity for problem in problems)
    return {severity: numbers[severity] for severity in Severity if numbers[severity]}


def _likeness(problem: Problem, reasons: Mapping[Pair, str]) -> object:
    also = tuple((control, reasons[control, problem.kind, problem.id]) for control in problem.also)
    return problem.severity, problem.kind, problem.control, problem.reason, problem.todo, problem.error, also
