"""report.html: one page for people that asks nothing of the network and runs no script.

The verdict comes first, then what to do, the calendar, the controls and the evidence. Words and markup are in
``page.html.jinja``, looks in ``page.css.jinja``; this file works out what they show.
"""

import base64
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from itertools import groupby
from textwrap import dedent
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from audit.collection import Kind, instant
from audit.findings import Fact, Finding, Outcome
from audit.report.contents import Conclusion, Problem, Report, ResourceLine
from audit.report.days import Day
from audit.subjects import SubjectKind

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_MOST_REJECTED: Final = 200
_VISIBLE_THOUGH_UNPRINTABLE: Final = "\u200c\u200d\u00a0\u3000"
"""Joiners of Indic scripts and emoji, and the wide spaces."""
_UUID_START: Final = re.compile(r"[0-9a-f]{8}(?=-[0-9a-f]{4}-)")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_OFFSET: Final = re.compile(r"^([+-]\d\d)(\d\d)?$")
_UNITS: Final = {"hours": "hour", "days": "day", "percent": "percent"}
_TYPES: Final = {
    "OS::Nova::Server": "Server",
    "OS::Ironic::BareMetalServer": "Bare-metal server",
    "OS::Native::Server": "On-premises server",
    "OS::Cinder::Volume": "Disk",
    "OS::Sfs::Turbo": "File system",
    "OS::Workspace::DesktopV2": "Desktop",
    "unknown": "Type not known",
}
_LISTS: Final = {Kind.TASKS: "Task log", Kind.POLICIES: "Policies", Kind.VAULTS: "Vaults"}
_OUTCOMES: Final = {
    Outcome.PASS: "Pass",
    Outcome.FAIL: "Fail",
    Outcome.UNKNOWN: "Unknown",
    Outcome.NOT_APPLICABLE: "Not applicable",
}
_DOC_OUTCOME: Final = re.compile(rf"({'|'.join(Outcome)}) {{2,}}(.*)")
_VERDICTS: Final = {
    Conclusion.COMPLIANT: ("compliant", "✓", "Compliant"),
    Conclusion.NON_COMPLIANT: ("failed", "✗", "Not compliant"),
    Conclusion.INCOMPLETE: ("incomplete", "?", "Incomplete"),
}


_GROUPS: Final = {
    Outcome.FAIL: "with a problem",
    Outcome.UNKNOWN: "that could not be judged completely",
    Outcome.PASS: "without a problem",
    Outcome.NOT_APPLICABLE: "not judged: new, replicas, or taken out of their vaults",
}


@dataclass(frozen=True, slots=True)
class _State:
    """How one state of a day looks: a class of the style sheet, a glyph, and words."""

    style: str
    glyph: str
    words: str
    meaning: str


