from pathlib import Path

import pytest

from audit.errors import ProfileError
from audit.profile import PRESETS, Profile, build_profile, find_source, load_profile, parse_profile


def faults_of(text: str) -> list[str]:
    with pytest.raises(ProfileError) as error:
        parse_profile(text, "p.yaml")
    assert str(error.value) == f"p.yaml: {'; '.join(error.value.faults)}"
    return list(error.value.faults)


def test_an_empty_profile_is_the_default_one() -> None:
    assert parse_profile("", "p.yaml") == parse_profile(b"# nothing\n", "p.yaml") == Profile()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("limit: {}", "line 1: limit is not a key of a profile; did you mean limits?"),
        (
            "\nlimits:\n  grace_hour: 1",
            "line 3: limits.grace_hour is not a key of a profile; did you mean grace_hours?",
        ),
        ("limits: {qqq: 1}", "line 1: limits.qqq is not a key of a profile; known are max_backup_age_hours, "),
        ("qqq: 1", "line 1: qqq is not a key of a profile; known are version, preset, timezone, language, look_back, "),
        ("1: 2", "line 1: 1 is not a key of a profile; known are "),
        ("limits: {grace_hours: '1'}", "line 1: limits.grace_hours: write a whole number"),
        ("limits: {grace_hours: 1.5}", "line 1: limits.grace_hours: write a whole number"),
        ("limits: {grace_hours: true}", "line 1: limits.grace_hours: write a whole number"),
        ("limits: {grace_hours: 010}", "line 1: limits.grace_hours: write a whole number"),
        ("limits: {grace_hours: 73}", "line 1: limits.grace_hours: Input should be less than or equal to 72"),
        ("limits: {required_tags: env}", "line 1: limits.required_tags: write a list"),
        ("limits: 5", "line 1: limits: write keys below it"),
        ("version: 2", "line 1: version: Input should be 1"),
        ("controls: []", "line 1: controls: write at least one item"),
        ("controls: CBR-101", "line 1: controls: write a list"),
        ("controls: [5]", "line 1: controls.0: write a text; one that looks like a number belongs in quotes"),
        (
            "controls:\n  - CBR-101\n  - CBR-902x",
            "line 3: controls.1: unknown control 'CBR-902x'; did you mean CBR-902?",
        ),
        ("skip: [cbr-101]", "line 1: skip.0: unknown control 'cbr-101'; did you mean CBR-101?"),
        ("skip: [Recent-Backup]", "line 1: skip.0: unknown control 'Recent-Backup'; its id is CBR-101"),
        ("controls: [qqq]", "line 1: controls.0: unknown control 'qqq'; known are CBR-101, "),
        ("controls: [CBR-101]\nskip: [CBR-101]", "line 2: skip: no controls are left"),
        ("preset: strct", "line 1: preset: unknown preset 'strct'; did you mean strict?"),
        ("preset: qqq", "line 1: preset: unknown preset 'qqq'; known are default, strict, "),
        ("preset: [strict]", "line 1: preset: write a text; "),
        ("look_back: 0d", "line 1: look_back: write a number of days or hours, such as 30d or 12h, up to 366 days"),
        ("look_back: 367d", "line 1: look_back: write a number of days or hours"),
        ("look_back: 8785h", "line 1: look_back: write a number of days or hours"),
        ("look_back: 30", "line 1: look_back: write a text"),
        (
            "timezone: Europe/Berlim",
            "line 1: timezone: unknown time zone 'Europe/Berlim'; an example is Europe/Berlin",
        ),
        ("timezone: ../../etc/passwd", "line 1: timezone: unknown time zone"),
        ("timezone: ''", "line 1: timezone: unknown time zone"),
        ("timezone: Europe", "line 1: timezone: unknown time zone"),
        (
            "scope: {include: [{}]}",
            "line 1: scope.include.0: it selects nothing; give at least one of resources, vaults, tags, ",
        ),
        ("scope: {include: []}", "line 1: scope.include: write at least one item"),
        (
            "scope:\n  exclude:\n  - vault: [a]",
            "line 3: scope.exclude.0.vault is not a key of a profile; did you mean v",
        ),
        ("scope: {include: [{vaults: ['']}]}", "line 1: scope.include.0.vaults.0: "),
        (
            "scope: {include: [{vaults: [' ']}]}",
            "line 1: scope.include.0.vaults.0: write one line of text that is not b",
        ),
        ("levels: [{name: gold}]", "line 1: levels.0.select is missing"),
        (
            "levels:\n- name: gold\n  select: [{vaults: [a]}]\n  limits:\n    max_waiver_days: 5",
            "line 5: levels.0.limits.max_waiver_days: it is about waivers, which have no level; ",
        ),
        (
            "limits: {trusted_actors: [acme/*]}",
            "line 1: limits.trusted_actors: 'acme/*' is nobody; write ACCOUNT/NAME, an id or a URN, without * and ?",
        ),
        ("limits: {trusted_actors: [' eve']}", "line 1: limits.trusted_actors: ' eve' is nobody; "),
        ("limits: {trusted_actors: ['']}", "line 1: limits.trusted_actors: '' is nobody; "),
        (
            "waivers:\n- control: CBR-904",
            "line 2: waivers.0.control: CBR-904 judges the waivers themselves and cannot be waived",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_would_be_right(text: str, fault: str) -> None:
    assert faults_of(text)[0].startswith(fault)


def test_all_mistakes_are_named_at_once_in_the_order_of_the_file() -> None:
    faults = faults_of("limit: 1\ntimezone: Mars\nwaivers:\n- subject: a\n  tiket: b\nlimits: {grace_hours: -1}")

    assert [fault.partition(":")[0] for fault in faults] == ["line 1", "line 2", *["line 4"] * 4, "line 5", "line 6"]
    missing = {"control", "owner", "reason", "until"}
    assert set(faults[2:6]) == {f"line 4: waivers.0.{name} is missing" for name in missing}
    assert faults[6] == "line 5: waivers.0.tiket is not a key of a profile; did you mean ticket?"


def test_a_list_whose_items_are_all_wrong_is_not_called_empty() -> None:
    assert faults_of("controls: [qqq]") == [fault for fault in faults_of("controls: [qqq]") if "controls.0" in fault]


def test_what_must_be_told_apart_by_its_name_stands_once() -> None:
    level = "- {name: gold, select: [{vaults: [a]}], limits: {grace_hours: 1}}\n"
    waiver = "- {control: CBR-101, subject: a, owner: b, reason: c, until: 2027-01-01}\n"

    assert faults_of(f"levels:\n{level}{level}waivers:\n{waiver}{waiver.replace('101', '103')}{waiver}") == [
        "line 3: another level is called 'gold' too",
        "line 7: another waiver is about the same control and subject",
    ]


@pytest.mark.parametrize(
    "text",
    ["limits: [", "limits: {", "\t- x", b"\xff\xfe\x00", b"\x80", "\x00", "a: b: c", "- a\nb: c", "%YAML 9\n---\n"],
)
def test_what_is_no_yaml_is_refused_in_one_line(text: str | bytes) -> None:
    with pytest.raises(ProfileError, match=r"^p\.yaml is not YAML: ") as error:
        parse_profile(text, "p.yaml")

    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "a: 1\nb: &x [1]\nc: *x",
            r"line 2: anchors \(&\) and aliases \(\*\) are not supported; quote text that starts",
        ),
        ("subject: *", "not YAML: line 1, column 11"),
        ("subject: *web", "line 1: anchors"),
        ("a: &a [*a]", "line 1: anchors"),
        ("&k a: 1", "line 1: anchors"),
        ("a: !!python/object/apply:os.system ['true']", r"line 1: tags \(!\) are not supported"),
        ("a: !!int '5'", "line 1: tags"),
        ("a: !x {}", "line 1: tags"),
        ("\n" + "[" * 600, "line 2: nested too deeply"),
        ("{a: " * 600, "line 1: nested too deeply"),
        ("limits:\n  grace_hours: 1\n  grace_hours: 2", "line 3: duplicate key grace_hours, first on line 2"),
        ("a: 1\n---\nb: 2", "line 2: a second document starts here; a profile has one"),
        ("? [a]\n: 1", "line 1: a key must be a single word"),
        ("- a", "p.yaml must contain keys such as limits:, not a list"),
        ("text", "p.yaml must contain keys such as limits:, not text"),
        ("5", "p.yaml must contain keys such as limits:, not a number"),
        ("#" * (256 * 1024 + 1), "p.yaml is larger than 256 KiB, too large for a profile"),
    ],
)
def test_yaml_that_no_profile_needs_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ProfileError, match=f"^p.yaml.*{reason}" if "p.yaml" not in reason else reason) as error:
        parse_profile(text, "p.yaml")

    assert not error.value.faults


