"""A report.json agrees with itself, or says where it does not."""

from typing import Any

import msgspec
import pytest

from audit.report.agreement import contradictions, read_told

NOW = {"id": "r", "as_of": "2026-11-23T12:00:00Z"}


def finding(outcome: str, *, waiver: bool = False, subject: str = "resource") -> dict[str, Any]:
    return {
        "control": "CBR-101",
        "subject": {"kind": subject, "id": outcome},
        "outcome": outcome,
        "waiver": {"owner": "me"} if waiver else None,
    }


def a_report(conclusion: str, *findings: dict[str, Any], version: int = 1, **changes: Any) -> Any:
    """A report whose counts are those of its findings, until something is changed."""
    outcomes = [each["outcome"] for each in findings]
    counts = {outcome: outcomes.count(outcome) for outcome in ("pass", "fail", "unknown", "not_applicable")}
    open_ones = {each["subject"]["id"] for each in findings if each["outcome"] == "fail" and not each["waiver"]}
    waived = [each for each in findings if each["waiver"]]
    values = {
        "schema_version": version,
        "run": NOW,
        "conclusion": conclusion,
        "collection": {"complete": True, "rejected": 0, "readings": []},
        "summary": {
            "outcomes": counts,
            "resources": 1,
            "resources_failing": len(open_ones),
            "problems": 0,
            "waived": len(waived),
        },
        "problems": [],
        "waived": waived,
        "controls": [{"id": "CBR-101", "outcomes": counts}],
        "findings": findings,
        **changes,
    }
    line = {**{f"{name}": NOW[name] for name in ("as_of",)}, "run": "r", "conclusion": values["conclusion"]}
    line |= {"complete": values["collection"]["complete"], "passed": counts["pass"], "problems": 0}
    return read_told(msgspec.json.encode({**values, "trend": [line]}))


PASS, FAIL, UNKNOWN = finding("pass"), finding("fail"), finding("unknown")


@pytest.mark.parametrize(
    ("conclusion", "findings"),
    [
        ("compliant", [PASS]),
        ("compliant", [PASS, finding("fail", waiver=True), finding("unknown", waiver=True)]),
        ("non_compliant", [PASS, FAIL]),
        ("non_compliant", [FAIL, UNKNOWN]),
        ("incomplete", [PASS, UNKNOWN]),
        ("incomplete", []),
    ],
)
def test_what_a_run_concludes_agrees(conclusion: str, findings: list[Any]) -> None:
    assert list(contradictions(a_report(conclusion, *findings))) == []


@pytest.mark.parametrize(
    ("conclusion", "findings", "problem"),
    [
        ("compliant", [PASS, FAIL], "its conclusion is compliant, and a finding fails without a waiver"),
        ("incomplete", [FAIL], "its conclusion is incomplete, and a finding fails without a waiver"),
        ("non_compliant", [PASS], "its conclusion is non_compliant, and no finding fails without a waiver"),
        ("compliant", [PASS, UNKNOWN], "its conclusion is compliant, and a finding is unknown"),
        ("compliant", [], "its conclusion is compliant, and no resource passed"),
    ],
)
def test_a_conclusion_that_does_not_follow_from_the_findings_is_told(
    conclusion: str, findings: list[Any], problem: str
) -> None:
    assert list(contradictions(a_report(conclusion, *findings))) == [problem]


def test_what_was_not_read_whole_is_not_compliant() -> None:
    report = a_report("compliant", PASS, collection={"complete": False, "rejected": 0, "readings": []})

    assert list(contradictions(report)) == ["its conclusion is compliant, and not everything could be read"]


@pytest.mark.parametrize(
    ("version", "outcome", "problems"), [(1, "pass", 1), (2, "pass", 0), (2, "fail", 1), (2, "unknown", 1)]
)
def test_only_passes_may_be_left_out_and_only_in_newer_reports(version: int, outcome: str, problems: int) -> None:
    counts = {"pass": 1, "fail": 1, "unknown": 1, "not_applicable": 0, outcome: 2}
    summary = {"outcomes": counts, "resources": 1, "resources_failing": 1, "problems": 0, "waived": 0}
    line = {"run": "r", "as_of": NOW["as_of"], "conclusion": "non_compliant", "complete": True, "problems": 0}
    report = a_report(
        "non_compliant",
        PASS,
        FAIL,
        UNKNOWN,
        version=version,
        summary=summary,
        controls=[{"id": "CBR-101", "outcomes": counts}],
    )
    trend = read_told(
        msgspec.json.encode({**msgspec.to_builtins(report), "trend": [{**line, "passed": counts["pass"]}]})
    )

    assert len(list(contradictions(trend))) == problems


@pytest.mark.parametrize("data", [b"", b"[]", b'{"schema_version": "1"}', b'{"run": ' + b"[" * 5_000])
def test_what_is_no_report_is_told(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a report of a known form: "):
        read_told(data)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"problems": [{}]}, "problems: summary says 0, problems says 1"),
        ({"waived": [{}]}, "waived: summary says 0, findings says 0, waived says 1"),
        ({"controls": []}, "CBR-101 fail: controls says 0, findings says 1"),
        ({"run": {**NOW, "id": "other"}}, "the last line of its trend says something else about this run"),
    ],
)
def test_counts_that_do_not_fit_together_are_told(changes: dict[str, Any], problem: str) -> None:
    assert problem in list(contradictions(a_report("non_compliant", FAIL, **changes)))
