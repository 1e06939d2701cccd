"""Rules that hold for every control of the catalogue."""

import random
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit import controls
from audit.collection import Kind
from audit.controls import CONTROLS
from audit.judging.evaluate import evaluate
from audit.judging.findings import Control, Outcome
from audit.records import Task
from audit.report.contents import remedy
from audit.subjects import Collection, Limits, Memory, Protection, Resource, Subject, SubjectKind, VaultSubject
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    a_backup,
    a_collection,
    a_policy,
    a_policy_subject,
    a_resource,
    a_vault,
    a_vault_subject,
    arranged,
    limits,
    requirements,
)
from tests.controls.random_resources import a_random_resource, with_a_gap

pytestmark = pytest.mark.no_cover  # other tests reach every line, and tracing takes as long as the test

EVERY = pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
OF_TASKS = [
    (control, kind)
    for control in CONTROLS
    for kind in control.kinds
    if kind in {SubjectKind.RESOURCE, SubjectKind.VAULT}
]
EVERY_OF_TASKS = pytest.mark.parametrize(("control", "kind"), OF_TASKS, ids=lambda part: getattr(part, "id", part))
EVERY_THAT_WEIGHS = pytest.mark.parametrize(
    ("control", "kind"),
    [(control, kind) for control, kind in OF_TASKS if control.weighs_gaps],
    ids=lambda part: getattr(part, "id", part),
)
FILES = sorted(path.stem for path in Path(controls.__path__[0]).glob("cbr_*.py"))
COMPLETE_LOG_IS_EVIDENCE = {("CBR-111", "vault")}  # that nothing was taken away can only show in a complete log
A_VAULT_IS_EVIDENCE = {"CBR-502", "CBR-503"}  # that a vault holds a resource, and with which disks, needs no log
LIMITS = [limits(), limits(max_backup_age=None, repair_within=None, max_skipped_runs=1), limits(min_success_rate=50)]


OF_RUNS = [
    control
    for control in CONTROLS
    if control.id[4] in "16"
    and SubjectKind.RESOURCE in control.kinds
    and control.weighs_gaps
    and control.id not in {"CBR-111", "CBR-114"}
]
"""What judges the runs of resources; the other two look at what was taken away, or became weaker."""
EVERY_OF_RUNS = pytest.mark.parametrize("control", OF_RUNS, ids=lambda control: control.id)
WEIGHED_BY_THEIR_OWN_TESTS = {"CBR-115", "CBR-116", "CBR-117", "CBR-901", "CBR-902", "CBR-903", "CBR-904"}


GIVEN = {
    "pass": "passed",
    "fail": "failed",
    "unknown": "unknown|unread|gone_or_unread",
    "not_applicable": "not_applicable|gone_or_unread",
}


def file_of(control: Control[Any]) -> str:
    return f"audit/controls/{control.id}_{control.name}.py".lower().replace("-", "_")


def a_subject(kind: SubjectKind, *tasks: Task, **changes: Any) -> Resource | VaultSubject:
    return a_resource(*tasks, **changes) if kind is SubjectKind.RESOURCE else a_vault_subject(*tasks, **changes)


def some_tasks(chance: random.Random) -> list[Task]:
    """Tasks of every operation and status over 30 days, oldest first; deletions name backups that were made."""
    operations = ["backup"] * 6 + ["restore", "delete", "remove_resource", "vault_delete", "sync"]
    if chance.random() < 0.7:
        operations = operations[:8]
    tasks = [
        a_backup(
            chance.randrange(30 * 24) * HOUR,
            chance.choice(["success"] * 4 + ["failed", "timeout", "skipped", "running", "waiting", "paused"]),
            task_id=f"task-{number}",
            operation=chance.choice(operations),
            backup_id=f"backup-{chance.randrange(6)}",
            resource_id=chance.choice(["server-1", "server-1", None]),
        )
        for number in range(chance.randrange(12))
    ]
    return sorted(tasks, key=lambda task: (task.created_at, task.id))


def test_ids_are_unique_and_ascending() -> None:
    ids = [control.id for control in CONTROLS]

    assert ids == sorted(set(ids))


