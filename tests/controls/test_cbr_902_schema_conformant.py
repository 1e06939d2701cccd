from audit.collection import Kind
from audit.controls.cbr_902_schema_conformant import judge
from audit.judging.findings import Outcome
from tests.builders import a_collection, a_drift, a_rejected, a_waiver, facts_of, limits


def test_drift_alone_passes_and_is_counted() -> None:
    verdict = judge(a_collection(drift=(a_drift(),)), limits())

    assert verdict.outcome is Outcome.PASS
    assert facts_of(verdict) == {"rejected": 0, "kinds_of_drift": 1}


def test_a_rejected_row_is_unknown() -> None:
    verdict = judge(a_collection(rejected=(a_rejected(), a_rejected())), limits())

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, "rows were rejected")
    assert facts_of(verdict)["rejected"] == 2


def test_what_could_not_be_used_is_named() -> None:
    verdict = judge(a_collection(rejected=(a_rejected(id="task-1"), a_rejected(mark="0a0a"))), limits())

    assert facts_of(verdict)["rejected_rows"] == "task-1, 0a0a"


def test_what_somebody_accepts_is_counted_and_named() -> None:
    rows = (a_rejected(id="task-1", mark="0a0a"), a_rejected(id="task-2", mark="0b0b"))
    accepted = {row.mark: a_waiver(control="CBR-902", subject=row.id) for row in rows}
    some = judge(a_collection(rejected=rows, accepted={"0a0a": accepted["0a0a"]}), limits())
    every = judge(a_collection(rejected=rows, accepted=accepted), limits())

    assert (some.outcome, facts_of(some)["rejected_rows"], facts_of(some)["accepted_rows"]) == (
        Outcome.UNKNOWN,
        "task-2",
        "task-1",
    )
    assert (every.outcome, every.reason) == (
        Outcome.PASS,
        "every row could be used, or somebody accepts that it could not",
    )
    assert facts_of(every) == {
        "rejected": 2,
        "kinds_of_drift": 0,
        "accepted": 2,
        "accepted_rows": "task-1, task-2",
        "accepted_by": "Ana",
    }


def test_rows_that_are_missing_were_not_checked() -> None:
    assert judge(a_collection(Kind.TASKS), limits()).outcome is Outcome.UNKNOWN
