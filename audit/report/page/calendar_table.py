"""The calendar of the page: one row per resource, one cell per day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from audit.judging.findings import Finding, Outcome
from audit.report.contents import Report, ResourceLine
from audit.report.day_states import LETTERS, Day
from audit.report.page.catalogue import NotMet
from audit.report.page.times import day_words
from audit.report.page.words import Words
from audit.subjects import SubjectKind

_DAY: Final = timedelta(days=1)
_RESOURCE: Final = SubjectKind.RESOURCE
_WAIVED: Final = "waived"
GROUPS: Final[Mapping[str, str]] = {
    Outcome.FAIL: "with a problem",
    Outcome.UNKNOWN: "that could not be judged completely",
    _WAIVED: "whose problems are waived",
    Outcome.PASS: "without a problem",
    Outcome.NOT_APPLICABLE: "not judged: new, replicas, out of the scope, or taken out of their vaults",
}


@dataclass(frozen=True, slots=True)
class State:
    """How a state of a day looks: a glyph and words; its letter is its class in the style sheet."""

    glyph: str
    words: str
    meaning: str


STATES: Final = {
    Day.SUCCESS: State("✓", "success", "Success"),
    Day.LATE: State("+", "late", "Late: succeeded, but began long after it was due"),
    Day.REPAIRED: State("↻", "repaired", "Repaired: a later backup made up for the planned one"),
    Day.PARTLY: State("◐", "partly", "Partly: some backups succeeded, some did not or are missing"),
    Day.FAILED: State("✗", "failed", "Failed or timed out"),
    Day.MISSING: State("○", "missing", "Missing: planned, but never started"),
    Day.SKIPPED: State("»", "skipped", "Skipped by the service"),
    Day.OVERLAP: State("≈", "overlap", "Left out: an earlier backup was still running"),
    Day.RUNNING: State("…", "running", "Waiting or running"),
    Day.PENDING: State("→", "pending", "Due, and not late yet"),
    Day.UNKNOWN: State("?", "unknown", "Unknown: the evidence has gaps"),
    Day.EXCUSED: State("–", "not judged", "Planned, but not judged: not known yet, exempt, or maintenance"),  # noqa: RUF001  # a dash
    Day.NONE: State("·", "none", "None, and none was planned"),
}
_USUAL: Final = frozenset({Day.SUCCESS, Day.EXCUSED, Day.NONE})
"""The most common cells. Their column shows the day and the legend the glyph, so that pages stay small."""


@dataclass(frozen=True, slots=True)
class ResourceGroup:
    """Similar resources in the calendar."""

    title: str
    words: str
    lines: tuple[ResourceLine, ...]


def legend(report: Report) -> tuple[tuple[str, State], ...]:
    """The states that occur in this calendar, and their letters."""
    rows = {id(line.days): line.days for line in report.resources}  # most are shared
    seen = {day for days in rows.values() for day in days}
    return tuple((LETTERS[day], state) for day, state in STATES.items() if day in seen)


def dates(report: Report) -> tuple[date, ...]:
    """The days of the calendar."""
    first, last = report.run.window.since.date(), report.run.window.until.date()
    return tuple(first + number * _DAY for number in range((last - first).days + 1))


def runs(days: Sequence[Day]) -> Iterator[tuple[Day, int]]:
    """Count the days in a row that share a cell: not the first day, which holds the strip."""
    yield days[0], 1
    for day, alike in groupby(days[1:]):
        yield day, len(list(alike))


def title(state: Day, days: Sequence[date], words: Words) -> str:
    """Say what a cell shows, and of which days; nothing if that is usual."""
    if state in _USUAL:
        return ""
    first, last = (day_words(day, words) for day in (days[0], days[-1]))
    when = first if first == last else words.text("{since} to {until}", since=first, until=last)
    return words.text("{day}: {state}", day=when, state=words.text(STATES[state].words))


def lengths(report: Report) -> tuple[int, ...]:
    """The lengths of the runs in this calendar that have more than one day, in order."""
    rows = {line.days for line in report.resources}
    return tuple(sorted({length for days in rows for _day, length in runs(days)} - {1}))


def groups(report: Report, found: NotMet, words: Words) -> tuple[ResourceGroup, ...]:
    """Group the resources, worst first; those with problems keep their order, the others are sorted by name."""
    place: dict[str, int] = {}
    for number, problem in enumerate(report.problems):
        for kind, subject_id in problem.subjects:
            if kind == SubjectKind.RESOURCE:
                place.setdefault(subject_id, number)
    seen = {
        Outcome.FAIL: _resources(finding for finding in found.failures if not finding.waiver),
        Outcome.UNKNOWN: _resources(found.unknown),
        _WAIVED: _resources(finding for finding in found.failures if finding.waiver),
        Outcome.PASS: report.findings.ids(_RESOURCE, Outcome.PASS),
    }
    ordered = sorted(report.resources, key=lambda line: (place.get(line.id, len(place)), line.name.casefold(), line.id))
    groups: dict[str, list[ResourceLine]] = {outcome: [] for outcome in GROUPS}
    for line in ordered:
        worst = next((outcome for outcome, ids in seen.items() if line.id in ids), Outcome.NOT_APPLICABLE)
        groups[worst].append(line)
    return tuple(_group(GROUPS[outcome], lines, words) for outcome, lines in groups.items() if lines)


def _resources(findings: Iterable[Finding]) -> set[str]:
    return {finding.id for finding in findings if finding.kind == _RESOURCE}


def _group(which: str, lines: list[ResourceLine], words: Words) -> ResourceGroup:
    """Write the heading of a group with its count, and its name for the filter."""
    name = words.text(which)
    number = words.count(len(lines), "resource")
    return ResourceGroup(words.text("{resources} {which}", resources=number, which=name), name, tuple(lines))