_STATES: Final = {
    Day.SUCCESS: _State("s", "✓", "success", "Success"),
    Day.PARTLY: _State("p", "◐", "partly", "Partly: some backups succeeded, some did not"),
    Day.FAILED: _State("f", "✗", "failed", "Failed or timed out"),
    Day.MISSING: _State("m", "○", "missing", "Missing: planned, but never started"),
    Day.SKIPPED: _State("k", "»", "skipped", "Skipped by the service"),
    Day.RUNNING: _State("r", "…", "running", "Waiting or running"),
    Day.UNKNOWN: _State("u", "?", "unknown", "Unknown: the task log has gaps"),
    Day.NONE: _State("n", "·", "none", "None, and none was planned"),
}
_USUAL: Final = frozenset({Day.SUCCESS, Day.NONE})
"""Most cells of most calendars: their column names the day and the legend the glyph, so that pages stay small."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """A day of one resource; without a title where the day is as it should be."""

    style: str
    glyph: str
    title: str


@dataclass(frozen=True, slots=True)
class _Group:
    """Resources of the calendar that are alike."""

    title: str
    lines: tuple[ResourceLine, ...]


class _Clock:
    """Times as people read them: in UTC and, where it is another one, in the zone of the report."""

    def __init__(self, name: str, now: datetime) -> None:
        self.now = now.astimezone(UTC)
        self.name = name
        self.is_known = True
        try:
            self._zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
            self.is_known, self._zone = False, ZoneInfo("UTC")
        self.is_utc = now.astimezone(self._zone).tzname() == "UTC"

    def utc(self, moment: datetime) -> str:
        """Write a time as ``23 Nov 2026, 04:00``."""
        moment = moment.astimezone(UTC)
        return f"{_date(moment)} {moment.year}, {moment:%H:%M}"

    def brief(self, moment: datetime) -> str:
        """Write a time as ``23 Nov 04:00``, with the year where it is not the present one."""
        moment = moment.astimezone(UTC)
        year = "" if moment.year == self.now.year else f" {moment.year}"
        return f"{_date(moment)}{year} {moment:%H:%M}"

    def local(self, moment: datetime) -> str:
        """Write a time in the zone of the report, with the day where it is another one."""
        here = moment.astimezone(self._zone)
        day = "" if here.date() == moment.astimezone(UTC).date() else f"{_date(here)}, "
        return f"{day}{here:%H:%M} {_OFFSET.sub(_offset, here.tzname() or '')}"

    def age(self, moment: datetime) -> str:
        """Say how long ago something was: in days, or in hours on the first day."""
        passed = self.now - moment
        if passed >= _DAY:
            return _count(passed // _DAY, "day")
        return _count(passed // _HOUR, "hour") if passed >= _HOUR else "less than an hour"


def render(report: Report) -> bytes:
    """Return the report as one HTML page in UTF-8."""
    environment = _environment()
    style = environment.get_template("page.css.jinja").render()
    page = environment.get_template("page.html.jinja").render(
        report=report,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        clock=_Clock(report.run.timezone, report.run.as_of),
        verdict=_VERDICTS[report.conclusion],
        sentence=_sentence(report),
        doubts=_doubts(report),
        states=_STATES,
        dates=_dates(report),
        months=[(month, len(list(days))) for month, days in groupby(_dates(report), _month)],
        cells=_cells(report),
        groups=_groups(report),
        names={control.id: control.name for control in report.controls},
        vaults={line.id: line.vaults for line in report.resources},
        reasons={(found.control, found.kind, found.id): found.verdict.reason for found in report.findings},
        tally=_tally(report),
        listed=_listed(report),
        most_rejected=_MOST_REJECTED,
    )
    return f"{page}\n".encode()


@cache
def _environment() -> Environment:
    """Read the templates once, when the first page is wanted."""
    folder = resources.files("audit.report")
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_readable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"outcomes": _OUTCOMES, "lists": _LISTS, "count": _count, "instant": instant}
    environment.filters |= {
        "age_of": _problem_age,
        "doc_parts": _doc_parts,
        "fact": _fact,
        "full_date": _full_date,
        "sentence": _as_sentence,
        "short": _short,
        "style": lambda outcome: outcome.replace("_", "-"),
        "type_name": lambda kind: _TYPES.get(kind, kind),
    }
    return environment


def _readable(value: object) -> object:
    """Show characters that cannot be seen, or that turn the text around them, by their number."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(
        letter if letter.isprintable() or letter in _VISIBLE_THOUGH_UNPRINTABLE else f"\\u{ord(letter):04x}"
        for letter in value
    )


def _offset(found: re.Match[str]) -> str:
    """Write the name of a zone that has only an offset: +0545 is UTC+05:45."""
    return f"UTC{found[1]}:{found[2] or '00'}"


