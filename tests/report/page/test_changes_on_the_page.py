from datetime import timedelta
from typing import Any, Final

import pytest

from audit.judging.findings import Severity
from audit.report.baseline import Baseline
from audit.report.changes import Change, Changes
from audit.report.formats.html_report import render
from audit.report.protection import ProtectionChanges, Turn
from audit.subjects import Aspect, SubjectKind, Value
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
                new=(change(), change(id="a", name="other")),
                still=(change(id="b", name="second", since=old, outcome="unknown"),),
                disappeared=(change(control="CBR-999", id="c", name="third", since=old, outcome=None),),
            )
        )
    )

    assert "Since the last run Findings, held against the run of 22 Nov 2026, 04:00 UTC (05:00 CET);" in shown
    assert "2 new, 1 still failing, 0 resolved, 1 gone 2 new They did not fail then." in shown
    assert "CBR-101 recent-backup (2) ecs-failing 3d11d099 other a 1 still failing" in shown
    assert "CBR-101 recent-backup: unknown, failing since 20 Nov 2026, 04:00 UTC (05:00 CET) (1) second b" in shown
    assert "That is no repair. CBR-999, failing since 20 Nov 2026, 04:00 UTC (05:00 CET) (1) third c" in shown
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
    page = Page(render(report(run=run(previous=Baseline(trouble=HOSTILE[0])))))

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
    shown = text(report(run=run(previous=Baseline(run="r0", as_of=BEFORE, notes=("its history is <lost>",)))))

    assert "Compared with r0 Its history is <lost>" in shown


def turn(what: str, before: Value, after: Value, about: str = "", **changes: Any) -> Turn:
    known: dict[str, Any] = {"kind": SubjectKind.POLICY, "id": "policy-1", "name": "daily"}
    return Turn(**{**known, "aspect": Aspect(what, about), "before": before, "after": after, **changes})


def protection(*weakened: Turn, **changes: Any) -> str:
    return text(report(changes=against(), protection=ProtectionChanges(weakened=weakened, **changes)))


def test_the_protection_is_told_also_where_nothing_changed() -> None:
    assert "Protection 0 weaker, 0 stronger" in protection()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (turn("retention_days", 365, 1), "backups are kept: 365 days → 1 day"),
        (turn("retention_days", None, 8), "backups are kept: without limit → 8 days"),
        (turn("max_backups", 1000, 7), "number of backups kept: 1,000 → 7"),
        (turn("enabled", before=True, after=False), "enabled: yes → no"),
        (turn("longest_gap_minutes", 1440, 10080), "longest time between runs: 24 hours → 7 days"),
        (turn("excluded_disks", (), ("a", "b")), "disks that are left out: none → a, b"),
        (
            turn("backup_end", "2027-11-01T01:00:20Z", "2026-12-01T00:00:00Z", "point-1"),
            "end of a backup point-1: 1 Nov 2027, 01:00 → 1 Dec 2026, 00:00",
        ),
        (turn("grace_hours", 6, 72), "grace_hours: 6 → 72"),
        (turn("waived_until", None, "2027-03-31", "CBR-101 x"), "waived_until CBR-101 x: without limit → 2027-03-31"),
    ],
)
def test_before_and_after_are_told_in_words(change: Turn, told: str) -> None:
    shown = protection(change)

    assert "Protection 1 weaker, 0 stronger" in shown
    assert f"daily policy-1 {told}" in shown


def test_of_several_ends_in_a_vault_the_first_stands_for_all() -> None:
    ends = [turn("backup_end", None, "2026-12-01T00:00:00Z", f"point-{number}") for number in range(3)]
    shown = protection(*ends, strengthened=(turn("locked", before=False, after=True),))

    assert "Protection 3 weaker, 1 stronger" in shown
    assert "end of a backup point-0: without limit → 1 Dec 2026, 00:00 and 2 more" in shown
    assert "point-1" not in shown
    assert "What protects more now than then. daily policy-1 backups are locked: no → yes" in shown


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_of_a_change_is_markup(hostile: str) -> None:
    change = turn(hostile, (hostile,), hostile, hostile, name=hostile)
    page = render(report(changes=against(), protection=ProtectionChanges(weakened=(change,)))).decode()

    assert "<img" not in page.split("<h3>Protection</h3>")[1]
    assert "alert(1)</script>" not in page.split("<h3>Protection</h3>")[1].split("</section>")[0]
