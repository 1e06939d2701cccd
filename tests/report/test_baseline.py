from datetime import UTC, datetime
from typing import Any

import pytest

from audit.collection import Kind
from audit.report.baseline import Baseline, Failure, TrendLine, recall
from tests.builders import DAY, NOW, a_drift

REPORT: dict[str, Any] = {
    "schema_version": 2,
    "run": {"id": "r0", "as_of": "2026-11-22T04:00:00Z"},
    "out_of_scope": [],
    "collection": {
        "drift": [
            {"kind": "vaults", "path": "a", "problem": "unknown field", "since": "2026-11-01T00:00:00Z"},
            {"kind": "operation_logs", "path": "colour", "problem": "unknown field"},
        ]
    },
    "controls": [],
    "findings": [],
    "changes": None,
    "trend": [],
}


def test_without_a_last_run_everything_is_seen_for_the_first_time() -> None:
    assert not Baseline().knows(a_drift())
    assert Baseline().first_seen(a_drift(), NOW) == NOW


def test_what_the_last_run_saw_keeps_its_date() -> None:
    previous = recall(REPORT)

    assert (previous.run, previous.as_of, previous.trouble) == ("r0", NOW - DAY, None)
    assert previous.knows(a_drift())
    assert previous.first_seen(a_drift(), NOW) == NOW - DAY
    assert {f"{moment:%d}" for moment in previous.drift.values()} == {"01", "22"}


@pytest.mark.parametrize("change", [{"path": "size"}, {"problem": "wrong type"}, {"kind": Kind.POLICIES}])
def test_another_list_path_or_problem_is_something_new(change: dict[str, Any]) -> None:
    drift = a_drift(**change)

    assert not recall(REPORT).knows(drift)
    assert recall(REPORT).first_seen(drift, NOW) == NOW


@pytest.mark.parametrize(
    "report",
    [
        {},
        [],
        None,
        {**REPORT, "run": {"id": "r0"}},
        {**REPORT, "run": {"id": "r0", "as_of": "yesterday"}},
        {**REPORT, "collection": {"drift": None}},
        {**REPORT, "collection": {"drift": ["odd"]}},
        {**REPORT, "findings": [{"control": "CBR-101"}]},
        {**REPORT, "changes": {"still": [{}]}},
        {**REPORT, "trend": [{"as_of": "2026-11-22T04:00:00Z", "oldest_backup": None}]},
        {**REPORT, "collection": {"drift": [{"kind": [], "path": "a", "problem": "b"}]}},
    ],
)
def test_what_is_no_report_is_refused(report: Any) -> None:
    with pytest.raises(ValueError, match=r"not a (report of this version|timestamp)"):
        recall(report)


def a_finding(subject: str, outcome: str) -> dict[str, Any]:
    return {
        "control": "CBR-101",
        "subject": {"kind": "resource", "id": subject, "name": subject},
        "reason": "because",
        "outcome": outcome,
    }


def test_what_failed_is_remembered_with_the_run_that_saw_it_first() -> None:
    carried = {"still": [{**a_finding(each, ""), "since": "2026-11-01T00:00:00Z"} for each in ("b", "c", "d")]}
    outcomes = {"a": "fail", "b": "fail", "c": "unknown", "d": "pass", "e": "unknown"}
    findings = [a_finding(subject, outcome) for subject, outcome in outcomes.items()]

    failing = recall({**REPORT, "findings": findings, "changes": carried}).failing

    first = datetime(2026, 11, 1, tzinfo=UTC)
    assert {pair[2]: failure for pair, failure in failing.items()} == {
        "a": Failure("a", NOW - DAY),
        "b": Failure("b", first),
        "c": Failure("c", first),
    }


@pytest.mark.parametrize("oldest", [None, "2026-11-21T04:00:00Z"])
def test_how_earlier_runs_ended_is_passed_on(oldest: str | None) -> None:
    part = {
        "run": "r0",
        "as_of": "2026-11-22T04:00:00Z",
        "conclusion": "compliant",
        "complete": True,
        "passed": 3,
        "judged": 4,
        "problems": 1,
        "oldest_backup": oldest,
        "without_backup": 2,
    }
    expected = TrendLine(
        run="r0",
        as_of=NOW - DAY,
        conclusion="compliant",
        complete=True,
        passed=3,
        judged=4,
        problems=1,
        oldest_backup=NOW - 2 * DAY if oldest else None,
        without_backup=2,
    )

    assert recall({**REPORT, "trend": [part]}).trend == (expected,)


def test_a_finding_whose_id_is_no_text_is_of_no_version() -> None:
    odd = {"control": "CBR-101", "subject": {"kind": "resource", "id": 1.5, "name": "db"}, "outcome": "fail"}

    with pytest.raises(ValueError, match="not a report of this version"):
        recall({**REPORT, "findings": [odd]})
