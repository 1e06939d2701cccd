from collections.abc import Callable

import pytest

from audit.judging.findings import Finding, Outcome, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.subjects import SubjectKind
from tests.builders import DAY, a_backup


@pytest.mark.parametrize("say", [passed, failed, unknown, not_applicable])
def test_equal_verdicts_without_tasks_are_kept_once(say: Callable[..., Verdict]) -> None:
    assert say("a reason") is say("a reason")
    assert say("a reason", age_hours=300) is say("a reason", age_hours=int("300"))


def test_facts_that_are_equal_and_not_the_same_stay_apart() -> None:
    assert passed("a reason", enabled=True).facts == (("enabled", True),)
    assert passed("a reason", enabled=1).facts[0][1] is not True
    assert passed("a reason", [a_backup(DAY)], enabled=True).facts[0][1] is True
    assert passed("a reason", [a_backup(DAY)], enabled=1).facts[0][1] is not True


def test_verdicts_on_the_same_evidence_name_it_once() -> None:
    one, other = (say("a reason", [a_backup(DAY, task_id="the newest")], age_hours=24) for say in (passed, failed))

    assert one.tasks == ("the newest",)
    assert one.tasks is other.tasks
    assert one.facts is other.facts


def test_a_finding_says_what_its_verdict_says() -> None:
    verdict = failed("a reason", age_hours=300)
    finding = Finding("CBR-101", SubjectKind.RESOURCE, "server-1", "web-1", Severity.HIGH, verdict)

    assert (finding.outcome, finding.reason, finding.facts) == (Outcome.FAIL, "a reason", {"age_hours": 300})
