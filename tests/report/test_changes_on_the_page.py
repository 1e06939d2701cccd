from datetime import timedelta
from typing import Any, Final

import pytest

from audit.findings import Severity
from audit.previous import Previous
from audit.report.changes import Change, Changes
from audit.report.html_report import render
from tests.report.test_html_report import FAILING, HOSTILE, NOW, Page, failing, problem, report, run, text, twins

BEFORE: Final = NOW - timedelta(days=1)


def change(**changes: Any) -> Change:
    known = {"control": "CBR-101", "kind": "resource", "id": FAILING, "name": "ecs-failing", "since": NOW}
    return Change(**{**known, "outcome": "fail", **changes})


def against(**lists: tuple[Change, ...]) -> Changes:
    known: dict[str, Any] = {"new": (), "still": (), "resolved": (), "disappeared": ()}
    return Changes(against="r0", as_of=BEFORE, **{**known, **lists})


def test_every_kind_of_change_is_counted_and_those_that_there_are_are_listed() -> None:
    old = NOW - timedelta(days=3)
    shown = text(
        report(
            changes=against(
                new=(change(),),
                still=(change(id="b", name="second", since=old, outcome="unknown"),),
                disappeared=(change(control="CBR-999", id="c", name="third", since=old, outcome=None),),
            )
        )
    )

    assert "Since the last run Findings, held against the run of 22 Nov 2026, 04:00 UTC (05:00 CET);" in shown
    assert "1 new, 1 still failing, 0 resolved, 1 gone 1 new They did not fail then." in shown
    assert "ecs-failing 3d11d099 CBR-101 recent-backup 1 still failing" in shown
    assert "second b CBR-101 recent-backup: unknown, failing since 20 Nov 2026, 04:00 UTC (05:00 CET) 1 gone" in shown
    assert "That is no repair. third c CBR-999, failing since 20 Nov 2026" in shown
    assert "They failed then, and do not now." not in shown


def test_what_is_resolved_says_how_it_stands_now() -> None:
    shown = text(report(changes=against(resolved=(change(since=BEFORE, outcome="not_applicable"),))))

    assert "CBR-101 recent-backup: not applicable, failing since 22 Nov 2026" in shown


def test_the_navigation_leads_to_the_changes() -> None:
    assert "Since the last run 1 new Calendar" in text(report(changes=against(new=(change(),))))
    assert "#changes" not in [link["href"] for link in Page(render(report())).tags("a")]


def test_new_problems_are_marked() -> None:
    assert "Critical New ecs-failing" in text(failing(problem(), changes=against(new=(change(),))))
    assert "Critical ecs-failing" in text(failing(problem(), changes=against(still=(change(since=BEFORE),))))
    assert "Critical ecs-failing" in text(failing(problem()))


@pytest.mark.parametrize(("ids", "words"), [("ab", "High New 2 resources"), ("b", "High 1 new 2 resources")])
def test_an_entry_of_several_says_how_many_are_new(ids: str, words: str) -> None:
    new = tuple(change(id=each) for each in ids)

    assert words in text(failing(*twins(), changes=against(new=new)))


def test_a_last_run_that_cannot_be_used_is_told_where_changes_would_be() -> None:
    page = Page(render(report(run=run(previous=Previous(trouble=HOSTILE[0])))))

    assert f"Since the last run Nothing is compared: {HOSTILE[0]}." in page.text
    assert "Since the last run not compared Calendar" in page.text
    assert page.unbalanced == []


def test_the_first_run_has_nothing_to_say_of_changes() -> None:
    assert "Since the last run" not in text(report())


def test_names_in_changes_stay_text() -> None:
    hurt = problem(severity=Severity.LOW)
    page = Page(render(failing(hurt, changes=against(new=tuple(change(id=name, name=name) for name in HOSTILE)))))

    assert all(name in page.text for name in HOSTILE)
    assert page.unbalanced == []
    assert not page.tags("img")


def test_what_else_was_wrong_with_the_last_run_is_told_beside_it() -> None:
    shown = text(report(run=run(previous=Previous(run="r0", as_of=BEFORE, notes=("its history is <lost>",)))))

    assert "Compared with r0 Its history is <lost>" in shown
