from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from audit.schedule.maintenance import Maintenance, OnDays, OneOff, in_utc
from tests.builders import DAY, HOUR, NOW, TICK

BERLIN = ZoneInfo("Europe/Berlin")  # in 2026, clocks go forward on 29 March at 01:00 UTC and back on 25 October
SUNDAY = 6


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def weekly(start: str, end: str, *days: int, zone: ZoneInfo = BERLIN) -> OnDays:
    clocks = (time.fromisoformat(start), time.fromisoformat(end))
    return OnDays(name="patches", zone=zone, weekdays=frozenset(days or {SUNDAY}), start=clocks[0], end=clocks[1])


def covered(window: OnDays, since: str, until: str) -> tuple[datetime, datetime]:
    """The first and the last minute of a time that a window covers, without a gap between them."""
    minutes = [at(since) + number * timedelta(minutes=1) for number in range((at(until) - at(since)) // (HOUR / 60))]
    inside = [minute for minute in minutes if window.covers(minute)]
    assert inside == [minute for minute in minutes if inside[0] <= minute <= inside[-1]]
    return inside[0], inside[-1]


def test_a_window_begins_with_its_start_and_ends_before_its_end() -> None:
    window = OneOff(name="move", start=NOW, end=NOW + HOUR)

    moments = [NOW - TICK, NOW, NOW + HOUR - TICK, NOW + HOUR]
    assert [window.covers(moment) for moment in moments] == [False, True, True, False]


def test_a_weekly_window_comes_on_its_days_by_local_clocks() -> None:
    window = weekly("01:00", "03:00")

    assert covered(window, "2026-11-21T00:00", "2026-11-24T00:00") == (at("2026-11-22T00:00"), at("2026-11-22T01:59"))
    assert covered(window, "2026-06-20T00:00", "2026-06-23T00:00") == (at("2026-06-20T23:00"), at("2026-06-21T00:59"))


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_starts() -> None:
    window = weekly("22:00", "04:00")

    assert covered(window, "2026-11-20T00:00", "2026-11-26T00:00") == (at("2026-11-22T21:00"), at("2026-11-23T02:59"))


def test_a_window_that_ends_when_it_starts_takes_a_whole_day() -> None:
    window = weekly("06:00", "06:00")

    assert window.length == DAY
    assert covered(window, "2026-11-20T00:00", "2026-11-26T00:00") == (at("2026-11-22T05:00"), at("2026-11-23T04:59"))


@pytest.mark.parametrize(
    ("start", "end", "hours"), [("01:00", "03:30", 2.5), ("22:00", "04:00", 6), ("22:00", "00:00", 2)]
)
def test_the_length_of_a_window_is_that_of_its_clocks(start: str, end: str, hours: float) -> None:
    assert weekly(start, end).length == hours * HOUR


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("01:30", "04:00", "2026-03-29T00:30", "2026-03-29T01:59"),  # an hour is left out
        ("02:30", "04:00", "2026-03-29T01:00", "2026-03-29T01:59"),  # the start is left out: it is the change itself
        ("01:00", "02:30", "2026-03-29T00:00", "2026-03-29T00:59"),  # so is the end
        ("02:00", "03:00", None, None),  # nothing is left
    ],
)
def test_times_that_the_clocks_leave_out_are_no_part_of_it(
    start: str, end: str, first: str | None, last: str | None
) -> None:
    window = weekly(start, end)

    if first is None or last is None:
        assert not any(window.covers(at("2026-03-28T20:00") + number * HOUR / 60) for number in range(12 * 60))
    else:
        assert covered(window, "2026-03-28T20:00", "2026-03-29T08:00") == (at(first), at(last))


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("02:30", "04:00", "2026-10-25T00:30", "2026-10-25T02:59"),  # it starts with the first 02:30
        ("01:00", "02:30", "2026-10-24T23:00", "2026-10-25T01:29"),  # it ends with the second one
    ],
)
def test_of_an_hour_that_comes_twice_both_are_in_it(start: str, end: str, first: str, last: str) -> None:
    assert covered(weekly(start, end), "2026-10-24T20:00", "2026-10-25T08:00") == (at(first), at(last))


@pytest.mark.parametrize(
    ("wall", "fold", "utc"),
    [
        ("2026-11-23T05:00", 0, "2026-11-23T04:00"),
        ("2026-11-23T05:00", 1, "2026-11-23T04:00"),
        ("2026-10-25T02:30", 0, "2026-10-25T00:30"),
        ("2026-10-25T02:30", 1, "2026-10-25T01:30"),
        ("2026-03-29T02:00", 0, "2026-03-29T01:00"),
        ("2026-03-29T02:59", 1, "2026-03-29T01:00"),
    ],
)
def test_local_times_are_those_of_the_clocks_on_the_wall(wall: str, fold: int, utc: str) -> None:
    assert in_utc(datetime.fromisoformat(wall), BERLIN, fold) == at(utc)


def test_a_zone_without_summer_time_has_the_same_hours_all_year() -> None:
    window = weekly("01:00", "02:00", zone=ZoneInfo("Asia/Shanghai"))

    assert window.covers(at("2026-03-28T17:30"))
    assert window.covers(at("2026-10-24T17:30"))


def test_the_first_window_that_covers_a_time_is_named() -> None:
    first, second = (OneOff(name=name, start=NOW, end=NOW + HOUR) for name in ("a", "b"))

    assert Maintenance((first, second))(NOW) == "maintenance: a"
    assert Maintenance((first, second))(NOW + HOUR) == ""
    assert Maintenance()(NOW) == ""


def test_a_window_on_dates_is_over_when_the_last_of_them_is() -> None:
    dates = frozenset({date(2026, 12, 24), date(2026, 12, 26)})
    window = OnDays(name="holidays", zone=BERLIN, start=time(22), end=time(4), dates=dates)

    end = at("2026-12-27T03:00")
    assert [window.is_over(moment) for moment in (end - TICK, end)] == [False, True]


@pytest.mark.parametrize("days", [{"weekdays": frozenset({SUNDAY})}, {"yearly": frozenset({(12, 25)})}])
def test_what_comes_again_is_never_over(days: dict[str, Any]) -> None:
    assert not OnDays(name="again", zone=BERLIN, start=time(0), end=time(0), **days).is_over(at("2099-01-01T00:00"))


def test_the_twenty_ninth_of_february_comes_in_leap_years_only() -> None:
    window = OnDays(name="leap", zone=UTC, start=time(0), end=time(0), yearly=frozenset({(2, 29)}))

    assert window.covers(at("2028-02-29T12:00"))
    assert not window.covers(at("2027-03-01T12:00"))


def test_a_window_of_one_time_is_over_at_its_end() -> None:
    window = OneOff(name="move", start=NOW, end=NOW + HOUR)

    assert [window.is_over(moment) for moment in (NOW + HOUR - TICK, NOW + HOUR)] == [False, True]
