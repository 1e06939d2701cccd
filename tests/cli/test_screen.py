from copy import deepcopy
from typing import Any

import pytest

from audit.cli.screen import notices, printable, summary_lines
from audit.judging.witnesses import Attribution, Witnessed
from audit.records import Actor
from audit.report.actors import actors_part
from tests.builders import a_trace

REPORT: dict[str, Any] = {
    "run": {
        "as_of": "2026-11-23T12:00:00Z",
        "window": {"since": "2026-10-24T12:00:00Z", "until": "2026-11-23T12:00:00Z"},
        "project_id": "p1",
        "region": "",
        "previous": {"run": None, "as_of": None, "trouble": None},
    },
    "conclusion": "compliant",
    "summary": {
        "outcomes": {"pass": 5, "fail": 0, "unknown": 0, "not_applicable": 1},
        "resources": 1,
        "resources_failing": 0,
        "waived": 0,
        "out_of_scope": 0,
    },
    "collection": {"distinct": 1234, "pages": 1, "complete": True, "gaps": [], "rejected": 0, "drift": []},
    "problems": [],
    "changes": None,
    "findings": [{"control": "CBR-101", "reason": "recent enough", "outcome": "pass"}],
}
PROBLEM: dict[str, Any] = {
    "subject": {"kind": "resource", "id": "r1", "name": "db-1"},
    "severity": "high",
    "reason": "too old",
    "since": "2026-11-20T11:00:00Z",
    "or_earlier": False,
    "error": "BackupService.6114",
    "todo": "Extend the vault.",
    "also": [],
    "explains": [],
}


def lines(**changed: Any) -> list[str]:
    report = deepcopy(REPORT)
    for name, values in changed.items():
        report[name] = {**(report[name] or {}), **values} if isinstance(values, dict) else values
    return list(summary_lines(report))


def test_a_good_report_is_short_and_the_verdict_comes_first() -> None:
    assert lines() == [
        "COMPLIANT: every backup that was checked is as it should be.",
        "",
        "Judged   1 resource, 0 failing; findings: 5 pass, 0 fail, 0 unknown, 1 not applicable",
        "Read     1,234 tasks in 1 page, complete",
        "Window   2026-10-24T12:00:00Z to 2026-11-23T12:00:00Z (UTC)",
        "Project  p1",
    ]


def test_what_changed_since_the_last_run_is_counted() -> None:
    changes = {
        "as_of": "2026-11-22T12:00:00Z",
        "new": [{}, {}],
        "still": [{}] * 1234,
        "resolved": [],
        "disappeared": [],
    }

    assert (
        "Changed  since 2026-11-22T12:00:00Z: 2 newly fail, 1,234 still fail, 0 resolved, 0 no longer judged"
    ) in lines(changes=changes)


def test_what_is_waived_or_left_out_is_counted_and_the_verdict_says_so() -> None:
    summary = {**REPORT["summary"], "waived": 1, "out_of_scope": 1234}

    assert (
        lines(summary=summary)[0]
        == "COMPLIANT: every backup that was checked is as it should be, or its failure is waived."
    )
    assert lines(summary=summary, conclusion="incomplete")[0].startswith("INCOMPLETE: not everything")
    assert lines(summary=summary)[3:5] == [
        "Waived   1 finding not passed but covered by a waiver",
        "Left out 1,234 subjects outside the scope of the profile",
    ]


def test_a_problem_says_what_since_when_and_what_to_do() -> None:
    shown = lines(conclusion="non_compliant", problems=[PROBLEM], run={"region": "eu-west-101"})

    assert shown[0].startswith("NOT COMPLIANT")
    assert shown[2:6] == [
        "What to do now (1 problem, worst first):",
        "  high     resource db-1: too old, since 2026-11-20 11:00 UTC (3 days) [BackupService.6114]",
        "           Extend the vault.",
        "",
    ]
    assert shown[-1] == "Project  p1 eu-west-101"


