"""Neighbouring slices that an earlier run received, and how many rows they hold together."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from audit.answers.kinds import ANSWERS
from audit.cloud.cbr.intervals import Interval
from audit.cloud.cbr.paging import identities
from audit.collection import Kind, Page, Received


class Neighbour(NamedTuple):
    """A slice that an earlier run received completely.

    Attributes:
        rows: the number of its rows.
        shared: how many of them the slice before has, too: neighbours share a second.
        first: the first of them, if there is one: the newest.
    """

    interval: Interval
    received: Received
    rows: int
    shared: int
    first: Sequence[Any]
    received_at: datetime


def stretches(intervals: Sequence[Interval], earlier: Mapping[Interval, Received], kind: Kind) -> list[list[Neighbour]]:
    """Return the neighbours among the intervals that an earlier run received, oldest first."""
    looked_at = _looked_at(intervals, earlier, kind)
    return [[each for each in group if each] for is_known, group in groupby(looked_at, bool) if is_known]


def span_of(stretch: Sequence[Neighbour]) -> Interval:
    """Return the interval that neighbours cover together."""
    return Interval(stretch[0].interval.since, stretch[-1].interval.until)


def is_as_before(stretch: Sequence[Neighbour], now: Page) -> bool:
    """Whether an answer about neighbours still counts as many different rows, and begins with the same one."""
    distinct = sum(each.rows for each in stretch) - sum(each.shared for each in stretch[1:])
    first: Sequence[Any] = next((each.first for each in reversed(stretch) if each.rows), [])
    return now.count == distinct and now.rows[:1] == first


def _looked_at(
    intervals: Sequence[Interval], earlier: Mapping[Interval, Received], kind: Kind
) -> Iterator[Neighbour | None]:
    """Look at what an earlier run received of each interval: None if nothing, or if that is lost or not whole.

    Only ids are kept: all the responses together may not fit into memory.
    """
    before = frozenset[str]()
    for interval in intervals:
        received = earlier.get(interval)
        page = received.read() if received else None
        rows = frozenset(identities(page.rows, ANSWERS[kind].identity)) if page else frozenset[str]()
        if received and page and len(rows) == len(page.rows) == page.count:
            yield Neighbour(interval, received, len(rows), len(rows & before), page.rows[:1], page.received_at)
        else:
            yield None
        before = rows
