"""The trend of a project's runs as small charts: each value is a point in a fixed box, the newest on the right."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from audit.report.baseline import TrendLine
from audit.report.page.words import Words

WIDTH: Final = 640
HEIGHT: Final = 96
_HOUR: Final = timedelta(hours=1)
_DAY_HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Chart:
    """One value over time.

    Attributes:
        top: the value at the upper edge of the box; the lower edge is 0.
        newest: the newest value in words, like ``top``.
        paths: the line as SVG paths; a new one starts after each run without a value.
        dots: the newest value, and each that has no neighbour, as paths without length.
    """

    title: str
    top: str
    newest: str
    paths: tuple[str, ...]
    dots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Measure:
    """The definition of a chart: its values, their format, and the smallest value at its upper edge."""

    title: str
    value_of: Callable[[TrendLine], int | None]
    shown: Callable[[int], str]
    least: int


def charts(lines: Sequence[TrendLine], words: Words) -> tuple[Chart, ...]:
    """Draw pass rate, open problems and the age of the oldest backup."""
    rate = _Measure(
        words.text("Passed, of what was judged"), passed_per_mille, lambda value: f"{value / 10:.1f} %", 1000
    )
    problems = _Measure(words.text("Open problems"), lambda line: line.problems, lambda value: f"{value:,}", 1)
    age = _Measure(
        words.text("Age of the oldest backup"), backup_hours, lambda hours: age_words(hours, words), _DAY_HOURS
    )
    return tuple(_chart(axis, lines, words.text("none")) for axis in (rate, problems, age))


def passed_per_mille(line: TrendLine) -> int | None:
    """Return how many of a thousand findings passed, rounded down; None if nothing was judged."""
    return line.passed * 1000 // line.judged if line.judged else None


def backup_hours(line: TrendLine) -> int | None:
    """Return the age of the oldest among the resources' newest backups, in whole hours."""
    return (line.as_of - line.oldest_backup) // _HOUR if line.oldest_backup else None


def age_words(hours: int, words: Words) -> str:
    """Write an age in hours up to two days, then in days."""
    return words.count(hours, "hour") if hours < 2 * _DAY_HOURS else words.count(hours // _DAY_HOURS, "day")


def _chart(axis: _Measure, lines: Sequence[TrendLine], nothing: str) -> Chart:
    values = [axis.value_of(line) for line in lines]
    top = max(axis.least, *(value for value in values if value is not None), 0)
    newest = values[-1]
    courses = [course for course in _courses(lines, values, top) if course]
    ends = [course[-1] for course in courses if len(course) == 1 or course is courses[-1]]
    return Chart(
        title=axis.title,
        top=axis.shown(top),
        newest=nothing if newest is None else axis.shown(newest),
        paths=tuple("M" + "L".join(f"{x} {y}" for x, y in course) for course in courses if len(course) > 1),
        dots=tuple(f"M{x} {y}h0" for x, y in ends),
    )


def _courses(lines: Sequence[TrendLine], values: Sequence[int | None], top: int) -> Iterator[list[tuple[int, int]]]:
    """Place the values by time, and interrupt the line at runs without a value."""
    first, last = lines[0].as_of, lines[-1].as_of
    span = max((last - first) // timedelta(seconds=1), 1)
    course: list[tuple[int, int]] = []
    for line, value in zip(lines, values, strict=True):
        if value is None:
            yield course
            course = []
        else:
            passed = (line.as_of - first) // timedelta(seconds=1) if last > first else span
            course.append((WIDTH * passed // span, HEIGHT - HEIGHT * value // top))
    yield course