@pytest.mark.parametrize(
    ("also", "explains", "words"), [(1, 0, "explains 1 other"), (0, 1, "explains 1 other"), (2, 1, "explains 3 others")]
)
def test_a_problem_says_how_many_others_it_explains(also: int, explains: int, words: str) -> None:
    shown = lines(problems=[{**PROBLEM, "since": None, "also": ["CBR-105"] * also, "explains": [{}] * explains}])

    assert f"  high     resource db-1: too old [BackupService.6114]; {words}" in shown


def test_a_problem_without_time_and_error_says_neither() -> None:
    shown = lines(problems=[{**PROBLEM, "since": None, "error": None}])

    assert "  high     resource db-1: too old" in shown


def test_of_many_problems_the_worst_are_shown() -> None:
    shown = lines(problems=[PROBLEM] * 11)

    assert sum(line.startswith("  high") for line in shown) == 5
    assert "  and 6 more: see report.html" in shown


def test_rows_that_nobody_accepts_are_named_first_and_many_are_counted() -> None:
    row = {"kind": "backups", "path": "status", "message": "is 5"}  # as version 0.1 wrote it
    waiver = {"owner": "Ana", "until": "2027-01-01T00:00:00Z", "reason": "never whole"}
    rows = [{**row, "id": "accepted", "waiver": waiver}, *({**row, "id": f"row-{number}"} for number in range(3))]
    shown = lines(collection={"complete": False, "gaps": [], "rejected": 4, "rejected_rows": rows, "drift": []})

    place = shown.index("Rejected 4 rows could not be used; see report.json")
    assert shown[place + 1 : place + 4] == [f"         backups row-{number}: status: is 5" for number in range(3)]
    assert shown[place + 4] == "         and 1 more"
    one = lines(collection={"complete": True, "gaps": [], "rejected": 1, "rejected_rows": rows[:1], "drift": []})
    assert "         backups accepted: status: is 5; accepted by Ana until 2027-01-01T00:00:00Z: never whole" in one


def test_what_is_missing_or_odd_is_said() -> None:
    shown = lines(
        conclusion="incomplete",
        collection={
            "complete": False,
            "gaps": ["one", "two", "three", "four"],
            "rejected": 1,
            "rejected_rows": [{"kind": "vaults", "id": "", "path": "", "message": "no row", "mark": "0123"}],
            "drift": [{}, {}],
        },
    )

    assert shown[0].startswith("INCOMPLETE")
    assert "Read     1,234 tasks in 1 page, NOT complete" in shown
    assert [line for line in shown if line.startswith("Gap")] == ["Gap      one", "Gap      two", "Gap      three"]
    assert "         and 1 more: see report.html" in shown
    assert "Rejected 1 row could not be used; see report.json" in shown
    assert "         vaults 0123: whole row: no row" in shown
    assert "Drift    2 differences from the documents; all rows were used" in shown


@pytest.mark.parametrize(
    ("previous", "words"),
    [
        ({"trouble": "latest.json is damaged"}, "; not compared with the last run: latest.json is damaged"),
        ({"run": "r1", "as_of": "2026-11-22T12:00:00Z"}, "; 1 new since 2026-11-22T12:00:00Z"),
    ],
)
def test_drift_is_compared_with_the_last_run(previous: dict[str, Any], words: str) -> None:
    run = {"previous": {"run": None, "as_of": None, "trouble": None, **previous}}
    shown = lines(run=run, collection={"drift": [{"is_new": True}, {"is_new": False}]})

    assert f"Drift    2 differences from the documents; all rows were used{words}" in shown
    if previous.get("run"):
        old = lines(run=run, collection={"drift": [{"is_new": False}]})
        assert (
            "Drift    1 difference from the documents; all rows were used; none new since 2026-11-22T12:00:00Z" in old
        )


