from datetime import timedelta
from typing import Any

import pytest

from audit.schedule.rules import Schedule
from audit.subjects import FOR_EVER, PolicySubject, kept_at_least, kept_at_most
from tests.builders import DAILY, DAY, HOUR, NOW, a_policy, a_policy_subject

WEEKLY = "FREQ=WEEKLY;BYDAY=MO;BYHOUR=1;BYMINUTE=0"
SIX_HOURLY = "FREQ=DAILY;BYHOUR=0,6,12,18;BYMINUTE=0"
MONDAY_TWICE = "FREQ=WEEKLY;BYDAY=MO;BYHOUR=1,2;BYMINUTE=0"
WORKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=1;BYMINUTE=0"
NONE: dict[str, Any] = {"retention_days": None, "max_backups": None}


def a_rule(*patterns: str, **changes: Any) -> PolicySubject:
    return a_policy_subject(a_policy(patterns=patterns or (DAILY,), **{**NONE, **changes}))


def copies(*sources: str | None, **changes: Any) -> PolicySubject:
    """A replication policy that runs once a day, and the schedules of what it copies."""
    schedules = tuple(source and Schedule([source], None) for source in sources)
    policy = a_policy(operation="replication", **{**NONE, **changes})
    return a_policy_subject(policy, sources=schedules)


@pytest.mark.parametrize("filler", [None, -1, 0])
def test_without_any_rule_everything_is_kept_for_ever(filler: int | None) -> None:
    subject = a_rule(retention_days=filler, max_backups=filler, monthly_copies=12)

    assert (kept_at_least(subject), kept_at_most(subject)) == (FOR_EVER, FOR_EVER)


@pytest.mark.parametrize("filler", [None, -1, 0])
def test_an_age_is_kept_as_it_is_whatever_fills_the_place_of_the_number(filler: int | None) -> None:
    subject = a_rule(retention_days=30, max_backups=filler)

    assert (kept_at_least(subject), kept_at_most(subject)) == (30 * DAY, 30 * DAY)


@pytest.mark.parametrize(
    ("pattern", "number", "least", "most"),
    [
        (DAILY, 1, timedelta(0), DAY),
        (DAILY, 7, 6 * DAY, 7 * DAY),
        (DAILY, 8, 7 * DAY, 8 * DAY),
        (SIX_HOURLY, 8, 42 * HOUR, 48 * HOUR),
        (WEEKLY, 2, 7 * DAY, 14 * DAY),
        (MONDAY_TWICE, 2, HOUR, 7 * DAY),
        (MONDAY_TWICE, 3, 7 * DAY, 14 * DAY - HOUR),
        (WORKDAYS, 5, 4 * DAY, 7 * DAY),
        (WORKDAYS, 6, 7 * DAY, 10 * DAY),
    ],
)
def test_a_number_is_kept_for_the_shortest_and_the_longest_stretch_of_the_schedule(
    pattern: str, number: int, least: timedelta, most: timedelta
) -> None:
    subject = a_rule(pattern, max_backups=number)

    assert (kept_at_least(subject), kept_at_most(subject)) == (least, most)


def test_where_age_and_number_both_limit_the_shorter_one_counts() -> None:
    assert kept_at_least(a_rule(retention_days=5, max_backups=30)) == 5 * DAY
    assert kept_at_most(a_rule(retention_days=5, max_backups=30)) == 5 * DAY
    assert kept_at_least(a_rule(retention_days=50, max_backups=3)) == 2 * DAY
    assert kept_at_most(a_rule(retention_days=50, max_backups=3)) == 3 * DAY


