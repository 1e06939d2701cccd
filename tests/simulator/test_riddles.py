from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.simulator import Estate, build_estate, riddle
from audit.simulator.riddles import RIDDLES

AS_OF = datetime(2026, 11, 23, 12, tzinfo=UTC)


def an_estate(scenario: str = "healthy", **changes: Any) -> Estate:
    return build_estate(scenario, as_of=AS_OF, **{"resources": 12, "days": 10, **changes})


def left_open(estate: Estate) -> Iterator[tuple[str, str]]:
    return ((entry["subject"]["kind"], entry["subject"]["id"]) for entry in estate.truth()["unknown"])


def test_each_riddle_is_planted_at_a_subject_of_its_own() -> None:
    for seed in range(8):
        assert len(set(left_open(riddle(an_estate(seed=seed), seed=seed)))) == len(RIDDLES)


def test_a_small_estate_has_fewer_of_them() -> None:
    assert {kind for kind, _ in left_open(riddle(an_estate(resources=1)))} == {"resource", "vault", "collection"}


def test_the_estate_itself_stays_as_it_was_and_a_seed_gives_the_same_riddles() -> None:
    before = an_estate()
    rows = str(before.tasks) + str(before.vaults)

    assert riddle(before, seed=3) == riddle(before, seed=3)
    assert riddle(before, seed=3).tasks != riddle(before, seed=4).tasks
    assert str(before.tasks) + str(before.vaults) == rows


def test_what_nobody_understands_is_incomplete_and_fails_nothing() -> None:
    truth = riddle(an_estate()).truth()

    assert (truth["conclusion"], truth["expected"]) == ("incomplete", [])


@pytest.mark.parametrize("scenario", ["mixed", "drifting"])
def test_only_a_healthy_estate_has_riddles(scenario: str) -> None:
    with pytest.raises(ValueError, match=f"{scenario} estates have no riddles"):
        riddle(an_estate(scenario))
