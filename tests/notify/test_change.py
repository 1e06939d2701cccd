from typing import Any

import pytest

from audit.notify.change import Recovered, compare
from tests.notify.builders import a_problem, a_report


def names(problems: Any) -> list[str]:
    return [problem["subject"]["name"] for problem in problems]


def test_the_first_report_is_news_and_so_is_everything_in_it() -> None:
    change = compare(a_report(a_problem("a"), a_problem("b")), None)

    assert change.is_news
    assert (names(change.new), change.known, change.ended, change.before) == (["a", "b"], (), (), None)


@pytest.mark.parametrize("problems", [[], [a_problem("a"), a_problem("b", also=["CBR-104"])]])
def test_the_same_again_is_no_news(problems: list[Any]) -> None:
    later = [dict(problem, since="2026-11-19T00:00:00Z", reason="still") for problem in reversed(problems)]

    change = compare(a_report(*later), a_report(*problems))

    assert not change.is_news
    assert (change.new, change.ended) == ((), ())


def test_a_new_problem_is_told_apart_from_the_known_ones() -> None:
    change = compare(a_report(a_problem("a"), a_problem("b")), a_report(a_problem("b")))

    assert change.is_news
    assert (names(change.new), names(change.known)) == (["a"], ["b"])


def test_a_further_failing_control_makes_a_known_problem_new() -> None:
    change = compare(a_report(a_problem(also=["CBR-104"])), a_report(a_problem()))

    assert (names(change.new), change.ended) == (["db-1"], ())


def test_what_is_no_longer_failing_is_named_with_its_controls() -> None:
    before = a_report(a_problem("a", also=["CBR-104", "CBR-103"]), a_problem("b"), a_problem("c"))
    change = compare(a_report(a_problem("a", control="CBR-104"), a_problem("c")), before)

    assert change.is_news
    assert change.ended == (
        Recovered("resource", "a", ("CBR-101", "CBR-103")),
        Recovered("resource", "b", ("CBR-101",)),
    )
    assert names(change.known) == ["a", "c"]


def explained(name: str, control: str = "CBR-101") -> dict[str, Any]:
    return {"control": control, "subject": {"kind": "resource", "id": f"id-of-{name}", "name": name}}


def test_a_known_problem_that_explains_more_is_new() -> None:
    before = a_report(a_problem("vault-1", control="CBR-301", explains=[explained("db-1")]))
    change = compare(
        a_report(a_problem("vault-1", control="CBR-301", explains=[explained("db-1"), explained("db-2")])), before
    )

    assert (names(change.new), change.ended) == (["vault-1"], ())


def test_a_failure_that_only_finds_its_cause_is_no_news() -> None:
    before = a_report(a_problem("vault-1", control="CBR-301"), a_problem("db-1"))
    change = compare(a_report(a_problem("vault-1", control="CBR-301", explains=[explained("db-1")])), before)

    assert not change.is_news


def test_what_was_explained_and_is_no_longer_failing_is_named_by_itself() -> None:
    before = a_report(
        a_problem("vault-1", control="CBR-301", explains=[explained("db-1"), explained("db-1", "CBR-104")])
    )
    change = compare(a_report(a_problem("vault-1", control="CBR-301")), before)

    assert change.ended == (Recovered("resource", "db-1", ("CBR-101", "CBR-104")),)


def test_a_report_from_before_causes_were_known_can_be_compared() -> None:
    old = a_problem("db-1")
    del old["explains"]

    assert not compare(a_report(a_problem("db-1")), a_report(old)).is_news


def test_another_conclusion_alone_is_news() -> None:
    change = compare(a_report(conclusion="incomplete"), a_report())

    assert change.is_news
    assert change.before
    assert (change.before.conclusion, change.before.as_of) == ("compliant", "2026-11-23T12:00:00Z")


@pytest.mark.parametrize(
    "before",
    [
        {},
        [],
        {"problems": None},
        {**a_report(), "problems": [5]},
        {**a_report(), "conclusion": "fine"},
        {**a_report(), "run": None},
        a_report({**a_problem(), "also": 5}),
    ],
)
def test_a_previous_report_of_another_form_counts_as_none(before: Any) -> None:
    change = compare(a_report(), before)

    assert change.is_news
    assert change.before is None