def test_aliases_that_would_blow_up_are_never_followed() -> None:
    bomb = "\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))])

    with pytest.raises(ProfileError, match="line 1: anchors"):
        parse_profile(bomb, "p.yaml")


def test_a_profile_of_the_greatest_size_is_read() -> None:
    assert parse_profile("#" * (256 * 1024 - 1) + "\n", "p.yaml") == Profile()


def test_only_what_yaml_1_2_calls_so_is_a_truth_or_a_number() -> None:
    source = find_source(
        "a: [yes, on, NO, 22:00, 2026-12-01, 1e3, 0x1F, 0, -7, true, null, ~, '5', 9999999999999999999]\n"
    )

    assert source.values["a"] == [
        *["yes", "on", "NO", "22:00", "2026-12-01", "1e3", "0x1F"],
        *[0, -7, True, None, None, "5", "9999999999999999999"],
    ]


def test_a_section_with_nothing_below_it_is_not_written() -> None:
    assert parse_profile("limits:\nwaivers:\nscope:\nlevels:\n", "p.yaml") == Profile()


def test_a_file_that_ends_in_the_middle_of_a_preset_or_a_text_is_told_from_a_path(tmp_path: Path) -> None:
    path = tmp_path / "strict"
    path.write_text("limits: {grace_hours: 7}", encoding="utf-8")

    assert load_profile(str(path)).limits.grace_hours == 7
    assert load_profile("strict") == load_profile("preset: strict")
    assert find_source("strict").name == "the preset strict"
    assert find_source(None).name == "the default profile"
    assert find_source("preset: strict\n").name == "the profile"


def test_of_an_endless_file_no_more_is_read_than_a_profile_may_have() -> None:
    with pytest.raises(ProfileError, match=r"^/dev/zero is larger than 256 KiB"):
        load_profile("/dev/zero")


def test_values_that_were_no_text_have_no_lines() -> None:
    with pytest.raises(
        ProfileError, match=r"^the event's profile: limit is not a key of a profile; did you mean limits"
    ):
        build_profile({"limit": 1}, "the event's profile")


@pytest.mark.parametrize("name", PRESETS)
def test_a_mistake_in_a_file_is_named_whatever_it_stands_on(name: str) -> None:
    assert faults_of(f"preset: {name}\nlimits:\n  grace_hours: x") == [
        "line 3: limits.grace_hours: write a whole number"
    ]
