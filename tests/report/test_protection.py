"""What a report says of protection, and what the next run reads out of it."""

import json
from typing import Any

import pytest

from audit.collection import Kind
from audit.judging.requirements import Level, Requirements, Scope
from audit.judging.selection import Selector
from audit.report.baseline import Baseline
from audit.report.contents import Report, compose
from audit.report.formats.json_report import render
from audit.report.passed_on import memory_of
from audit.report.protection import still_missed, still_weakened
from audit.subjects import Aspect, Memory, SubjectKind, Subjects, Weakened, Weakening
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_collection,
    a_former,
    a_point,
    a_policy,
    a_protected,
    a_taken,
    a_vault,
    a_window,
    arranged,
    findings_of,
    limits,
    requirements,
    run_facts,
)

BEFORE = Baseline(run="run-1", as_of=NOW - HOUR)


def an_estate(**changes: Any) -> Subjects:
    """A policy became weaker and a vault stronger; earlier, an end was moved and disks were left out."""
    known = [
        weakened(SubjectKind.VAULT, "vault-1", "backup_end", None, "2026-12-01T00:00:00Z", "gone", tasks=("move",)),
        weakened(SubjectKind.RESOURCE, "server-1", "excluded_disks", (), ("disk-1",)),
    ]
    memory = Memory(
        run="run-1",
        until=NOW - HOUR,
        policies={},
        resources={},
        weakened={(each.kind, each.id): each for each in known},
        missed=(a_taken(9 * DAY, 30 * DAY, gone=NOW - 3 * DAY), a_taken(99 * DAY, None, gone=NOW - 31 * DAY)),
    )
    held = (a_protected(excluded=("disk-1",)),)
    then = a_former([a_policy(retention_days=90)], [a_vault(locked=False, resources=held)], [a_point()])
    now = a_vault(locked=True, resources=held)
    collection = a_collection(**{"memory": memory, "window": a_window(30), **changes})
    return arranged([], [a_policy()], [now], collection, former=then, backups=[a_point()])


def weakened(
    kind: SubjectKind, subject_id: str, what: str, before: Any, after: Any, about: str = "", **more: Any
) -> Weakened:
    weakening = Weakening(
        **{"aspect": Aspect(what, about), "before": before, "after": after, "since": NOW - 2 * DAY, **more}
    )
    return Weakened(kind=kind, id=subject_id, name=f"name of {subject_id}", weakenings=(weakening,))


def a_report(subjects: Subjects, demanded: Requirements | None = None) -> Report:
    return compose(run_facts(previous=BEFORE), subjects, (), findings_of([]), demanded or requirements())


def published(subjects: Subjects, demanded: Requirements | None = None) -> Any:
    return json.loads(render(a_report(subjects, demanded)))


def test_changes_tell_what_is_weaker_and_what_is_stronger_since_the_run_before() -> None:
    protection = published(an_estate())["changes"]["protection"]

    assert protection == {
        "weakened": [
            {
                "subject": {"kind": "policy", "id": "policy-1", "name": "daily"},
                "what": "retention_days",
                "about": None,
                "before": 90,
                "after": 7,
            }
        ],
        "strengthened": [
            {
                "subject": {"kind": "vault", "id": "vault-1", "name": "blue"},
                "what": "locked",
                "about": None,
                "before": False,
                "after": True,
            }
        ],
    }


def test_changes_leave_out_what_is_not_in_the_scope_and_the_memory_does_not() -> None:
    nothing = requirements(scope=Scope(exclude=(Selector(vaults=("*",)),)))
    report = published(an_estate(), nothing)

    assert report["changes"]["protection"] == {"weakened": [], "strengthened": []}
    assert {part["subject"]["kind"] for part in report["weakened"]} == {"policy", "vault", "resource"}


def test_what_is_open_is_passed_on_and_read_again() -> None:
    subjects = an_estate()
    memory = memory_of(published(subjects))

    fresh = Weakening(aspect=Aspect("retention_days"), before=90, after=7, since=NOW)
    assert memory.weakened.keys() == {
        (SubjectKind.POLICY, "policy-1"),
        (SubjectKind.VAULT, "vault-1"),
        (SubjectKind.RESOURCE, "server-1"),
    }
    assert memory.weakened[SubjectKind.POLICY, "policy-1"].weakenings == (fresh,)
    for kind, protection in (
        (SubjectKind.VAULT, subjects.vaults[0].protection),
        (SubjectKind.RESOURCE, subjects.resources[0].protection),
    ):
        (passed_on,) = (each for (of, _id), each in memory.weakened.items() if of is kind)
        assert protection is not None
        assert passed_on.weakenings == protection.weakened
    assert memory.terms["policy-1"] == subjects.policies[0].terms
    assert [each.id for each in memory.missed] == ["point-216h"]
    assert memory.missed == (a_taken(9 * DAY, 30 * DAY, gone=NOW - 3 * DAY),)


def test_a_report_from_before_there_was_any_of_this_is_read_all_the_same() -> None:
    report = published(an_estate())
    del report["weakened"], report["missed"], report["policies"][0]["terms"]
    memory = memory_of(report)

    assert (memory.weakened, memory.missed, memory.terms) == ({}, (), {"policy-1": ()})


@pytest.mark.parametrize(("days", "kinds"), [(2, 3), (1, 1)])
def test_what_counts_as_accepted_is_not_passed_on(days: int, kinds: int) -> None:
    assert len(still_weakened(an_estate(), requirements(limits(weakened_for=days * DAY)), NOW)) == kinds
    assert len(still_weakened(an_estate(), requirements(limits(weakened_for=2 * DAY - TICK)), NOW)) == 1


def test_a_level_has_a_limit_of_its_own() -> None:
    level = Level(name="gold", select=(Selector(vaults=("blue",)),), limits=limits(weakened_for=2 * DAY))
    brief = limits(weakened_for=DAY)

    assert len(still_weakened(an_estate(), requirements(brief), NOW)) == 1
    assert len(still_weakened(an_estate(), requirements(brief, levels=(level,)), NOW)) == 3


def test_what_an_unreadable_list_hides_is_passed_on_too() -> None:
    hidden = an_estate(readings=a_collection(Kind.POLICIES, Kind.VAULTS, Kind.BACKUPS).readings)
    nowhere = arranged([], [], [], hidden.collection)

    assert {each.id for each in still_weakened(nowhere, requirements(), NOW)} == {"vault-1", "server-1"}
    assert [each.id for each in still_missed(nowhere, NOW - 30 * DAY)] == ["point-216h"]
