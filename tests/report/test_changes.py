from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.judging.reasons import OUT_OF_SCOPE
from audit.report.baseline import Baseline, Failure
from audit.report.changes import Change, Changes, changes
from audit.report.changes import compare as compare_reports
from audit.timestamps import shown
from tests.builders import NOW

Row = dict[str, Any]
MONDAY, TUESDAY, WEDNESDAY = (NOW + timedelta(days=number) for number in range(3))


def a_finding(outcome: str, subject: str = "server-1", control: str = "CBR-101") -> Row:
    return {
        "control": control,
        "subject": {"kind": "resource", "id": subject, "name": f"name of {subject}"},
        "outcome": outcome,
        "reason": "because",
    }


READINGS = [{"kind": kind, "complete": True} for kind in ("policies", "vaults", "protectables")]


def out_of_scope(subject: str = "server-1", control: str = "CBR-101") -> Row:
    return {**a_finding("not_applicable", subject, control), "reason": OUT_OF_SCOPE}


def a_report(
    as_of: datetime,
    *findings: Row,
    since: Changes | None = None,
    profile: str = "p",
    controls: tuple[str, ...] = ("CBR-101", "CBR-102"),
) -> Row:
    run = {"id": f"run of {shown(as_of)}", "as_of": shown(as_of), "profile_sha256": profile}
    carried = (
        {name: [written(change) for change in getattr(since, name)] for name in ("still", "not_compared")}
        if since
        else None
    )
    return {
        "schema_version": 1,
        "run": run,
        "collection": {"drift": [], "readings": READINGS, "rejected_rows": []},
        "controls": [{"id": control} for control in controls],
        "resources": [],
        "findings": list(findings),
        "changes": carried,
        "trend": [],
    }


def compare(before: Row, after: Row) -> Changes:
    return compare_reports(before, after, after["findings"])


def written(change: Change) -> Row:
    """A change as a report has it."""
    subject = {"kind": change.kind, "id": change.id, "name": change.name}
    return {"control": change.control, "subject": subject, "since": shown(change.since), "outcome": change.outcome}


def ids(found: Changes) -> dict[str, list[str]]:
    return {
        name: [change.id for change in getattr(found, name)] for name in ("new", "still", "resolved", "disappeared")
    }


def test_every_failure_is_new_persists_is_resolved_or_has_disappeared() -> None:
    before = a_report(
        MONDAY, a_finding("fail", "a"), a_finding("fail", "b"), a_finding("fail", "c"), a_finding("pass", "d")
    )
    after = a_report(
        TUESDAY, a_finding("fail", "e"), a_finding("fail", "a"), a_finding("pass", "b"), a_finding("fail", "d")
    )

    assert ids(compare(before, after)) == {"new": ["d", "e"], "still": ["a"], "resolved": ["b"], "disappeared": ["c"]}


def test_a_change_says_what_and_since_when() -> None:
    found = compare(a_report(MONDAY, a_finding("fail")), a_report(TUESDAY, a_finding("fail")))

    assert (found.against, found.as_of) == (f"run of {shown(MONDAY)}", MONDAY)
    (change,) = found.still
    assert asdict(change) == {
        "control": "CBR-101",
        "kind": "resource",
        "id": "server-1",
        "name": "name of server-1",
        "since": MONDAY,
        "outcome": "fail",
    }


def test_what_disappeared_keeps_the_name_that_it_had() -> None:
    (gone,) = compare(a_report(MONDAY, a_finding("fail")), a_report(TUESDAY)).disappeared

    assert (gone.name, gone.since, gone.outcome) == ("name of server-1", MONDAY, None)


def test_since_when_something_fails_is_carried_from_run_to_run() -> None:
    first = compare(a_report(MONDAY, a_finding("fail")), a_report(TUESDAY, a_finding("fail")))
    second = compare(a_report(TUESDAY, a_finding("fail"), since=first), a_report(WEDNESDAY, a_finding("fail")))

    assert [change.since for change in second.still] == [MONDAY]


def test_a_failure_that_comes_back_is_new_again() -> None:
    first = compare(a_report(MONDAY, a_finding("fail")), a_report(TUESDAY, a_finding("pass")))
    second = compare(a_report(TUESDAY, a_finding("pass"), since=first), a_report(WEDNESDAY, a_finding("fail")))

    assert [change.since for change in second.new] == [WEDNESDAY]


def test_silence_is_no_repair() -> None:
    first = compare(a_report(MONDAY, a_finding("fail")), a_report(TUESDAY, a_finding("unknown")))
    tuesday = a_report(TUESDAY, a_finding("unknown"), since=first)
    second = compare(tuesday, a_report(WEDNESDAY, a_finding("unknown")))
    third = compare(tuesday, a_report(WEDNESDAY, a_finding("pass")))

    assert [(change.since, change.outcome) for change in first.still] == [(MONDAY, "unknown")]
    assert [(change.since, change.outcome) for change in second.still] == [(MONDAY, "unknown")]
    assert [(change.since, change.outcome) for change in third.resolved] == [(MONDAY, "pass")]


