"""What an auditor must find in an estate, counted again from its rows alone, by the words of the catalogue of controls.

The limits can be moved a little, and rules that could be read in two ways can be read in the other one, to show that
no finding of an estate depends on where exactly the limits lie or on how the rule is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from audit.simulator import Estate
from tests.simulator import recount_of_backups, recount_of_rules, recount_of_runs, recount_of_traces
from tests.simulator.rows import DAY, HOUR, Pair, Rows

ONLY_STRICT = {f"CBR-{number}" for number in (115, 117, 204, 205, 206, 207, 303, 305, 306, 402, 407, 408, 503, 505)}


@dataclass(frozen=True)
class Limits:
    """The numbers that the rules compare with.

    Attributes:
        explained: share of a retention after which it explains that a backup is gone.
        by_tasks: the backups that must have been copied are those of the task log, not those of the list.
        by_longest_gap: a number of backups is converted to time with the longest interval, not with the shortest.
    """

    grace: timedelta = 6 * HOUR
    rate: float = 0.95
    stuck: timedelta = 24 * HOUR
    skipped: timedelta = 7 * DAY
    restored: timedelta = 90 * DAY
    retained: float = 1.0
    deleted_late: timedelta = 0 * HOUR
    planned: timedelta = 7 * DAY
    window: timedelta = 6 * HOUR
    lag: timedelta = 24 * HOUR
    interval: timedelta = 168 * HOUR
    kept: timedelta = 7 * DAY
    kept_at_most: timedelta = 3660 * DAY
    weeks: int = 4
    months: int = 12
    usage: int = 80
    overstay: timedelta = 2 * DAY
    silence: timedelta = 24 * HOUR
    restore: timedelta = 720 * HOUR / 60
    explained: float = 1.0
    by_tasks: bool = False
    by_longest_gap: bool = False


DEFAULT = Limits()


@dataclass(frozen=True)
class Recount:
    estate: Estate
    days: int

    def failures(self, preset: str = "default", limits: Limits = DEFAULT) -> set[Pair]:
        """Count what fails; ``strict`` takes the limits as they are, so they must be the strict ones."""
        found = set(self._all(limits))
        if preset == "strict":
            return found | set(recount_of_backups.unlisted(self._rows))
        return {pair for pair in found if pair[0] not in ONLY_STRICT}

    @cached_property
    def _rows(self) -> Rows:
        return Rows(self.estate)

    def _all(self, limits: Limits) -> Iterator[Pair]:
        since: datetime = self.estate.as_of - self.days * DAY
        yield from recount_of_runs.failures(self._rows, limits, since)
        yield from recount_of_backups.failures(self._rows, limits, since)
        yield from recount_of_rules.failures(self._rows, limits, self.days)
        yield from recount_of_traces.failures(self._rows)
