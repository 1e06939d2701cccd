from audit.collection import Kind
from audit.controls.cbr_902_schema_conformant import judge
from audit.findings import Outcome
from tests.core.builders import a_collection, a_drift, a_rejected, facts_of, limits


def test_drift_alone_passes_and_is_counted() -> None:
    verdict = judge(a_collection(drift=(a_drift(),)), limits())

    assert verdict.outcome is Outcome.PASS
    assert facts_of(verdict) == {"rejected": 0, "kinds_of_drift": 1}


def test_a_rejected_row_is_unknown() -> None:
    verdict = judge(a_collection(rejected=(a_rejected(), a_rejected())), limits())

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, "rows were rejected")
    assert facts_of(verdict)["rejected"] == 2


def test_rows_that_are_missing_were_not_checked() -> None:
    assert judge(a_collection(Kind.TASKS), limits()).outcome is Outcome.UNKNOWN
