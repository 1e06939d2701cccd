from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from audit.collection import ALWAYS_READ, EXPLAINING, Kind
from audit.controls import CONTROLS
from audit.errors import ProfileError
from audit.judging.control_catalogue import USUAL
from audit.judging.requirements import Requirements
from audit.profile import Profile, build_profile, parse_profile
from audit.profile.applied import compares, controls_of, lists_of, requirements_at
from tests.builders import HOUR, TICK, a_resource, a_vault
from tests.pretend import AS_OF

WAIVER = {"control": "CBR-101", "subject": "web-*", "owner": "Ana", "reason": "rebuilt", "until": "2027-03-31"}
DRILL = {"resource": "web-*", "date": "2026-11-05", "by": "Ana", "checked": "it boots", "valid_until": "2027-01-31"}


def demands_of(**values: Any) -> Requirements:
    return requirements_at(build_profile(values, "p"), AS_OF)


def fault_of(**values: Any) -> str:
    with pytest.raises(ProfileError) as error:
        build_profile(values, "p")
    return str(error.value)


def test_limits_are_given_in_the_units_of_their_names() -> None:
    profile = parse_profile(
        """
        version: 1
        timezone: Europe/Berlin
        limits:
          max_backup_age_hours: 36
          repair_within_hours: 12
          grace_hours: 1
          skipped_runs_days: 3
          max_restore_minutes: 90
          min_retention_days: null
          allowed_excluded_disks: [disk-1]
        """,
        "p.yaml",
    )
    limits = requirements_at(profile, AS_OF).limits

    assert limits.now == AS_OF
    assert (limits.max_backup_age, limits.repair_within) == (timedelta(hours=36), timedelta(hours=12))
    assert (limits.grace, limits.skipped_runs_period) == (timedelta(hours=1), timedelta(days=3))
    assert (limits.max_restore_time, limits.min_retention) == (timedelta(minutes=90), None)
    assert limits.allowed_excluded_disks == {"disk-1"}
    assert requirements_at(Profile(), AS_OF).limits.max_backup_age is None
    assert profile.timezone == "Europe/Berlin"


class TestControls:
    def test_they_are_applied_in_the_order_of_the_catalogue_and_once(self) -> None:
        profile = build_profile({"controls": ["CBR-201", "CBR-101", "CBR-201"]}, "p")

        assert [control.id for control in controls_of(profile)] == ["CBR-101", "CBR-201"]

    def test_a_group_may_be_named_and_some_of_it_left_out(self) -> None:
        default = build_profile({"controls": ["default"], "skip": ["CBR-201", "CBR-101"]}, "p")
        both = build_profile({"controls": ["CBR-101", "all"]}, "p")

        assert set(controls_of(Profile())) - set(controls_of(default)) == {
            control for control in CONTROLS if control.id in {"CBR-101", "CBR-201"}
        }
        assert controls_of(both) == CONTROLS

    def test_by_default_all_are_applied_that_need_no_asking_for(self) -> None:
        assert controls_of(Profile()) == tuple(control for control in CONTROLS if control.id in USUAL)

    def test_the_lists_that_they_need_are_read_in_order(self) -> None:
        for control in CONTROLS:
            needed = ALWAYS_READ | EXPLAINING | control.needs | control.reads
            assert lists_of(build_profile({"controls": [control.id]}, "p")) == tuple(
                kind for kind in Kind if kind in needed
            )

    def test_the_run_before_is_looked_at_only_where_one_of_them_compares(self) -> None:
        for control in CONTROLS:
            assert compares(build_profile({"controls": [control.id]}, "p")) == control.compares


class TestLevels:
    def test_a_level_has_the_limits_of_the_profile_but_for_those_that_differ(self) -> None:
        gold = {"name": "gold", "select": [{"vaults": ["blue"]}], "limits": {"max_backup_age_hours": 6}}
        demanded = demands_of(limits={"grace_hours": 1, "max_backup_age_hours": 50}, levels=[gold])
        limits = demanded.of(a_resource())

        assert (limits.max_backup_age, limits.grace) == (6 * HOUR, HOUR)
        other = demanded.of(a_resource(vaults=(a_vault(name="red"),)))
        assert (other.max_backup_age, other.grace) == (50 * HOUR, HOUR)

    def test_a_level_may_take_a_limit_away(self) -> None:
        bronze = {"name": "bronze", "select": [{"resources": ["web-*"]}], "limits": {"max_backup_age_hours": None}}

        assert demands_of(limits={"max_backup_age_hours": 50}, levels=[bronze]).of(a_resource()).max_backup_age is None

    def test_their_order_is_that_of_the_file_and_stays_in_the_canonical_form(self) -> None:
        levels = [
            {"name": name, "select": [{"resources": ["web-*"]}], "limits": {"grace_hours": hours}}
            for name, hours in (("z", 1), ("a", 2))
        ]
        written = build_profile({"levels": levels}, "p")
        again = build_profile(orjson.loads(written.canonical), "again")

        assert [level.name for level in requirements_at(again, AS_OF).levels] == ["z", "a"]
        assert requirements_at(again, AS_OF).of(a_resource()).grace == HOUR


