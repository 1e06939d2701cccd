from datetime import timedelta

import orjson
import pytest

from audit.controls import CONTROLS
from audit.errors import ProfileError
from audit.profile import Profile, build_profile, parse_profile
from tests.edges.pretend import AS_OF


def test_an_empty_profile_is_the_default_one() -> None:
    assert parse_profile("", "p.yaml") == parse_profile(b"# nothing\n", "p.yaml") == Profile()
    assert Profile().selected == CONTROLS


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
        """,
        "p.yaml",
    )
    limits = profile.demands_at(AS_OF).limits

    assert limits.now == AS_OF
    assert (limits.max_backup_age, limits.repair_within) == (timedelta(hours=36), timedelta(hours=12))
    assert (limits.grace, limits.skipped_runs_period) == (timedelta(hours=1), timedelta(days=3))
    assert Profile().demands_at(AS_OF).limits.max_backup_age is None
    assert profile.timezone == "Europe/Berlin"


def test_controls_are_applied_in_the_order_of_the_catalogue_and_once() -> None:
    profile = build_profile({"controls": ["CBR-201", "CBR-101", "CBR-201"]}, "p")

    assert [control.id for control in profile.selected] == ["CBR-101", "CBR-201"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("limit: {}", r"limit is not a key of a profile; did you mean limits\?"),
        ("limits: {grace_hour: 1}", r"limits.grace_hour is not a key of a profile; did you mean grace_hours\?"),
        ("limits: {qqq: 1}", r"limits.qqq is not a key of a profile; known are max_backup_age_hours, "),
        ("qqq: 1", r"qqq is not a key of a profile; known are version, timezone, controls, limits"),
        ("limits: {grace_hours: '1'}", r"limits.grace_hours: Input should be a valid integer"),
        ("limits: {grace_hours: 73}", r"limits.grace_hours: .*less than or equal to 72"),
        ("limits: {grace_hours: true}", r"limits.grace_hours: "),
        ("limits: 5", r"limits: "),
        ("version: 2", r"version: "),
        ("controls: []", r"controls: .*at least 1"),
        ("controls: CBR-101", r"controls: "),
        ("controls: [5]", r"controls.0: "),
        ("controls: [CBR-110]", r"controls: there is no control 'CBR-110'; did you mean CBR-1\d\d\?"),
        ("controls: [x]", r"controls: there is no control 'x'; known are CBR-101, "),
        ("timezone: Europe/Berlim", r"timezone: there is no time zone 'Europe/Berlim'; an example is Europe/Berlin"),
        ("timezone: ../../etc/passwd", r"timezone: there is no time zone"),
        ("timezone: ''", r"timezone: there is no time zone"),
        ("timezone: Europe", r"timezone: there is no time zone"),
        ("1: 2", r"p.yaml: 1: "),
    ],
)
def test_a_mistake_is_named_with_the_nearest_key_that_exists(text: str, reason: str) -> None:
    with pytest.raises(ProfileError, match=f"^p.yaml: .*{reason}" if "p.yaml" not in reason else reason):
        parse_profile(text, "p.yaml")


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(ProfileError) as error:
        parse_profile("limit: 1\ntimezone: Mars\nlimits: {grace_hours: -1}", "p.yaml")

    assert str(error.value).count("; ") >= 3
    assert all(name in str(error.value) for name in ("limit is not", "timezone", "limits.grace_hours"))


@pytest.mark.parametrize(
    "text",
    [
        "limits: [",
        "limits: {",
        "\t- x",
        b"\xff\xfe\x00",
        b"\x80",
        "a: !!python/object/apply:os.system ['true']",
        "timezone: 2026-13-45",
        "[" * 600,
        "a: &a [*b]",
        "\x00",
    ],
)
def test_what_is_no_yaml_is_refused_in_one_line(text: str | bytes) -> None:
    with pytest.raises(ProfileError, match=r"^p\.yaml is not YAML: ") as error:
        parse_profile(text, "p.yaml")

    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("text", "kind"), [("- a", "list"), ("text", "str"), ("5", "int")])
def test_yaml_without_keys_is_no_profile(text: str, kind: str) -> None:
    with pytest.raises(ProfileError, match=f"p.yaml must hold keys such as limits:, not a {kind}"):
        parse_profile(text, "p.yaml")


def test_the_canonical_form_holds_every_default_and_its_hash_tells_profiles_apart() -> None:
    written = parse_profile("limits: {grace_hours: 6}", "p.yaml")
    assert written.sha256 == Profile().sha256
    assert parse_profile("limits: {grace_hours: 7}", "p.yaml").sha256 != Profile().sha256
    assert orjson.loads(written.canonical)["limits"]["restore_test_days"] == 90
    assert build_profile(orjson.loads(written.canonical), "again") == written