def test_what_does_not_apply_any_more_is_no_repair() -> None:
    found = compare(a_report(MONDAY, a_finding("fail")), a_report(TUESDAY, a_finding("not_applicable")))

    assert (found.resolved, found.still) == ((), ())
    assert [(change.since, change.outcome) for change in found.disappeared] == [(MONDAY, "not_applicable")]


def test_what_was_unknown_all_along_is_no_change() -> None:
    found = compare(a_report(MONDAY, a_finding("unknown")), a_report(TUESDAY, a_finding("unknown")))

    assert ids(found) == {"new": [], "still": [], "resolved": [], "disappeared": []}


@pytest.mark.parametrize("previous", [Baseline(), Baseline(trouble="damaged", is_lost=True)])
def test_without_an_earlier_run_there_is_nothing_to_compare(previous: Baseline) -> None:
    assert changes(previous, (), NOW, (), is_same_profile=True) is None


def test_an_earlier_run_without_failures_makes_every_failure_new() -> None:
    previous = Baseline(run="run-0", as_of=MONDAY, failing={("CBR-101", "resource", "gone"): Failure("old", MONDAY)})
    found = changes(previous, (), TUESDAY, ("CBR-101",), is_same_profile=True)

    assert found is not None
    assert (found.against, ids(found)["disappeared"]) == ("run-0", ["gone"])


class TestAnotherProfile:
    """Only what both profiles judge is compared, and what one of them does not judge is remembered."""

    def test_what_the_earlier_profile_did_not_judge_is_not_new(self) -> None:
        before = a_report(MONDAY, out_of_scope("b"), profile="p", controls=("CBR-101",))
        findings = a_finding("fail", "a", "CBR-102"), a_finding("fail", "b"), a_finding("fail", "c")
        found = compare(before, a_report(TUESDAY, *findings, profile="q"))

        assert [change.id for change in found.new] == ["c"]
        assert [(change.id, change.since, change.outcome) for change in found.not_compared] == [
            ("b", TUESDAY, "fail"),
            ("a", TUESDAY, "fail"),
        ]

    def test_what_the_present_profile_does_not_judge_has_not_ended(self) -> None:
        before = a_report(MONDAY, a_finding("fail", "a", "CBR-102"), a_finding("fail", "b"), a_finding("fail", "c"))
        found = compare(before, a_report(TUESDAY, out_of_scope("b"), profile="q", controls=("CBR-101",)))

        assert [change.id for change in found.disappeared] == ["c"]
        assert [(change.id, change.since, change.outcome) for change in found.not_compared] == [
            ("b", MONDAY, "not_applicable"),
            ("a", MONDAY, None),
        ]

    @pytest.mark.parametrize("left_out", [(), (out_of_scope("a"),)])
    def test_since_when_something_fails_outlives_profiles_that_do_not_judge_it(self, left_out: tuple[Row, ...]) -> None:
        monday = a_report(MONDAY, a_finding("fail", "a"))
        controls = ("CBR-101", "CBR-102") if left_out else ("CBR-102",)
        first = compare(monday, a_report(TUESDAY, *left_out, profile="q", controls=controls))
        tuesday = a_report(TUESDAY, *left_out, since=first, profile="q", controls=controls)
        second = compare(tuesday, a_report(WEDNESDAY, *left_out, profile="q", controls=controls))
        again = compare(tuesday, a_report(WEDNESDAY, a_finding("fail", "a")))

        assert [(change.id, change.since) for change in second.not_compared] == [("a", MONDAY)]
        assert [(change.id, change.since) for change in again.still] == [("a", MONDAY)]
        assert again.new == ()

    def test_what_is_judged_now_for_the_first_time_is_compared_from_the_next_run_on(self) -> None:
        failing = a_finding("fail", "a", "CBR-102")
        first = compare(a_report(MONDAY, controls=("CBR-101",)), a_report(TUESDAY, failing, profile="q"))
        tuesday = a_report(TUESDAY, failing, since=first, profile="q")
        still = compare(tuesday, a_report(WEDNESDAY, failing, profile="q"))
        left = compare(tuesday, a_report(WEDNESDAY, out_of_scope("a", "CBR-102"), profile="q"))

        assert [(change.id, change.since) for change in still.still] == [("a", TUESDAY)]
        assert ([change.id for change in left.disappeared], left.not_compared) == (["a"], ())

    def test_with_the_same_profile_a_subject_that_comes_into_its_scope_is_new_and_one_that_leaves_it_is_gone(
        self,
    ) -> None:
        came = compare(a_report(MONDAY, out_of_scope()), a_report(TUESDAY, a_finding("fail")))
        left = compare(a_report(MONDAY, a_finding("fail")), a_report(TUESDAY, out_of_scope()))

        assert ids(came)["new"] == ids(left)["disappeared"] == ["server-1"]
        assert came.not_compared == left.not_compared == ()

    def test_a_report_of_version_0_1_is_compared_too(self) -> None:
        before = a_report(
            MONDAY,
            a_finding("unknown"),
            since=compare(a_report(MONDAY, a_finding("fail")), a_report(MONDAY, a_finding("unknown"))),
        )
        del before["changes"]["not_compared"]

        assert ids(compare(before, a_report(TUESDAY, a_finding("fail"))))["still"] == ["server-1"]
