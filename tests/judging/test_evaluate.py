from dataclasses import replace
from typing import Any

import pytest

from audit.collection import Kind
from audit.controls import CONTROLS
from audit.judging.control_catalogue import USUAL
from audit.judging.evaluate import evaluate
from audit.judging.findings import Control, Outcome, Severity, Verdict, failed, not_applicable, passed, unknown
from audit.subjects import Collection, Limits, Presence, Resource, Subject, SubjectKind, Subjects
from tests.builders import (
    DAY,
    NOW,
    a_backup,
    a_collection,
    a_former,
    a_point,
    a_policy,
    a_reading,
    a_rejected,
    a_task,
    a_vault,
    arranged,
    requirements,
)

ESTATE = arranged(
    [
        a_task(),
        a_backup(5 * DAY, task_id="removal", operation="remove_resource", resource_id="left"),
        a_task("odd", resource_id="unaccounted"),
        a_backup(5 * DAY, task_id="deletion", operation="vault_delete", vault_id="gone", resource_id=None),
    ],
    [a_policy("policy-1"), a_policy("policy-2")],
    [a_vault(), a_vault("vault-2", "replica", protect_type="replication")],
)


def a_control(control_id: str = "CBR-001", *kinds: SubjectKind, **changes: Any) -> Control[Any]:
    values: dict[str, Any] = {
        "name": "a-control",
        "title": "A control",
        "severity": Severity.LOW,
        "doc": "CBR-001 a-control: …",
        "judge": lambda _subject, _limits: passed("good"),
    }
    return Control(id=control_id, kinds=kinds or (SubjectKind.RESOURCE,), **{**values, **changes})


def outcomes(control: Control[Any], subjects: Subjects = ESTATE) -> dict[str, Outcome]:
    return {finding.id: finding.outcome for finding in evaluate(subjects, [control], requirements())}


@pytest.mark.parametrize("kind", SubjectKind)
def test_there_is_one_finding_for_each_subject_of_a_kind(kind: SubjectKind) -> None:
    findings = evaluate(ESTATE, [a_control("CBR-001", kind)], requirements())

    assert [(finding.kind, finding.id) for finding in findings] == [(kind, each.id) for each in ESTATE.of(kind)]


def test_the_catalogue_gives_every_pair_once_in_order() -> None:
    findings = evaluate(ESTATE, CONTROLS, requirements())

    assert [(finding.control, finding.kind, finding.id) for finding in findings] == [
        (control.id, kind, subject.id) for control in CONTROLS for kind in control.kinds for subject in ESTATE.of(kind)
    ]


def test_a_finding_says_what_it_is_about() -> None:
    control = a_control(
        severity=Severity.HIGH, judge=lambda _subject, _limits: failed("bad", ["task-1"], since=NOW, n=1)
    )
    finding = next(found for found in evaluate(ESTATE, [control], requirements()) if found.id == "server-1")

    assert (finding.control, finding.name, finding.severity) == ("CBR-001", "name of server-1", Severity.HIGH)
    assert (finding.outcome, finding.verdict.reason, finding.verdict.tasks) == (Outcome.FAIL, "bad", ("task-1",))
    assert finding.facts == {"since": "2026-11-23T04:00:00Z", "n": 1}


def raises(_subject: Subject, _limits: Limits) -> Verdict:
    raise StopIteration("a secret")


def test_a_control_that_raises_gives_unknown_and_hides_no_other_finding() -> None:
    first, second = evaluate(
        arranged(vaults=[a_vault()]), [a_control(judge=raises), a_control("CBR-002")], requirements()
    )

    assert (first.control, first.outcome) == ("CBR-001", Outcome.UNKNOWN)
    assert (second.control, second.outcome) == ("CBR-002", Outcome.PASS)
    assert first.facts == {"error": "StopIteration"}


def test_what_left_or_is_a_replica_is_excused_and_what_is_unaccounted_is_unknown() -> None:
    assert outcomes(a_control()) == {
        "left": Outcome.NOT_APPLICABLE,
        "replica": Outcome.NOT_APPLICABLE,
        "server-1": Outcome.PASS,
        "unaccounted": Outcome.UNKNOWN,
    }


def test_what_is_unaccounted_is_left_to_the_control_that_judges_it_alone() -> None:
    alone = a_control(judges_departed=True, judges_alone=frozenset({Presence.UNACCOUNTED}))
    findings = evaluate(ESTATE, [alone, a_control("CBR-002")], requirements())

    found = {finding.control: finding for finding in findings if finding.id == "unaccounted"}
    assert (found["CBR-001"].outcome, found["CBR-002"].outcome) == (Outcome.PASS, Outcome.NOT_APPLICABLE)
    assert found["CBR-002"].facts == {"judged_by": "CBR-001"}


