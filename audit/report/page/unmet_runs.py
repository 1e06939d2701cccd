"""The planned runs that brought no backup, by resource."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from audit.report.contents import ResourceLine
from audit.report.page.calendar_table import ResourceGroup
from audit.report.page.words import Words
from audit.schedule.matching import PlannedRun, RunState

_MOST_RUNS: Final = 12
ENDS: Final = {
    RunState.FAILED: "failed",
    RunState.MISSING: "missing",
    RunState.SKIPPED: "skipped",
    RunState.OVERLAP: "left out, as an earlier one was still running",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """Runs of one resource with the same result: the newest ones, newest first, and how many more there are."""

    words: str
    due: tuple[datetime, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Unmet:
    """The planned runs of one resource that brought no backup, and the total."""

    line: ResourceLine
    number: int
    judged: str
    ended: tuple[Ended, ...]


def unmet_runs(groups: tuple[ResourceGroup, ...], words: Words) -> tuple[Unmet, ...]:
    """Return the resources with such runs, in the order of the calendar."""
    return tuple(
        Unmet(
            line,
            len(line.planned.unmet),
            words.count(line.planned.judged, "run"),
            tuple(_ended(line.planned.unmet, words)),
        )
        for group in groups
        for line in group.lines
        if line.planned and line.planned.unmet
    )


def _ended(unmet: Sequence[PlannedRun], words: Words) -> Iterator[Ended]:
    for state, end in ENDS.items():
        due = [run.due for run in reversed(unmet) if run.state == state]
        if due:
            number = words.text("{number} {what}", number=f"{len(due):,}", what=words.text(end))
            yield Ended(number, tuple(due[:_MOST_RUNS]), len(due[_MOST_RUNS:]))
