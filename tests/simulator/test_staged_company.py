"""The company that `demo --fleet` shows."""

import pytest

from audit.simulator import build_staged_company
from tests.simulator.asking import AS_OF


def test_each_seed_gives_another_company_and_the_same_one_again() -> None:
    first, again, other = (build_staged_company(seed=seed, as_of=AS_OF).truth for seed in (1, 1, 2))

    assert first == again
    assert not {line["project_id"] for line in first["targets"]} & {line["project_id"] for line in other["targets"]}


def test_a_scenario_that_no_company_has_is_refused() -> None:
    with pytest.raises(ValueError, match="choose one of mixed, healthy, partial"):
        build_staged_company("failing", as_of=AS_OF)
