from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.simulator import Estate, add_undocumented_answers, build_estate
from audit.simulator.undocumented_answers import CHANGES

AS_OF = datetime(2026, 11, 23, 12, tzinfo=UTC)


def an_estate(scenario: str = "healthy", **changes: Any) -> Estate:
    return build_estate(scenario, as_of=AS_OF, **{"resources": 12, "days": 10, **changes})


def left_open(estate: Estate) -> Iterator[tuple[str, str]]:
    return ((entry["subject"]["kind"], entry["subject"]["id"]) for entry in estate.truth()["unknown"])


def test_each_riddle_is_planted_at_a_subject_of_its_own() -> None:
    planted = [len(set(left_open(add_undocumented_answers(an_estate(seed=seed), seed=seed)))) for seed in range(8)]

    assert set(planted) <= {len(CHANGES), len(CHANGES) - 1}  # not every company keeps backups by age


@pytest.mark.parametrize(("seed", "planted", "with_task"), [(5, True, False), (6, True, True), (11, False, False)])
def test_a_backup_is_gone_that_a_lowered_retention_seems_to_explain(
    seed: int,
    planted: bool,  # noqa: FBT001
    with_task: bool,  # noqa: FBT001
) -> None:
    before = an_estate(seed=seed, resources=6, days=20)
    after = add_undocumented_answers(before, seed=seed)
    gone = {row["id"] for row in before.backups} - {row["id"] for row in after.backups}
    named = {row["extra_info"].get("delete", {}).get("backup_id") for row in after.tasks}

    assert (bool(gone), before.policies != after.policies, bool(gone & named)) == (planted, planted, with_task)


def test_a_small_estate_has_fewer_of_them() -> None:
    assert {kind for kind, _ in left_open(add_undocumented_answers(an_estate(resources=1)))} == {
        "resource",
        "vault",
        "collection",
    }


def test_the_estate_itself_stays_as_it_was_and_a_seed_gives_the_same_changes() -> None:
    before = an_estate()
    rows = str(before.tasks) + str(before.vaults) + str(before.backups) + str(before.policies)

    assert add_undocumented_answers(before, seed=3) == add_undocumented_answers(before, seed=3)
    assert add_undocumented_answers(before, seed=3).tasks != add_undocumented_answers(before, seed=4).tasks
    assert str(before.tasks) + str(before.vaults) + str(before.backups) + str(before.policies) == rows


def test_what_nobody_understands_is_incomplete_and_fails_nothing() -> None:
    truth = add_undocumented_answers(an_estate()).truth()

    assert (truth["conclusion"], truth["expected"]) == ("incomplete", [])


@pytest.mark.parametrize("scenario", ["mixed", "drifting"])
def test_only_a_healthy_estate_gets_undocumented_answers(scenario: str) -> None:
    with pytest.raises(ValueError, match=f"{scenario} estates cannot get undocumented answers"):
        add_undocumented_answers(an_estate(scenario))