class TestMaintenance:
    def window(self, **values: Any) -> Any:
        (rule,) = demands_of(maintenance=[{"name": "move", **values}]).maintenance
        return rule

    def test_one_that_comes_once_is_told_in_local_time(self) -> None:
        rule = self.window(start="2026-12-05T22:00", end="2026-12-06 06:00", zone="Europe/Berlin")

        assert rule.only == ()
        assert rule.window.start == datetime(2026, 12, 5, 21, 0, tzinfo=UTC)
        assert rule.window.end == datetime(2026, 12, 6, 5, 0, tzinfo=UTC)

    def test_an_hour_that_comes_twice_is_in_it_both_times(self) -> None:
        window = self.window(start="2026-10-25T02:30", end="2026-10-25T02:45", zone="Europe/Berlin").window

        assert (window.start, window.end) == (
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            datetime(2026, 10, 25, 1, 45, tzinfo=UTC),
        )

    def test_a_weekly_one_names_its_days(self) -> None:
        window = self.window(weekly=["sunday", "monday"], start="22:00", end="04:00").window

        assert window.weekdays == {6, 0}
        assert window.length == 6 * HOUR
        assert window.covers(datetime(2026, 11, 23, 3, 59, tzinfo=UTC))

    def test_dates_are_whole_days_by_local_clocks_of_one_year_or_of_every_year(self) -> None:
        window = self.window(dates=["2026-12-24", "12-25"], zone="Asia/Shanghai").window

        covered = [datetime(2026, 12, 23, 16, tzinfo=UTC), datetime(2027, 12, 24, 16, tzinfo=UTC)]
        assert [window.covers(moment) for moment in covered] == [True, True]
        left_out = [covered[0] - TICK, datetime(2026, 12, 25, 16, tzinfo=UTC), datetime(2027, 12, 24, 15, tzinfo=UTC)]
        assert [window.covers(moment) for moment in left_out] == [False, False, False]

    def test_dates_may_have_hours(self) -> None:
        window = self.window(dates=["2026-12-24"], start="22:00", end="04:00").window

        assert window.covers(datetime(2026, 12, 25, 3, 59, tzinfo=UTC))
        assert not window.covers(datetime(2026, 12, 24, 21, 59, tzinfo=UTC))

    def test_a_window_without_dates_keeps_the_canonical_form_that_it_had(self) -> None:
        weekly = {"name": "a", "weekly": ["sunday"], "start": "22:00", "end": "04:00"}
        canonical = orjson.loads(build_profile({"maintenance": [weekly]}, "p").canonical)

        assert canonical["maintenance"] == [{**weekly, "zone": None, "only": None}]

    def test_without_a_zone_it_is_in_that_of_the_profile(self) -> None:
        values = {"name": "move", "start": "2026-12-05T22:00", "end": "2026-12-05T23:00"}
        (rule,) = demands_of(timezone="Asia/Shanghai", maintenance=[values]).maintenance

        assert rule.window.start == datetime(2026, 12, 5, 14, 0, tzinfo=UTC)

    def test_it_may_be_for_some_subjects_only(self) -> None:
        rule = self.window(weekly=["sunday"], start="22:00", end="04:00", only=[{"vaults": ["blue"]}])

        assert [selector.vaults for selector in rule.only] == [("blue",)]

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            (
                {"start": "22:00", "end": "2026-12-06T06:00"},
                "maintenance.0.start: write a day and a local time",
            ),
            ({"start": "2026-12-05", "end": "2026-12-06T06:00"}, "maintenance.0.start: write a day and a local time"),
            (
                {"start": "2026-12-05T22:00+01:00", "end": "x"},
                "start: write a day and a local time, .*; give the zone with",
            ),
            (
                {"start": "2026-12-05T22:00", "end": "2026-12-05T22:00"},
                "maintenance.0.end: must be later than the",
            ),
            ({"start": "2026-12-05T22:00", "end": "2027-01-05T22:01"}, "end: must .* by 31 days at most"),
            ({"start": "2026-12-05T22:00", "end": "2026-02-30T22:00"}, "end: write a day and a local time"),
            (
                {"weekly": ["sunday"], "start": "2026-12-05T22:00", "end": "04:00"},
                "start: write a time of day",
            ),
            ({"weekly": ["sunday"], "start": "22:00", "end": "24:00"}, "end: write a time of day, such as 22:00"),
            ({"weekly": ["sundy"], "start": "22:00", "end": "04:00"}, "weekly.0: Input should be 'monday', 'tuesday'"),
            ({"weekly": [], "start": "22:00", "end": "04:00"}, "weekly: write at least one item"),
            ({"dates": []}, "dates: write at least one item"),
            ({"dates": ["2026-02-30"]}, r"dates.0: write a date, such as 2026-12-25, or 12-25 for every year"),
            ({"dates": ["02-30"]}, r"dates.0: write a date"),
            ({"dates": ["25.12."]}, "dates.0: "),
            ({"dates": ["12-25"], "start": "2026-12-25T22:00", "end": "04:00"}, "start: write a time of day"),
            ({"dates": ["12-25"], "start": "22:00"}, "give both start and end"),
            ({"dates": ["12-25"], "weekly": ["sunday"]}, "weekly and dates cannot be combined"),
            ({"weekly": ["sunday"]}, "give start and end; only entries with dates"),
            ({}, "give start and end; only entries with dates"),
            ({"start": "2026-12-05T22:00"}, "give both start and end"),
            ({"start": "2026-12-05T22:00", "end": "2026-12-05T23:00", "zone": "Mars"}, "zone: unknown time zone"),
        ],
    )
    def test_a_window_that_makes_no_sense_is_refused(self, values: dict[str, Any], words: str) -> None:
        with pytest.raises(ProfileError, match=words):
            build_profile({"maintenance": [{"name": "move", **values}]}, "p")

    def test_31_days_are_not_too_long(self) -> None:
        window = self.window(start="2026-12-05T22:00", end="2027-01-05T22:00").window

        assert window.end - window.start == timedelta(days=31)


