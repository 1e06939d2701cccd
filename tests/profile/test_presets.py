from importlib import resources
from pathlib import PurePath
from typing import Any

import pytest
import yaml

from audit.collection import Kind
from audit.controls import CONTROLS
from audit.profile import PRESETS, Profile, load_profile
from audit.profile.applied import controls_of, lists_of
from audit.profile.choice import GROUPS
from audit.profile.limit_fields import LimitValues
from audit.profile.presets import preset_text, preset_values
from audit.profile.reading import presets_as_json

EVERY = pytest.mark.parametrize("name", PRESETS)
IDS = {control.id for control in CONTROLS}


def written(name: str) -> dict[str, Any]:
    read = yaml.safe_load(preset_text(name))
    assert isinstance(read, dict)
    return read


def test_every_file_is_listed() -> None:
    files = resources.files("audit.profile.presets").iterdir()

    assert {PurePath(file.name).stem for file in files if file.name.endswith(".yaml")} == set(PRESETS)


@EVERY
def test_it_can_be_used_and_says_its_name(name: str) -> None:
    assert load_profile(name).preset == name


@EVERY
def test_it_only_chooses_controls_and_limits(name: str) -> None:
    assert set(written(name)) == ({"controls"} if name == "default" else {"controls", "limits"})


@EVERY
def test_every_number_says_where_it_comes_from(name: str) -> None:
    lines = preset_text(name).decode().splitlines()

    assert lines[0].startswith("# ")
    for number, line in enumerate(lines):
        if line.startswith("  ") and not line.lstrip().startswith("#"):
            block = lines[lines.index("limits:") : number]
            after_blank = block[len(block) - block[::-1].index("") :] if "" in block else block[1:]
            assert after_blank[0].startswith("  # "), line


@EVERY
def test_what_runs_read_is_what_the_file_says(name: str) -> None:
    assert preset_values(name) == written(name)


def test_the_file_that_runs_read_is_fresh() -> None:
    committed = resources.files("audit.profile.presets").joinpath("presets.json").read_bytes()

    assert committed == presets_as_json(), "run make schemas"


def test_the_presets_name_no_control_that_does_not_exist() -> None:
    assert {word for name in PRESETS for word in written(name)["controls"]} - GROUPS.keys() <= IDS


@EVERY
def test_every_preset_that_names_a_control_applies_it(name: str) -> None:
    named = set(written(name)["controls"])
    groups = {control_id for word in named & GROUPS.keys() for control_id in GROUPS[word]}
    applied = {control.id for control in controls_of(load_profile(name))}

    assert applied == (named - GROUPS.keys()) | groups


def test_the_default_demands_what_a_profile_demands_that_says_nothing() -> None:
    assert load_profile("default") == Profile()


def test_the_others_say_only_what_they_demand() -> None:
    for name in set(PRESETS) - {"default"}:
        assert len(written(name)["limits"]) < len(LimitValues.model_fields) / 3


def test_strict_applies_every_control_and_is_never_weaker_than_the_default() -> None:
    strict, default = load_profile("strict"), Profile()

    assert controls_of(strict) == CONTROLS
    assert strict.limits.max_interval_hours == 24 < default.limits.max_interval_hours
    assert strict.limits.min_retention_days == 35
    assert default.limits.min_retention_days == 7


@pytest.mark.parametrize(("name", "hours"), [("cis-v8", 168), ("dora", 24), ("iso27001", 168), ("mlps-2.0-l3", 168)])
def test_a_framework_changes_what_it_names(name: str, hours: int) -> None:
    limits = load_profile(name).limits

    assert (limits.max_interval_hours, limits.restore_test_days) == (hours, 90)


def test_a_file_changes_single_limits_of_its_preset() -> None:
    profile = load_profile("preset: strict\nlimits: {min_retention_days: 90}\nskip: [CBR-107]")

    assert (profile.limits.min_retention_days, profile.limits.max_interval_hours) == (90, 24)
    assert len(controls_of(profile)) == len(CONTROLS) - 1


def test_the_default_asks_for_no_list_that_needs_a_permission_of_its_own() -> None:
    assert Kind.PROTECTABLES not in lists_of(Profile())