def test_every_file_is_listed() -> None:
    assert [Path(file_of(control)).stem for control in CONTROLS] == FILES, "audit/judging/control_catalogue.py (NAMES)"


def test_what_weighs_gaps_itself_is_held_against_gaps() -> None:
    held = {control.id for control, _kind in OF_TASKS} | {control.id for control in OF_RUNS}
    weighing = {control.id for control in CONTROLS if control.weighs_gaps and control.id[4] not in "2345"}

    assert weighing - held == WEIGHED_BY_THEIR_OWN_TESTS, (
        "weighs_gaps: leave it out, or hold the control against gaps in this file or in test_registry_of_lists.py"
    )


def test_every_control_has_its_own_tests() -> None:
    assert sorted(path.stem for path in Path(__file__).parent.glob("test_cbr_*.py")) == [
        f"test_{name}" for name in FILES
    ], "tests/controls/test_cbr_NNN_name.py"


@EVERY
def test_id_and_name_have_their_form(control: Control[Any]) -> None:
    assert re.fullmatch(r"CBR-[1-69][0-9]{2}", control.id)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", control.name)


@EVERY
def test_the_documentation_says_why_how_and_what_to_do(control: Control[Any]) -> None:
    first, *lines = control.doc.splitlines()
    headings = [line for line in lines if line and not line.startswith(" ")]

    assert first.startswith(f"{control.id} {control.name}: ")
    assert first.endswith(".")
    assert headings == ["Why it matters", "How it is judged", "How to fix it"]
    assert remedy(control).endswith(".")


@EVERY
def test_the_documentation_names_every_outcome_that_the_code_gives(control: Control[Any]) -> None:
    judged = control.doc.split("How it is judged\n")[1].split("How to fix it")[0]
    named = set(re.findall(r"^    (pass|fail|unknown|not_applicable) +\S", judged, re.MULTILINE))
    code = Path(controls.__path__[0], Path(file_of(control)).name).read_text()
    given = {word for word, code_of in GIVEN.items() if re.search(rf"return ({code_of})\(", code)}

    assert named == given, file_of(control)


@EVERY
def test_the_title_is_a_sentence_that_is_true_when_compliant(control: Control[Any]) -> None:
    assert not control.title.startswith("Ensure")
    assert control.title[0].isupper()
    assert not control.title.endswith(".")
    assert len(control.title.split()) > 2


@EVERY
def test_it_judges_at_least_one_kind_and_each_once(control: Control[Any]) -> None:
    assert control.kinds
    assert len(set(control.kinds)) == len(control.kinds)


@EVERY_THAT_WEIGHS
def test_no_evidence_is_never_a_pass(control: Control[Any], kind: SubjectKind) -> None:
    silent = a_subject(kind, policies=None, log_complete=False)
    unseen: dict[str, Any] = {"vaults": (), "places": ()} if kind is SubjectKind.RESOURCE else {"vault": None}

    if control.id not in A_VAULT_IS_EVIDENCE:
        assert control.judge(silent, limits()).outcome in {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE}, file_of(control)
    silent = replace(silent, vaults_complete=False, **unseen)
    assert control.judge(silent, limits()).outcome in {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE}, file_of(control)


@EVERY_OF_TASKS
def test_silence_in_a_complete_log_is_no_pass_either(control: Control[Any], kind: SubjectKind) -> None:
    outcome = control.judge(a_subject(kind, policies=()), limits()).outcome
    may_pass = (control.id, kind) in COMPLETE_LOG_IS_EVIDENCE or control.id in A_VAULT_IS_EVIDENCE

    assert (outcome is Outcome.PASS) == may_pass, file_of(control)


@pytest.mark.parametrize("control", [control for control in CONTROLS if SubjectKind.COLLECTION in control.kinds])
def test_a_collection_that_was_not_read_is_never_a_pass(control: Control[Collection]) -> None:
    memory = Memory(run="run-1", until=NOW - DAY, policies={}, resources={})
    unread = Protection(against="run-1", doubt="what the run before saw was not read")

    assert control.judge(a_collection(*Kind, memory=memory, protection=unread), limits()).outcome is Outcome.UNKNOWN
    assert control.judge(a_collection(*Kind), limits()).outcome in {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE}


