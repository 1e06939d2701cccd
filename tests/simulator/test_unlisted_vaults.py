from datetime import UTC, datetime

import pytest

from audit.simulator import Estate, add_unlisted_vaults, build_estate

AS_OF = datetime(2026, 11, 23, 12, tzinfo=UTC)


def an_estate(scenario: str = "healthy") -> Estate:
    return build_estate(scenario, resources=6, days=5, as_of=AS_OF)


def test_the_estate_itself_stays_as_it_was_and_a_seed_gives_the_same_vaults() -> None:
    before = an_estate()
    rows = str(before.tasks) + str(before.policies)

    assert add_unlisted_vaults(before, seed=3) == add_unlisted_vaults(before, seed=3)
    assert add_unlisted_vaults(before, seed=3).tasks != add_unlisted_vaults(before, seed=4).tasks
    assert str(before.tasks) + str(before.policies) == rows


def test_unlisted_vaults_are_in_no_list_of_vaults_and_the_truth_names_those_that_hide() -> None:
    estate = add_unlisted_vaults(an_estate())
    listed = {vault["id"] for vault in estate.vaults}
    spoken_of = {row["vault_id"] for row in estate.tasks} - listed
    hidden = estate.truth()["hidden"]

    assert len(hidden) == 5
    assert spoken_of > set(hidden)
    assert listed.isdisjoint(hidden)


def test_an_estate_without_backups_has_none() -> None:
    with pytest.raises(ValueError, match="choose one with more resources or days"):
        add_unlisted_vaults(build_estate("healthy", resources=0, days=5, as_of=AS_OF))


@pytest.mark.parametrize("scenario", ["mixed", "partial"])
def test_only_a_healthy_estate_gets_unlisted_vaults(scenario: str) -> None:
    with pytest.raises(ValueError, match=f"{scenario} estates cannot get unlisted vaults"):
        add_unlisted_vaults(an_estate(scenario))
