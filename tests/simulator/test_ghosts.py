from datetime import UTC, datetime

import pytest

from audit.simulator import Estate, build_estate, haunt

AS_OF = datetime(2026, 11, 23, 12, tzinfo=UTC)


def an_estate(scenario: str = "healthy") -> Estate:
    return build_estate(scenario, resources=6, days=5, as_of=AS_OF)


def test_the_estate_itself_stays_as_it_was_and_a_seed_gives_the_same_ghosts() -> None:
    before = an_estate()
    rows = str(before.tasks) + str(before.policies)

    assert haunt(before, seed=3) == haunt(before, seed=3)
    assert haunt(before, seed=3).tasks != haunt(before, seed=4).tasks
    assert str(before.tasks) + str(before.policies) == rows


def test_ghosts_are_in_no_list_of_vaults_and_the_truth_names_those_that_hide() -> None:
    estate = haunt(an_estate())
    listed = {vault["id"] for vault in estate.vaults}
    spoken_of = {row["vault_id"] for row in estate.tasks} - listed
    hidden = estate.truth()["hidden"]

    assert len(hidden) == 5
    assert spoken_of > set(hidden)
    assert listed.isdisjoint(hidden)


def test_an_estate_without_backups_has_none() -> None:
    with pytest.raises(ValueError, match="choose one with more resources or days"):
        haunt(build_estate("healthy", resources=0, days=5, as_of=AS_OF))


@pytest.mark.parametrize("scenario", ["mixed", "partial"])
def test_only_a_healthy_estate_has_ghosts(scenario: str) -> None:
    with pytest.raises(ValueError, match=f"{scenario} estates have no ghosts"):
        haunt(an_estate(scenario))