@EVERY_THAT_WEIGHS
@pytest.mark.parametrize("allowed", LIMITS)
def test_a_gap_leads_to_unknown_or_to_what_the_complete_log_says(
    control: Control[Any], kind: SubjectKind, allowed: Any
) -> None:
    chance = random.Random(control.id)  # noqa: S311  # repeatable
    policies = [(), (a_policy_subject(),), (a_policy_subject(a_policy(retention_days=None, max_backups=2)),)]
    for _ in range(80):
        complete = a_subject(kind, *some_tasks(chance), policies=chance.choice(policies))
        remaining = tuple(task for task in complete.tasks if chance.random() < 0.7)
        gappy = replace(complete, tasks=remaining, log_complete=False)
        judged, truth = control.judge(gappy, allowed), control.judge(complete, allowed)

        assert judged.outcome in {Outcome.UNKNOWN, truth.outcome}, (file_of(control), complete, remaining)
        assert set(judged.tasks) <= {task.id for task in remaining}


@EVERY_THAT_WEIGHS
def test_the_same_log_with_a_gap_is_never_judged_better(control: Control[Any], kind: SubjectKind) -> None:
    chance = random.Random(control.id)  # noqa: S311  # repeatable
    for _ in range(150):
        complete = a_subject(kind, *some_tasks(chance))
        gappy = replace(complete, log_complete=False, policies=chance.choice([complete.policies, None]))

        assert control.judge(gappy, limits()).outcome in {Outcome.UNKNOWN, control.judge(complete, limits()).outcome}


@EVERY_OF_RUNS
@pytest.mark.parametrize("allowed", LIMITS)
def test_no_gap_in_any_list_makes_a_verdict_better(control: Control[Resource], allowed: Limits) -> None:
    chance = random.Random(control.id)  # noqa: S311  # repeatable
    for _ in range(60):
        complete = a_random_resource(chance, *(some_tasks(chance) if chance.random() < 0.2 else ()))
        gappy = with_a_gap(chance, complete)
        judged, truth = control.judge(gappy, allowed), control.judge(complete, allowed)

        assert judged.outcome in {Outcome.UNKNOWN, truth.outcome}, (file_of(control), complete, gappy)
        assert set(judged.tasks) <= {task.id for task in gappy.tasks}


@EVERY_OF_RUNS
def test_the_random_resources_comply_and_do_not(control: Control[Resource]) -> None:
    chance = random.Random(control.id)  # noqa: S311  # repeatable
    outcomes = Counter(control.judge(a_random_resource(chance), LIMITS[1]).outcome for _ in range(150))

    assert min(outcomes[outcome] for outcome in (Outcome.PASS, Outcome.FAIL)) >= 4, outcomes


@EVERY_OF_TASKS
def test_a_pass_or_a_failure_names_evidence(control: Control[Any], kind: SubjectKind) -> None:
    chance = random.Random(control.id)  # noqa: S311  # repeatable
    for _ in range(150):
        subject: Subject = a_subject(kind, *some_tasks(chance))
        verdict = control.judge(subject, limits())
        if verdict.outcome in {Outcome.PASS, Outcome.FAIL}:
            assert verdict.tasks or verdict.facts
        assert len(set(verdict.tasks)) == len(verdict.tasks)


@pytest.mark.parametrize("seed", range(30))
def test_the_order_of_what_was_read_does_not_matter(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # repeatable
    resource = a_random_resource(chance, *some_tasks(chance))
    tasks, backups = list(resource.tasks), list(resource.recovery_points or ())
    policies = [subject.policy for subject in resource.policies or ()]
    in_order = evaluate(arranged(tasks, policies, resource.vaults, backups=backups), CONTROLS, requirements())
    for rows in (tasks, policies, backups):
        chance.shuffle(rows)
    again = arranged(tasks, policies, resource.vaults, backups=backups)

    assert evaluate(again, CONTROLS, requirements()) == in_order


@EVERY
def test_judging_twice_gives_the_same_verdict(control: Control[Any]) -> None:
    subjects = arranged([a_backup(3 * DAY), a_backup(DAY, "failed")], [a_policy()], [a_vault()])

    assert evaluate(subjects, [control], requirements()) == evaluate(subjects, [control], requirements())
