from dataclasses import replace

import pytest
from msgspec import structs

from audit.judging.findings import Finding, Outcome, Severity, failed, passed
from audit.judging.findings_table import Findings, Judgement
from audit.subjects import SubjectKind
from tests.builders import a_waiver

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


@pytest.mark.parametrize("column", ["ids", "names", "verdicts", "waivers"])
def test_no_finding_is_lost_where_columns_differ_in_length(column: str) -> None:
    with pytest.raises(ValueError, match="CBR-001: not as many verdicts as subjects"):
        replace(a_judgement(waived=True), **{column: getattr(a_judgement(waived=True), column)[:1]})


def test_findings_come_in_order_as_often_as_they_are_asked_for() -> None:
    findings = Findings((a_judgement("CBR-001"), a_judgement("CBR-002")))
    expected = [a_finding(control, number) for control in ("CBR-001", "CBR-002") for number in (0, 1)]

    assert list(findings) == list(findings) == expected
    assert len(findings) == 4


def test_findings_come_subject_by_subject_too_and_similar_names_together() -> None:
    policies = Judgement("CBR-000", SubjectKind.POLICY, Severity.LOW, ("p",), ("p",), VERDICTS[:1])
    findings = Findings((policies, a_judgement("CBR-001", waived=True), a_judgement("CBR-002")))
    renamed = Findings(tuple(replace(each, names=("two", "one")[: len(each.ids)]) for each in findings.judgements))

    first, second = (
        [a_finding("CBR-001", number, waived=bool(number)), a_finding("CBR-002", number)] for number in (0, 1)
    )
    assert [*findings.by_subject()] == [*policies, *first, *second]
    assert [finding.id for finding in renamed.by_subject()] == ["p", "v2", "v2", "v1", "v1"]


@pytest.mark.parametrize("ids", [("v1", "v3"), ("v1",)])
def test_a_control_that_did_not_judge_what_others_did_is_an_error(ids: tuple[str, ...]) -> None:
    other = Judgement("CBR-002", SubjectKind.VAULT, Severity.LOW, ids, ids, VERDICTS[: len(ids)])

    with pytest.raises(ValueError, match="not every control judged every vault"):
        list(Findings((a_judgement(), other)).by_subject())


def test_findings_know_their_own() -> None:
    findings = Findings((a_judgement(),))

    assert a_finding("CBR-001", 1) in findings
    assert a_finding("CBR-002", 1) not in findings


@pytest.mark.parametrize("waived", [False, True])
def test_what_is_asked_of_findings_is_what_is_true_of_each(waived: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    findings = Findings((a_judgement("CBR-001", waived=waived), a_judgement("CBR-002")))

    for outcomes in ((), (Outcome.FAIL,), (Outcome.PASS, Outcome.FAIL), (Outcome.UNKNOWN,)):
        assert list(findings.having(*outcomes)) == [each for each in findings if each.outcome in outcomes]
    assert list(findings.waived()) == ([a_finding("CBR-001", 1, waived=True)] if waived else [])
    assert findings.ids(SubjectKind.VAULT, Outcome.FAIL) == {"v2"}
    assert findings.ids(SubjectKind.VAULT, Outcome.UNKNOWN) == findings.ids(SubjectKind.POLICY, Outcome.FAIL) == set()


def test_a_verdict_may_matter_more_than_others_of_its_control() -> None:
    judged = replace(a_judgement(), verdicts=(VERDICTS[0], structs.replace(VERDICTS[1], severity=Severity.CRITICAL)))

    assert [finding.severity for finding in judged] == [Severity.LOW, Severity.CRITICAL]
    assert [finding.severity for finding in judged.having(*Outcome)] == [Severity.LOW, Severity.CRITICAL]
