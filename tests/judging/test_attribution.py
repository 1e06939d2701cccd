from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from audit.controls import CONTROLS
from audit.judging.attribution import MOST, EarlierRun, attribute
from audit.judging.evaluate import evaluate
from audit.judging.findings import Clue, Control, Finding, Severity, Verdict, failed, unknown
from audit.judging.witnesses import TOO_OLD, UNEXPLAINED, Attribution, Witnessed
from audit.records import TAKING, UNPLANNING, Actor, Deed, Task, Trace
from audit.subjects import SubjectKind, Subjects, Trail
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_collection,
    a_former,
    a_policy,
    a_protected,
    a_task,
    a_trace,
    a_vault,
    arranged,
    findings_of,
    limits,
    requirements,
)

MARGIN = timedelta(minutes=15)
ALL_READ = NOW - 6 * DAY


def estate(traces: Iterable[Trace], *tasks: Task, **trail: Any) -> Subjects:
    """A vault with two policies and a resource, and what was read of the traces."""
    read = Trail.of(traces, **{"since": ALL_READ, **trail})
    vaults = [a_vault(resources=(a_protected(),))]
    return arranged(tasks, [a_policy()], vaults, a_collection(trail=read))


def a_control(*kinds: SubjectKind, deeds: frozenset[Deed] = TAKING | UNPLANNING, **changes: Any) -> Control[Any]:
    kind = kinds or tuple(SubjectKind)
    values = {"name": "c", "title": "", "severity": Severity.HIGH, "doc": "", "kinds": kind, "judge": failed}
    return Control(id="CBR-1", deeds=deeds, **{**values, **changes})


def who(
    subjects: Subjects,
    verdict: Verdict | None = None,
    subject: tuple[SubjectKind, str] = (SubjectKind.VAULT, "vault-1"),
    earlier: EarlierRun | None = None,
    control: Control[Any] | None = None,
) -> Attribution | None:
    """Who is named for one finding."""
    kind, name = subject
    verdict = verdict or failed("it is")
    finding = Finding("CBR-1", kind, name, name, Severity.HIGH, verdict)
    found = attribute(findings_of([finding]), subjects, [control or a_control()], "run-2", earlier or EarlierRun())
    return found.get(("CBR-1", kind, name))


def named(attribution: Attribution | None) -> list[str]:
    assert attribution
    return [each.trace.id for each in attribution.named]


def test_a_task_without_an_id_in_common_is_explained_by_the_traces_around_it() -> None:
    deletion = a_task("d", operation="delete", backup_id="b", created_at=NOW - DAY)
    around = [
        a_trace(name, deed=Deed.DELETE_BACKUP, ids=frozenset({"b"}), at=NOW - DAY + shift)
        for name, shift in {"before": -MARGIN, "after": MARGIN, "early": -MARGIN - TICK, "late": MARGIN + TICK}.items()
    ]

    found = who(estate(around, deletion), failed("gone", [deletion]))

    assert found
    assert [(each.trace.id, each.run) for each in found.named] == [("before", "run-2"), ("after", "run-2")]
    assert (found.more, found.why_not) == (0, "")


def test_a_trace_of_the_very_backup_is_surer_than_one_of_its_vault() -> None:
    deletion = a_task("d", operation="delete", backup_id="B")
    of_vault = a_trace("vault", deed=Deed.DELETE_BACKUP)
    of_backup = a_trace("backup", deed=Deed.DELETE_BACKUP, ids=frozenset({"b"}))

    assert named(who(estate([of_vault, of_backup], deletion), failed("gone", [deletion]))) == ["backup"]
    assert named(who(estate([of_vault], deletion), failed("gone", [deletion]))) == ["vault"]


def test_what_failed_or_does_something_else_names_nobody() -> None:
    others = [a_trace("failed", succeeded=False), a_trace("other", deed=Deed.CHANGE_VAULT)]

    assert who(estate(others)) == Attribution(why_not=TOO_OLD)


def test_what_may_have_been_done_counts() -> None:
    assert named(who(estate([a_trace(succeeded=None)]))) == ["trace-1"]


