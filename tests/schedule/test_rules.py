import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import lcm

import pytest

from audit.schedule.rules import Schedule, UnreadableScheduleError
from tests.builders import DAY, HOUR, TICK

MONDAY = datetime(2026, 1, 5, 8, 45, 56, tzinfo=UTC)
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WEEK = 7 * DAY


class Expected:
    """One rule as its parts, and the runs that it names, found by looking at each day: no calendar library."""

    def __init__(self, start: datetime | None = None, **parts: str) -> None:
        self.parts = parts
        self.start = start or datetime(2000, 1, 3, tzinfo=UTC)

    def pattern(self, chance: random.Random | None = None) -> str:
        items = [f"{key}={value}" for key, value in self.parts.items()]
        if chance:
            chance.shuffle(items)
        return ";".join(items)

    def numbers(self, key: str, default: int) -> list[int]:
        return [int(text) for text in self.parts[key].split(",")] if key in self.parts else [default]

    def runs_on(self, midnight: datetime) -> bool:
        first = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
        days = self.parts["BYDAY"].split(",") if "BYDAY" in self.parts else None
        interval = self.numbers("INTERVAL", 1)[0]
        if self.parts["FREQ"] == "DAILY":
            return (midnight - first).days % interval == 0 and (days is None or DAYS[midnight.weekday()] in days)
        week = (midnight - (first - first.weekday() * DAY)).days // 7
        return week % interval == 0 and DAYS[midnight.weekday()] in (days or [DAYS[first.weekday()]])

    def between(self, since: datetime, until: datetime) -> Iterator[datetime]:
        midnight = since.replace(hour=0, minute=0, second=0, microsecond=0)
        while midnight <= until:
            for hour in self.numbers("BYHOUR", self.start.hour) if self.runs_on(midnight) else ():
                for minute in self.numbers("BYMINUTE", self.start.minute):
                    run = midnight.replace(hour=hour, minute=minute)
                    if max(since, self.start) <= run <= until:
                        yield run
            midnight += DAY


def some_numbers(chance: random.Random, most: int, highest: int) -> str:
    chosen = chance.sample(range(highest + 1), chance.randint(1, most))
    return ",".join(f"{number:02}" if chance.random() < 0.5 else str(number) for number in chosen)


def a_rule(chance: random.Random, start: datetime, intervals: tuple[int, ...]) -> Expected:
    parts = {"FREQ": chance.choice(["DAILY", "WEEKLY"])}
    if chance.random() < 0.6:
        parts["BYDAY"] = ",".join(chance.sample(DAYS, chance.randint(1, 7)))
    if chance.random() < 0.8:
        parts["BYHOUR"] = some_numbers(chance, 3, 23)
    if chance.random() < 0.8:
        parts["BYMINUTE"] = some_numbers(chance, 2, 59)
    if chance.random() < 0.5:
        parts["INTERVAL"] = str(chance.choice(intervals))
    return Expected(start, **parts)


def some_rules(seed: int, intervals: tuple[int, ...]) -> tuple[list[Expected], Schedule, random.Random]:
    """Choose rules until they can be read; ones that never run, or hardly ever meet, are refused."""
    chance = random.Random(seed)  # noqa: S311  # repeatable
    while True:
        start = MONDAY + chance.randrange(14 * 86400) * timedelta(seconds=1) + chance.choice([0, 1]) * TICK
        rules = [a_rule(chance, start, intervals) for _ in range(chance.choice([1, 1, 2, 3]))]
        try:
            return rules, Schedule([rule.pattern(chance) for rule in rules], start), chance
        except UnreadableScheduleError as error:
            assert {"weekday", "together"} & set(str(error).split())  # noqa: PT017  # other refusals are mistakes


@pytest.mark.parametrize("seed", range(300))
def test_the_runs_are_those_that_a_look_at_each_day_finds(seed: int) -> None:
    rules, schedule, chance = some_rules(seed, (1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 30, 52))
    since = MONDAY + chance.randint(-20, 800) * DAY + chance.randrange(1440) * timedelta(minutes=1)
    until = since + chance.randint(0, 60) * DAY + chance.randrange(1440) * timedelta(minutes=1)

    expected = {run for rule in rules for run in rule.between(since, until)}

    assert schedule.between(since, until) == tuple(sorted(expected))


