"""What counts as a change of a fleet, and what has been told already."""

from typing import Any

import pytest

from audit.fleet.fleet_change import Condition, FleetChange, compare, condition, doubts_of
from audit.fleet.forms import Discovery, NotAudited, Receipt, Status, Target, Worst
from audit.fleet.roll_up import FleetBefore, FleetReport, roll_up
from tests.fleet.builders import SHA, a_plan, a_receipt, a_target, stored, what_was_found

ONE, TWO, THREE = (a_target(number) for number in (1, 2, 3))


def a_problem(name: str = "db-1", **changes: Any) -> Worst:
    named = {
        "severity": "high",
        "control": "CBR-101",
        "kind": "resource",
        "id": f"id-of-{name}",
        "name": name,
        "reason": "its newest backup is too old",
        "todo": "Start a backup.",
    }
    return Worst.model_validate({**named, **changes})


def failing(target: Target, *problems: Worst, **changes: Any) -> Receipt:
    named = {"conclusion": "non_compliant", "problems": len(problems), "worst": problems}
    return a_receipt(target, audited=what_was_found(target, **{**named, **changes}))


def a_report(*receipts: Receipt, targets: tuple[Target, ...] = (ONE, TWO), **changes: Any) -> FleetReport:
    before = changes.pop("before", None)
    plan = a_plan(*targets, **changes)
    return roll_up(plan, SHA, stored(*receipts), FleetBefore(plan=before))


FINE = a_report(a_receipt(ONE), a_receipt(TWO))
DENIED = a_report(a_receipt(ONE), a_receipt(TWO, Status.DENIED))
FAILING = a_report(a_receipt(ONE), failing(TWO, a_problem()))
UNREAD = a_report(a_receipt(ONE), a_receipt(TWO, audited=what_was_found(TWO, complete=False)))


def keys(change: FleetChange, part: str) -> list[str]:
    return [line.target.key for line in getattr(change, part)]


def test_a_first_roll_up_is_news_and_the_same_again_is_not() -> None:
    for report in (FINE, DENIED, FAILING, UNREAD):
        assert compare(report, None).is_news
        assert not compare(report, report).is_news


def test_a_compliant_audit_that_could_not_read_everything_is_not_fine() -> None:
    assert [condition(line) for line in UNREAD.targets] == [Condition.FINE, Condition.INCOMPLETE]


@pytest.mark.parametrize(
    ("report", "before", "parts"),
    [
        (DENIED, FINE, {"news"}),
        (FAILING, FINE, {"news"}),
        (UNREAD, FINE, {"news"}),
        (UNREAD, FAILING, {"news"}),
        (DENIED, FAILING, {"news"}),
        (FAILING, DENIED, {"news", "seen_again"}),
        (FINE, DENIED, {"seen_again"}),
        (FINE, FAILING, {"recovered"}),
        (FINE, UNREAD, {"recovered"}),
    ],
)
def test_what_becomes_of_a_target_is_told_once(report: FleetReport, before: FleetReport, parts: set[str]) -> None:
    change = compare(report, before)

    assert change.is_news
    assert {part for part in ("news", "known", "worse", "seen_again", "recovered") if keys(change, part)} == parts
    assert {key for part in parts for key in keys(change, part)} == {TWO.key}


def test_another_reason_for_not_being_seen_is_no_news() -> None:
    change = compare(a_report(a_receipt(ONE), a_receipt(TWO, Status.UNREACHABLE)), DENIED)

    assert (keys(change, "known"), change.is_news) == ([TWO.key], False)


@pytest.mark.parametrize(
    ("now", "fresh"),
    [
        (failing(TWO, a_problem("db-2")), ["db-2"]),
        (failing(TWO, a_problem(), a_problem("db-2")), ["db-2"]),
        (failing(TWO, a_problem(), problems=2), []),
        (failing(TWO, a_problem(), complete=False), []),
    ],
)
def test_a_target_that_fails_in_another_way_or_more_is_news(now: Receipt, fresh: list[str]) -> None:
    before = a_report(a_receipt(ONE, Status.DENIED), failing(TWO, a_problem()))
    change = compare(a_report(a_receipt(ONE, Status.DENIED), now), before)

    assert (keys(change, "worse"), change.is_news) == ([TWO.key], True)
    assert [problem.name for problem in change.fresh[TWO.key]] == fresh


def test_of_problems_that_a_receipt_had_no_room_for_none_is_called_new() -> None:
    before = a_report(failing(TWO, a_problem(), problems=40))
    risen = a_report(failing(TWO, a_problem("old"), a_problem("new", severity="critical"), problems=39))

    assert [each.name for each in compare(risen, before).fresh[TWO.key]] == ["new"]
    assert not compare(a_report(failing(TWO, a_problem("old"), problems=39)), before).worse


def test_what_is_gone_is_told_with_the_reason_if_there_is_one() -> None:
    left_out = (
        NotAudited(account=ONE.account, reason="the account is suspended"),
        NotAudited(account=TWO.account, region=TWO.region, project_id=TWO.project_id, reason="it is disabled"),
    )
    before = a_plan(ONE, TWO, THREE, a_target(4))
    report = a_report(a_receipt(THREE), targets=(THREE,), left_out=left_out, before=before)
    change = compare(report, report)

    assert [(target.account, reason) for target, reason in change.gone] == [
        ("account-1", "the account is suspended"),
        ("account-2", "it is disabled"),
        ("account-4", ""),
    ]
    assert change.is_news


def test_a_new_account_is_told_and_one_that_was_left_out_is_none() -> None:
    left_out = (NotAudited(account="account-3", account_name="", reason="a rule leaves it out"),)
    before = a_report(a_receipt(ONE), a_receipt(TWO), left_out=left_out)
    receipts = [a_receipt(target) for target in (ONE, TWO, THREE, a_target(4))]
    change = compare(a_report(*receipts, targets=(ONE, TWO, THREE, a_target(4))), before)

    assert (change.new_accounts, change.is_news) == (("company-4",), True)


def test_doubts_of_the_fleet_are_told_when_they_come_and_when_they_end() -> None:
    doubtful = a_report(
        a_receipt(ONE),
        a_receipt(TWO, Status.DENIED),
        discovery=Discovery(accounts=2, troubles=("the list of accounts broke off",)),
    )

    assert compare(doubtful, DENIED).new_doubts == ("the list of accounts broke off",)
    assert compare(DENIED, doubtful).ended_doubts == ("the list of accounts broke off",)
    assert compare(doubtful, DENIED).is_news
    assert compare(DENIED, doubtful).is_news


def test_what_is_wrong_with_one_target_is_no_doubt_of_the_fleet_as_a_whole() -> None:
    one, two = a_target(1), a_target(2, account_name="")
    report = roll_up(a_plan(one, two, min_accounts=9), SHA, stored(a_receipt(one, Status.DENIED)))

    assert len(report.doubts) == 3
    assert doubts_of(report) == ("2 accounts were found, and at least 9 are expected",)