def test_a_resource_that_no_vault_holds_and_no_task_removed_is_one_open_finding() -> None:
    usual = [control for control in CONTROLS if control.id in USUAL]
    findings = [finding for finding in evaluate(ESTATE, usual, requirements()) if finding.id == "unaccounted"]

    (left_open,) = (finding for finding in findings if finding.outcome is not Outcome.NOT_APPLICABLE)
    assert (left_open.control, left_open.outcome) == ("CBR-111", Outcome.UNKNOWN)
    assert left_open.verdict.tasks == ("odd",)


def test_an_excuse_names_the_task_that_shows_it() -> None:
    finding = next(found for found in evaluate(ESTATE, [a_control()], requirements()) if found.id == "left")

    assert finding.verdict == not_applicable("it left its vault", ["removal"], left=NOW - 5 * DAY)


def test_a_resource_of_vaults_that_were_not_read_is_unknown() -> None:
    subjects = arranged([a_task()], collection=a_collection(Kind.VAULTS))

    assert outcomes(a_control(), subjects) == {"server-1": Outcome.UNKNOWN}


def test_a_deleted_vault_is_excused() -> None:
    found = outcomes(a_control("CBR-001", SubjectKind.VAULT))

    assert found == {"gone": Outcome.NOT_APPLICABLE, "vault-1": Outcome.PASS, "vault-2": Outcome.PASS}


@pytest.mark.parametrize("kind", [SubjectKind.RESOURCE, SubjectKind.VAULT])
def test_a_control_that_judges_what_departed_excuses_nothing(kind: SubjectKind) -> None:
    assert set(outcomes(a_control("CBR-001", kind, judges_departed=True)).values()) == {Outcome.PASS}


def test_a_verdict_keeps_facts_and_tasks_in_order() -> None:
    verdict = unknown("why", [a_task("b"), "a"], z=1, a=None, now=NOW, b=True)

    assert verdict.tasks == ("b", "a")
    assert verdict.facts == (("z", 1), ("a", None), ("now", "2026-11-23T04:00:00Z"), ("b", True))


def test_severities_are_ranked_from_the_worst() -> None:
    assert [severity.rank for severity in Severity] == [0, 1, 2, 3]
    assert min(Severity, key=lambda severity: severity.rank) is Severity.CRITICAL


def test_controls_may_be_given_as_an_iterator() -> None:
    def judge(resource: Resource, _limits: Limits) -> Verdict:
        return passed(resource.name)

    assert len(evaluate(ESTATE, iter([a_control(judge=judge)]), requirements())) == len(ESTATE.resources)


def test_a_permission_that_is_missing_is_named_by_the_controls_that_need_it() -> None:
    readings = tuple(a_reading(kind, refused=kind is Kind.BACKUPS) for kind in Kind)
    subjects = arranged([a_task()], vaults=[a_vault()], collection=a_collection(readings=readings))
    controls = [a_control(needs=frozenset({Kind.VAULTS, Kind.BACKUPS})), a_control("CBR-002")]
    needing, other = evaluate(subjects, controls, requirements())

    assert needing.verdict == unknown("a permission is missing", permission=Kind.BACKUPS.permission)
    assert other.outcome is Outcome.PASS


@pytest.mark.parametrize("verdict", [failed("bad"), not_applicable("nothing demands it")])
def test_what_a_control_can_say_without_the_list_that_is_refused_stands(verdict: Verdict) -> None:
    readings = tuple(a_reading(kind, refused=kind is Kind.BACKUPS) for kind in Kind)
    subjects = arranged([a_task()], vaults=[a_vault()], collection=a_collection(readings=readings))
    control = a_control(needs=frozenset({Kind.BACKUPS}), judge=lambda _subject, _limits: verdict)

    assert {finding.verdict for finding in evaluate(subjects, [control], requirements())} == {verdict}


def test_what_a_subject_remembers_of_its_tasks_is_noted_first_and_freed_then() -> None:
    noted: list[tuple[str, bool]] = []
    estate = arranged([a_task("a"), a_task("b")], [a_policy()], [a_vault()])

    def note(subject: Subject, judged_by: Limits) -> None:
        assert judged_by.now == NOW
        noted.append((subject.id, "sorted_tasks" in vars(subject)))

    evaluate(
        estate, [a_control(judge=lambda resource, _limits: passed("good", resource.backups))], requirements(), note
    )

    assert noted == [("server-1", True)]
    assert not {"sorted_tasks", "last_success", "kept_successes"} & vars(estate.resources[0]).keys()


