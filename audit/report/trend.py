"""The results of a project's runs in sequence: each report passes on the previous ones and adds itself."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from audit.report.baseline import Baseline, TrendLine

_EACH: Final = timedelta(days=2)  # all runs of the newest two days, then the last one of each day
_KEPT: Final = timedelta(days=90)


def trend(previous: Baseline, line: TrendLine) -> tuple[TrendLine, ...]:
    """Add a run to the earlier ones; a run of the same time replaces the earlier one.

    Hourly runs must not make reports grow without end: before the newest two days only the last run of each day is
    kept, and nothing longer than 90 days.
    """
    kept = {_slot(earlier.as_of, line.as_of): earlier for earlier in _younger(previous.trend, line.as_of)}
    return (*sorted(kept.values(), key=lambda each: each.as_of), line)


def _younger(lines: Iterable[TrendLine], now: datetime) -> Iterable[TrendLine]:
    ordered = sorted(lines, key=lambda line: line.as_of)
    return (line for line in ordered if now - _KEPT < line.as_of < now)


def _slot(moment: datetime, now: datetime) -> object:
    return moment if moment > now - _EACH else moment.date()
