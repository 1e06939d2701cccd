"""Every finding of a stored run, with the proof that there is exactly one for each control and subject."""

import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

import orjson
from msgspec import ValidationError, convert

from audit.report.agreement import ToldFinding
from audit.report.former_report import OPEN, former_lines, has_every_finding

_LONGEST: Final = 16 * 1024 * 1024  # bytes of a line; a finding may name thousands of tasks


class _Line(ToldFinding, frozen=True, kw_only=True):
    run: str


def every_finding(report: Mapping[str, Any], packed: bytes | None) -> Iterator[Mapping[str, Any]]:
    """Yield the findings of a run as lines of findings.ndjson, in their order.

    Args:
        report: its report.json.
        packed: its findings.ndjson.gz, or None if there is none; runs before version 0.3 need none.

    Raises:
        LookupError, TypeError: the report is damaged.
        ValueError: they are missing, or not those that the report counts.
    """
    return _proved(former_lines(report) if has_every_finding(report) else _lines(packed), report)


def _lines(packed: bytes | None) -> Iterator[Mapping[str, Any]]:
    if packed is None:
        raise ValueError("it is missing or was changed")
    try:
        with gzip.open(io.BytesIO(packed)) as lines:
            while line := lines.readline(_LONGEST):
                yield orjson.loads(line)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"it is damaged: {error}") from error


def _proved(lines: Iterable[Mapping[str, Any]], report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Check that they are those that the report counts and lists: as many of each control, and no pair twice."""
    run, subjects = report["run"]["id"], set[tuple[str, str]]()
    listed = {each.pair: each.outcome for each in convert(report["findings"], list[ToldFinding])}
    missing = Counter(
        {(each["id"], outcome): number for each in report["controls"] for outcome, number in each["outcomes"].items()}
    )
    read = ((_told(line), line) for line in lines)
    for subject, group in groupby(read, lambda each: (each[0].subject.kind, each[0].subject.id)):
        controls = set[str]()
        for finding, line in group:
            missing[finding.control, finding.outcome] -= 1
            is_new = subject not in subjects and finding.control not in controls
            is_counted = finding.run == run and missing[finding.control, finding.outcome] >= 0
            expected = listed.pop(finding.pair, None if finding.outcome in OPEN else finding.outcome)
            if not is_new or not is_counted or expected != finding.outcome:
                raise ValueError(f"it has a finding that {run} does not: {finding.control}, {' '.join(subject)}")
            controls.add(finding.control)
            yield line
        subjects.add(subject)
    if any(missing.values()):
        raise ValueError(f"{missing.total():,} findings are missing")


def _told(line: Any) -> _Line:
    try:
        return convert(line, _Line)
    except ValidationError as error:
        raise ValueError(f"it has a line that is no finding: {error}") from error
