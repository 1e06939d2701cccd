"""findings.csv: one line for each finding, safe to open in a spreadsheet."""

import csv
import io
from typing import Final

import orjson

from audit.collection import shown
from audit.findings import Finding
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


def render(report: Report) -> bytes:
    """Return the findings as UTF-8 CSV (RFC 4180), in the order of the report."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    run = (report.run.id, shown(report.run.as_of), str(report.collection.complete).lower())
    lines.writerows([*run, *map(_inert, _cells(finding))] for finding in report.findings)
    return text.getvalue().encode()


def _cells(finding: Finding) -> tuple[str, ...]:
    return (
        finding.control,
        finding.kind,
        finding.id,
        finding.name,
        finding.outcome,
        finding.severity,
        finding.verdict.reason,
        orjson.dumps(finding.facts).decode(),
        " ".join(finding.verdict.tasks),
        *_waiver_cells(finding.waiver),
    )


def _waiver_cells(waiver: Waiver | None) -> tuple[str, ...]:
    return (shown(waiver.until), waiver.owner, waiver.reason, waiver.ticket) if waiver else ("", "", "", "")


def _inert(cell: str) -> str:
    """Stop a spreadsheet from running a cell: names are chosen by cloud users, not by us."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
