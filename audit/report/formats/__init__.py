"""Report formats, one file each, with ``render(report) -> bytes`` and ``pieces(report)`` for the same in pieces.

A report may be larger than all the data it is made from, so runs never hold one as a whole. A format is imported when
it is rendered: no run needs them all, and none needs one before its first request.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal

from audit.report import FINDINGS, PAGE

if TYPE_CHECKING:
    from audit.report.contents import Report


def _json(report: "Report") -> Iterator[bytes]:
    from audit.report.formats import json_report  # noqa: PLC0415  # see above

    return json_report.pieces(report)


def _findings(report: "Report") -> Iterator[bytes]:
    from audit.report.formats import findings_report  # noqa: PLC0415  # see above

    return findings_report.pieces(report)


def _csv(report: "Report") -> Iterator[bytes]:
    from audit.report.formats import csv_report, findings_report  # noqa: PLC0415  # see above

    return csv_report.pieces(findings_report.lines(report))


def _html(report: "Report") -> Iterator[bytes]:
    from audit.report.formats import html_report  # noqa: PLC0415  # see above

    return html_report.pieces(report)


def _ocsf(report: "Report") -> Iterator[bytes]:
    from audit.report.formats import ocsf_report  # noqa: PLC0415  # see above

    return ocsf_report.pieces(report)


def _metrics(report: "Report") -> Iterator[bytes]:
    from audit.report.formats import metrics_report  # noqa: PLC0415  # see above

    return metrics_report.pieces(report)


FORMATS: Final[Mapping[str, "Callable[[Report], Iterator[bytes]]"]] = {
    "report.json": _json,
    FINDINGS: _findings,
    "findings.csv": _csv,
    PAGE: _html,
    "findings.ocsf.ndjson": _ocsf,
    "metrics.prom": _metrics,
}

# what a profile calls a format; mypy cannot read the table
if TYPE_CHECKING:
    FileName = str
else:
    FileName = Literal[tuple(FORMATS)]