def test_the_cloud_itself_is_named_only_for_the_very_thing() -> None:
    deletion = a_task("d", operation="delete", backup_id="b")
    cloud = a_trace("cloud", deed=Deed.DELETE_BACKUP, ids=frozenset({"b"}), actor=Actor(is_cloud=True))
    elsewhere = a_trace("else", deed=Deed.DELETE_BACKUP, actor=Actor(is_cloud=True))

    assert named(who(estate([cloud], deletion), failed("gone", [deletion]))) == ["cloud"]
    assert who(estate([elsewhere], deletion), failed("gone", [deletion])) == Attribution(why_not=UNEXPLAINED)


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        (EarlierRun(), ["old", "new"]),
        (EarlierRun(as_of=NOW - DAY, controls={"CBR-1"}), ["new"]),
        (EarlierRun(as_of=NOW - DAY), ["old", "new"]),
        (
            EarlierRun(as_of=NOW - DAY, controls={"CBR-1"}, doubted={("CBR-1", SubjectKind.VAULT, "vault-1")}),
            ["old", "new"],
        ),
        (
            EarlierRun(as_of=NOW - DAY, controls={"CBR-1"}, out_of_scope={(SubjectKind.VAULT, "vault-1")}),
            ["old", "new"],
        ),
        (
            EarlierRun(
                as_of=NOW - DAY,
                controls={"CBR-1"},
                failing={("CBR-1", SubjectKind.VAULT, "vault-1"): NOW - 2 * DAY},
            ),
            ["old"],
        ),
    ],
    ids=["no run before", "seen well", "not applied", "in doubt", "out of scope", "failed already"],
)
def test_without_a_task_it_was_done_after_the_run_that_saw_all_well(earlier: EarlierRun, expected: list[str]) -> None:
    traces = [a_trace("old", at=NOW - 3 * DAY), a_trace("new")]

    assert named(who(estate(traces), earlier=earlier)) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"vault-1"}, ["removal"]),
        ({"vault-1", "request-1"}, ["removal"]),
        ({"vault-1", "server-2"}, []),
        ({"vault-1", "server-1", "server-2"}, ["removal"]),
    ],
)
def test_a_removal_that_names_other_resources_is_not_of_this_one(names: set[str], expected: list[str]) -> None:
    removal = a_trace("removal", deed=Deed.REMOVE_RESOURCES, resource_id="vault-1", ids=frozenset(names))
    vaults = [a_vault(resources=(a_protected(), a_protected("server-2")))]
    read = a_collection(trail=Trail.of([removal], ALL_READ))

    assert named(who(arranged((), [], vaults, read), subject=(SubjectKind.RESOURCE, "server-1"))) == expected


@pytest.mark.parametrize(("policies_of", "expected"), [("", ["t"]), ("backup", ["t"]), ("replication", [])])
def test_a_vault_is_known_by_those_of_its_policies_that_matter(policies_of: str, expected: list[str]) -> None:
    changed = a_trace("t", deed=Deed.CHANGE_POLICY, ids=frozenset({"policy-1"}))

    assert named(who(estate([changed]), control=a_control(policies_of=policies_of))) == expected


def test_a_clue_is_looked_for_before_its_subject() -> None:
    taken = a_trace("taken", deed=Deed.DELETE_BACKUP, ids=frozenset({"point-1"}))
    verdict = failed("gone").with_clues([Clue("point-1", NOW)])

    assert named(who(estate([taken, a_trace()]), verdict)) == ["taken"]
    assert named(who(estate([a_trace()]), verdict)) == ["trace-1"]


def test_a_clue_has_its_own_time() -> None:
    earlier = EarlierRun(as_of=NOW - DAY, controls={"CBR-1"})
    traces = [a_trace("old", at=NOW - 3 * DAY), a_trace("new")]

    assert named(who(estate(traces), failed("").with_clues([Clue("", NOW)]), earlier=earlier)) == ["new"]
    assert named(who(estate(traces), failed("").with_clues([Clue("", NOW - 2 * DAY)]), earlier=earlier)) == ["old"]
    assert named(who(estate(traces), failed("").with_clues([Clue("", None)]), earlier=earlier)) == ["old", "new"]