@pytest.mark.parametrize(
    ("pattern", "copies", "least"),
    [
        (DAILY, {"daily_copies": 30}, 29 * DAY),
        (DAILY, {"daily_copies": 2}, 2 * DAY),
        (DAILY, {"daily_copies": -1}, 2 * DAY),
        (DAILY, {"weekly_copies": 30}, 2 * DAY),
        (DAILY, {"monthly_copies": 30, "yearly_copies": 9}, 2 * DAY),
        (SIX_HOURLY, {"daily_copies": 30}, 12 * HOUR),
        (WEEKLY, {"weekly_copies": 5}, 28 * DAY),
        (WEEKLY, {"daily_copies": 5}, 14 * DAY),
    ],
)
def test_long_term_copies_prolong_only_where_each_backup_is_one(
    pattern: str, copies: dict[str, int], least: timedelta
) -> None:
    assert kept_at_least(a_rule(pattern, max_backups=3, **copies)) == least


@pytest.mark.parametrize(
    ("copies", "most"),
    [
        ({"daily_copies": 2}, 3 * DAY),
        ({"daily_copies": 20}, 20 * DAY),
        ({"weekly_copies": 4}, 28 * DAY),
        ({"monthly_copies": 12, "weekly_copies": 4}, 372 * DAY),
        ({"yearly_copies": 7, "monthly_copies": 12}, 7 * 366 * DAY),
    ],
)
def test_long_term_copies_count_in_full_at_most(copies: dict[str, int], most: timedelta) -> None:
    assert kept_at_most(a_rule(max_backups=3, **copies)) == most
    assert kept_at_most(a_rule(retention_days=3, **copies)) == most


def test_a_number_says_nothing_where_the_schedule_cannot_be_read() -> None:
    by_number = a_policy_subject(a_policy(**{**NONE, "max_backups": 3}), schedule=None)
    by_age = a_policy_subject(a_policy(**{**NONE, "retention_days": 3}), schedule=None)

    assert (kept_at_least(by_number), kept_at_most(by_number)) == (None, None)
    assert (kept_at_least(by_age), kept_at_most(by_age)) == (3 * DAY, 3 * DAY)


class TestCopies:
    def test_they_come_as_often_as_what_is_copied_and_not_as_the_policy_runs(self) -> None:
        assert kept_at_least(copies(SIX_HOURLY, max_backups=9)) == 48 * HOUR
        assert kept_at_most(copies(SIX_HOURLY, max_backups=8)) == 48 * HOUR
        assert kept_at_least(copies(WEEKLY, max_backups=9)) == 56 * DAY

    def test_the_vault_whose_backups_come_fastest_or_slowest_counts(self) -> None:
        assert kept_at_least(copies(WEEKLY, SIX_HOURLY, max_backups=9)) == 48 * HOUR
        assert kept_at_most(copies(WEEKLY, SIX_HOURLY, max_backups=8)) == 56 * DAY

    @pytest.mark.parametrize("sources", [(), (None,), (DAILY, None)])
    def test_a_number_of_them_says_nothing_where_a_schedule_is_not_known(self, sources: tuple[str | None, ...]) -> None:
        assert kept_at_least(copies(*sources, max_backups=9)) is None
        assert kept_at_most(copies(*sources, max_backups=9)) is None
        assert kept_at_least(copies(*sources, retention_days=9)) == 9 * DAY
        assert kept_at_most(copies(*sources)) == FOR_EVER

    def test_policies_that_were_not_read_completely_say_nothing_either(self) -> None:
        subject = a_policy_subject(a_policy(operation="replication", **{**NONE, "max_backups": 9}))

        assert subject.sources is None
        assert (kept_at_least(subject), kept_at_most(subject)) == (None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"retention_days": 10**18},
        {"max_backups": 10**18},
        {"retention_days": 3, "yearly_copies": 10**18, "monthly_copies": 10**18, "weekly_copies": 10**18},
        {"max_backups": 3, "daily_copies": 10**18},
    ],
)
def test_numbers_beyond_all_bounds_can_be_computed_with(changes: dict[str, int]) -> None:
    for pattern in (DAILY, "FREQ=WEEKLY;INTERVAL=60;BYDAY=MO;BYHOUR=1;BYMINUTE=0"):
        subject = a_policy_subject(a_policy(patterns=(pattern,), start_time=NOW, **{**NONE, **changes}))
        assert kept_at_least(subject) is not None
        assert kept_at_most(subject) is not None
