"""Neighbouring slices that an earlier run received, and how many rows they hold together."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from audit.answers.kinds import ANSWERS
from audit.cloud.cbr.intervals import Interval
from audit.cloud.cbr.paging import identities
from audit.collection import Kind, Page, Received
from audit.timestamps import instant


class Neighbour(NamedTuple):
    """A slice that an earlier run received completely.

    Attributes:
        rows: the number of its rows.
        shared: how many of them the slice before has, too: neighbours share a second.
        first: the first of them, if there is one: the newest.
        changed_at: when one of them changed last, as far as they say so.
        changed: the rows that changed then.
    """

    interval: Interval
    received: Received
    rows: int
    shared: int
    first: Sequence[Any]
    changed_at: datetime | None
    changed: Sequence[Any]
    received_at: datetime


def stretches(intervals: Sequence[Interval], earlier: Mapping[Interval, Received], kind: Kind) -> list[list[Neighbour]]:
    """Return the neighbours among the intervals that an earlier run received, oldest first."""
    looked_at = _looked_at(intervals, earlier, kind)
    return [[each for each in group if each] for is_known, group in groupby(looked_at, bool) if is_known]


def span_of(stretch: Sequence[Neighbour]) -> Interval:
    """Return the interval that neighbours cover together."""
    return Interval(stretch[0].interval.since, stretch[-1].interval.until)


def is_as_before(stretch: Sequence[Neighbour], now: Page) -> bool:
    """Whether an answer about neighbours still counts as many different rows, and has one of them unchanged.

    The row is either the newest one, or the one that changed last.
    """
    distinct = sum(each.rows for each in stretch) - sum(each.shared for each in stretch[1:])
    row = [*now.rows[:1]]
    return now.count == distinct and (row == [*_newest(stretch)] or shows_last_change(stretch, now))


def shows_last_change(stretch: Sequence[Neighbour], now: Page) -> bool:
    """Whether an answer begins with the row that changed last, and that is not just the newest one."""
    times = [each.changed_at for each in stretch if each.changed_at]
    last = [row for each in stretch if times and each.changed_at == max(times) for row in each.changed]
    return bool(now.rows) and now.rows[0] in last and [now.rows[0]] != [*_newest(stretch)]


def _newest(stretch: Sequence[Neighbour]) -> Sequence[Any]:
    return next((each.first for each in reversed(stretch) if each.rows), ())


def _looked_at(
    intervals: Sequence[Interval], earlier: Mapping[Interval, Received], kind: Kind
) -> Iterator[Neighbour | None]:
    """Look at what an earlier run received of each interval: None if nothing, or if that is lost or not whole.

    Only ids and a few rows are kept: all the responses together may not fit into memory.
    """
    before = frozenset[str]()
    for interval in intervals:
        received = earlier.get(interval)
        page = received.read() if received else None
        rows = frozenset(identities(page.rows, ANSWERS[kind].identity)) if page else frozenset[str]()
        if received and page and len(rows) == len(page.rows) == page.count:
            shared, changed = len(rows & before), _changed_last(page.rows)
            yield Neighbour(interval, received, len(rows), shared, page.rows[:1], *changed, page.received_at)
        else:
            yield None
        before = rows


def _changed_last(rows: Sequence[Any]) -> tuple[datetime | None, Sequence[Any]]:
    """Return when one of the rows changed last, and the rows that changed then; nothing unless all say so."""
    try:
        times = [instant(row["updated_at"]) for row in rows]
    except (LookupError, TypeError, ValueError):
        return None, ()
    last = max(times, default=None)
    return last, [row for row, moment in zip(rows, times, strict=True) if moment == last]
