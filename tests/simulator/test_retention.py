from datetime import UTC, datetime, timedelta

import pytest

from audit.simulator.retention import DAY, Retention

ENDED = datetime(2026, 12, 31, 20, tzinfo=UTC)  # a Thursday
HOUR = timedelta(hours=1)


def every(gap: timedelta, number: int) -> list[datetime]:
    return [ENDED + gap * step for step in range(1, number + 1)]


def test_age_alone_decides_when_days_are_given() -> None:
    rule = Retention(days=10)

    assert rule.released(ENDED, []) == rule.expiry(ENDED) == ENDED + 10 * DAY
    assert (rule.at_least(HOUR), rule.at_most(HOUR)) == (10 * DAY, 10 * DAY)


def test_a_number_lets_go_when_so_many_newer_ones_are_there() -> None:
    rule = Retention(number=3)

    assert rule.released(ENDED, every(HOUR, 2)) is None
    assert rule.released(ENDED, every(HOUR, 3)) == ENDED + 3 * HOUR
    assert rule.expiry(ENDED) is None
    assert (rule.at_least(DAY), rule.at_most(DAY)) == (2 * DAY, 3 * DAY)


def test_without_any_rule_nothing_is_ever_deleted() -> None:
    rule = Retention()

    assert rule.released(ENDED, every(DAY, 1000)) is None
    assert (rule.at_least(DAY), rule.at_most(DAY)) == (None, None)


@pytest.mark.parametrize(
    ("rule", "gap", "until"),
    [
        (Retention(number=1, weeks=2), DAY, ENDED + DAY),
        (Retention(number=1, weeks=2), 4 * DAY, datetime(2027, 1, 11, tzinfo=UTC)),
        (Retention(number=1, months=2), DAY, datetime(2027, 2, 1, tzinfo=UTC)),
        (Retention(number=1, years=2), DAY, datetime(2028, 1, 3, tzinfo=UTC)),
    ],
)
def test_the_last_of_a_week_month_or_year_is_kept_beside_the_number(
    rule: Retention, gap: timedelta, until: datetime
) -> None:
    assert rule.released(ENDED, every(gap, 1)) == until


def test_long_term_copies_make_the_longest_time_longer() -> None:
    assert Retention(number=2, months=24).at_most(DAY) == 24 * 31 * DAY
    assert Retention(number=100, weeks=2).at_most(DAY) == 100 * DAY
