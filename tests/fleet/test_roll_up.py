"""The roll-up: what is not seen is named, and nothing but everything makes a fleet compliant."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.fleet.forms import Caller, Discovery, EnterpriseProject, NotAudited, Receipt, Status
from audit.fleet.forms import Worst as WorstOfTarget
from audit.fleet.roll_up import FleetBefore, FleetReport, roll_up
from audit.judging.findings import Severity
from audit.report.facts import Conclusion
from tests.fleet.builders import AS_OF, SHA, a_plan, a_receipt, a_target, stored, what_was_found

ONE, TWO, THREE = a_target(1), a_target(2), a_target(3)


def rolled(*receipts: Receipt, before: FleetBefore | None = None, **changes: Any) -> FleetReport:
    return roll_up(a_plan(ONE, TWO, **changes), SHA, stored(*receipts), before or FleetBefore())


def test_a_fleet_is_compliant_when_every_target_is() -> None:
    report = rolled(a_receipt(ONE), a_receipt(TWO))

    assert (report.conclusion, report.complete, report.doubts) == (Conclusion.COMPLIANT, True, ())
    assert report.summary.by_status["audited"] == report.summary.by_conclusion["compliant"] == 2
    assert report.summary.resources == 20


@pytest.mark.parametrize("status", [Status.DENIED, Status.UNREACHABLE, Status.FAILED, Status.OUT_OF_TIME])
def test_a_target_that_was_not_audited_is_named_with_its_status_and_hides_no_other(status: Status) -> None:
    report = rolled(a_receipt(ONE, status), a_receipt(TWO))

    assert (report.conclusion, report.complete) == (Conclusion.INCOMPLETE, False)
    assert report.doubts == (f"{ONE.called}: {status.value.replace('_', ' ')}: for a reason",)
    assert [line.status for line in report.targets] == [status, Status.AUDITED]


def test_a_target_without_a_receipt_was_never_audited() -> None:
    report = rolled(a_receipt(TWO))

    assert (report.conclusion, report.targets[0].status) == (Conclusion.INCOMPLETE, Status.NEVER)
    assert "never started" in report.doubts[0]


def test_a_failure_is_one_whatever_was_not_seen() -> None:
    bad = what_was_found(ONE, conclusion="non_compliant", failing=2, by_severity={"high": 3}, problems=2)
    report = rolled(a_receipt(ONE, audited=bad))

    assert (report.conclusion, report.complete) == (Conclusion.NON_COMPLIANT, False)
    assert report.summary.by_severity == {"critical": 0, "high": 3, "medium": 0, "low": 0}


@pytest.mark.parametrize("changes", [{"complete": False}, {"conclusion": "incomplete"}])
def test_a_target_that_was_not_read_or_judged_completely_is_a_doubt(changes: dict[str, Any]) -> None:
    report = rolled(a_receipt(ONE, audited=what_was_found(ONE, **changes)), a_receipt(TWO))

    assert (report.conclusion, report.complete) == (Conclusion.INCOMPLETE, False)
    assert report.doubts[0].startswith(f"{ONE.called}: its audit could not")


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"discovery": Discovery(accounts=2, troubles=("the list of accounts broke off",))}, "broke off"),
        ({"min_accounts": 3}, "2 accounts were found, and at least 3 are expected"),
    ],
)
def test_a_plan_that_may_lack_a_target_is_a_doubt(changes: dict[str, Any], doubt: str) -> None:
    report = rolled(a_receipt(ONE), a_receipt(TWO), **changes)

    assert (report.conclusion, report.complete) == (Conclusion.INCOMPLETE, False)
    assert doubt in report.doubts[0]


def test_a_fleet_of_nothing_is_not_compliant() -> None:
    report = roll_up(a_plan(), SHA, {})

    assert (report.conclusion, report.complete) == (Conclusion.INCOMPLETE, False)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"fleet_run": "another"}, "another run or target"),
        ({"target": TWO.key}, "another run or target"),
        ({"audited": None}, "contradicts itself"),
        ({"status": Status.DENIED}, "contradicts itself"),
        ({"status": Status.NEVER, "audited": None}, "contradicts itself"),
        ({"audited": what_was_found(TWO)}, "another project"),
        ({"caller": Caller(way="own", account_id="somebody-else")}, "account somebody-else"),
        ({"audited": what_was_found(ONE, failing=1)}, "calls a failure compliant"),
        ({"audited": what_was_found(ONE, by_severity={"low": 1})}, "calls a failure compliant"),
    ],
)
def test_a_receipt_that_proves_nothing_about_its_target_counts_as_failed(changes: dict[str, Any], reason: str) -> None:
    odd = a_receipt(ONE).model_copy(update=changes)
    report = roll_up(a_plan(ONE), SHA, {ONE.key: (odd, SHA)})

    assert report.conclusion == Conclusion.INCOMPLETE
    assert report.targets[0].status == Status.FAILED
    assert reason in report.targets[0].reason


@pytest.mark.parametrize("caller", [None, Caller(way="own")])
def test_a_caller_that_is_not_known_proves_nothing_against_a_receipt(caller: Caller | None) -> None:
    assert rolled(a_receipt(ONE, caller=caller), a_receipt(TWO)).complete


@pytest.mark.parametrize("caller", [None, Caller(way="own", account_id="account-1")])
def test_a_target_with_an_agency_must_be_read_as_that(caller: Caller | None) -> None:
    target = a_target(1, agency="iam::account-1:agency:cbr-audit")
    lines = [
        roll_up(a_plan(target), SHA, stored(receipt)).targets[0]
        for receipt in (a_receipt(target), a_receipt(target, caller=caller))
    ]

    assert [line.status for line in lines] == [Status.AUDITED, Status.FAILED]
    assert lines[1].reason == "it was not read as its agency"


def test_a_receipt_that_nobody_planned_is_a_doubt() -> None:
    report = rolled(a_receipt(ONE), a_receipt(TWO), a_receipt(THREE))

    assert not report.complete
    assert report.doubts == (f"{THREE.key}: there is a receipt for it, and the plan does not have it",)


def test_what_is_gone_since_the_plan_before_is_named_and_what_is_new_too() -> None:
    report = rolled(a_receipt(ONE), a_receipt(TWO), before=FleetBefore(a_plan(ONE, THREE)))

    assert report.gone == (THREE,)
    assert [line.is_new for line in report.targets] == [False, True]
    assert report.complete


def test_without_a_plan_before_nothing_is_new() -> None:
    assert not any(line.is_new for line in rolled().targets)


def test_what_is_left_out_is_passed_on() -> None:
    out = NotAudited(account="a", reason="it is suspended")

    assert rolled(left_out=(out,)).left_out == (out,)


def test_targets_are_added_up_by_account_region_owner_and_unit() -> None:
    same = a_target(3, account=ONE.account, account_name=ONE.account_name, region="eu-west-0", owner="ann")
    plan = a_plan(ONE, same, a_target(2, owner="ann", unit=("root", "finance")))
    bad = what_was_found(same, conclusion="non_compliant", failing=4)
    report = roll_up(plan, SHA, stored(a_receipt(ONE), a_receipt(same, audited=bad)))
    groups = {(each.dimension, each.id): each for each in report.groups}

    account = groups["account", ONE.account]
    assert (account.name, account.targets, account.audited, account.resources, account.failing) == (
        *(ONE.account_name, 2, 2, 20, 4),
    )
    assert account.conclusion == Conclusion.NON_COMPLIANT
    assert groups["owner", "ann"].conclusion == Conclusion.NON_COMPLIANT
    assert groups["owner", "ann"].audited == 1
    assert groups["region", "eu-west-0"].targets == 1
    assert groups["unit", "root/finance"].conclusion == Conclusion.INCOMPLETE
    assert groups["unit", ""].targets == 2


def a_group(**changes: Any) -> EnterpriseProject:
    return EnterpriseProject.model_validate(
        {"id": "0", "resources": 5, "failing": 0, "failures": 0, "unknown": 0, **changes}
    )


@pytest.mark.parametrize(
    ("group", "conclusion"),
    [
        (a_group(), Conclusion.COMPLIANT),
        (a_group(failing=1, failures=2), Conclusion.NON_COMPLIANT),
        (a_group(unknown=1), Conclusion.INCOMPLETE),
    ],
)
def test_enterprise_projects_are_added_up_within_their_account(
    group: EnterpriseProject, conclusion: Conclusion
) -> None:
    found = [what_was_found(ONE, groups=(group,)), what_was_found(TWO, groups=(a_group(id="0"),))]
    report = rolled(*(a_receipt(target, audited=each) for target, each in zip((ONE, TWO), found, strict=True)))
    groups = {each.id: each for each in report.groups if each.dimension == "enterprise_project"}

    assert set(groups) == {f"{ONE.account}/0", f"{TWO.account}/0"}
    assert (groups[f"{ONE.account}/0"].conclusion, groups[f"{ONE.account}/0"].resources) == (conclusion, 5)


def test_an_enterprise_project_is_not_compliant_while_a_target_of_its_account_was_not_audited() -> None:
    other = a_target(2, account=ONE.account)
    found = what_was_found(ONE, groups=(a_group(),))
    report = roll_up(a_plan(ONE, other), SHA, stored(a_receipt(ONE, audited=found)))

    assert report.groups[-1].conclusion == Conclusion.INCOMPLETE


def test_the_worst_problems_of_all_targets_come_first() -> None:
    def worst(severity: Severity, name: str) -> WorstOfTarget:
        return WorstOfTarget(severity=severity, control="CBR-101", kind="resource", id=name, name=name, reason="why")

    first = what_was_found(ONE, worst=(worst(Severity.LOW, "small"),))
    second = what_was_found(TWO, worst=(worst(Severity.CRITICAL, "large"),))
    report = rolled(a_receipt(ONE, audited=first), a_receipt(TWO, audited=second))

    assert [(each.target, each.problem.name) for each in report.worst] == [(TWO.key, "large"), (ONE.key, "small")]


def test_days_are_passed_on_with_the_last_roll_up_of_each_and_for_ninety_days() -> None:
    bad = what_was_found(TWO, conclusion="non_compliant")
    days, report = [AS_OF - timedelta(days=back, hours=hour) for back in range(99, -1, -1) for hour in (2, 0)], None
    for day in days:
        receipts = stored(a_receipt(ONE, Status.DENIED), a_receipt(TWO, audited=bad))
        report = roll_up(a_plan(ONE, TWO, THREE, as_of=day), SHA, receipts, FleetBefore(report=report))

    assert report is not None
    assert [day.day for day in report.days][::89] == ["2026-08-26", "2026-11-23"]
    assert report.days[0].states == {ONE.key: "d", TWO.key: "n", THREE.key: "-"}


@given(st.lists(st.sampled_from([*Status]), min_size=1, max_size=5))
def test_only_a_fleet_of_which_every_target_was_audited_is_compliant(became: list[Status]) -> None:
    targets = [a_target(number) for number in range(len(became))]
    receipts = [
        a_receipt(target, status) for target, status in zip(targets, became, strict=True) if status != Status.NEVER
    ]
    report = roll_up(a_plan(*targets), SHA, stored(*receipts))

    assert (report.conclusion == Conclusion.COMPLIANT) == ({*became} == {Status.AUDITED})
    assert sum(report.summary.by_status.values()) == len(targets)
    assert FleetReport.load(report.dump(), "fleet.json").dump() == report.dump()


def groups_of(report: FleetReport, dimension: str) -> dict[str, Conclusion]:
    return {each.id: each.conclusion for each in report.groups if each.dimension == dimension}


def test_what_may_lack_a_target_is_not_compliant_by_itself_either() -> None:
    found = [what_was_found(target, groups=(a_group(),)) for target in (ONE, TWO)]
    receipts = [a_receipt(target, audited=each) for target, each in zip((ONE, TWO), found, strict=True)]
    doubt = Discovery(accounts=2, troubles=("the projects of account-1 broke off",), doubtful=(ONE.account,))
    report = rolled(*receipts, discovery=doubt)

    assert groups_of(report, "account") == {
        ONE.account: Conclusion.INCOMPLETE,
        TWO.account: Conclusion.COMPLIANT,  # its own projects were all found
    }
    assert groups_of(report, "enterprise_project") == {
        f"{ONE.account}/0": Conclusion.INCOMPLETE,
        f"{TWO.account}/0": Conclusion.COMPLIANT,
    }
    for dimension in ("region", "owner", "unit"):  # a project that was not found may belong to each
        assert {*groups_of(report, dimension).values()} == {Conclusion.INCOMPLETE}


def test_a_region_is_not_compliant_while_accounts_are_missing() -> None:
    report = rolled(a_receipt(ONE), a_receipt(TWO), min_accounts=3)

    assert groups_of(report, "region") == {"eu-west-101": Conclusion.INCOMPLETE}
    assert {*groups_of(report, "account").values()} == {Conclusion.COMPLIANT}
