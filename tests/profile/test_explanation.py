from datetime import UTC, datetime, timedelta

import pytest

from audit.controls import CONTROLS
from audit.judging.control_catalogue import OPT_IN
from audit.profile import build, find_source
from audit.profile.explanation import days_left, explain, limits_of
from audit.profile.limit_fields import LimitValues

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
FULL = """
preset: strict
timezone: Europe/Berlin
look_back: 14d
skip: [CBR-107]
scope:
  include:
    - vaults: [prod-*, blue]
      tags: [env=prod]
    - enterprise_projects: [abc]
  exclude:
    - resources: [scratch-*]
limits:
  max_waiver_days: 90
  required_tags: [env, owner]
levels:
  - name: gold
    select: [{tags: [tier=gold]}]
    limits: {max_backup_age_hours: 6, grace_hours: 1}
maintenance:
  - {name: move, start: 2026-11-05T22:00, end: 2026-11-06T06:00}
  - {name: site, start: 2026-12-05T22:00, end: 2026-12-06T06:00, zone: Asia/Shanghai}
  - {name: holidays, dates: [2026-12-24, 12-25]}
  - {name: xmas 2025, dates: [2025-12-24], start: 22:00, end: 04:00}
  - {name: patches, weekly: [saturday, sunday], start: 22:00, end: 04:00, only: [{resources: [db-*]}]}
waivers:
  - {control: CBR-101, subject: web-1, owner: Ana, reason: rebuilt, until: 2027-03-31, ticket: OPS-1}
  - {control: CBR-103, subject: web-2, owner: Ben, reason: old, until: 2026-11-22}
drills:
  - {resource: db-*, date: 2026-11-05, by: Ana, checked: it starts, valid_until: 2027-01-31, evidence: OPS-2}
  - {resource: web-1, date: 2026-11-06, by: Ben, checked: it boots, valid_until: 2027-01-31}
"""


def lines_of(given: str | None) -> list[str]:
    source = find_source(given)
    return list(explain(source, build(source), NOW))


def test_without_a_file_the_default_is_explained() -> None:
    lines = lines_of(None)

    assert lines[0] == "Profile      the default profile, based on the preset default"
    assert "Scope        everything that CBR lists or names" in lines
    assert lines[-1] == "Waivers      none"
    assert not [line for line in lines if line.startswith(("Levels", "Maintenance"))]
    (left_out,) = [line for line in lines if line.startswith("  not applied: ")]
    assert left_out == "  not applied: " + ", ".join(sorted(OPT_IN))


def test_every_control_and_every_limit_is_named_at_least_once() -> None:
    text = "\n".join(lines_of("strict"))

    assert [control.id for control in CONTROLS if f"  {control.id}  {control.severity}" not in text] == []
    assert [name for name in LimitValues.model_fields if f"{name}: " not in text] == []


def test_a_control_is_shown_with_its_limits_and_where_they_come_from() -> None:
    lines = lines_of(FULL)
    place = next(number for number, line in enumerate(lines) if line.startswith("  CBR-904"))

    assert lines[place : place + 3] == [
        "  CBR-904  low       Waivers are in force, needed and narrow",
        "           max_waiver_days: 90 (the profile)",
        "           max_waived_subjects: 10 (default)",
    ]


def test_each_limit_says_whether_file_preset_or_default_sets_it_and_what_levels_have() -> None:
    text = "\n".join(lines_of(FULL))

    assert "max_interval_hours: 24 (preset strict)" in text
    assert "max_backup_age_hours: not set (default; gold: 6)" in text
    assert "grace_hours: 6 (default; gold: 1)" in text
    assert "required_tags: env, owner (the profile)" in text
    assert "replication_regions: none listed (default)" in text


def test_everything_else_is_told_in_plain_words() -> None:
    lines = lines_of(FULL)

    assert lines[:5] == [
        "Profile      the profile, based on the preset strict",
        "Look-back    14d; the first run reads the last 30 days, each later run continues from it",
        "Zone         Europe/Berlin: pages show times in this zone and in UTC",
        "Reports      report.json, findings.ndjson, report.html",
        "Language     English, on the pages",
    ]
    assert "  not applied: CBR-107" in lines
    scope = next(number for number, line in enumerate(lines) if line.startswith("Scope"))
    assert lines[scope:] == [
        "Scope        vaults prod-* or blue, and vaults with the tag env=prod; or enterprise projects abc",
        "  without    resources scratch-*",
        "",
        "Levels       the first matching level applies",
        "  1. gold: vaults with the tag tier=gold",
        "       max_backup_age_hours: 6",
        "       grace_hours: 1",
        "",
        "Maintenance  runs due at these times are not judged",
        "  move: 2026-11-05T22:00 to 2026-11-06T06:00 Europe/Berlin (over)",
        "  site: 2026-12-05T22:00 to 2026-12-06T06:00 Asia/Shanghai",
        "  holidays: 2026-12-24, 12-25, the whole day Europe/Berlin",
        "  xmas 2025: 2025-12-24, 22:00 to 04:00 Europe/Berlin (over)",
        "  patches: saturday, sunday, 22:00 to 04:00 Europe/Berlin, only resources db-*",
        "",
        "Waivers      the outcome is kept, but does not make the project non-compliant",
        "  CBR-101 of web-1: rebuilt (Ana) [OPS-1]",
        "       until 2027-03-31, 128 days left",
        "  CBR-103 of web-2: old (Ben)",
        "       until 2026-11-22, EXPIRED",
        "",
        "Drills       restores that were tested by hand; CBR-601 accepts them as well as restore tasks",
        "  2026-11-05 db-*: it starts (Ana) [OPS-2]",
        "       counts until 2027-01-31",
        "  2026-11-06 web-1: it boots (Ben)",
        "       counts until 2027-01-31",
    ]


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(0), "EXPIRED"),
        (timedelta(seconds=1), "its last day"),
        (timedelta(days=1), "its last day"),
        (timedelta(days=1, seconds=1), "1 day left"),
        (timedelta(days=3, hours=5), "3 days left"),
    ],
)
def test_days_are_counted_until_a_waiver_ends(left: timedelta, words: str) -> None:
    assert days_left(NOW + left, NOW) == words


def test_where_every_limit_is_shown_with_a_control_none_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.profile.explanation.limits_of", lambda _control: tuple(LimitValues.model_fields))

    assert "Other limits" not in lines_of(None)


def test_the_limits_of_a_control_are_those_that_its_documentation_names() -> None:
    named = {control.id: limits_of(control) for control in CONTROLS}

    assert named["CBR-904"] == ("max_waiver_days", "max_waived_subjects")
    assert named["CBR-902"] == ()


def test_holidays_are_whole_days_unless_they_have_hours() -> None:
    lines = lines_of(FULL)

    assert "  holidays: 2026-12-24, 12-25, the whole day Europe/Berlin" in lines
    assert "  xmas 2025: 2025-12-24, 22:00 to 04:00 Europe/Berlin (over)" in lines


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "what runs stored is kept for ever"),
        ("{evidence_days: 30}", "`cbr-audit prune` removes evidence after 30 days, no reports, and no digest"),
        (
            "{evidence_days: 30, reports_days: 60}",
            "removes evidence after 30 days, reports after 60 days, and no digest",
        ),
    ],
)
def test_how_long_runs_are_kept_is_told(text: str, words: str) -> None:
    (line,) = [line for line in lines_of(f"retention: {text}" if text else "{}") if line.startswith("Retention")]

    assert line.endswith(words)
