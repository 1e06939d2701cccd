from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.records import KeepingRule
from audit.schedule.rules import Schedule, Weekdays
from audit.subjects import FOR_EVER, PolicySubject, kept_at_least, kept_at_most, long_term_copies, may_be_kept_for
from tests.builders import DAILY, DAY, NOW, a_policy, a_policy_subject

SUNDAYS = "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0"
WORKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=2;BYMINUTE=0"
SATURDAY_NIGHT = "FREQ=WEEKLY;BYDAY=SA;BYHOUR=20;BYMINUTE=0"
EVERY_OTHER_DAY = "FREQ=DAILY;INTERVAL=2;BYHOUR=2;BYMINUTE=0"
EVERY_OTHER_SUNDAY = "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;BYHOUR=2;BYMINUTE=0"
WEEK = 7 * DAY
EVERY = frozenset(range(7))


def on(*weekdays: str, periods: int | None = 12) -> KeepingRule:
    """A weekly rule."""
    return KeepingRule(periods=periods, weekdays=weekdays)


def by_day(*days: int, periods: int | None = 24, months: tuple[str, ...] = ()) -> KeepingRule:
    return KeepingRule(periods=periods, picks_by="Monthly", days=days, months=months)


def by_weekday(weekday: str, *weeks: str, periods: int = 24, months: tuple[str, ...] = ()) -> KeepingRule:
    return KeepingRule(periods=periods, picks_by="Weekly", weekdays=(weekday,), weeks=weeks, months=months)


def a_rule(*patterns: str, **changes: Any) -> PolicySubject:
    values: dict[str, Any] = {"retention_days": 14, "timezone": "UTC+00:00", "start_time": NOW}
    return a_policy_subject(a_policy(patterns=patterns or (DAILY,), **{**values, **changes}))


def weeks(*patterns: str, rule: KeepingRule, **changes: Any) -> tuple[int, int | None]:
    return tuple(long_term_copies(a_rule(*patterns, weekly_rule=rule, **changes))["weeks"])  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("pattern", "every_week", "ever"),
    [
        (DAILY, EVERY, EVERY),
        (SUNDAYS, {6}, {6}),
        (WORKDAYS, {0, 1, 2, 3, 4}, {0, 1, 2, 3, 4}),
        (EVERY_OTHER_DAY, set(), EVERY),
        (EVERY_OTHER_SUNDAY, set(), {6}),
        ("FREQ=DAILY;INTERVAL=14;BYHOUR=2;BYMINUTE=0", set(), {0}),
        ("FREQ=DAILY;INTERVAL=7;BYHOUR=2;BYMINUTE=0", {0}, {0}),
    ],
)
def test_a_schedule_names_the_days_of_the_week_on_which_it_runs(
    pattern: str, every_week: set[int], ever: set[int]
) -> None:
    assert Schedule([pattern], NOW).weekdays(timedelta(0)) == Weekdays(frozenset(every_week), frozenset(ever))


@pytest.mark.parametrize(("hours", "day"), [(0, 5), (3, 5), (4, 6), (14, 6), (-12, 5), (-20, 5), (-21, 4)])
def test_the_day_of_a_run_is_that_of_the_zone(hours: int, day: int) -> None:
    found = Schedule([SATURDAY_NIGHT], None).weekdays(timedelta(hours=hours))

    assert found == Weekdays(frozenset({day}), frozenset({day}))


def test_two_rules_of_a_schedule_go_together() -> None:
    assert Schedule([SUNDAYS, WORKDAYS], None).weekdays(timedelta(0)).every_week == EVERY - {5}


@pytest.mark.parametrize("word", ["SU", "su", "Sunday", "SUNDAY", "Sun"])
def test_a_weekly_rule_keeps_a_copy_of_each_of_its_weeks(word: str) -> None:
    assert weeks(rule=on(word)) == (12, 12)
    assert weeks(SUNDAYS, rule=on(word)) == (12, 12)


def test_a_weekly_rule_keeps_nothing_where_no_run_is_on_its_day() -> None:
    assert weeks(WORKDAYS, rule=on("SU")) == (0, 0)
    assert weeks(WORKDAYS, rule=on("SU", "FR")) == (12, 12)


@pytest.mark.parametrize("pattern", [EVERY_OTHER_DAY, EVERY_OTHER_SUNDAY])
def test_nothing_is_sure_where_runs_meet_the_day_in_some_weeks_only(pattern: str) -> None:
    assert weeks(pattern, rule=on("SU")) == (0, 12)


@pytest.mark.parametrize("rule", [on(), on("1"), on("Whitsun"), on("Whitsun", "SA")])
def test_nothing_is_sure_where_nobody_knows_what_a_rule_picks(rule: KeepingRule) -> None:
    assert weeks(WORKDAYS, rule=rule) == (0, 12)


