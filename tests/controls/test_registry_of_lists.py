"""Rules that hold for every control that judges policies, vaults, recovery points or what could be protected."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from audit.collection import Kind
from audit.controls import CONTROLS
from audit.judging.evaluate import evaluate
from audit.judging.findings import Control, Outcome
from audit.subjects import Limits, SubjectKind
from tests.builders import DAY, a_collection, a_protectable, arranged, limits, requirements
from tests.controls.random_inventory import (
    Judged,
    a_random_collection,
    a_random_policy,
    a_random_policy_subject,
    a_random_resource_with_points,
    a_random_vault,
    a_random_vault_with_points,
    some_backups,
    some_points,
    without_some_rows,
)

pytestmark = pytest.mark.no_cover  # other tests reach every line, and tracing takes as long as the test

MAKERS: dict[SubjectKind, Callable[[random.Random], Judged]] = {
    SubjectKind.POLICY: a_random_policy_subject,
    SubjectKind.RESOURCE: a_random_resource_with_points,
    SubjectKind.VAULT: a_random_vault_with_points,
    SubjectKind.COLLECTION: a_random_collection,
}
JUDGED_BY = [(control, kind) for control in CONTROLS if control.id[4] in "2345" for kind in control.kinds]
EVERY = pytest.mark.parametrize(("control", "kind"), JUDGED_BY, ids=lambda part: getattr(part, "id", part))
EVERY_THAT_WEIGHS = pytest.mark.parametrize(
    ("control", "kind"),
    [(control, kind) for control, kind in JUDGED_BY if control.weighs_gaps],
    ids=lambda part: getattr(part, "id", part),
)
DEMANDING = limits(
    max_interval=2 * DAY,
    max_retention=60 * DAY,
    min_weekly_copies=4,
    required_tags=("owner",),
    replication_regions=("eu-west-0",),
    min_backup_size=50,
)


@EVERY
def test_the_random_subjects_comply_and_do_not(control: Control[Any], kind: SubjectKind) -> None:
    chance = random.Random(control.id)  # noqa: S311  # repeatable
    outcomes = Counter(control.judge(MAKERS[kind](chance), DEMANDING).outcome for _ in range(400))

    assert min(outcomes[Outcome.PASS], outcomes[Outcome.FAIL]) >= 10, outcomes


@EVERY_THAT_WEIGHS
@pytest.mark.parametrize("allowed", [limits(), DEMANDING])
def test_no_missing_row_makes_a_verdict_better(control: Control[Any], kind: SubjectKind, allowed: Limits) -> None:
    chance = random.Random(control.id)  # noqa: S311  # repeatable
    for _ in range(400):
        complete = MAKERS[kind](chance)
        gappy = without_some_rows(chance, complete)
        judged, truth = control.judge(gappy, allowed), control.judge(complete, allowed)

        assert judged.outcome in {Outcome.UNKNOWN, truth.outcome}, (control.id, complete, gappy)
        assert set(judged.tasks) <= {task.id for task in getattr(gappy, "tasks", ())}


@EVERY
def test_a_pass_or_a_failure_names_evidence(control: Control[Any], kind: SubjectKind) -> None:
    chance = random.Random(control.id)  # noqa: S311  # repeatable
    for _ in range(200):
        verdict = control.judge(MAKERS[kind](chance), DEMANDING)
        if verdict.outcome in {Outcome.PASS, Outcome.FAIL}:
            assert verdict.tasks or verdict.facts
        assert len(set(verdict.tasks)) == len(verdict.tasks)


@pytest.mark.parametrize("seed", range(30))
def test_the_order_of_the_lists_does_not_matter(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # repeatable
    tasks = some_backups(chance)
    points = list(some_points(chance, tasks))
    policies = [a_random_policy(chance, f"policy-{number}") for number in range(3)]
    vaults = [a_random_vault(chance, f"vault-{number}") for number in (1, 2)]
    protectables = [a_protectable(f"server-{number}", parts=("disk-1",)) for number in range(3)]
    collection = a_collection(asked=frozenset(Kind))

    def found() -> Any:
        lists: dict[str, Any] = {"backups": points, "protectables": protectables}
        return evaluate(arranged(tasks, policies, vaults, collection, **lists), CONTROLS, requirements(DEMANDING))

    in_order = found()
    for rows in (tasks, points, policies, vaults, protectables):
        chance.shuffle(rows)

    assert found() == in_order
