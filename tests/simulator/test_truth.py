import pytest

from audit.simulator import SCENARIOS
from tests.simulator.recounting import disagreements


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("seed", range(1, 5))
def test_truth_agrees_with_a_recount_wherever_the_limits_lie(scenario: str, seed: int) -> None:
    assert disagreements(scenario, seed) == []