def test_a_day_that_is_understood_is_enough() -> None:
    assert weeks(WORKDAYS, rule=on("Whitsun", "MO")) == (12, 12)


def test_the_days_are_those_of_the_policys_zone() -> None:
    assert weeks(SATURDAY_NIGHT, rule=on("SU"), timezone="UTC+08:00") == (12, 12)
    assert weeks(SATURDAY_NIGHT, rule=on("SU"), timezone="UTC-08:00") == (0, 0)


@pytest.mark.parametrize("zone", [None, "Asia/Shanghai", "UTC+8"])
def test_without_a_zone_only_a_run_on_every_day_is_sure(zone: str | None) -> None:
    assert weeks(SUNDAYS, rule=on("SU"), timezone=zone) == (0, 12)
    assert weeks(DAILY, rule=on("SU"), timezone=zone) == (12, 12)


def test_nothing_is_sure_where_the_schedule_cannot_be_read() -> None:
    subject = a_policy_subject(a_policy(weekly_rule=on("SU"), timezone="UTC+00:00"), schedule=None)

    assert long_term_copies(subject)["weeks"] == (0, 12)


def test_a_rule_that_does_not_say_for_how_long_may_keep_any_number() -> None:
    assert weeks(rule=on("SU", periods=None)) == (0, None)


def test_nobody_knows_whether_a_number_and_a_rule_add_up() -> None:
    assert weeks(rule=on("SU"), weekly_copies=4) == (12, 16)
    assert weeks(rule=on("SU"), weekly_copies=20) == (20, 32)
    assert weeks(rule=on("SU", periods=None), weekly_copies=4) == (4, None)


@pytest.mark.parametrize(
    ("pattern", "rule", "kept"),
    [
        (DAILY, by_day(1), (24, 24)),
        (DAILY, by_day(-1), (24, 24)),
        (DAILY, by_day(31), (0, 24)),  # not every month has one
        (DAILY, by_day(), (0, 24)),
        (SUNDAYS, by_day(1), (0, 24)),
        (SUNDAYS, by_weekday("SU", "First"), (24, 24)),
        (DAILY, by_weekday("SU", "LAST"), (24, 24)),
        (WORKDAYS, by_weekday("SU", "First"), (0, 0)),
        (DAILY, by_weekday("SU", "Fifth"), (0, 24)),
        (DAILY, by_weekday("SU"), (0, 24)),
        (DAILY, KeepingRule(periods=24, picks_by="Weekly", weeks=("First",)), (0, 24)),
        (DAILY, KeepingRule(periods=24, days=(1,)), (0, 24)),
    ],
)
def test_a_monthly_rule_counts_where_each_month_surely_has_a_picked_run(
    pattern: str, rule: KeepingRule, kept: tuple[int, int]
) -> None:
    assert long_term_copies(a_rule(pattern, monthly_rule=rule))["months"] == kept


@pytest.mark.parametrize(
    ("pattern", "rule", "kept"),
    [
        (DAILY, by_day(1, periods=7, months=("January",)), (7, 7)),
        (DAILY, by_day(1, periods=7, months=("JAN", "Jul")), (7, 7)),
        (DAILY, by_day(1, periods=7), (0, 7)),
        (DAILY, by_day(1, periods=7, months=("Thermidor",)), (0, 7)),
        (SUNDAYS, by_day(1, periods=7, months=("January",)), (0, 7)),
        (SUNDAYS, by_weekday("SU", "First", periods=7, months=("January",)), (7, 7)),
        (WORKDAYS, by_weekday("SU", "First", periods=7, months=("January",)), (0, 0)),
    ],
)
def test_a_yearly_rule_counts_where_each_year_surely_has_a_picked_run(
    pattern: str, rule: KeepingRule, kept: tuple[int, int]
) -> None:
    assert long_term_copies(a_rule(pattern, yearly_rule=rule))["years"] == kept


def copied(*sources: Schedule | None) -> tuple[int, int | None]:
    policy = a_policy(operation="replication", weekly_rule=on("SU"), timezone="UTC+00:00")
    return tuple(long_term_copies(a_policy_subject(policy, sources=sources))["weeks"])  # type: ignore[return-value]


def test_copies_come_by_the_schedules_of_what_is_copied() -> None:
    sundays, workdays = Schedule([SUNDAYS], None), Schedule([WORKDAYS], None)

    assert copied(sundays) == (12, 12)
    assert copied(workdays, workdays) == (0, 0)
    assert copied(sundays, workdays) == (0, 12)
    assert copied(sundays, None) == (0, 12)
    assert copied() == (0, 12)


