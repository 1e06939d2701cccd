from datetime import UTC, datetime

import pytest

from audit.simulator import Estate, build_estate, tamper
from audit.simulator.tampering import FAULTS, LATER, SCENARIOS

AS_OF = datetime(2026, 11, 23, 12, tzinfo=UTC)


def an_estate(scenario: str = "healthy", *, seed: int = 1, resources: int = 30, days: int = 30) -> Estate:
    return build_estate(scenario, seed=seed, resources=resources, days=days, as_of=AS_OF)


def planted(before: Estate, after: Estate) -> set[str]:
    known, found = (
        {(entry["control"], entry["subject"]["id"]) for entry in each.truth()["expected"]} for each in (before, after)
    )
    assert known <= found
    return {control for control, _subject in found - known}


def test_the_estate_before_stays_as_it_was() -> None:
    before, untouched = an_estate(), an_estate()
    after = tamper(before)

    assert before == untouched
    assert after.as_of == before.as_of + LATER
    assert after.project_id == before.project_id


def test_the_same_seed_does_the_same_and_another_one_something_else() -> None:
    before = an_estate(resources=12)

    assert tamper(before, seed=3) == tamper(before, seed=3)
    assert len({str(tamper(before, seed=seed).tasks) for seed in range(4)}) > 1


def test_every_kind_of_fault_is_planted_and_listed() -> None:
    found: set[str] = set()
    for seed in range(6):
        before = an_estate(seed=seed, resources=40)
        planted_now = planted(before, tamper(before, seed=seed))
        assert planted_now >= {"CBR-111", "CBR-114"}
        found |= planted_now

    assert found == {"CBR-111", "CBR-114", "CBR-403", "CBR-501", "CBR-502"}


@pytest.mark.parametrize(("resources", "days"), [(0, 30), (1, 30), (2, 2), (3, 5), (5, 8)])
def test_a_small_estate_takes_what_fits(resources: int, days: int) -> None:
    for scenario in SCENARIOS:
        before = an_estate(scenario, resources=resources, days=days)
        after = tamper(before)

        planted(before, after)
        assert after.truth()["conclusion"] in {"incomplete", "non_compliant"}


@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_company_is_like_something_is_weakened(seed: int) -> None:
    before = an_estate("mixed", seed=seed, resources=10, days=8)

    assert "CBR-114" in planted(before, tamper(before, seed=seed))


def test_nothing_is_planted_where_something_is_wrong_already() -> None:
    before = an_estate("failing", seed=7)
    troubled = {entry["subject"]["id"] for entry in before.truth()["expected"]}
    new = [entry for entry in tamper(before).truth()["expected"] if entry not in before.truth()["expected"]]

    assert not [entry for entry in new if entry["subject"]["id"] in troubled]


def test_the_truth_is_known_for_the_default_preset_only() -> None:
    with pytest.raises(ValueError, match="unknown preset 'strict'; choose one of default"):
        tamper(an_estate()).truth("strict")


def test_faults_are_planted_in_a_fixed_order() -> None:
    assert len({fault.__name__ for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("scenario", ["drifting", "gapped"])
def test_what_is_respelt_or_hidden_is_left_alone(scenario: str) -> None:
    with pytest.raises(ValueError, match=f"{scenario} estates cannot be tampered with; choose one of healthy"):
        tamper(an_estate(scenario))