@pytest.mark.parametrize("seed", range(200))
@pytest.mark.no_cover
def test_the_longest_gap_is_that_of_many_years(seed: int) -> None:
    rules, schedule, _ = some_rules(seed, (1, 2, 3, 4, 5, 7))
    start = rules[0].start
    runs = sorted({run for rule in rules for run in rule.between(start, start + 3 * 420 * DAY)})

    assert schedule.longest_gap == max(later - earlier for earlier, later in pairwise(runs))


def test_both_ends_of_the_window_belong_to_it() -> None:
    schedule = Schedule(["FREQ=DAILY;BYHOUR=2;BYMINUTE=00"], None)
    run = datetime(2026, 11, 23, 2, tzinfo=UTC)

    assert schedule.between(run, run + DAY) == (run, run + DAY)
    assert schedule.between(run + TICK, run + DAY - TICK) == ()
    assert schedule.between(run, run - DAY) == ()


def test_a_window_before_the_trigger_was_set_has_no_runs() -> None:
    assert Schedule(["FREQ=DAILY"], MONDAY).between(MONDAY - 30 * DAY, MONDAY - DAY) == ()


def test_a_rule_that_says_everything_needs_no_start() -> None:
    patterns = ["FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=14;BYMINUTE=30", "FREQ=DAILY;BYHOUR=2;BYMINUTE=00"]

    assert Schedule(patterns, None).longest_gap == 24 * HOUR


@pytest.mark.parametrize(
    "pattern",
    [
        "FREQ=DAILY;BYHOUR=2",
        "FREQ=DAILY;BYMINUTE=2",
        "FREQ=WEEKLY;BYHOUR=2;BYMINUTE=0",
        "FREQ=DAILY;INTERVAL=2;BYHOUR=2;BYMINUTE=0",
    ],
)
def test_a_rule_that_counts_from_the_start_needs_one(pattern: str) -> None:
    assert Schedule([pattern], MONDAY).longest_gap >= DAY
    with pytest.raises(UnreadableScheduleError, match="counts from the start time"):
        Schedule([pattern], None)


@pytest.mark.parametrize(
    "pattern",
    [
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=14;BYMINUTE=00",
        "freq=weekly;byday=su,mo,tu,we,th,fr,sa;byhour=14;byminute=00;",
        " FREQ=WEEKLY;BYHOUR=14;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYMINUTE=0 ",
        "BYMINUTE=00;BYHOUR=14;FREQ=DAILY;INTERVAL=1",
    ],
)
def test_every_way_to_write_a_daily_run_is_read(pattern: str) -> None:
    run = datetime(2026, 1, 6, 14, tzinfo=UTC)

    assert Schedule([pattern], MONDAY).between(run, run + DAY) == (run, run + DAY)


@pytest.mark.parametrize(
    ("patterns", "gap"),
    [
        (["FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=2;BYMINUTE=0"], 4 * DAY),
        (["FREQ=DAILY;BYHOUR=2,3,23;BYMINUTE=0"], 20 * HOUR),
        (["FREQ=DAILY;INTERVAL=5;BYDAY=MO;BYHOUR=2;BYMINUTE=0"], 35 * DAY),
        (["FREQ=WEEKLY;INTERVAL=4", "FREQ=WEEKLY;INTERVAL=5"], 28 * DAY),
        (["FREQ=DAILY;INTERVAL=60;BYDAY=MO"], 420 * DAY),
        (["FREQ=WEEKLY;INTERVAL=60"], 420 * DAY),
        (["FREQ=DAILY;INTERVAL=60", "FREQ=DAILY;INTERVAL=42"], 42 * DAY),
        (["FREQ=DAILY;INTERVAL=7;BYDAY=MO,TU"], WEEK),
    ],
)
def test_the_longest_gap_of_rules_that_were_worked_out_by_hand(patterns: list[str], gap: timedelta) -> None:
    assert Schedule(patterns, MONDAY).longest_gap == gap


def test_twenty_four_rules_and_runs_a_day_are_the_most() -> None:
    hourly = [f"FREQ=DAILY;BYHOUR={hour};BYMINUTE=0" for hour in range(24)]

    assert Schedule(hourly, None).longest_gap == HOUR
    with pytest.raises(UnreadableScheduleError, match="1 to 24 rules, this one has 25"):
        Schedule([*hourly, hourly[0]], None)