def _count(number: int, one: str, many: str = "") -> str:
    """Write a number and its noun: 1 problem, 2 problems."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _date(moment: date) -> str:
    return f"{moment.day} {_MONTHS[moment.month - 1]}"


def _full_date(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {_date(day)} {day.year}"


def _month(day: date) -> str:
    return f"{_MONTHS[day.month - 1]} {day.year}"


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _short(identity: str) -> str:
    """Cut an id to its first part, as consoles do."""
    found = _UUID_START.match(identity)
    return found[0] if found else identity


def _sentence(report: Report) -> str:
    """Say in one sentence why the run ended as it did."""
    summary = report.summary
    if report.conclusion is Conclusion.COMPLIANT:
        place = f" in {_count(summary.resources, 'resource')}" if summary.resources else ""
        return f"No problem was found{place}, and the evidence is complete."
    doubts = _doubts(report)
    if report.conclusion is Conclusion.INCOMPLETE:
        return f"Nothing failed, but this is no proof that all backups happened: {_enumerate(doubts)}."
    wrong = Counter(problem.kind for problem in report.problems)
    total = sum(wrong.values())
    subjects = [_subjects(kind, wrong[kind], summary.resources) for kind in SubjectKind if wrong[kind]]
    action = f"{_count(total, 'problem needs', 'problems need')} action"
    more = f" There may be more: {_enumerate(doubts)}." if doubts else ""
    return f"{action}: {_enumerate(subjects)} {'does' if total == 1 else 'do'} not comply.{more}"


def _subjects(kind: SubjectKind, number: int, resources: int) -> str:
    """Count what does not comply; for resources, out of how many."""
    if kind is SubjectKind.RESOURCE:
        return f"{number:,} of {_count(resources, 'resource')}"
    return _count(number, kind.value, "policies" if kind is SubjectKind.POLICY else "")


def _doubts(report: Report) -> tuple[str, ...]:
    """Everything that keeps the evidence from being a proof."""
    gaps, rejected = len(report.collection.gaps), len(report.collection.rejected)
    undecided = report.summary.outcomes.get(Outcome.UNKNOWN, 0)
    doubts = []
    if all(finding.kind is SubjectKind.COLLECTION for finding in report.findings):
        doubts.append("there was nothing to judge")
    if gaps:
        doubts.append(f"what was read has {_count(gaps, 'gap')}")
    if rejected:
        doubts.append(f"{_count(rejected, 'row')} could not be used")
    if undecided:
        doubts.append(f"{_count(undecided, 'check')} could not be decided")
    if not doubts and report.conclusion is Conclusion.INCOMPLETE:
        doubts.append("no control found anything that it could confirm")
    return tuple(doubts)


def _enumerate(parts: Sequence[str]) -> str:
    """Join parts of a sentence: a; a and b; a, b and c."""
    *head, last = parts
    return f"{', '.join(head)} and {last}" if head else last


@dataclass(frozen=True, slots=True)
class _Age:
    """When a problem began; the evidence may only show that it began no later."""

    since: datetime
    is_at_least: bool


def _problem_age(problem: Problem, report: Report) -> _Age | None:
    if not problem.since:
        return None
    since = instant(problem.since)
    return _Age(since, since <= report.run.window.since.replace(microsecond=0))


def _dates(report: Report) -> tuple[date, ...]:
    """Every day of the calendar."""
    first, last = report.run.window.since.date(), report.run.window.until.date()
    return tuple(first + number * _DAY for number in range((last - first).days + 1))


def _cells(report: Report) -> tuple[Mapping[Day, _Cell], ...]:
    """For each day of the calendar, the cell of each state: made once, shown by every resource."""
    return tuple(
        {
            day: _Cell(
                style="" if day is Day.SUCCESS else state.style,
                glyph=state.glyph,
                title="" if day in _USUAL else f"{_date(when)}: {state.words}",
            )
            for day, state in _STATES.items()
        }
        for when in _dates(report)
    )


def _groups(report: Report) -> tuple[_Group, ...]:
    """Sort resources into groups, the worst first; problems keep their order, the others go by name."""
    place = {problem.id: number for number, problem in enumerate(report.problems)}
    seen: dict[str, set[Outcome]] = defaultdict(set)
    for finding in report.findings:
        if finding.kind is SubjectKind.RESOURCE:
            seen[finding.id].add(finding.outcome)
    ordered = sorted(report.resources, key=lambda line: (place.get(line.id, len(place)), line.name.casefold(), line.id))
    groups: dict[Outcome, list[ResourceLine]] = {outcome: [] for outcome in _GROUPS}
    for line in ordered:
        worst = next((outcome for outcome in _GROUPS if outcome in seen[line.id]), Outcome.NOT_APPLICABLE)
        groups[worst].append(line)
    return tuple(
        _Group(f"{_count(len(lines), 'resource')} {_GROUPS[outcome]}", tuple(lines))
        for outcome, lines in groups.items()
        if lines
    )


def _tally(report: Report) -> Mapping[str, Mapping[Outcome, int]]:
    """Count the outcomes of each control."""
    counts: dict[str, Counter[Outcome]] = {control.id: Counter() for control in report.controls}
    for finding in report.findings:
        counts[finding.control][finding.outcome] += 1
    return counts


@dataclass(frozen=True, slots=True)
class _Listed:
    """Findings of one control that share outcome and reason."""

    outcome: Outcome
    reason: str
    findings: tuple[Finding, ...]


def _listed(report: Report) -> Mapping[str, tuple[_Listed, ...]]:
    """Bring together what failed or stayed unknown: of each control, failures first, alike ones in one place."""
    alike: dict[str, dict[tuple[Outcome, str], list[Finding]]] = {control.id: {} for control in report.controls}
    for outcome in (Outcome.FAIL, Outcome.UNKNOWN):
        for finding in report.findings:
            if finding.outcome is outcome:
                alike[finding.control].setdefault((outcome, finding.verdict.reason), []).append(finding)
    return {
        control: tuple(_Listed(outcome, reason, tuple(found)) for (outcome, reason), found in kinds.items())
        for control, kinds in alike.items()
    }


def _fact(fact: tuple[str, Fact]) -> str:
    """Write a fact for people: ``age_hours`` 30 is "age: 30 hours"."""
    name, value = fact
    stem, _, unit = name.rpartition("_")
    if unit in _UNITS and isinstance(value, int):
        many = unit if unit == "percent" else ""
        return f"{stem.replace('_', ' ')}: {_count(value, _UNITS[unit], many)}"
    return f"{name.replace('_', ' ')}: {_value(value)}"


def _value(value: Fact) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "not known"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if _TIME.fullmatch(value):
        moment = instant(value)
        return f"{_date(moment)} {moment.year}, {moment:%H:%M} UTC"
    return value


def _doc_parts(doc: str) -> Iterator[tuple[str, list[tuple[str, str]], str]]:
    """Take a control's documentation apart: each heading with its rows of outcome and text, and its other text."""
    for heading, lines in _sections(doc):
        rows: list[tuple[str, str]] = []
        prose = []
        for line in lines:
            found = _DOC_OUTCOME.match(line)
            if found:
                rows.append((_OUTCOMES[Outcome(found[1])], found[2]))
            elif rows and line.startswith(" "):
                rows[-1] = (rows[-1][0], f"{rows[-1][1]} {line.strip()}")
            else:
                prose.append(line.strip())
        yield heading, rows, " ".join(prose)


def _sections(doc: str) -> Iterable[tuple[str, list[str]]]:
    """Find the headings below the first line, and below each its lines, without their common indentation."""
    sections: list[tuple[str, list[str]]] = []
    for line in doc.splitlines()[1:]:
        if line[:1].strip():
            sections.append((line, []))
        elif sections and line.strip():
            sections[-1][1].append(line)
    return [(heading, dedent("\n".join(lines)).splitlines()) for heading, lines in sections if lines]
