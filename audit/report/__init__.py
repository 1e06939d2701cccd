"""Reports: what they say, compare and remember. Formats are in ``formats/``, the parts of the page in ``page/``.

Imports history, judging, records, schedule and subjects.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from audit.report.contents import Report

FINDINGS: Final = "findings.ndjson"
PAGE: Final = "report.html"
INDEX: Final = "index.html"


def index(report: "Report") -> bytes:
    """Return the page that links to recent runs."""
    from audit.report import index_page  # noqa: PLC0415  # no run needs it before its first request

    return index_page.render(index_page.index_of(report))
