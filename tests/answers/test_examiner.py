import json
from random import Random
from typing import Any

import pytest

from audit.answers.examiner import Examiner
from audit.answers.kinds import ANSWERS, Deviation, deviations
from audit.answers.strict_json import Unreadable, readable
from tests.builders import a_task_row
from tests.fuzz.mutator import ROWS, good_rows, mutate

TASKS = ANSWERS["operation_logs"]
NAMED = {"resource": {"id": "server-1", "name": "web-1", "type": "OS::Nova::Server"}}
DRIFTS: tuple[dict[str, Any], ...] = (
    {"colour": "blue"},
    {"colour": {"deep": [1, None]}, "provider_id": None},
    {"status": "paused"},
    {"error_info": None},
    {"error_info": {"code": 5, "message": "m"}},
    {"vault_name": 7},
    {"extra_info": {**NAMED, "common": {"progress": 101, "stage": "x"}}},
    {"extra_info": {**NAMED, "backup": {"incremental": 5}}},
    {"extra_info": {**NAMED, "remove_resources": {"resources": [{"id": "a", "type": "T"}]}}},
    {"project_id": None, "extra_info": {**NAMED, "common": [], "shade": 1}},
)


def explained(row: Any) -> list[Deviation]:
    return list(deviations(TASKS.documented.iter_errors(row)))


def in_order(seen: Any) -> list[str] | None:
    return None if seen is None else sorted(json.dumps(each, sort_keys=True) for each in seen)


def an_expert(*rows: Any) -> Examiner:
    """An examiner who has seen the deviations of rows."""
    examiner = Examiner(TASKS)
    for row in rows:
        examiner.examine(row)
    return examiner


@pytest.fixture
def explanations(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """One for each row that was explained."""
    seen: list[Any] = []

    def noted(errors: Any) -> Any:
        seen.append(errors)
        return deviations(errors)

    monkeypatch.setattr("audit.answers.examiner.deviations", noted)
    return seen


@pytest.mark.parametrize("change", DRIFTS, ids=str)
def test_what_was_explained_once_is_known(change: dict[str, Any], explanations: list[Any]) -> None:
    row = a_task_row(**change)
    examiner = an_expert(row)
    is_in_a_list = "remove_resources" in row["extra_info"]

    for _ in range(3):
        explanations.clear()
        assert in_order(examiner.examine(row)) == in_order(explained(row))
        assert bool(explanations) == is_in_a_list
    assert examiner.examine(a_task_row()) == ()


@pytest.mark.parametrize(
    ("change", "other"),
    [
        ({"colour": "blue"}, {"colour": ["red"]}),
        ({"vault_name": 7}, {"vault_name": 8}),
        ({"error_info": {"code": 5}}, {"error_info": {"code": 6, "message": ""}}),
    ],
)
def test_another_value_with_the_same_problem_is_known_too(
    change: dict[str, Any], other: dict[str, Any], explanations: list[Any]
) -> None:
    examiner = an_expert(a_task_row(**change))
    explanations.clear()

    assert in_order(examiner.examine(a_task_row(**other))) == in_order(explained(a_task_row(**other)))
    assert not explanations


@pytest.mark.parametrize(
    ("change", "other"),
    [
        ({"status": "paused"}, {"status": "parked"}),
        ({"vault_name": 7}, {"vault_name": []}),
        ({"extra_info": {**NAMED, "sync": {"x": 1}}}, {"extra_info": {**NAMED, "sync": 1}}),
        ({"colour": 1}, {"colour": 1, "shade": 2}),
        ({"colour": 1}, {"colour": 2**64 * 1.0}),
        ({"colour": 1}, {"colour": [[[[[[[1]]]]]]]}),
    ],
)  # fmt: skip
def test_what_is_not_surely_the_same_is_explained(
    change: dict[str, Any], other: dict[str, Any], explanations: list[Any]
) -> None:
    examiner = an_expert(a_task_row(**change))
    explanations.clear()

    assert examiner.examine(a_task_row(**other)) == explained(a_task_row(**other))
    assert explanations


def test_known_deviations_do_not_make_a_row_usable() -> None:
    odd = {"policy_id": "", "extra_info": None}
    examiner = an_expert(a_task_row(colour=1, **odd), a_task_row(operation_type="new"))

    assert examiner.examine(a_task_row(colour=1, status=None)) is None
    assert examiner.examine(a_task_row(colour=1, extra_info={"resource": {"id": 5}})) is None
    assert examiner.examine({**a_task_row(operation_type="new"), "id": ""}) is None
    assert examiner.examine("no row") is None


def test_a_row_may_lack_what_holds_a_known_deviation() -> None:
    examiner = an_expert(a_task_row(extra_info={**NAMED, "remove_resources": {}}))
    row = a_task_row(colour=1)
    examiner.examine(row)

    assert in_order(examiner.examine(row)) == in_order(explained(row))


def test_a_row_with_more_deviations_than_are_remembered_is_explained(explanations: list[Any]) -> None:
    row = a_task_row(**{f"field-{number}": number for number in range(500)})
    examiner = an_expert(row)
    explanations.clear()

    assert examiner.examine(row) == explained(row)
    assert explanations


@pytest.mark.parametrize("kind", [*ROWS, "error"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.no_cover
def test_what_an_expert_says_is_what_a_beginner_says(kind: str, seed: int, explanations: list[Any]) -> None:
    chance, good = Random(seed), good_rows()[kind]  # noqa: S311  # repeatable
    rows = [readable(json.loads(mutate(chance, chance.choice(good)))) for _ in range(600)]
    expert, known = Examiner(ANSWERS[kind]), 0
    for row in rows:
        if isinstance(row, Unreadable):
            continue
        explanations.clear()
        seen = expert.examine(row)
        known += bool(seen and not explanations)
        assert in_order(seen) == in_order(Examiner(ANSWERS[kind]).examine(row)), row

    assert known > 8 or kind == "error"  # its fields depend on each other: nothing is learnt
