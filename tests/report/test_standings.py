from collections.abc import Iterable
from dataclasses import replace

import pytest
from msgspec import structs

from audit.controls import CONTROLS
from audit.judging.findings import Finding, Outcome, Severity, Verdict
from audit.judging.frameworks import FRAMEWORKS, Claim
from audit.report.standings import RequirementLine, Standing, standings
from audit.report.tally import count_alike, tally
from audit.subjects import SubjectKind, Waiver
from tests.builders import DAY, NOW, findings_of

P, F, U, N = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE
BY_ID = {control.id: control for control in CONTROLS}
CATALOGUE = {each for framework in FRAMEWORKS for line in framework.requirements for each in line.controls}
APPLIED = tuple(replace(BY_ID["CBR-101"], id=control_id) for control_id in sorted(CATALOGUE))


def a_finding(control: str, outcome: Outcome, number: int = 0) -> Finding:
    return Finding(
        control=control,
        kind=SubjectKind.RESOURCE,
        id=f"r{number}",
        name=f"r{number}",
        severity=Severity.HIGH,
        verdict=Verdict(outcome, "because", (), ()),
    )


def line(
    findings: Iterable[Finding],
    requirement: str = "A1.1",
    framework: str = "soc2",
    without: str = "",
    *,
    complete: bool = True,
) -> RequirementLine:
    """The line of one requirement; A1.1 of SOC 2 has CBR-304 as its only control."""
    applied = [control for control in APPLIED if control.id != without]
    view = next(
        view
        for view in standings(tally(count_alike(findings_of(findings)), applied), complete=complete)
        if view.framework.id == framework
    )
    return next(line for line in view.lines if line.requirement.id == requirement)


@pytest.mark.parametrize(
    ("outcomes", "standing"),
    [
        ([P], Standing.MET),
        ([P, N], Standing.MET),
        ([P, F], Standing.NOT_MET),
        ([F, U], Standing.NOT_MET),
        ([P, U], Standing.NOT_SHOWN),
        ([U], Standing.NOT_SHOWN),
        ([N], Standing.NOT_APPLICABLE),
        ([], Standing.NOT_APPLICABLE),
    ],
)
def test_the_outcomes_of_its_controls_decide_about_a_requirement(outcomes: list[Outcome], standing: Standing) -> None:
    found = [a_finding("CBR-304", outcome, number) for number, outcome in enumerate(outcomes)]

    assert line(found).standing is standing


def test_every_control_has_to_pass() -> None:
    found = [a_finding(control, P) for control in ("CBR-109", "CBR-206")]

    assert line(found, "CP-9(3)", "nist-800-53").standing is Standing.MET
    assert line([*found, a_finding("CBR-206", F, 1)], "CP-9(3)", "nist-800-53").standing is Standing.NOT_MET


def test_without_one_of_its_controls_a_requirement_is_not_shown_but_may_be_not_met() -> None:
    passed = line([a_finding("CBR-109", P)], "CP-9(3)", "nist-800-53", without="CBR-206")
    failed = line([a_finding("CBR-109", F)], "CP-9(3)", "nist-800-53", without="CBR-206")

    assert (passed.standing, passed.not_applied, set(passed.outcomes)) == (
        Standing.NOT_SHOWN,
        ("CBR-206",),
        {"CBR-109"},
    )
    assert failed.standing is Standing.NOT_MET


@pytest.mark.parametrize(
    ("outcome", "standing"), [(P, Standing.NOT_SHOWN), (F, Standing.NOT_MET), (N, Standing.NOT_SHOWN)]
)
def test_on_incomplete_evidence_nothing_is_met(outcome: Outcome, standing: Standing) -> None:
    assert line([a_finding("CBR-304", outcome)], complete=False).standing is standing


@pytest.mark.parametrize("outcome", Outcome)
def test_what_cannot_be_shown_is_never_concluded(outcome: Outcome) -> None:
    found = [a_finding(control, outcome) for control in sorted(CATALOGUE)]

    for view in standings(tally(count_alike(findings_of(found)), APPLIED), complete=True):
        for each in view.lines:
            if each.requirement.claim is Claim.CANNOT_SHOW:
                assert each.standing is Standing.NOT_SHOWN


def test_a_waiver_accepts_a_failure_and_meets_no_requirement() -> None:
    waiver = Waiver(control="CBR-304", subject="*", owner="me", reason="moving", until=NOW + DAY)

    assert line([structs.replace(a_finding("CBR-304", F), waiver=waiver)]).standing is Standing.NOT_MET


def test_every_requirement_of_every_standard_is_there_whatever_was_applied() -> None:
    views = standings({}, complete=True)

    assert [view.framework for view in views] == list(FRAMEWORKS)
    for view in views:
        assert tuple(each.requirement for each in view.lines) == view.framework.requirements
        assert {each.standing for each in view.lines} == {Standing.NOT_SHOWN}
