"""findings.ndjson: every finding, one a line, exactly one for each control and each subject of its kind."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

import orjson

from audit.report.contents import Report
from audit.report.shared_parts import finding_part
from audit.timestamps import shown

_AT_A_TIME: Final = 1000


def render(report: Report) -> bytes:
    """Return the findings as NDJSON, subject by subject."""
    return b"".join(pieces(report))


def pieces(report: Report) -> Iterator[bytes]:
    """Yield them a number of lines at a time."""
    written = (orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines(report))
    while some := b"".join(islice(written, _AT_A_TIME)):
        yield some


def lines(report: Report) -> Iterator[Mapping[str, Any]]:
    """Yield each finding with what tells it from those of other runs."""
    run = {"run": report.run.id, "as_of": shown(report.run.as_of), "collection_complete": report.collection.complete}
    projects = report.enterprise_projects
    for finding in report.findings.by_subject():
        part, belongs = finding_part(finding, report.attributions), projects.get((finding.kind, finding.id), ())
        yield {**run, "subject": part["subject"], "enterprise_projects": belongs, **part}
