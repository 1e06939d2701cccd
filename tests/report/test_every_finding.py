import gzip
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from audit.judging.requirements import Scope
from audit.judging.selection import Selector
from audit.report.baseline import recall
from audit.report.every_finding import every_finding
from audit.report.formats import findings_report, json_report
from audit.report.former_report import former_lines, in_present_form
from tests.report.estate import a_report, former_findings, former_resource

Row = dict[str, Any]
RUN = a_report(scope=Scope(exclude=(Selector(vaults=("-green",)),)))
REPORT: Row = orjson.loads(json_report.render(RUN))
LINES: list[Row] = [*map(orjson.loads, findings_report.render(RUN).splitlines())]
FORMER: Row = {
    **{name: part for name, part in REPORT.items() if name != "out_of_scope"},
    "schema_version": 1,
    "resources": [*map(former_resource, REPORT["resources"])],
    "findings": former_findings(LINES),
}


def packed(lines: list[Row]) -> bytes:
    return gzip.compress(b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines))


def changed(**parts: Any) -> list[Row]:
    return [{**LINES[0], **parts}, *LINES[1:]]


def swapped() -> list[Row]:
    """The findings, of which two of one control have each other's outcome, so that the counts stay."""
    first, second = next(
        (one, other)
        for one in LINES
        for other in LINES
        if one["control"] == other["control"] and one["outcome"] == "fail" != other["outcome"]
    )
    outcomes = {id(first): second["outcome"], id(second): first["outcome"]}
    return [{**line, "outcome": outcomes.get(id(line), line["outcome"])} for line in LINES]


def test_every_finding_is_read_in_order() -> None:
    assert [*every_finding(REPORT, packed(LINES))] == LINES


def test_a_report_of_version_0_1_needs_nothing_beside_it() -> None:
    assert [*every_finding(FORMER, None)] == LINES


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "it is missing or was changed"),
        (b"", "findings are missing"),
        (b"not gzip", "it is damaged"),
        (packed(LINES)[:-9], "it is damaged"),
        (gzip.compress(b"{"), "unexpected|EOF"),
        (packed(LINES[:-1]), "^1 findings are missing"),
        (packed([*LINES[:3], *LINES[4:]]), "^1 findings are missing"),
        (packed([*LINES, LINES[-1]]), "has a finding that"),
        (packed([*LINES[:-1], LINES[-2]]), "has a finding that"),
        (packed([*LINES[1:], LINES[0]]), "has a finding that"),
        (packed(changed(run="another")), "has a finding that"),
        (packed(changed(outcome="pass")), "has a finding that"),
        (packed(changed(outcome="splendid")), "has a finding that"),
        (packed(changed(outcome=7)), "has a line that is no finding: Expected `str`"),
        (packed([*LINES[:-1], 5]), "has a line that is no finding: Expected `object`"),  # type: ignore[list-item]
        (packed(changed(control="CBR-000")), "has a finding that"),
        (packed(swapped()), "has a finding that"),
    ],
    ids=range(17),
)
def test_what_is_not_exactly_one_finding_for_each_pair_is_an_error(data: bytes | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        list(every_finding(REPORT, data))


@pytest.mark.parametrize("read", [in_present_form, lambda report: [*former_lines(report)]])
def test_what_is_no_report_is_refused(read: Callable[[Row], Any]) -> None:
    for report in ({}, {**FORMER, "findings": 5}, {**FORMER, "findings": [{}]}):
        with pytest.raises((LookupError, TypeError)):
            read(report)


def test_a_report_of_version_0_1_is_read_as_it_would_be_written_now() -> None:
    assert REPORT["out_of_scope"]
    assert {part["planned"] is None for part in REPORT["resources"]} == {True, False}
    assert in_present_form(REPORT) == REPORT
    assert in_present_form(FORMER) == REPORT
    assert recall(FORMER) == recall(REPORT)
    with pytest.raises(ValueError, match="not a report of this version"):
        in_present_form({**REPORT, "schema_version": 3})
