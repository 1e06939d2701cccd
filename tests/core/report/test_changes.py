from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.collection import shown
from audit.previous import Failure, Previous
from audit.report.changes import Change, Changes, changes, compare
from tests.core.builders import NOW

Row = dict[str, Any]
MONDAY, TUESDAY, WEDNESDAY = (NOW + timedelta(days=number) for number in range(3))


def a_finding(outcome: str, subject: str = "server-1", control: str = "CBR-101") -> Row:
    return {
        "control": control,
        "subject": {"kind": "resource", "id": subject, "name": f"name of {subject}"},
        "outcome": outcome,
    }


def a_report(as_of: datetime, *findings: Row, since: Changes | None = None) -> Row:
    run = {"id": f"run of {shown(as_of)}", "as_of": shown(as_of)}
    carried = {"still": [written(change) for change in since.still]} if since else None
    return {"run": run, "collection": {"drift": []}, "findings": list(findings), "changes": carried, "trend": []}


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


@pytest.mark.parametrize("previous", [Previous(), Previous(trouble="damaged", is_lost=True)])
def test_without_an_earlier_run_there_is_nothing_to_compare(previous: Previous) -> None:
    assert changes(previous, (), NOW) is None


def test_an_earlier_run_without_failures_makes_every_failure_new() -> None:
    previous = Previous(run="run-0", as_of=MONDAY, failing={("CBR-101", "resource", "gone"): Failure("old", MONDAY)})
    found = changes(previous, (), TUESDAY)

    assert found is not None
    assert (found.against, ids(found)["disappeared"]) == ("run-0", ["gone"])
