import pytest

from audit.controls.cbr_904_waiver_valid import judge
from audit.judging.findings import Outcome
from tests.builders import DAY, NOW, TICK, a_waiver, a_waiver_subject, facts_of, limits


def test_a_waiver_that_holds_and_is_needed_passes() -> None:
    verdict = judge(a_waiver_subject(findings=3, needed=2), limits())

    assert verdict.outcome is Outcome.PASS
    assert facts_of(verdict) == {
        "days_left": 30,
        "owner": "Ana",
        "ends": "2026-12-23T04:00:00Z",
        "findings": 3,
        "needed": 2,
    }


def test_it_holds_until_the_last_moment_and_not_at_its_end() -> None:
    last = judge(a_waiver_subject(a_waiver(until=NOW + TICK)), limits())
    over = judge(a_waiver_subject(a_waiver(until=NOW)), limits())

    assert (last.outcome, facts_of(last)["days_left"]) == (Outcome.PASS, 0)
    assert (over.outcome, over.reason) == (Outcome.FAIL, "it has expired")
    assert facts_of(over)["since"] == "2026-11-23T04:00:00Z"


def test_its_last_day_may_begin_as_far_ahead_as_the_limit_and_no_further() -> None:
    farthest = NOW + 366 * DAY  # the end of the day that begins after 365 days

    assert judge(a_waiver_subject(a_waiver(until=farthest)), limits()).outcome is Outcome.PASS
    verdict = judge(a_waiver_subject(a_waiver(until=farthest + TICK)), limits())
    assert (verdict.outcome, verdict.reason) == (Outcome.FAIL, "it ends too far ahead")
    assert facts_of(verdict)["limit_days"] == 365
    shorter = limits(max_waiver_period=29 * DAY)
    assert judge(a_waiver_subject(a_waiver(until=NOW + 30 * DAY)), shorter).outcome is Outcome.PASS
    assert judge(a_waiver_subject(a_waiver(until=NOW + 30 * DAY + TICK)), shorter).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("subject", "outcome"),
    [
        ("*", Outcome.FAIL),
        ("web*", Outcome.PASS),
        ("w?b*", Outcome.FAIL),
        ("??*ab*", Outcome.FAIL),
        ("ab", Outcome.FAIL),
        ("abc", Outcome.PASS),
        ("*a*b*c*", Outcome.PASS),
    ],
)
def test_three_characters_of_its_subject_stand_for_themselves(subject: str, outcome: Outcome) -> None:
    assert judge(a_waiver_subject(a_waiver(subject=subject)), limits()).outcome is outcome


def test_it_names_as_many_findings_as_the_limit_and_no_more() -> None:
    assert judge(a_waiver_subject(findings=10), limits()).outcome is Outcome.PASS
    verdict = judge(a_waiver_subject(findings=11), limits())
    assert (verdict.outcome, verdict.reason) == (Outcome.FAIL, "it is too broad")
    assert facts_of(verdict)["limit_subjects"] == 10


@pytest.mark.parametrize("findings", [0, 2])
def test_one_that_nothing_needs_fails_only_where_everything_was_read(findings: int) -> None:
    unused = judge(a_waiver_subject(findings=findings, needed=0), limits())
    doubtful = judge(a_waiver_subject(findings=findings, needed=0, evidence_complete=False), limits())

    assert (unused.outcome, unused.reason) == (Outcome.FAIL, "it is not used: no finding needs it")
    assert doubtful.outcome is Outcome.UNKNOWN


def test_a_gap_in_the_evidence_hides_no_failure_that_is_certain() -> None:
    for subject in (a_waiver_subject(a_waiver(until=NOW), needed=0), a_waiver_subject(findings=11, needed=0)):
        gappy = a_waiver_subject(subject.waiver, findings=subject.findings, needed=0, evidence_complete=False)
        assert judge(gappy, limits()).outcome is Outcome.FAIL


def test_what_is_needed_in_spite_of_a_gap_passes() -> None:
    assert judge(a_waiver_subject(evidence_complete=False), limits()).outcome is Outcome.PASS


def test_a_subject_that_is_too_short_is_said_with_what_it_needs() -> None:
    verdict = judge(a_waiver_subject(a_waiver(subject="ab*")), limits())

    assert verdict.reason == "its subject is too short and fits nearly anything"
    assert (facts_of(verdict)["characters"], facts_of(verdict)["limit_characters"]) == (2, 3)
