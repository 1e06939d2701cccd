from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from audit.simulator import Estate, build_estate, replan
from audit.simulator.replanning import AGO

AS_OF = datetime(2026, 11, 23, 12, tzinfo=UTC)


@cache
def an_estate(*, seed: int = 1, resources: int = 30, days: int = 30) -> Estate:
    return build_estate("healthy", seed=seed, resources=resources, days=days, as_of=AS_OF)


def patterns(estate: Estate) -> dict[str, list[str]]:
    return {row["id"]: row["trigger"]["properties"]["pattern"] for row in estate.policies}


def found(estate: Estate) -> dict[str, str]:
    return {entry["control"]: entry["subject"]["id"] for entry in estate.truth()["expected"]}


def held(estate: Estate) -> set[str]:
    return {resource["id"] for vault in estate.vaults for resource in vault["resources"]}


def test_the_estate_itself_stays_as_it_was() -> None:
    estate = an_estate()
    before, now = replan(estate)

    assert estate == an_estate.__wrapped__()
    assert (now.as_of, before.as_of) == (AS_OF, AS_OF - AGO)


def test_the_same_seed_does_the_same_and_another_one_something_else() -> None:
    first, same, other = (replan(an_estate(resources=8), seed=seed) for seed in (3, 3, 4))

    assert first == same
    assert held(first[1]) != held(other[1])


def test_the_first_telling_ends_a_day_ago() -> None:
    before, now = replan(an_estate())
    ends = [row["ended_at"] for row in before.tasks if row["ended_at"]]

    assert max(map(datetime.fromisoformat, ends)).replace(tzinfo=UTC) <= before.as_of
    assert {row["id"] for row in before.tasks} < {row["id"] for row in now.tasks}
    assert len(before.backups) < len(now.backups)


def test_every_fault_is_planted_and_those_that_are_none_are_not_listed() -> None:
    estate = an_estate()
    before, now = replan(estate)

    assert sorted(found(now)) == ["CBR-102", "CBR-116"]
    changed = {policy for policy, texts in patterns(now).items() if texts != patterns(before)[policy]}
    shifted = {policy for policy, texts in patterns(before).items() if texts != patterns(estate)[policy]}
    assert (len(changed), shifted) == (1, {found(now)["CBR-116"]})
    assert len(held(now) - held(before)) == 1


def test_a_policy_was_saved_again_over_the_run_that_is_missing() -> None:
    before, now = replan(an_estate())
    saved = [
        (old, new)
        for old, new in zip(before.policies, now.policies, strict=True)
        if old["trigger"]["properties"]["start_time"] != new["trigger"]["properties"]["start_time"]
    ]

    ((old, new),) = saved
    assert new["trigger"]["properties"]["start_time"] == "2026-11-23 11:30:00"
    vaults = {link["vault_id"] for link in new["associated_vaults"]}
    lacking = {each["id"] for vault in now.vaults if vault["id"] in vaults for each in vault["resources"]}
    assert found(now)["CBR-102"] in lacking
    assert old["trigger"]["properties"]["pattern"] == new["trigger"]["properties"]["pattern"]


@pytest.mark.parametrize(("resources", "days"), [(1, 30), (2, 2), (3, 5), (5, 8)])
def test_a_small_estate_takes_what_fits(resources: int, days: int) -> None:
    for seed in range(4):
        _before, now = replan(an_estate(seed=seed, resources=resources, days=days))

        assert set(found(now)) <= {"CBR-102", "CBR-116"}
        assert now.truth()["conclusion"] == ("non_compliant" if found(now) else "compliant")


def test_the_truth_of_the_first_telling_is_not_stated() -> None:
    with pytest.raises(ValueError, match="unknown preset 'default'"):
        replan(an_estate())[0].truth()


@pytest.mark.parametrize("arguments", [{"scenario": "mixed"}, {"resources": 0}])
def test_an_estate_with_other_faults_or_nothing_in_it_cannot_be_told_twice(arguments: dict[str, Any]) -> None:
    made = build_estate(**{"scenario": "healthy", "resources": 3, "days": 5, "as_of": AS_OF, **arguments})

    with pytest.raises(ValueError, match="only a healthy estate that has policies can be told twice"):
        replan(made)


def test_what_was_still_going_on_a_day_ago_ends_later() -> None:
    before, now = replan(an_estate(resources=60))
    later = {row["id"]: row for row in now.tasks}
    open_then = [row for row in before.tasks if row["status"] == "running"]

    assert open_then
    assert {later[row["id"]]["status"] for row in open_then} == {"success"}
