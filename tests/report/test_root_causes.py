from collections import Counter
from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from audit.judging.findings import Finding, Outcome, Severity, Verdict
from audit.records import Policy, Task, Vault
from audit.report.cause_rules import CAUSES, RUNS, Cause, _always
from audit.report.problems import find_problems
from audit.report.root_causes import fold
from audit.subjects import SubjectKind, Subjects, Waiver
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    a_backup,
    a_policy,
    a_policy_subject,
    a_protected,
    a_vault,
    a_vault_subject,
    arranged,
)

R, P, V, C = SubjectKind.RESOURCE, SubjectKind.POLICY, SubjectKind.VAULT, SubjectKind.COLLECTION
NAMED = sorted({control for cause in CAUSES for control in (cause.control, *cause.explains)} | RUNS)
FULL = "BackupService.6114"
OFF = a_policy(enabled=False)
HOLLOW = {
    "CBR-101": Severity.CRITICAL,
    "CBR-102": Severity.HIGH,
    "CBR-104": Severity.HIGH,
    "CBR-401": Severity.HIGH,
    "CBR-404": Severity.HIGH,
}


def a_failure(control: str, kind: SubjectKind = R, subject_id: str = "server-1", *tasks: str, **facts: Any) -> Finding:
    severity = facts.pop("severity", Severity.HIGH)
    verdict = Verdict(Outcome.FAIL, f"{control} failed", tuple(facts.items()), tasks)
    return Finding(control=control, kind=kind, id=subject_id, name=subject_id, severity=severity, verdict=verdict)


def estate(
    *tasks: Task, policies: Iterable[Policy] = (a_policy(),), vaults: Iterable[Vault] = (a_vault(),)
) -> Subjects:
    return arranged(tasks, policies, vaults)


def folded(subjects: Subjects, *failures: Finding) -> dict[str, list[str]]:
    return {
        f"{cause.control} {cause.id}": [f"{each.control} {each.id}" for each in below]
        for cause, below in fold(failures, subjects)
    }


def test_successes_that_made_nothing_are_one_problem_of_their_resource() -> None:
    failures = [a_failure(control, severity=severity) for control, severity in HOLLOW.items()]

    assert folded(estate(), *failures) == {
        "CBR-101 server-1": ["CBR-102 server-1", "CBR-104 server-1", "CBR-401 server-1", "CBR-404 server-1"]
    }


def test_a_disabled_policy_explains_its_vaults_and_what_they_hold() -> None:
    subjects = estate(policies=[OFF], vaults=[a_vault("vault-1", "a", "b")])
    failures = [a_failure("CBR-101", R, "a"), a_failure("CBR-301", V, "vault-1"), a_failure("CBR-201", P, "policy-1")]

    assert folded(subjects, *failures, a_failure("CBR-101", R, "b")) == {
        "CBR-201 policy-1": ["CBR-101 a", "CBR-101 b", "CBR-301 vault-1"]
    }


@pytest.mark.parametrize(
    "cause",
    [cause for cause in CAUSES if cause.when is not _always],
    ids=lambda cause: f"{cause.control} {cause.explains[0]}",
)
def test_a_condition_holds_of_no_subject_that_has_nothing_to_do_with_it(cause: Cause) -> None:
    failure = a_failure(cause.control, V, "vault-1", "task-0")

    assert not cause.when(failure, a_vault_subject())
    assert not cause.when(failure, a_policy_subject())


def test_a_vault_without_policy_explains_what_it_holds() -> None:
    failures = [a_failure("CBR-101"), a_failure("CBR-113"), a_failure("CBR-301", V, "vault-1")]

    assert folded(estate(policies=()), *failures) == {"CBR-301 vault-1": ["CBR-101 server-1", "CBR-113 server-1"]}


def test_a_disabled_policy_explains_a_resource_without_the_help_of_the_vault() -> None:
    failures = [a_failure("CBR-101"), a_failure("CBR-201", P, "policy-1")]

    assert folded(estate(policies=[OFF]), *failures) == {"CBR-201 policy-1": ["CBR-101 server-1"]}


@pytest.mark.parametrize("policies", [[OFF, a_policy("policy-2")], [OFF, a_policy("policy-2", patterns=("odd",))]])
def test_where_another_policy_makes_backups_or_may_do_so_the_disabled_one_explains_nothing(
    policies: list[Policy],
) -> None:
    failures = [a_failure("CBR-101"), a_failure("CBR-201", P, "policy-1")]

    assert folded(estate(policies=policies), *failures) == {"CBR-101 server-1": [], "CBR-201 policy-1": []}