OF_ROWS = a_control(
    "CBR-001", SubjectKind.RESOURCE, SubjectKind.VAULT, reads=frozenset({Kind.BACKUPS}), weighs_gaps=True
)
FORGETFUL = a_control(
    "CBR-001", *SubjectKind, needs=frozenset({Kind.BACKUPS}), judge=lambda _subject, _limits: failed("bad")
)
ASKED = frozenset({Kind.TASKS, Kind.VAULTS, Kind.POLICIES, Kind.BACKUPS})


@pytest.mark.parametrize(
    ("collection", "outcome"),
    [
        (a_collection(asked=ASKED), Outcome.PASS),
        (a_collection(Kind.BACKUPS, asked=ASKED), Outcome.UNKNOWN),
        (a_collection(Kind.BACKUPS, asked=ASKED - {Kind.BACKUPS}), Outcome.PASS),
        (a_collection(asked=ASKED, rejected=(a_rejected(kind=Kind.BACKUPS),)), Outcome.UNKNOWN),
    ],
)
def test_nothing_passes_where_a_list_that_it_reads_was_asked_for_and_has_a_gap(
    collection: Collection, outcome: Outcome
) -> None:
    subjects = arranged([a_task()], [], [a_vault()], collection)

    assert {finding.outcome for finding in evaluate(subjects, [OF_ROWS], requirements())} == {outcome}


@pytest.mark.parametrize("kind", sorted(ASKED))
@pytest.mark.parametrize("is_row", [False, True], ids=["a page", "a row"])
def test_a_rule_that_forgets_what_is_missing_is_not_asked_where_something_is(kind: Kind, *, is_row: bool) -> None:
    missing = (
        a_collection(asked=ASKED, rejected=(a_rejected(kind=kind),)) if is_row else a_collection(kind, asked=ASKED)
    )
    subjects = arranged([a_task()], [a_policy()], [a_vault()], missing)

    assert {finding.outcome for finding in evaluate(subjects, [FORGETFUL], requirements())} == {Outcome.UNKNOWN}


def test_a_rule_that_forgets_what_is_missing_is_asked_where_nothing_is() -> None:
    subjects = arranged([a_task()], [a_policy()], [a_vault()], a_collection(Kind.AGENTS, asked=ASKED))

    assert {finding.outcome for finding in evaluate(subjects, [FORGETFUL], requirements())} == {Outcome.FAIL}


def test_a_failure_stays_one_where_a_list_that_it_reads_has_a_gap() -> None:
    subjects = arranged([a_task()], [], [a_vault()], a_collection(Kind.BACKUPS, asked=ASKED))
    failing = replace(OF_ROWS, kinds=(SubjectKind.RESOURCE,), judge=lambda _subject, _limits: failed("bad"))

    assert outcomes(failing, subjects) == {"server-1": Outcome.FAIL}


@pytest.mark.parametrize(
    ("missed", "others", "outcome"),
    [
        ("b-1", ("CBR-111",), Outcome.PASS),
        ("b-1", (), Outcome.UNKNOWN),
        ("b-2", (), Outcome.PASS),
        ("due", (), Outcome.PASS),
    ],
)
def test_backups_that_an_earlier_run_saw_and_that_are_gone_are_no_pass_where_nobody_judges_them(
    missed: str, others: tuple[str, ...], outcome: Outcome
) -> None:
    tasks = [a_backup(9 * DAY, backup_id="due"), a_backup(2 * DAY, backup_id="b-1"), a_backup(DAY, backup_id="b-2")]
    ages = {"due": 9 * DAY, "b-1": 2 * DAY, "b-2": DAY}
    points = [a_point(age, id=name, expired_at=NOW - age + 7 * DAY) for name, age in ages.items()]
    there = [point for point in points if point.id != missed or missed == "b-2"]
    subjects = arranged(
        tasks,
        [a_policy(retention_days=7)],
        [a_vault()],
        former=a_former([a_policy(retention_days=7)], [a_vault()], points),
        backups=there,
    )
    controls = [control for control in CONTROLS if control.id in {"CBR-404", *others}]

    (verdict,) = (each.verdict for each in evaluate(subjects, controls, requirements()) if each.control == "CBR-404")
    assert (verdict.outcome, "backup-48h" in verdict.tasks) == (outcome, outcome is Outcome.UNKNOWN)
