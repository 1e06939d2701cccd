from datetime import UTC, datetime, timedelta

import pytest

from audit.simulator import SCENARIOS, Estate, build_estate
from tests.simulator.recount import DAY, HOUR, Limits, Pair, Recount

WINDOWS = (2, 3, 5, 8, 14, 20, 30, 45, 95)
SIZES = (1, 2, 3, 5, 8, 13, 18, 26)
STRICT = Limits(grace=5 * HOUR, rate=0.955, stuck=22 * HOUR, skipped=8 * DAY, restored=80 * DAY, deleted_late=2 * HOUR)
LENIENT = Limits(grace=7 * HOUR, rate=0.945, stuck=26 * HOUR, skipped=6 * DAY, restored=95 * DAY, retained=0.8)


def an_estate(scenario: str, seed: int) -> tuple[Estate, int]:
    days = WINDOWS[seed % len(WINDOWS)]
    resources = SIZES[seed % (len(SIZES) if days < 45 else 5)]
    as_of = datetime(2026, 9, 1, 6, 30, 0, 250_000, tzinfo=UTC) + seed * timedelta(hours=31, minutes=7)
    return build_estate(scenario, seed=seed, resources=resources, days=days, as_of=as_of), days


def expected(estate: Estate) -> list[Pair]:
    return [
        (entry["control"], entry["subject"]["kind"], entry["subject"]["id"]) for entry in estate.truth()["expected"]
    ]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("seed", range(1, 51))
def test_truth_agrees_with_a_recount_wherever_the_limits_lie(scenario: str, seed: int) -> None:
    estate, days = an_estate(scenario, seed)

    for limits in (Limits(), STRICT, LENIENT):
        assert Recount(estate, days, limits).failures() == set(expected(estate))
