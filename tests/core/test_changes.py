from typing import Any

from audit.changes import Changes, compare

Row = dict[str, Any]


def a_finding(outcome: str, subject: str = "server-1", control: str = "CBR-101") -> Row:
    return {
        "control": control,
        "subject": {"kind": "resource", "id": subject, "name": f"name of {subject}"},
        "outcome": outcome,
    }


def a_report(as_of: str, *findings: Row, changes: Row | None = None) -> Row:
    return {"run": {"id": f"run of {as_of}", "as_of": as_of}, "findings": list(findings), "changes": changes}


def ids(changes: Changes) -> dict[str, list[str]]:
    return {
        name: [change.id for change in getattr(changes, name)] for name in ("new", "still", "resolved", "disappeared")
    }


def written(changes: Changes) -> Row:
    """The changes as a report has them."""
    return {
        "still": [
            {"control": each.control, "subject": {"kind": each.kind, "id": each.id}, "since": each.since}
            for each in changes.still
        ]
    }


def test_every_failure_is_new_persists_is_resolved_or_has_disappeared() -> None:
    before = a_report(
        "monday", a_finding("fail", "a"), a_finding("fail", "b"), a_finding("fail", "c"), a_finding("pass", "d")
    )
    after = a_report(
        "tuesday", a_finding("fail", "a"), a_finding("pass", "b"), a_finding("fail", "d"), a_finding("fail", "e")
    )

    assert ids(compare(before, after)) == {"new": ["d", "e"], "still": ["a"], "resolved": ["b"], "disappeared": ["c"]}


def test_a_change_says_what_and_since_when() -> None:
    changes = compare(a_report("monday", a_finding("fail")), a_report("tuesday", a_finding("fail")))

    assert (changes.against, changes.as_of) == ("run of monday", "monday")
    (change,) = changes.still
    assert (change.control, change.kind, change.id) == ("CBR-101", "resource", "server-1")
    assert (change.name, change.since, change.outcome) == ("name of server-1", "monday", "fail")


def test_since_when_something_fails_is_carried_from_run_to_run() -> None:
    monday, tuesday = a_report("monday", a_finding("fail")), a_report("tuesday", a_finding("fail"))
    tuesday["changes"] = written(compare(monday, tuesday))
    wednesday = a_report("wednesday", a_finding("fail"))

    assert [change.since for change in compare(tuesday, wednesday).still] == ["monday"]


def test_a_failure_that_comes_back_is_new_again() -> None:
    monday, tuesday = a_report("monday", a_finding("fail")), a_report("tuesday", a_finding("pass"))
    tuesday["changes"] = written(compare(monday, tuesday))

    assert [change.since for change in compare(tuesday, a_report("wednesday", a_finding("fail"))).new] == ["wednesday"]


def test_silence_is_no_repair() -> None:
    monday, tuesday = a_report("monday", a_finding("fail")), a_report("tuesday", a_finding("unknown"))
    first = compare(monday, tuesday)
    tuesday["changes"] = written(first)
    second = compare(tuesday, a_report("wednesday", a_finding("unknown")))
    third = compare({**tuesday}, a_report("wednesday", a_finding("pass")))

    assert [(change.since, change.outcome) for change in first.still] == [("monday", "unknown")]
    assert [(change.since, change.outcome) for change in second.still] == [("monday", "unknown")]
    assert [(change.since, change.outcome) for change in third.resolved] == [("monday", "pass")]


def test_what_was_unknown_all_along_is_no_change() -> None:
    changes = compare(a_report("monday", a_finding("unknown")), a_report("tuesday", a_finding("unknown")))

    assert ids(changes) == {"new": [], "still": [], "resolved": [], "disappeared": []}