@pytest.mark.parametrize(
    ("subject", "named_by_trace"),
    [
        ((SubjectKind.RESOURCE, "server-1"), "server-1"),
        ((SubjectKind.RESOURCE, "server-1"), "vault-1"),
        ((SubjectKind.POLICY, "policy-1"), "policy-1"),
        ((SubjectKind.VAULT, "vault-1"), "policy-1"),
    ],
)
def test_a_subject_is_known_by_its_id_and_by_what_holds_or_serves_it(
    subject: tuple[SubjectKind, str], named_by_trace: str
) -> None:
    assert named(who(estate([a_trace(ids=frozenset({named_by_trace}))]), subject=subject)) == ["trace-1"]


def test_a_backup_that_a_task_made_may_have_been_deleted_at_any_time() -> None:
    made = a_task("m", backup_id="b", created_at=NOW - 5 * DAY)
    deletion = a_trace(deed=Deed.DELETE_BACKUP, ids=frozenset({"b"}), at=NOW - DAY)
    nothing = a_task("n", status="failed", created_at=NOW - 5 * DAY)

    subject = SubjectKind.RESOURCE, "server-1"
    assert named(who(estate([deletion], made), failed("gone", [made]), subject)) == ["trace-1"]
    assert named(who(estate([deletion], nothing), failed("gone", [nothing]), subject)) == []


def test_a_task_that_says_nothing_of_where_is_explained_by_whatever_was_taken_then() -> None:
    removal = a_task("r", operation="remove_resource", resource_id=None, vault_id=None, vault_name=None)
    subject = SubjectKind.COLLECTION, "project-1"

    assert named(who(estate([a_trace()], removal), failed("removed", [removal]), subject)) == ["trace-1"]
    assert who(estate([a_trace()]), failed("the profile demands less"), subject) is None


def test_nobody_is_looked_for_where_nothing_fails_or_no_person_can_have_done_it() -> None:
    assert who(estate([a_trace()]), unknown("not read")) is None
    assert who(estate([a_trace()]), control=a_control(deeds=frozenset())) is None


def test_of_what_is_unknown_people_are_named_where_the_control_asks_them() -> None:
    deletion = a_task("d", operation="delete", backup_id="b")
    asking, subjects = a_control(asks_people=True), estate([a_trace(deed=Deed.DELETE_BACKUP)], deletion)

    assert named(who(subjects, unknown("perhaps", [deletion]), control=asking)) == ["trace-1"]
    assert who(subjects, unknown("perhaps", [deletion])) is None
    assert who(subjects, unknown("the log has gaps"), control=asking) is None


@pytest.mark.parametrize(
    ("why", "since", "task_at", "expected"),
    [
        ("cts:trace:list is not granted", None, NOW - DAY, "cts:trace:list is not granted"),
        ("", ALL_READ, NOW - DAY, UNEXPLAINED),
        ("", ALL_READ, ALL_READ + MARGIN, UNEXPLAINED),
        ("", ALL_READ, ALL_READ + MARGIN - TICK, TOO_OLD),
        ("", None, NOW - DAY, TOO_OLD),
    ],
)
def test_where_nobody_is_named_it_says_why(why: str, since: Any, task_at: Any, expected: str) -> None:
    deletion = a_task("d", operation="delete", backup_id="b", created_at=task_at)

    found = who(estate([], deletion, since=since, why_not=why), failed("gone", [deletion]))

    assert found == Attribution(why_not=expected)


def test_where_not_all_traces_were_read_others_may_be_missing() -> None:
    assert who(estate([a_trace()], why_not="cut off")) == Attribution(
        named=(Witnessed(a_trace(), "run-2"),), why_not="cut off"
    )


def test_of_many_the_oldest_are_named_and_the_rest_are_counted() -> None:
    traces = [a_trace(f"{number:02}", at=NOW - DAY + number * HOUR) for number in range(MOST + 2)]

    found = who(estate(traces))

    assert found
    assert named(found) == [f"{number:02}" for number in range(MOST)]
    assert found.more == 2