def test_what_could_not_be_decided_is_said_once_for_each_reason() -> None:
    unknown = [
        {"control": f"CBR-10{number}", "reason": "the log has gaps", "outcome": "unknown"}
        for number in (1, 1, 2, 3, 4, 5, 6)
    ]
    shown = lines(conclusion="incomplete", findings=unknown)

    assert "Unknown  CBR-101 for 2 subjects: the log has gaps" in shown
    assert sum(line.startswith("Unknown") for line in shown) == 4
    assert "         and 2 more: see report.html" in shown


EVIL = "\x1b]0;owned\x07\x1b[2J\r\n\u202e\u2028name"


@pytest.mark.parametrize("field", ["severity", "reason", "error", "todo"])
def test_no_text_of_the_cloud_commands_the_terminal(field: str) -> None:
    shown = "".join(
        lines(
            problems=[{**PROBLEM, field: EVIL, "subject": {"kind": EVIL, "id": "", "name": EVIL}}],
            run={"region": EVIL},
            collection={"gaps": [EVIL]},
        )
    )
    assert shown.isprintable()


def test_ordinary_names_stay_as_they_are() -> None:
    assert printable("数据库-1 (prod) é ☃") == "数据库-1 (prod) é ☃"


def test_a_problem_that_began_before_the_window_is_at_least_that_old() -> None:
    old = {**PROBLEM, "since": "2026-10-24T12:00:00Z", "or_earlier": True}

    assert "db-1: too old, for at least 30 days [" in lines(conclusion="non_compliant", problems=[old])[3]


@pytest.mark.parametrize(
    "doubt",
    [
        {"summary": {"outcomes": {"pass": 5, "fail": 1, "unknown": 1, "not_applicable": 0}}},
        {"collection": {"complete": False}},
    ],
)
def test_a_failure_beside_doubts_is_not_all_there_may_be(doubt: dict[str, Any]) -> None:
    more = "There may be more: not everything could be judged."

    assert lines(conclusion="non_compliant", **doubt)[1] == more
    assert more not in lines(conclusion="non_compliant")


@pytest.mark.parametrize(("applied", "words"), [(1, "1 CONTROL ONLY"), (2, "2 CONTROLS ONLY")])
def test_what_a_few_controls_say_is_not_said_of_all(applied: int, words: str) -> None:
    summary = {"controls_left_out": ["CBR-101", "CBR-102"]}

    verdict = lines(summary=summary, controls=[{}] * applied)[0]

    assert verdict == f"COMPLIANT BY {words}: the profile leaves out 2 of the usual ones."


def test_what_only_one_profile_judges_is_counted_apart() -> None:
    changes: dict[str, Any] = {"as_of": "2026-11-22T12:00:00Z", "new": [], "still": [], "resolved": []}
    shown = lines(changes={**changes, "disappeared": [], "not_compared": [{}]})

    assert any(
        "1 not compared: only one of the profiles judges them, or this run could not see them" in line for line in shown
    )


@pytest.mark.parametrize(("number", "told"), [(4, "a, a, a, a)"), (5, "a, a, a, a and 1 more)")])
def test_of_many_changes_of_a_profile_some_are_named(number: int, told: str) -> None:
    (notice,) = notices({"profile_changes": ["a"] * number})

    assert f"({told}:" in notice


def test_a_what_if_is_told_before_everything_else() -> None:
    assert [notice.partition(":")[0] for notice in notices({"what_if": True})] == ["WHAT-IF"]


def test_by_whom_is_said_at_each_problem_and_why_nobody_is_known_once() -> None:
    eve = actors_part(Attribution(named=(Witnessed(a_trace(actor=Actor(name="eve\x1b")), "r1"),)))
    unread = actors_part(Attribution(why_not="cts:trace:list is not granted"))
    shown = lines(problems=[{**PROBLEM, "actors": eve}, *[{**PROBLEM, "actors": unread}] * 6])

    assert "           By whom: eve? (user) at 2026-11-23T03:00:00Z, deleteVault" in shown
    assert shown.count("  By whom is not known of 6 problems, because cts:trace:list is not granted.") == 1
    assert sum("By whom" in line for line in shown) == 2