def test_a_disabled_policy_explains_nothing_of_what_its_vault_exempts() -> None:
    exempt = a_vault(resources=(a_protected(auto_protect=False),))
    failures = [a_failure("CBR-101"), a_failure("CBR-201", P, "policy-1"), a_failure("CBR-501")]

    assert folded(estate(policies=[OFF], vaults=[exempt]), *failures) == {
        "CBR-201 policy-1": [],
        "CBR-501 server-1": ["CBR-101 server-1"],
    }


def test_a_policy_explains_nothing_of_a_vault_that_it_is_not_applied_to() -> None:
    failures = [a_failure("CBR-301", V, "vault-1"), a_failure("CBR-201", P, "policy-1")]
    elsewhere = a_policy(enabled=False, vault_ids=frozenset({"vault-2"}))

    assert len(folded(estate(policies=[elsewhere]), *failures)) == 2


@pytest.mark.parametrize(
    ("task", "explained"),
    [
        (a_backup(HOUR, "failed", error_code=FULL), True),
        (a_backup(HOUR, "skipped", error_code="BackupService.6113"), True),
        (a_backup(HOUR, "failed", error_code=FULL, vault_id=None, vault_name=None), True),
        (a_backup(HOUR, "failed", error_code=FULL, vault_id="vault-2"), False),
        (a_backup(HOUR, "failed", error_code="BackupService.7101"), False),
        (a_backup(HOUR, "failed"), False),
    ],
)
@pytest.mark.parametrize("control", ["CBR-101", "CBR-102", "CBR-103", "CBR-104", "CBR-105", "CBR-107"])
def test_a_full_vault_explains_backups_that_it_turned_away(control: str, task: Task, explained: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    subjects = estate(a_backup(DAY, "failed", error_code=FULL), task)
    found = folded(subjects, a_failure(control), a_failure("CBR-304", V, "vault-1"))

    assert (found == {"CBR-304 vault-1": [f"{control} server-1"]}) is explained


def test_a_full_vault_does_not_explain_a_resource_that_never_ran() -> None:
    assert len(folded(estate(), a_failure("CBR-101"), a_failure("CBR-304", V, "vault-1"))) == 2


def test_a_resource_that_the_policy_passes_by_has_no_runs() -> None:
    failures = [a_failure("CBR-101", severity=Severity.CRITICAL), a_failure("CBR-501")]

    assert folded(estate(), *failures) == {"CBR-501 server-1": ["CBR-101 server-1"]}


def test_a_backup_that_does_not_end_explains_the_runs_behind_it() -> None:
    stuck = a_backup(3 * DAY, "running", task_id="stuck")
    failures = [a_failure("CBR-101"), a_failure("CBR-102"), a_failure("CBR-106", R, "server-1", "stuck")]

    assert folded(estate(stuck), *failures) == {"CBR-106 server-1": ["CBR-101 server-1", "CBR-102 server-1"]}


def test_a_restore_that_does_not_end_explains_no_backup() -> None:
    stuck = a_backup(3 * DAY, "running", task_id="stuck", operation="restore")
    critical = a_failure("CBR-101", severity=Severity.CRITICAL)

    assert folded(estate(stuck), a_failure("CBR-106", R, "server-1", "stuck"), critical) == {
        "CBR-101 server-1": ["CBR-106 server-1"]
    }


@pytest.mark.parametrize(("age", "explained"), [(7 * DAY, True), (7 * DAY + HOUR, False)])
def test_a_policy_that_runs_too_rarely_explains_an_old_backup_that_is_as_it_planned(
    age: Any, explained: bool  # noqa: FBT001 - pytest gives it by name
) -> None:  # fmt: skip
    weekly = a_policy(patterns=("FREQ=WEEKLY;BYDAY=MO;BYHOUR=2;BYMINUTE=0",))
    found = folded(estate(a_backup(age), policies=[weekly]), a_failure("CBR-101"), a_failure("CBR-202", P, "policy-1"))

    assert ("CBR-101 server-1" not in found) is explained


def test_a_policy_that_runs_too_rarely_does_not_explain_that_nothing_ever_ran() -> None:
    assert len(folded(estate(), a_failure("CBR-101"), a_failure("CBR-202", P, "policy-1"))) == 2


@pytest.mark.parametrize(("operation", "explained"), [("backup", True), ("replication", False)])
def test_a_policy_that_keeps_backups_too_shortly_explains_how_long_they_are_kept(
    operation: str, explained: bool  # noqa: FBT001 - pytest gives it by name
) -> None:  # fmt: skip
    subjects = estate(policies=[a_policy(operation=operation)])
    found = folded(subjects, a_failure("CBR-403"), a_failure("CBR-203", P, "policy-1"))

    assert (found == {"CBR-203 policy-1": ["CBR-403 server-1"]}) is explained


def test_replication_that_is_switched_off_explains_vault_and_copies() -> None:
    subjects = estate(policies=[a_policy("copies", operation="replication", enabled=False)])
    failures = [a_failure("CBR-109"), a_failure("CBR-206", V, "vault-1"), a_failure("CBR-201", P, "copies")]

    assert folded(subjects, *failures) == {"CBR-201 copies": ["CBR-109 server-1", "CBR-206 vault-1"]}


def test_a_restore_that_broke_explains_a_vault_without_a_tested_one() -> None:
    failures = [a_failure("CBR-601", V, "vault-1"), a_failure("CBR-603")]

    assert folded(estate(), *failures) == {"CBR-603 server-1": ["CBR-601 vault-1"]}


REMOVAL = a_backup(DAY, task_id="removal", operation="remove_resource", resource_id=None, removed=("server-1",))


def test_what_was_taken_out_of_a_vault_explains_what_is_unprotected_and_that_the_vault_is_empty() -> None:
    subjects = estate(a_backup(2 * DAY), REMOVAL, vaults=[a_vault(resources=())])
    failures = [a_failure("CBR-302", V, "vault-1"), a_failure("CBR-503"), a_failure("CBR-111", V, "vault-1", "removal")]

    assert folded(subjects, *failures) == {"CBR-111 vault-1": ["CBR-302 vault-1", "CBR-503 server-1"]}


def test_a_vault_that_was_deleted_explains_what_is_unprotected() -> None:
    deletion = a_backup(DAY, task_id="deletion", operation="vault_delete", resource_id=None)
    failures = [a_failure("CBR-503"), a_failure("CBR-111", V, "vault-1", "deletion")]

    assert folded(estate(a_backup(2 * DAY), deletion, policies=(), vaults=()), *failures) == {
        "CBR-111 vault-1": ["CBR-503 server-1"]
    }


def test_a_deleted_backup_explains_no_empty_vault() -> None:
    subjects = estate(a_backup(DAY, task_id="deletion", operation="delete"))
    failures = [a_failure("CBR-302", V, "vault-1"), a_failure("CBR-111", V, "vault-1", "deletion")]

    assert len(folded(subjects, *failures)) == 2


def test_all_that_is_wrong_with_the_runs_of_a_resource_is_one_problem() -> None:
    failures = [a_failure(control) for control in RUNS]
    worst = a_failure("CBR-107", severity=Severity.CRITICAL)
    others = [failure for failure in failures if failure.control != "CBR-107"]

    assert folded(estate(), worst, *others) == {
        "CBR-107 server-1": sorted(f"{failure.control} server-1" for failure in others)
    }


def test_what_explains_the_worst_leads() -> None:
    stuck = a_backup(3 * DAY, "running", task_id="stuck")
    worst = a_failure("CBR-101", severity=Severity.CRITICAL)
    failures = [a_failure("CBR-103"), worst, a_failure("CBR-106", R, "server-1", "stuck", severity=Severity.MEDIUM)]

    assert folded(estate(stuck), *failures) == {"CBR-106 server-1": ["CBR-101 server-1", "CBR-103 server-1"]}


def test_what_has_another_cause_stays_a_problem_of_its_own() -> None:
    failures = [a_failure("CBR-101"), a_failure("CBR-402"), a_failure("CBR-502"), a_failure("CBR-106", V, "vault-1")]

    assert len(folded(estate(), *failures)) == 4


def test_a_subject_that_nobody_knows_keeps_its_failures() -> None:
    assert folded(estate(), a_failure("CBR-101", R, "stranger")) == {"CBR-101 stranger": []}


def test_the_table_has_no_circle() -> None:
    followers: dict[str, set[str]] = {}
    for cause in CAUSES:
        for effect in cause.explains:
            followers.setdefault(effect, set()).add(cause.control)

    assert list(TopologicalSorter(followers).static_order())


class TestProblem:
    def test_it_has_the_worst_severity_and_the_earliest_time(self) -> None:
        cause = a_failure("CBR-201", P, "policy-1", severity=Severity.MEDIUM, since="2026-11-20T00:00:00Z")
        late = a_failure("CBR-101", R, "a", severity=Severity.CRITICAL, since="2026-11-21T00:00:00Z")
        early = a_failure("CBR-101", R, "b", since="2026-11-19T00:00:00Z", or_earlier=True)
        subjects = estate(policies=[OFF], vaults=[a_vault("vault-1", "a", "b")])
        (problem,) = find_problems([early, late, cause], subjects, {"CBR-201": "Enable it."})

        assert (problem.control, problem.severity, problem.todo) == ("CBR-201", Severity.CRITICAL, "Enable it.")
        assert (problem.since, problem.or_earlier) == ("2026-11-19T00:00:00Z", True)
        assert [(each.control, each.kind, each.id) for each in problem.explains] == [
            ("CBR-101", R, "a"),
            ("CBR-101", R, "b"),
        ]
        assert problem.also == ()
        assert problem.subjects == ((P, "policy-1"), (R, "a"), (R, "b"))

    def test_failures_of_the_same_subject_are_named_by_their_control(self) -> None:
        failures = [a_failure("CBR-103"), a_failure("CBR-104"), a_failure("CBR-101", severity=Severity.CRITICAL)]
        (problem,) = find_problems(failures, estate(), {"CBR-101": "Look."})

        assert (problem.control, problem.also, problem.explains) == ("CBR-101", ("CBR-103", "CBR-104"), ())
        assert problem.subjects == ((R, "server-1"),)

    def test_what_somebody_accepts_is_neither_a_problem_nor_a_cause(self) -> None:
        waiver = Waiver(control="CBR-201", subject="*", owner="me", reason="moving", until=NOW + DAY)
        accepted = structs.replace(a_failure("CBR-201", P, "policy-1"), waiver=waiver)
        (problem,) = find_problems([accepted, a_failure("CBR-101")], estate(policies=[OFF]), {"CBR-101": "Look."})

        assert (problem.control, problem.explains) == ("CBR-101", ())


RESOURCES = ("a", "b", "c", "left")
TASKS = st.builds(
    a_backup,
    st.integers(1, 200).map(lambda hours: hours * HOUR),
    st.sampled_from(["success", "failed", "skipped", "running"]),
    task_id=st.sampled_from(["t1", "t2", "t3", "t4"]),
    operation=st.sampled_from(["backup", "backup", "restore", "remove_resource", "vault_delete"]),
    resource_id=st.sampled_from(RESOURCES),
    error_code=st.sampled_from([None, FULL]),
    vault_id=st.sampled_from(["vault-1", "vault-2", "vault-3", None]),
)
POLICIES = st.lists(
    st.builds(
        a_policy,
        st.sampled_from(["p1", "p2"]),
        enabled=st.booleans(),
        operation=st.sampled_from(["backup", "replication"]),
        vault_ids=st.frozensets(st.sampled_from(["vault-1", "vault-2"])),
    ),
    max_size=2,
)
HELD = st.frozensets(st.sampled_from(["a", "b", "c"])).map(lambda ids: tuple(map(a_protected, sorted(ids))))
VAULTS = st.tuples(HELD, HELD).map(
    lambda held: [a_vault("vault-1", resources=held[0]), a_vault("vault-2", resources=held[1])]
)
PLACES = st.sampled_from(
    [*((R, each) for each in RESOURCES), (P, "p1"), (P, "p2"), (V, "vault-1"), (V, "vault-2"), (C, "project-1")]
)
FAILURES = st.lists(
    st.builds(
        lambda control, place, severity, tasks: a_failure(control, *place, *tasks, severity=severity),
        st.sampled_from([*NAMED, "CBR-402", "CBR-904"]),
        PLACES,
        st.sampled_from(Severity),
        st.lists(st.sampled_from(["t1", "t2", "t3", "t4"]), max_size=2),
    ),
    unique_by=lambda failure: (failure.control, failure.kind, failure.id),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(TASKS, max_size=8), POLICIES, VAULTS, FAILURES)
@pytest.mark.no_cover
def test_every_failure_is_in_the_problems_exactly_once(
    tasks: list[Task], policies: list[Policy], vaults: list[Vault], failures: list[Finding]
) -> None:
    subjects = arranged(tasks, policies, vaults)
    todo = {failure.control: "Repair it." for failure in failures}
    problems = find_problems(failures, subjects, todo)

    told = Counter((problem.control, problem.kind, problem.id) for problem in problems)
    told.update((control, problem.kind, problem.id) for problem in problems for control in problem.also)
    told.update((each.control, each.kind, each.id) for problem in problems for each in problem.explains)
    assert told == Counter((failure.control, failure.kind, failure.id) for failure in failures)
    assert (
        find_problems(reversed(failures), subjects, {failure.control: "Repair it." for failure in failures}) == problems
    )