class TestWaivers:
    def test_a_waiver_ends_with_its_last_day_in_the_zone_of_the_profile(self) -> None:
        for zone, end in (
            ("UTC", datetime(2027, 4, 1, tzinfo=UTC)),
            ("Europe/Berlin", datetime(2027, 3, 31, 22, tzinfo=UTC)),
        ):
            (waiver,) = demands_of(timezone=zone, waivers=[WAIVER]).waivers
            assert waiver.until == end

    def test_it_says_who_why_and_where_it_was_decided(self) -> None:
        with_ticket, without = demands_of(
            waivers=[{**WAIVER, "ticket": "OPS-1"}, {**WAIVER, "subject": "db-*"}]
        ).waivers

        assert (with_ticket.control, with_ticket.subject, with_ticket.owner) == ("CBR-101", "web-*", "Ana")
        assert (with_ticket.reason, with_ticket.ticket, without.ticket) == ("rebuilt", "OPS-1", "")

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"until": "2027-02-30"}, "p: waivers.0.until: 2027-02-30 is not a valid date"),
            ({"until": "31.3.2027"}, "p: waivers.0.until: write a date, such as 2027-03-31"),
            ({"until": "20270331"}, "p: waivers.0.until: write a date, such as 2027-03-31"),
            ({"until": 5}, "p: waivers.0.until: "),
            ({"until": None}, "p: waivers.0.until: "),
            ({"owner": ""}, "p: waivers.0.owner: "),
            ({"reason": "a\nb"}, "p: waivers.0.reason: write one line of text that is not blank"),
            (
                {"control": "CBR-904"},
                "p: waivers.0.control: CBR-904 judges the waivers themselves and cannot be waived",
            ),
            ({"control": "CBR-99"}, "p: waivers.0.control: unknown control 'CBR-99'; did you mean CBR-90"),
            ({"subject": "x" * 501}, "p: waivers.0.subject: "),
        ],
    )
    def test_a_waiver_that_cannot_be_used_is_refused(self, changes: dict[str, Any], words: str) -> None:
        assert fault_of(waivers=[{**WAIVER, **changes}]).startswith(words)


