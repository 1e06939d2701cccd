"""The rows of the calendar as markup, one per resource.

They are written here because the template took five times as long: a page has thousands of rows, and most of their
cells are the same. End tags that HTML does not need are left out, because they would be a fifth of the page.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from markupsafe import Markup

from audit.report.contents import ResourceLine
from audit.report.day_states import LETTERS, Day
from audit.report.page.calendar_strips import Strips, against_limit
from audit.report.page.calendar_table import STATES, runs, title
from audit.report.page.enterprise_projects import EnterpriseProjects
from audit.report.page.names import inert, short
from audit.report.page.times import Clock, minute
from audit.report.page.words import Words
from audit.report.timeline import Timeline
from audit.subjects import SubjectKind

TYPES: Final = {
    "OS::Nova::Server": "Server",
    "OS::Ironic::BareMetalServer": "Bare-metal server",
    "OS::Native::Server": "On-premises server",
    "OS::Cinder::Volume": "Disk",
    "OS::Sfs::Turbo": "File system",
    "OS::Workspace::DesktopV2": "Desktop",
    "unknown": "Type not known",
}
_LONGEST_NAME: Final = 32
"""Longer names are truncated by the style sheet, so they get a title."""


class CalendarRows:
    """Writes the rows of a calendar; those of equal days are written once."""

    def __init__(
        self,
        dates: Sequence[date],
        strips: Strips,
        clock: Clock,
        projects: EnterpriseProjects,
        words: Words,
    ) -> None:
        self._dates = dates
        self._strips = strips
        self._clock = clock
        self._projects = projects
        self._belonging = inert(words.comma + words.text("enterprise project")) + " "
        self._words = words
        self._none_seen = inert(words.text("none seen"))
        self._none_there = inert(words.text("none there"))
        self._types = {kind: inert(words.text(text)) for kind, text in TYPES.items()}
        self._days: dict[tuple[Day, ...], tuple[str, str]] = {}
        self._gaps: dict[tuple[timedelta, timedelta | None, bool, bool], str] = {}

    def __call__(self, lines: Iterable[ResourceLine]) -> Iterator[Markup]:
        """Yield the rows of these resources."""
        return map(Markup, map(self._row, lines))

    def _row(self, line: ResourceLine) -> str:
        name, timeline = inert(line.name), line.timeline
        title = f' title="{name}"' if len(line.name) > _LONGEST_NAME else ""
        identity = f" {inert(short(line.id))}" if line.name != line.id else ""
        if self._projects.ids and line.enterprise_projects:
            identity += self._belonging + inert(" ".join(map(short, line.enterprise_projects)))
        kind = self._types.get(line.type) or inert(line.type)
        gap = self._gap(timeline, timeline.longest) if timeline.longest is not None else ""
        mark = self._projects.attribute(SubjectKind.RESOURCE, line.id)
        return (
            f"<tr{mark}><th class=who scope=row><bdi{title}>{name}</bdi> <small>{kind}{identity}</small>"
            f"{self._row_of_days(line)}<td class=last>{self._newest(line)}{gap}"
        )

    def _newest(self, line: ResourceLine) -> str:
        """Write the time of the newest backup and, if tasks claim a newer one, that too."""
        newest, claimed = line.newest, line.last_success
        if newest == claimed:
            return self._time(newest) if newest else self._none_seen
        shown = self._time(newest) if newest else self._none_there
        if claimed is None or (newest and claimed < newest):
            return shown
        told = inert(self._words.text("tasks say {time}", time=self._clock.brief(claimed)))
        return f"{shown} <small class=z>{told}</small>"

    def _row_of_days(self, line: ResourceLine) -> str:
        """Write a cell for each day or run of days, the first of them with the strip."""
        written = self._days.get(line.days)
        if written is None:
            first, *later = self._written(line.days)
            written = self._days[line.days] = first, "".join(later)
        strip = self._strips.number.get(line.id)
        drawing = "" if strip is None else f'<svg aria-hidden=true><use href="#t{strip}"/></svg>'
        return f"{written[0]}{drawing}{written[1]}"

    def _written(self, days: Sequence[Day]) -> Iterator[str]:
        place = 0
        for day, length in runs(days):
            yield self._cell(day, self._dates[place : place + length])
            place += length

    def _cell(self, state: Day, days: Sequence[date]) -> str:
        columns = f" colspan={len(days)}" if len(days) > 1 else ""
        style = "" if state == Day.SUCCESS else f" class={LETTERS[state]}"
        told = inert(title(state, days, self._words))
        hint = f' title="{told}"' if told else ""
        return f"<td{columns}{style}{hint}>{STATES[state].glyph}"

    def _time(self, moment: datetime) -> str:
        return f"<time datetime={minute(moment)}>{inert(self._clock.brief(moment))}</time>"

    def _gap(self, timeline: Timeline, longest: timedelta) -> str:
        key = longest, timeline.limit, not timeline.gaps, timeline.is_sure
        if key not in self._gaps:
            style, words = against_limit(timeline, self._words)
            self._gaps[key] = f" <small{f' class={style}' if style else ''}>{inert(words)}</small>"
        return self._gaps[key]
