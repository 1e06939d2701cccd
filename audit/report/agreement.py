"""Whether a report.json agrees with itself: conclusion, counts and findings must tell of one judgement.

A report that somebody edited contradicts itself before anybody compares it with its evidence.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from audit.collection import Reading
from audit.report.facts import Conclusion

_FAIL: Final = "fail"
_UNKNOWN: Final = "unknown"
_ALL_LISTED: Final = 1
"""The version of report.json that lists every finding; later ones leave out plain passes."""


class _Subject(Struct, frozen=True):
    kind: str
    id: str


class ToldFinding(Struct, frozen=True):
    """What was judged, how, and whether somebody accepts it."""

    control: str
    subject: _Subject
    outcome: str
    waiver: dict[str, Any] | None

    @property
    def pair(self) -> tuple[str, str, str]:
        """What was judged, by which control: there is one finding about it."""
        return self.control, self.subject.kind, self.subject.id

    @property
    def is_open(self) -> bool:
        """Nobody accepts this failure."""
        return self.outcome == _FAIL and self.waiver is None


class _Control(Struct, frozen=True):
    id: str
    outcomes: dict[str, int]


class _Summary(Struct, frozen=True):
    outcomes: dict[str, int]
    resources: int
    resources_failing: int
    problems: int
    waived: int


class _Collection(Struct, frozen=True):
    complete: bool
    rejected: int
    readings: tuple[Reading, ...]


class _TrendLine(Struct, frozen=True):
    run: str
    as_of: str
    conclusion: str
    complete: bool
    passed: int
    problems: int


class ToldReport(Struct, frozen=True):
    """The parts of a report.json that repeat each other."""

    schema_version: int
    run: dict[str, Any]
    conclusion: str
    collection: _Collection
    summary: _Summary
    problems: list[msgspec.Raw]
    waived: list[msgspec.Raw]
    controls: list[_Control]
    trend: list[_TrendLine]
    findings: list[ToldFinding]

    @property
    def has_every_finding(self) -> bool:
        """Whether it is of the form that lists plain passes, too."""
        return self.schema_version == _ALL_LISTED


def read_told(data: bytes) -> ToldReport:
    """Read the parts of a report.json that repeat each other.

    Raises:
        ValueError: it is not such a report.
    """
    try:
        return msgspec.json.decode(data, type=ToldReport)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"not a report of a known form: {error}") from error


def unequal(what: str, told: Mapping[str, object]) -> Iterator[str]:
    """Yield a sentence if places that must say the same differ."""
    if any(value != next(iter(told.values())) for value in told.values()):
        yield f"{what}: {', '.join(f'{place} says {value}' for place, value in told.items())}"


def contradictions(report: ToldReport) -> Iterator[str]:
    """Yield, in words, where a report contradicts itself."""
    summary, findings = report.summary, report.findings
    failing = {each.subject.id for each in findings if each.is_open and each.subject.kind == "resource"}
    waived = sum(each.waiver is not None for each in findings)
    yield from _in_conclusion(report)
    yield from _in_counts(report)
    yield from unequal("resources that fail", {"summary": summary.resources_failing, "findings": len(failing)})
    yield from unequal("waived", {"summary": summary.waived, "findings": waived, "waived": len(report.waived)})
    yield from unequal("problems", {"summary": summary.problems, "problems": len(report.problems)})
    own = _TrendLine(
        run=report.run.get("id", ""),
        as_of=report.run.get("as_of", ""),
        conclusion=report.conclusion,
        complete=report.collection.complete,
        passed=summary.outcomes.get("pass", 0),
        problems=summary.problems,
    )
    if report.trend[-1:] != [own]:
        yield "the last line of its trend says something else about this run"


def _in_conclusion(report: ToldReport) -> Iterator[str]:
    """Hold the conclusion against the findings, in the order in which a run concludes."""
    is_failing = any(each.is_open for each in report.findings)
    if is_failing != (report.conclusion == Conclusion.NON_COMPLIANT):
        yield f"its conclusion is {report.conclusion}, and {'a' if is_failing else 'no'} finding fails without a waiver"
    if report.conclusion != Conclusion.COMPLIANT:
        return
    if not report.collection.complete:
        yield "its conclusion is compliant, and not everything could be read"
    if any(each.outcome == _UNKNOWN and each.waiver is None for each in report.findings):
        yield "its conclusion is compliant, and a finding is unknown"
    if not (report.summary.resources and report.summary.outcomes.get("pass")):
        yield "its conclusion is compliant, and no resource passed"


def _in_counts(report: ToldReport) -> Iterator[str]:
    """Compare what is counted for each control with the findings, and the sums with the summary."""
    listed = Counter((each.control, each.outcome) for each in report.findings)
    counted = {(each.id, outcome): number for each in report.controls for outcome, number in each.outcomes.items()}
    sums: Counter[str] = Counter()
    for control, outcome in sorted(listed.keys() | counted.keys()):
        few, many = listed[control, outcome], counted.get((control, outcome), 0)
        sums[outcome] += many
        if few > many or (few < many and (report.has_every_finding or outcome in {_FAIL, _UNKNOWN})):
            yield f"{control} {outcome}: controls says {many}, findings says {few}"
    for outcome in sorted(sums.keys() | report.summary.outcomes.keys()):
        yield from unequal(outcome, {"summary": report.summary.outcomes.get(outcome, 0), "controls": sums[outcome]})
