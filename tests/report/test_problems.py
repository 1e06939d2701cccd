import pytest
from msgspec.structs import replace

from audit.judging.findings import Severity
from audit.records import Task
from audit.report.problems import Problem
from audit.subjects import SubjectKind
from tests.builders import DAY, HOUR, NOW, a_backup, a_point, a_policy, a_task, a_vault, arranged
from tests.report.test_contents import GOOD, RESOURCE_ONLY, report_on

FULL = "BackupService.6114"
ENLARGE = "The vault is full: enlarge it, or let it expand by itself."


def the_problem(*tasks: Task, ids: tuple[str, ...] = ()) -> Problem:
    """The one problem of a protected resource."""
    (problem,) = report_on(arranged(tasks, [a_policy()], [a_vault()], backups=[a_point(40 * DAY)]), *ids).problems
    return problem


def test_the_failures_of_a_subject_are_one_problem_and_the_worst_leads() -> None:
    failures = [a_backup(age * DAY, "failed", error_code=FULL) for age in (4, 3, 2)]
    problem = the_problem(a_backup(9 * DAY), *failures, ids=("CBR-103", "CBR-104", "CBR-101", "CBR-105"))

    assert (problem.kind, problem.id, problem.name) == (SubjectKind.RESOURCE, "server-1", "name of server-1")
    assert (problem.control, problem.severity) == ("CBR-101", Severity.CRITICAL)
    assert problem.also == ("CBR-104", "CBR-105", "CBR-103")
    assert problem.since == "2026-11-14T04:00:00Z"


def test_the_newest_task_that_did_not_succeed_gives_error_and_advice() -> None:
    older, newer = a_backup(3 * DAY, "failed", error_code="odd"), a_backup(2 * DAY, "failed", error_code=FULL)
    problem = the_problem(a_backup(9 * DAY), older, newer, ids=("CBR-101", "CBR-105"))

    assert (problem.task, problem.error, problem.todo) == ("backup-48h", FULL, ENLARGE)


def test_the_worst_control_chooses_the_task_where_it_names_one_that_did_not_succeed() -> None:
    stuck = a_backup(2 * DAY, "running")
    failed = [a_backup(age * HOUR, "failed", error_code=FULL) for age in (5, 4, 3)]
    problem = the_problem(a_backup(3 * DAY), stuck, *failed, ids=("CBR-104", "CBR-106"))

    assert (problem.control, problem.task, problem.todo) == ("CBR-104", "backup-3h", ENLARGE)


@pytest.mark.parametrize("code", [None, "BackupService.1"])
def test_without_a_known_error_the_control_says_what_to_do(code: str | None) -> None:
    problem = the_problem(a_backup(9 * DAY), a_backup(2 * DAY, "failed", error_code=code), ids=("CBR-105",))

    assert (problem.task, problem.error) == ("backup-48h", code or "")
    assert problem.todo == "Repair the cause that the failed task names, then start a manual backup."


def test_a_problem_that_only_a_success_shows_names_it_without_error() -> None:
    problem = the_problem(a_backup(9 * DAY), ids=("CBR-101",))

    assert (problem.task, problem.error) == ("backup-216h", "")


def test_a_problem_without_any_task_names_none() -> None:
    problem = the_problem(ids=("CBR-101",))

    assert (problem.task, problem.error, problem.since) == ("", "", "2026-10-24T04:00:00Z")


def test_the_removal_behind_a_problem_of_a_vault_is_named() -> None:
    removal = a_backup(DAY, operation="remove_resource", task_id="removal", resource_id="gone")
    problem = the_problem(removal, a_backup(HOUR), ids=("CBR-111", "CBR-301"))

    assert (problem.kind, problem.task, problem.also) == (SubjectKind.VAULT, "removal", ())


def test_a_vault_is_not_blamed_with_the_errors_of_its_resources() -> None:
    subjects = arranged([a_backup(HOUR, "failed", error_code=FULL)], [], [a_vault()])
    (problem,) = report_on(subjects, "CBR-301").problems

    assert (problem.error, problem.since, problem.task) == ("", "", "")


def test_the_collection_can_be_a_problem_and_names_the_error_of_its_task() -> None:
    loose = a_task("loose", operation="sync", resource_id=None, vault_id=None, vault_name=None)
    stuck = replace(loose, status="running", created_at=NOW - 2 * DAY, error_code=FULL)
    (problem,) = report_on(arranged([stuck]), "CBR-106").problems

    assert (problem.kind, problem.id, problem.control) == (SubjectKind.COLLECTION, "project-1", "CBR-106")
    assert (problem.task, problem.error, problem.todo) == ("loose", FULL, ENLARGE)


def test_a_policy_can_be_a_problem() -> None:
    (problem,) = report_on(arranged(policies=[a_policy(enabled=False)]), "CBR-201").problems

    assert (problem.kind, problem.id, problem.name, problem.task) == (SubjectKind.POLICY, "policy-1", "daily", "")


def test_they_come_worst_first_then_by_age_then_by_id() -> None:
    policies = [a_policy("policy-3", vault_ids=frozenset({"vault-1", "vault-2"}))]
    unused = [a_policy(f"policy-{number}", enabled=False, vault_ids=frozenset({"other"})) for number in (2, 1)]
    vaults = [a_vault("vault-1", "c", "b", "a"), a_vault("vault-2", "d")]
    tasks = [
        a_backup(5 * DAY, resource_id="a"),
        a_backup(9 * DAY, resource_id="b"),
        a_backup(9 * DAY, resource_id="c", task_id="other"),
        a_backup(HOUR, resource_id="d"),
    ]
    report = report_on(arranged(tasks, [*policies, *unused], vaults), "CBR-101", "CBR-201")

    assert [problem.id for problem in report.problems] == ["b", "c", "a", "policy-1", "policy-2"]


def test_the_same_id_of_two_kinds_is_two_problems() -> None:
    held = a_vault("same", "same")
    old = a_point(40 * DAY, resource_id="same", vault_id="same")
    subjects = arranged(policies=[a_policy("same", enabled=False)], vaults=[held], backups=[old])
    found = report_on(subjects, "CBR-101", "CBR-201").problems

    assert [(problem.kind, problem.id) for problem in found] == [("resource", "same"), ("policy", "same")]


def test_passes_and_unknowns_are_no_problems() -> None:
    subjects = arranged([GOOD, a_task("odd", resource_id="unaccounted")], [a_policy()], [a_vault()])

    assert report_on(subjects, *RESOURCE_ONLY).problems == ()