@pytest.mark.parametrize(
    ("changes", "most"),
    [
        ({"weekly_rule": on("SU")}, 12 * WEEK),
        ({"weekly_rule": on("SU", periods=1)}, 14 * DAY),
        ({"monthly_rule": by_day(1)}, 24 * 31 * DAY),
        ({"yearly_rule": by_day(1, periods=7, months=("January",))}, 7 * 366 * DAY),
        ({"weekly_rule": on("SU", periods=None)}, 14 * DAY),
        ({"weekly_rule": on("SU", periods=10**18)}, 99_999 * WEEK),
    ],
)
def test_a_rule_counts_in_full_where_nothing_may_be_kept_for_too_long(changes: Any, most: timedelta) -> None:
    assert kept_at_most(a_rule(**changes)) == most


def test_a_rule_counts_in_full_even_where_no_run_is_on_its_day() -> None:
    assert kept_at_most(a_rule(WORKDAYS, weekly_rule=on("SU"))) == 12 * WEEK


@pytest.mark.parametrize(
    ("pattern", "changes", "least"),
    [
        (SUNDAYS, {}, 12 * WEEK),
        (SUNDAYS, {"weekly_rule": on("SA", "SU")}, 12 * WEEK),
        (EVERY_OTHER_SUNDAY, {}, 12 * WEEK),
        (SUNDAYS, {"weekly_rule": on("SU", periods=1)}, 14 * DAY),
        (SUNDAYS, {"weekly_rule": on("SA")}, 14 * DAY),
        (SUNDAYS, {"weekly_rule": on("SU", periods=None)}, 14 * DAY),
        (SUNDAYS, {"timezone": None}, 14 * DAY),
        (DAILY, {"weekly_rule": on("MO", "TU", "WE", "TH", "FR", "SA", "SU")}, 14 * DAY),
        (SUNDAYS, {"weekly_rule": None, "monthly_rule": by_weekday("SU", "First")}, 14 * DAY),
        (SUNDAYS, {"retention_days": None, "max_backups": 3}, 12 * WEEK),
    ],
)
def test_a_weekly_rule_keeps_every_backup_only_where_each_is_the_only_one_of_a_picked_day(
    pattern: str, changes: Any, least: timedelta
) -> None:
    assert kept_at_least(a_rule(pattern, **{"weekly_rule": on("SU"), **changes})) == least


def test_where_rules_alone_limit_nobody_knows_what_becomes_of_the_rest() -> None:
    subject = a_rule(SUNDAYS, retention_days=-1, weekly_rule=on("SU"))

    assert (kept_at_least(subject), kept_at_most(subject)) == (None, FOR_EVER)


def may(day: str, rule: str, kept: KeepingRule, days: int = 80, zone: str | None = "UTC+00:00") -> bool:
    changes: dict[str, Any] = {rule: kept, "timezone": zone}
    policy = a_policy(**changes)
    return may_be_kept_for(policy, datetime.fromisoformat(f"{day}T20:00:00Z"), days * DAY)


@pytest.mark.parametrize(
    ("day", "rule", "kept", "picked"),
    [
        ("2026-11-22", "weekly_rule", on("SU"), True),
        ("2026-11-23", "weekly_rule", on("SU"), False),
        ("2026-11-23", "weekly_rule", on("SU", "Whitsun"), True),
        ("2026-11-23", "weekly_rule", on(), True),
        ("2026-11-22", "weekly_rule", on("SU", periods=11), False),
        ("2026-11-22", "weekly_rule", on("SU", periods=None), True),
        ("2026-11-01", "monthly_rule", by_day(1), True),
        ("2026-11-02", "monthly_rule", by_day(1), False),
        ("2026-11-30", "monthly_rule", by_day(-1), True),
        ("2026-11-29", "monthly_rule", by_day(-1), False),
        ("2026-11-29", "monthly_rule", by_day(), True),
        ("2026-11-01", "monthly_rule", by_weekday("SU", "Third"), True),
        ("2026-11-02", "monthly_rule", by_weekday("SU", "Third"), False),
        ("2026-01-01", "yearly_rule", by_day(1, months=("January",)), True),
        ("2026-02-01", "yearly_rule", by_day(1, months=("January",)), False),
        ("2026-02-01", "yearly_rule", by_day(1, months=("Thermidor",)), True),
        ("2026-02-01", "yearly_rule", by_day(1), True),
    ],
)
def test_a_rule_may_keep_what_it_picks_for_as_long_as_it_says(
    day: str, rule: str, kept: KeepingRule, *, picked: bool
) -> None:
    assert may(day, rule, kept) is picked


def test_the_day_of_a_backup_is_that_of_the_policys_zone() -> None:
    assert may("2026-11-21", "weekly_rule", on("SU"), zone="UTC+08:00")
    assert not may("2026-11-22", "weekly_rule", on("SU"), zone="UTC+08:00")
    assert may("2026-11-23", "weekly_rule", on("SU"), zone=None)


def test_a_policy_without_rules_keeps_nothing_for_longer() -> None:
    assert not may_be_kept_for(a_policy(), NOW, DAY)
