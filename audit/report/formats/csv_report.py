"""findings.csv: one line per finding, safe to open in a spreadsheet."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import orjson

from audit.judging.findings import Fact, Finding
from audit.report.contents import Report
from audit.subjects import Waiver
from audit.timestamps import shown

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
    "enterprise_projects",
)
_FORMULA_STARTS: Final = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001  # full-width forms, too
_SPECIAL: Final = re.compile('[",\r\n]')
_NOT_WAIVED: Final = ",,,"
_AT_A_TIME: Final = 1000
_END: Final = "\r\n"


def render(report: Report) -> bytes:
    """Return the findings as UTF-8 CSV (RFC 4180), in the order of the report."""
    return b"".join(pieces(report))


def pieces(report: Report) -> Iterator[bytes]:
    """Yield them a number of lines at a time."""
    run = (report.run.id, shown(report.run.as_of), str(report.collection.complete).lower())
    begin, cells, projects = ",".join(map(_quoted, run)), _Cells(), report.enterprise_projects
    yield f"{','.join(COLUMNS)}{_END}".encode()
    findings = iter(report.findings)
    while part := list(islice(findings, _AT_A_TIME)):
        belonging = (" ".join(projects.get((finding.kind, finding.id), ())) for finding in part)
        lines = (f"{begin},{_line(each, cells)},{cells[of]}{_END}" for each, of in zip(part, belonging, strict=True))
        yield "".join(lines).encode()


class _Cells(dict[str, str]):
    """The cells that many lines share, each written once: the csv module would examine every character again."""

    def __init__(self) -> None:
        super().__init__()
        self._facts: dict[int, str] = {}

    def __missing__(self, text: str) -> str:
        cell = self[text] = _cell(text)
        return cell

    def facts(self, facts: tuple[tuple[str, Fact], ...]) -> str:
        """Return facts as a cell, cached by their identity; the report keeps them alive."""
        return self._facts.get(id(facts)) or self._facts.setdefault(id(facts), _facts(facts))


def _line(finding: Finding, cells: _Cells) -> str:
    verdict = finding.verdict
    evidence, waived = " ".join(verdict.tasks), _waiver_cells(finding.waiver) if finding.waiver else _NOT_WAIVED
    return (
        f"{cells[finding.control]},{cells[finding.kind]},{cells[finding.id]},{cells[finding.name]},"
        f"{cells[verdict.outcome]},{cells[finding.severity]},"
        f"{cells[verdict.reason]},{cells.facts(verdict.facts)},{_cell(evidence)},{waived}"
    )


def _facts(facts: Iterable[tuple[str, Fact]]) -> str:
    """Return facts as JSON, which starts with a brace and contains quotes unless it is empty."""
    return '"' + orjson.dumps(dict(facts)).decode().replace('"', '""') + '"' if facts else "{}"


def _waiver_cells(waiver: Waiver) -> str:
    return ",".join(map(_cell, (shown(waiver.until), waiver.owner, waiver.reason, waiver.ticket)))


def _cell(text: str) -> str:
    """Keep a spreadsheet from running a cell as a formula: names are chosen by cloud users, not by us."""
    return _quoted(f"'{text}" if text[:1] in _FORMULA_STARTS else text) if text else text


def _quoted(text: str) -> str:
    """Quote a cell if it contains a separator, a quote or a line break."""
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text
