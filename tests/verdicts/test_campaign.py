"""A small part of ``make verdicts``, and that the campaign notices an auditor that errs."""

from datetime import timedelta

import pytest

from audit.judging.findings import Verdict, failed, passed, unknown
from tests.verdicts.culprits import CULPRITS, NOT_GRANTED, try_culprits
from tests.verdicts.faults import SWEEPS, try_faults
from tests.verdicts.relations import RELATIONS, try_relation
from tests.verdicts.truths import TELLINGS, try_truth

PROJECTS = [(telling, scenario) for telling, (scenarios, _tell) in TELLINGS.items() for scenario in scenarios]
WITNESSED = [(telling, scenarios[-1]) for telling, (scenarios, _tell) in CULPRITS.items()]
SHARES = 12


@pytest.mark.parametrize("seed", [4, 9, 22])
@pytest.mark.parametrize(("telling", "scenario"), PROJECTS)
def test_an_audit_finds_what_is_true_and_nothing_else(telling: str, scenario: str, seed: int) -> None:
    counts, wrong = try_truth(telling, scenario, seed)

    assert wrong == []
    assert counts["projects"] == 1


@pytest.mark.parametrize(("telling", "scenario"), WITNESSED)
def test_an_audit_names_who_did_it_and_nobody_else(telling: str, scenario: str) -> None:
    counts, wrong = try_culprits(telling, scenario, 8)

    assert wrong == []
    assert counts["planted"] > 0 or telling == NOT_GRANTED
    assert counts["said why not"] > 0


def test_an_auditor_that_names_the_wrong_people_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.judging.attribution._MARGIN", timedelta(days=9))
    monkeypatch.setattr("audit.judging.attribution._Investigation._may_mean", lambda *_: True)
    blamed = try_culprits("as it is", "mixed", 4)[0]
    monkeypatch.setattr("audit.judging.attribution._Investigation._fitting", lambda *_: ())
    silent = try_culprits("as it is", "mixed", 4)[0]

    assert blamed["somebody else named"] > 0
    assert silent["not named"] == silent["planted"] > 0


@pytest.mark.parametrize("name", RELATIONS)
@pytest.mark.no_cover
def test_what_must_not_change_a_verdict_does_not(name: str) -> None:
    counts, wrong = try_relation(name, "mixed", 5)

    assert wrong == []
    assert counts["verdicts"] > 50


@pytest.mark.parametrize("sweep", SWEEPS, ids=map(" ".join, SWEEPS))
@pytest.mark.no_cover
def test_no_fault_at_a_request_makes_missing_data_look_good(sweep: tuple[str, str, str]) -> None:
    counts, wrong = try_faults(*sweep, SWEEPS.index(sweep) % SHARES, SHARES)

    assert wrong == []
    assert counts["audits"] >= 1


@pytest.mark.parametrize(
    ("verdict", "what"), [(passed("blind"), "missed"), (failed("afraid"), "false alarm"), (unknown("?"), "left open")]
)
def test_an_auditor_that_errs_is_noticed(verdict: Verdict, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.judging.evaluate._verdict", lambda *_: verdict)
    counts, wrong = try_truth("as it is", "mixed", 4)

    assert counts[what] > 0
    assert f"mixed as it is, seed 4: {what}: " in "".join(wrong)


def test_verdicts_that_depend_on_what_they_must_not_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = iter([passed("first"), *[unknown("then")] * 100_000])
    monkeypatch.setattr("audit.judging.evaluate._verdict", lambda *_: next(verdicts))

    assert try_relation("in another order", "mixed", 5)[0]["broken"] == 1