class TestDrills:
    def test_a_drill_counts_from_its_day_to_the_end_of_its_last_one_in_the_zone_of_the_profile(self) -> None:
        (drill,) = demands_of(timezone="Europe/Berlin", drills=[DRILL]).limits.drills

        assert (drill.held, drill.until) == (
            datetime(2026, 11, 4, 23, tzinfo=UTC),
            datetime(2027, 1, 31, 23, tzinfo=UTC),
        )
        moments = (drill.held - TICK, drill.held, drill.until - TICK, drill.until)
        assert [drill.counts_at(moment) for moment in moments] == [False, True, True, False]

    def test_it_says_who_signed_what_was_checked_and_where_the_record_lies(self) -> None:
        with_record, without = demands_of(drills=[{**DRILL, "evidence": "OPS-1"}, DRILL]).limits.drills

        assert (with_record.resource, with_record.by, with_record.checked) == ("web-*", "Ana", "it boots")
        assert (with_record.evidence, without.evidence) == ("OPS-1", "")

    def test_levels_know_them_too(self) -> None:
        level = {"name": "gold", "select": [{"vaults": ["a"]}], "limits": {"grace_hours": 1}}
        (gold,) = demands_of(levels=[level], drills=[DRILL]).levels

        assert [drill.by for drill in gold.limits.drills] == ["Ana"]

    def test_a_profile_without_drills_keeps_the_canonical_form_that_it_had(self) -> None:
        assert b"drills" not in Profile().canonical

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            (
                {"resource": "w*"},
                "p: drills.0.resource: the pattern matches nearly everything; use at least 3 characters beside * and ?",
            ),
            ({"date": "2026-11-31"}, "p: drills.0.date: 2026-11-31 is not a valid date"),
            ({"valid_until": "2026-11-04"}, "p: drills.0.valid_until: must not be before the date of the"),
            ({"date": "never", "valid_until": "2026-11-04"}, "p: drills.0.date: write a date"),
            ({"by": " "}, "p: drills.0.by: "),
            ({"checked": None}, "p: drills.0.checked: "),
        ],
    )
    def test_a_drill_that_cannot_be_used_is_refused(self, changes: dict[str, Any], words: str) -> None:
        assert fault_of(drills=[{**DRILL, **changes}]).startswith(words)

    def test_a_drill_may_end_on_its_own_day(self) -> None:
        assert demands_of(drills=[{**DRILL, "valid_until": DRILL["date"]}]).limits.drills


def test_the_canonical_form_holds_every_default_and_its_hash_tells_profiles_apart() -> None:
    written = parse_profile("limits: {grace_hours: 6}", "p.yaml")
    assert written.sha256 == Profile().sha256
    assert parse_profile("limits: {grace_hours: 7}", "p.yaml").sha256 != Profile().sha256
    assert orjson.loads(written.canonical)["limits"]["restore_test_days"] == 90
    assert build_profile(orjson.loads(written.canonical), "again") == written


def test_the_language_is_in_the_canonical_form_only_where_it_is_not_english() -> None:
    assert b"language" not in Profile().canonical
    assert parse_profile("language: en", "p.yaml").sha256 == Profile().sha256
    chinese = parse_profile("language: zh", "p.yaml")
    assert orjson.loads(chinese.canonical)["language"] == "zh"
    assert build_profile(orjson.loads(chinese.canonical), "again") == chinese
    assert fault_of(language="de") == "p: language: Input should be 'en' or 'zh'"


def test_the_canonical_form_of_everything_is_the_same_profile_again() -> None:
    level = {"name": "gold", "select": [{"tags": ["tier=gold"]}], "limits": {"max_backup_age_hours": None}}
    weekly = {"name": "a", "weekly": ["sunday"], "start": "22:00", "end": "04:00", "only": [{"resources": ["db-*"]}]}
    values = {
        "preset": "strict",
        "timezone": "Europe/Berlin",
        "language": "zh",
        "look_back": "14d",
        "skip": ["CBR-107"],
        "scope": {"include": [{"vaults": ["a"], "tags": ["b"]}], "exclude": [{"enterprise_projects": ["0"]}]},
        "limits": {"grace_hours": 7, "required_tags": ["env"]},
        "levels": [level],
        "maintenance": [weekly, {"name": "holidays", "dates": ["2026-12-24", "12-25"]}],
        "waivers": [WAIVER],
        "drills": [DRILL],
    }
    written = build_profile(values, "p")
    again = build_profile(orjson.loads(written.canonical), "again")

    assert again.canonical == written.canonical
    assert requirements_at(again, AS_OF) == requirements_at(written, AS_OF)
    assert controls_of(again) == controls_of(written)


def test_a_profile_without_retention_keeps_the_canonical_form_that_it_had() -> None:
    assert b'"retention"' not in Profile().canonical
    assert build_profile({"retention": {"evidence_days": 30, "reports_days": 30}}, "p").retention is not None


@pytest.mark.parametrize("retention", [{"reports_days": 30}, {"evidence_days": 31, "reports_days": 30}])
def test_reports_are_not_removed_before_their_evidence(retention: Any) -> None:
    assert "p: retention.reports_days: reports cannot go before their evidence" in fault_of(retention=retention)
