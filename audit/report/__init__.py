"""Report formats: one file each with ``render(report) -> bytes``, listed here by hand."""

from collections.abc import Callable, Mapping
from typing import Final

from audit.report import csv_report, html_report, json_report, metrics_report, ocsf_report
from audit.report.contents import Report

PAGE: Final = "report.html"
FORMATS: Final[Mapping[str, Callable[[Report], bytes]]] = {
    "report.json": json_report.render,
    "findings.csv": csv_report.render,
    PAGE: html_report.render,
    "findings.ocsf.ndjson": ocsf_report.render,
    "metrics.prom": metrics_report.render,
}