def passed_on(*traces: Trace, more: int = 0) -> EarlierRun:
    pair = "CBR-1", SubjectKind.VAULT, "vault-1"
    told = Attribution(named=tuple(Witnessed(trace, "run-1") for trace in traces), more=more)
    return EarlierRun(as_of=NOW - DAY, failing={pair: NOW - 30 * DAY}, named={pair: told})


def test_whom_the_run_before_named_stays_named_when_the_trail_has_forgotten_him() -> None:
    eve = a_trace("eve", at=NOW - 30 * DAY)

    found = who(estate([], why_not="not granted"), earlier=passed_on(eve, more=3))

    assert found == Attribution(named=(Witnessed(eve, "run-1"),), more=3, why_not="not granted")


def test_what_is_read_again_is_of_this_run_and_named_once() -> None:
    eve, bob = a_trace("eve", at=NOW - 32 * DAY), a_trace("bob", at=NOW - 31 * DAY)

    found = who(estate([bob], since=NOW - 60 * DAY), earlier=passed_on(eve, bob))

    assert found
    assert [(each.trace.id, each.run) for each in found.named] == [("eve", "run-1"), ("bob", "run-2")]


def test_who_did_what_the_finding_no_longer_rests_on_is_named_no_more() -> None:
    deletion = a_task("d", operation="delete", backup_id="b")
    eve = a_trace("eve", at=NOW - 30 * DAY)

    assert named(who(estate([], deletion), failed("gone", [deletion]), earlier=passed_on(eve))) == []


def test_what_cannot_be_judged_for_a_while_forgets_nobody() -> None:
    eve = a_trace("eve", at=NOW - 2 * DAY)

    assert named(who(estate([]), unknown("not read"), earlier=passed_on(eve))) == ["eve"]


def test_every_control_that_a_person_can_make_fail_says_by_what() -> None:
    assert {control.id for control in CONTROLS if control.deeds} == {
        *("CBR-111", "CBR-114", "CBR-115", "CBR-117", "CBR-201", "CBR-202", "CBR-203", "CBR-204", "CBR-205"),
        *("CBR-206", "CBR-301"),
        *("CBR-302", "CBR-303", "CBR-404", "CBR-407", "CBR-501", "CBR-502", "CBR-503"),
    }


def test_who_switched_a_policy_off_is_named_at_the_policy_and_at_its_vault() -> None:
    off = a_policy(enabled=False)
    trace = a_trace(deed=Deed.CHANGE_POLICY, ids=frozenset({"policy-1"}))
    vaults = [a_vault(resources=(a_protected(),))]
    former = a_former([a_policy()], vaults)
    read = a_collection(trail=Trail.of([trace], ALL_READ))
    subjects = arranged((), [off], vaults, read, former=former)

    findings = evaluate(subjects, CONTROLS, requirements())
    earlier = EarlierRun(as_of=NOW - 2 * HOUR, controls={control.id for control in CONTROLS})
    found = attribute(findings, subjects, CONTROLS, "run-2", earlier)

    by_eve = {control for (control, _kind, _id), each in found.items() if each.named}
    assert by_eve >= {"CBR-114", "CBR-201", "CBR-301"}


def test_a_control_that_judges_traces_names_those_that_it_found() -> None:
    by_ci = a_trace("T-2", actor=Actor(name="ci"))
    trail = Trail.of([a_trace("T-1", resource_id=None, ids=frozenset()), by_ci, a_trace("t-3")], NOW - 6 * DAY)
    subjects = Subjects(resources=(), policies=(), vaults=(), collection=a_collection(trail=trail))
    judging = [control for control in CONTROLS if control.id in {"CBR-114", "CBR-115"}]
    findings = evaluate(subjects, judging, requirements(limits(trusted_actors=frozenset({"ci"}))))
    found = attribute(findings, subjects, judging, "run-2", EarlierRun())

    assert {pair: named(each) for pair, each in found.items()} == {
        ("CBR-115", "collection", "project-1"): ["T-1", "t-3"]
    }
