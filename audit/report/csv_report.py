"""findings.csv: one line for each finding, safe to open in a spreadsheet."""

import re
from collections.abc import Iterable
from typing import Final

import orjson

from audit.collection import shown
from audit.findings import Fact, Finding
from audit.garbage import without_gc
from audit.report.contents import Report
from audit.subjects import Waiver

COLUMNS: Final = (
    "run",
    "as_of",
    "collection_complete",
    "control",
    "subject_kind",
    "subject_id",
    "subject_name",
    "outcome",
    "severity",
    "reason",
    "facts",
    "tasks",
    "waived_until",
    "waiver_owner",
    "waiver_reason",
    "waiver_ticket",
)
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  # wide forms too
_SPECIAL: Final = re.compile('[",\r\n]')
_END: Final = "\r\n"


@without_gc()
def render(report: Report) -> bytes:
    """Return the findings as UTF-8 CSV (RFC 4180), in the order of the report."""
    run = (report.run.id, shown(report.run.as_of), str(report.collection.complete).lower())
    begin, cells = ",".join(map(_quoted, run)), _Cells()
    lines = [",".join(COLUMNS), *[f"{begin},{_line(finding, cells)}" for finding in report.findings], ""]
    return _END.join(lines).encode()


class _Cells(dict[str, str]):
    """The cells that many lines share, each written once: the csv module would look at every character again."""

    def __missing__(self, text: str) -> str:
        cell = self[text] = _cell(text)
        return cell


def _line(finding: Finding, cells: _Cells) -> str:
    control, kind, subject_id, name, severity, (outcome, reason, facts, tasks), waiver = finding
    return (
        f"{cells[control]},{cells[kind]},{cells[subject_id]},{cells[name]},{cells[outcome]},{cells[severity]},"
        f"{cells[reason]},{_facts(facts)},{_cell(' '.join(tasks)) if tasks else ''},{_waiver_cells(waiver)}"
    )


def _facts(facts: Iterable[tuple[str, Fact]]) -> str:
    """Write facts as JSON, which begins with a brace and has quotes unless there are none."""
    return '"' + orjson.dumps(dict(facts)).decode().replace('"', '""') + '"' if facts else "{}"


def _waiver_cells(waiver: Waiver | None) -> str:
    cells = (shown(waiver.until), waiver.owner, waiver.reason, waiver.ticket) if waiver else ("", "", "", "")
    return ",".join(map(_cell, cells))


def _cell(text: str) -> str:
    """Stop a spreadsheet from running a cell: names are chosen by cloud users, not by us."""
    return _quoted(f"'{text}" if text.startswith(_FORMULA_STARTS) else text)


def _quoted(text: str) -> str:
    """Put a cell in quotes where it holds what ends a cell or a line."""
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text
