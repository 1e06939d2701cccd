"""The strips of the calendar: backups over time, and when the newest one was older than its limit.

A strip is drawn in hours, on an axis that starts with the first day of the calendar. Resources with the same plan
mostly
have the same strip, so each strip is drawn once and shared: 2,000 resources make a page of moderate size.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from math import ceil
from typing import Final

from audit.report.contents import Report, ResourceLine
from audit.report.page.calendar_table import ResourceGroup, dates
from audit.report.page.times import brief_length
from audit.report.page.words import Words
from audit.report.timeline import Timeline

_HOUR: Final = timedelta(hours=1)
_MARK: Final = 2
"""The width of a point in hours: one hour would be invisible on paper."""
_ROW: Final = 8
"""So many points at equal distances are shorter as one dashed line."""
_Spans = Iterable[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Strip:
    """One drawing, as the data of SVG paths: points, points at equal distances, and time beyond the limit.

    Attributes:
        regular: each row of points at equal distances, as one line and its pattern of dashes.
    """

    points: str
    regular: tuple[tuple[str, str], ...]
    beyond: str
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Strips:
    """Every drawing, and which one each resource uses; all have the same width in hours."""

    width: int
    drawings: tuple[Strip, ...]
    number: Mapping[str, int]


def strips(report: Report) -> Strips:
    """Draw the strips of all resources; a resource without points and without a limit has none."""
    days = dates(report)
    axis = _TimeAxis(datetime(days[0].year, days[0].month, days[0].day, tzinfo=UTC), len(days) * 24)
    numbers: dict[Strip, int] = {}
    drawings: dict[tuple[object, ...], Strip] = {}
    shown: dict[str, int] = {}
    for line in report.resources:
        timeline = line.timeline
        beyond = tuple(axis.beyond(timeline))
        alike = timeline.points, beyond, timeline.is_sure
        drawing = drawings.get(alike)
        if drawing is None:
            some, regular = _parted(axis.points(timeline))
            drawing = drawings[alike] = Strip(_path(some), regular, _path(beyond), timeline.is_sure)
        if drawing.points or drawing.regular or drawing.beyond:
            shown[line.id] = numbers.setdefault(drawing, len(numbers))
    return Strips(axis.width, tuple(numbers), shown)


@dataclass(frozen=True, slots=True)
class _TimeAxis:
    origin: datetime
    width: int

    def points(self, timeline: Timeline) -> Sequence[tuple[int, int]]:
        """Return every point as a short span; adjacent ones are merged, so hourly backups are a single bar."""
        merged: list[tuple[int, int]] = []
        for point in timeline.points:
            start = (point - self.origin) // _HOUR
            end = min(start + _MARK, self.width)
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
            elif 0 <= start < self.width:
                merged.append((start, end))
        return merged

    def beyond(self, timeline: Timeline) -> Iterator[tuple[int, int]]:
        """Return the spans in which the newest point was older than the limit."""
        for gap in timeline.gaps:
            start = gap.since + (timeline.limit or timedelta())
            first = max(0, (start - self.origin) // _HOUR)
            yield first, max(first + 1, ceil((gap.until - self.origin) / _HOUR))


def _parted(points: Sequence[tuple[int, int]]) -> tuple[_Spans, tuple[tuple[str, str], ...]]:
    """Part long rows of points at equal distances from the others; their data must not grow with the window."""
    some: list[tuple[int, int]] = []
    regular = []
    pairs = pairwise([(0, 0), *points])
    for (space, length), alike in groupby(pairs, lambda pair: (pair[1][0] - pair[0][1], pair[1][1] - pair[1][0])):
        row = [point for _before, point in alike]
        if len(row) < _ROW:
            some += row
        else:
            regular.append((f"M{row[0][0]} 1H{row[-1][1]}", f"{length} {space}"))
    return some, tuple(regular)


def _path(spans: _Spans) -> str:
    """Write spans as moves and horizontal lines, in relative form, which repeats and so compresses well."""
    parts, place = [], 0
    for start, end in spans:
        parts.append(f"m{start - place} 0h{end - start}")
        place = end
    return "".join(parts)


def against_limit(timeline: Timeline, words: Words) -> tuple[str, str]:
    """Compare the longest gap with the limit, in a few letters, and a style that is empty if the limit is kept."""
    gap, limit = (brief_length(length or timedelta(), words) for length in (timeline.longest, timeline.limit))
    if not timeline.gaps:
        return "", f"{gap} ≤ {limit}"
    return ("z", f"{gap} > {limit}") if timeline.is_sure else ("y", f"? {gap} > {limit}")


def late(groups: Iterable[ResourceGroup]) -> tuple[ResourceLine, ...]:
    """Return the resources that went without a backup for longer than their limit, in the order of the calendar."""
    return tuple(line for group in groups for line in group.lines if line.timeline.gaps)