def test_many_runs_on_different_days_are_not_too_many_runs_a_day() -> None:
    hours = ",".join(map(str, range(24)))
    weekly = [f"FREQ=WEEKLY;BYDAY={day};BYHOUR={hours};BYMINUTE={minute}" for minute, day in enumerate(DAYS)]

    assert Schedule(weekly, None).longest_gap == HOUR + timedelta(minutes=1)


ALL_HOURS = ",".join(map(str, range(24)))
HOSTILE = {
    "no rules": [],
    "an empty rule": [""],
    "seconds": ["FREQ=SECONDLY"],
    "minutes": ["FREQ=MINUTELY;INTERVAL=1"],
    "months": ["FREQ=MONTHLY;BYHOUR=1;BYMINUTE=1"],
    "no frequency": ["BYHOUR=2;BYMINUTE=00"],
    "a frequency without value": ["FREQ="],
    "BYSECOND": ["FREQ=DAILY;BYSECOND=0"],
    "COUNT": ["FREQ=DAILY;COUNT=1"],
    "UNTIL": ["FREQ=DAILY;UNTIL=20270101T000000Z"],
    "DTSTART": ["DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY"],
    "BYSETPOS": ["FREQ=DAILY;BYSETPOS=1"],
    "a key twice": ["FREQ=DAILY;BYHOUR=1;BYHOUR=2"],
    "an empty part": ["FREQ=DAILY;;BYHOUR=1"],
    "interval 0": ["FREQ=DAILY;INTERVAL=0"],
    "a negative interval": ["FREQ=DAILY;INTERVAL=-1"],
    "a huge interval": ["FREQ=DAILY;INTERVAL=61"],
    "a very huge interval": ["FREQ=DAILY;INTERVAL=" + "9" * 100_000],
    "a list of intervals": ["FREQ=DAILY;INTERVAL=1,2"],
    "hour 24": ["FREQ=DAILY;BYHOUR=24"],
    "minute 60": ["FREQ=DAILY;BYMINUTE=60"],
    "an empty hour": ["FREQ=DAILY;BYHOUR=1,"],
    "Arabic digits": ["FREQ=DAILY;BYHOUR=\u0661"],
    "wide digits": ["FREQ=DAILY;BYHOUR=\uff11"],
    "superscript digits": ["FREQ=DAILY;BYHOUR=\u00b2"],
    "a signed hour": ["FREQ=DAILY;BYHOUR=+1"],
    "no weekday": ["FREQ=WEEKLY;BYDAY=XX"],
    "the first Monday": ["FREQ=WEEKLY;BYDAY=1MO"],
    "too many runs in one rule": [f"FREQ=DAILY;BYHOUR={ALL_HOURS};BYMINUTE=0,30"],
    "too many runs in all rules": [f"FREQ=DAILY;BYHOUR={ALL_HOURS};BYMINUTE={minute}" for minute in range(24)],
    "hours without end": ["FREQ=DAILY;BYHOUR=" + ",".join(["1"] * 100_000)],
    "rules without end": ["FREQ=DAILY;BYHOUR=1;BYMINUTE=1"] * 10_000,
    "a weekday that never comes": ["FREQ=DAILY;INTERVAL=7;BYDAY=TU"],
    "a weekday that never comes after 56 days": ["FREQ=DAILY;INTERVAL=56;BYDAY=TU,WE,TH,FR,SA,SU"],
}


@pytest.mark.parametrize("patterns", HOSTILE.values(), ids=HOSTILE)
def test_a_rule_outside_the_subset_is_refused_at_once(patterns: list[str]) -> None:
    began = time.process_time()
    with pytest.raises(UnreadableScheduleError):
        Schedule(patterns, MONDAY)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("pattern", ["FREQ=DAILY;INTERVAL=61", "FREQ=WEEKLY;INTERVAL=61"])
def test_a_rule_that_counts_further_is_refused(pattern: str) -> None:
    with pytest.raises(UnreadableScheduleError, match="INTERVAL must lie between 1 and 60, not '61'"):
        Schedule([pattern], MONDAY)


