"""The controls on the page: how often each passed, what failed, and its documentation."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from textwrap import dedent
from typing import Any, Final

from audit.judging.findings import Control, Fact, Finding, Outcome
from audit.report.contents import Report
from audit.report.page.times import dated
from audit.report.page.words import ENGLISH
from audit.timestamps import instant

OUTCOMES: Final = {
    Outcome.PASS: "Pass",
    Outcome.FAIL: "Fail",
    Outcome.UNKNOWN: "Unknown",
    Outcome.NOT_APPLICABLE: "Not applicable",
}
_DOC_OUTCOME: Final = re.compile(rf"({'|'.join(Outcome)}) {{2,}}(.*)")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_UNITS: Final = {"hours": "hour", "days": "day", "percent": "percent"}


@dataclass(frozen=True, slots=True)
class Listed:
    """Findings of one control with the same outcome and reason."""

    outcome: Outcome
    reason: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class NotMet:
    """What failed, whether or not accepted, and what is unknown."""

    failures: tuple[Finding, ...]
    unknown: tuple[Finding, ...]


def not_met(report: Report) -> NotMet:
    """Collect both from the findings."""
    return NotMet(tuple(report.findings.having(Outcome.FAIL)), tuple(report.findings.having(Outcome.UNKNOWN)))


def listed(controls: Iterable[Control[Any]], found: NotMet) -> Mapping[str, tuple[Listed, ...]]:
    """Group what failed or is unknown: for each control, failures first and similar ones together."""
    alike: dict[str, dict[tuple[Outcome, str], list[Finding]]] = {control.id: {} for control in controls}
    for finding in (*found.failures, *found.unknown):
        alike[finding.control].setdefault((finding.outcome, finding.verdict.reason), []).append(finding)
    return {
        control: tuple(Listed(outcome, reason, tuple(found)) for (outcome, reason), found in kinds.items())
        for control, kinds in alike.items()
    }


def fact_words(fact: tuple[str, Fact]) -> str:
    """Write a fact for people, in English: ``age_hours`` 30 is "age: 30 hours"."""
    name, value = fact
    stem, _, unit = name.rpartition("_")
    if unit in _UNITS and isinstance(value, int):
        many = unit if unit == "percent" else ""
        return f"{stem.replace('_', ' ')}: {ENGLISH.count(value, _UNITS[unit], many)}"
    return f"{name.replace('_', ' ')}: {_value(value)}"


def _value(value: Fact) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "not known"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if _TIME.fullmatch(value):
        moment = instant(value)
        return f"{dated(moment, ENGLISH)}, {moment:%H:%M} UTC"
    return value


@cache
def doc_parts(doc: str) -> tuple[tuple[str, list[tuple[str, str]], str], ...]:
    """Split a control's documentation into headings, each with its rows of outcome and text, and its other text."""
    return tuple(_parts(doc))


def _parts(doc: str) -> Iterator[tuple[str, list[tuple[str, str]], str]]:
    for heading, lines in _sections(doc):
        rows: list[tuple[str, str]] = []
        prose = []
        for line in lines:
            found = _DOC_OUTCOME.match(line)
            if found:
                rows.append((OUTCOMES[Outcome(found[1])], found[2]))
            elif rows and line.startswith(" "):
                rows[-1] = (rows[-1][0], f"{rows[-1][1]} {line.strip()}")
            else:
                prose.append(line.strip())
        yield heading, rows, " ".join(prose)


def _sections(doc: str) -> Iterable[tuple[str, list[str]]]:
    """Find the headings below the first line, each with its lines without common indentation."""
    sections: list[tuple[str, list[str]]] = []
    for line in doc.splitlines()[1:]:
        if line[:1].strip():
            sections.append((line, []))
        elif sections and line.strip():
            sections[-1][1].append(line)
    return [(heading, dedent("\n".join(lines)).splitlines()) for heading, lines in sections if lines]
