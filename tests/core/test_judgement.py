import pytest

from audit.findings import Finding, Severity, failed, passed
from audit.judgement import Findings, Judgement
from audit.subjects import SubjectKind
from tests.core.builders import a_waiver

VERDICTS = (passed("good"), failed("bad"))


def a_judgement(control: str = "CBR-001", *, waived: bool = False) -> Judgement:
    waivers = (None, a_waiver()) if waived else ()
    return Judgement(control, SubjectKind.VAULT, Severity.LOW, ("v1", "v2"), ("one", "two"), VERDICTS, waivers)


def a_finding(control: str, number: int, *, waived: bool = False) -> Finding:
    return Finding(
        control=control,
        kind=SubjectKind.VAULT,
        id=("v1", "v2")[number],
        name=("one", "two")[number],
        severity=Severity.LOW,
        verdict=VERDICTS[number],
        waiver=a_waiver() if waived else None,
    )


@pytest.mark.parametrize("waived", [False, True])
def test_a_judgement_gives_one_finding_for_each_subject(waived: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    assert list(a_judgement(waived=waived)) == [a_finding("CBR-001", 0), a_finding("CBR-001", 1, waived=waived)]


def test_findings_come_in_order_as_often_as_they_are_asked_for() -> None:
    findings = Findings((a_judgement("CBR-001"), a_judgement("CBR-002")))
    expected = [a_finding(control, number) for control in ("CBR-001", "CBR-002") for number in (0, 1)]

    assert list(findings) == list(findings) == expected
    assert len(findings) == 4


def test_findings_know_their_own() -> None:
    findings = Findings((a_judgement(),))

    assert a_finding("CBR-001", 1) in findings
    assert a_finding("CBR-002", 1) not in findings