@pytest.mark.parametrize("frequency", ["DAILY", "WEEKLY"])
@pytest.mark.parametrize(
    "intervals", [(60, 8, 9), (60, 42), (60, 7), (53, 8), (60, 59), (31, 30), (9, 10, 11), (60, 50)]
)
def test_rules_that_meet_seldom_are_measured_until_they_do(frequency: str, intervals: tuple[int, ...]) -> None:
    unit = 1 if frequency == "DAILY" else 7
    cycle = unit * lcm(*intervals)
    days = sorted({day for interval in intervals for day in range(0, 2 * cycle + 1, unit * interval)})
    schedule = Schedule([f"FREQ={frequency};INTERVAL={interval}" for interval in intervals], MONDAY)

    assert schedule.longest_gap == max(later - earlier for earlier, later in pairwise(days)) * DAY
    assert schedule.shortest_span(2) == min(later - earlier for earlier, later in pairwise(days)) * DAY


@pytest.mark.parametrize("intervals", [range(37, 61), (59, 53, 47), range(2, 26)])
def test_rules_that_never_meet_are_measured_over_a_hundred_years_at_most(intervals: Sequence[int]) -> None:
    began = time.process_time()
    schedule = Schedule([f"FREQ=DAILY;INTERVAL={interval}" for interval in intervals], MONDAY)

    assert DAY < schedule.longest_gap <= min(intervals) * DAY
    assert DAY <= schedule.shortest_span(2) <= schedule.longest_span(2) <= schedule.longest_gap
    assert schedule.shortest_span(99_999) >= 99_998 * DAY
    assert time.process_time() - began < 10


def test_the_densest_and_longest_rules_do_not_keep_the_audit_busy() -> None:
    began = time.process_time()
    patterns = [*(f"FREQ=DAILY;BYHOUR={hour};BYMINUTE=0" for hour in range(23)), "FREQ=WEEKLY;INTERVAL=60"]

    assert Schedule(patterns, MONDAY).longest_gap == 2 * HOUR
    assert time.process_time() - began < 10


@pytest.mark.parametrize("year", [1, 2999])
def test_a_start_in_an_odd_year_can_be_computed_with(year: int) -> None:
    assert Schedule(["FREQ=DAILY"], MONDAY.replace(year=year)).longest_gap == DAY


def test_a_start_that_is_too_late_to_compute_with_is_refused() -> None:
    with pytest.raises(UnreadableScheduleError, match="starts in the year 9999"):
        Schedule(["FREQ=DAILY"], MONDAY.replace(year=9999))


SPANS = [
    ["FREQ=DAILY;BYHOUR=2;BYMINUTE=0"],
    ["FREQ=WEEKLY;BYDAY=MO;BYHOUR=1,2;BYMINUTE=0"],
    ["FREQ=WEEKLY;BYDAY=MO,WE,FR;BYHOUR=6;BYMINUTE=0", "FREQ=DAILY;INTERVAL=5;BYHOUR=7;BYMINUTE=0"],
    ["FREQ=DAILY;INTERVAL=4", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;BYHOUR=23;BYMINUTE=30"],
    ["FREQ=DAILY;INTERVAL=60"],
]


@pytest.mark.parametrize("patterns", SPANS)
@pytest.mark.parametrize("runs", [1, 2, 3, 7, 8, 20, 61])
def test_so_many_runs_cover_at_least_and_at_most_what_a_look_at_all_of_them_shows(
    patterns: list[str], runs: int
) -> None:
    schedule = Schedule(patterns, MONDAY)
    every = schedule.between(MONDAY, MONDAY + 6000 * DAY)
    spans = {last - first for first, last in zip(every, every[runs - 1 :], strict=False)}

    assert (schedule.shortest_span(runs), schedule.longest_span(runs)) == (min(spans), max(spans))


def test_two_runs_are_at_most_the_longest_gap_apart() -> None:
    for patterns in SPANS:
        schedule = Schedule(patterns, MONDAY)
        assert schedule.longest_span(2) == schedule.longest_gap


@pytest.mark.parametrize("runs", [0, -1, 1])
def test_less_than_two_runs_cover_no_time(runs: int) -> None:
    schedule = Schedule(SPANS[1], MONDAY)

    assert (schedule.shortest_span(runs), schedule.longest_span(runs)) == (timedelta(0), timedelta(0))


def test_the_span_of_very_many_runs_is_found_at_once() -> None:
    schedule = Schedule(SPANS[0], None)
    began = time.process_time()

    assert schedule.shortest_span(99_999) == 99_998 * DAY
    assert time.process_time() - began < 1
