"""findings.csv: one line per finding, safe to open in a spreadsheet."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import orjson

from audit.judging.findings import Fact
from audit.report.actors import told
from audit.report.contents import Report
from audit.report.formats import findings_report

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
    "actors",
)
_FORMULA_STARTS: Final = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001  # full-width forms, too
_SPECIAL: Final = re.compile('[",\r\n]')
_NOT_WAIVED: Final = ",,,"
_AT_A_TIME: Final = 1000
_END: Final = "\r\n"


def render(report: Report) -> bytes:
    """Return the findings as UTF-8 CSV (RFC 4180), subject by subject."""
    return b"".join(pieces(findings_report.lines(report)))


def pieces(findings: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield findings, which are as in findings.ndjson, a number of lines at a time."""
    yield f"{','.join(COLUMNS)}{_END}".encode()
    cells, remaining = _Cells(), iter(findings)
    while some := "".join([_line(finding, cells) for finding in islice(remaining, _AT_A_TIME)]):
        yield some.encode()


class _Cells(dict[str, str]):
    """The cells that many lines share, each written once: the csv module would examine every character again."""

    def __missing__(self, text: str) -> str:
        written = self[text] = cell(text)
        return written


def _line(finding: Mapping[str, Any], cells: _Cells) -> str:
    subject, waiver = finding["subject"], finding["waiver"]
    shared = (
        *(finding["run"], finding["as_of"], str(finding["collection_complete"]).lower(), finding["control"]),
        *(subject["kind"], subject["id"], subject["name"], finding["outcome"], finding["severity"], finding["reason"]),
    )
    own = _facts(finding["facts"]), cell(" ".join(finding["tasks"])), _waiver_cells(waiver) if waiver else _NOT_WAIVED
    projects, actors = cells[" ".join(finding["enterprise_projects"])], cells[told(finding.get("actors"))]
    return ",".join((*(cells[text] for text in shared), *own, projects, f"{actors}{_END}"))


def _facts(facts: Mapping[str, Fact]) -> str:
    """Return facts as JSON, which starts with a brace and contains quotes unless it is empty."""
    return '"' + orjson.dumps(facts).decode().replace('"', '""') + '"' if facts else "{}"


def _waiver_cells(waiver: Mapping[str, str | None]) -> str:
    return ",".join(cell(waiver[name] or "") for name in ("until", "owner", "reason", "ticket"))


def cell(text: str) -> str:
    """Write a cell; keep a spreadsheet from running a cell as a formula: names are chosen by cloud users, not by us."""
    return _quoted(f"'{text}" if text[:1] in _FORMULA_STARTS else text) if text else text


def _quoted(text: str) -> str:
    """Quote a cell if it contains a separator, a quote or a line break."""
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text
