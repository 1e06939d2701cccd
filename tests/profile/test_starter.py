import re
from pathlib import Path
from textwrap import dedent

import pytest

from audit.errors import ProfileError
from audit.profile import PRESETS, LimitValues, Profile, load_profile, parse_profile
from audit.profile.starter import starter

EVERY = pytest.mark.parametrize("name", PRESETS)


def without_comment_marks(text: str) -> str:
    """Make every example count: their marks stand right before a key, or before the indentation of one."""
    return re.sub(r"^#(?=\w|  )", "", text, flags=re.MULTILINE)


@EVERY
def test_it_demands_what_its_preset_demands(name: str) -> None:
    assert parse_profile(starter(name), "p.yaml") == load_profile(name)


@EVERY
def test_every_example_in_it_can_be_used(name: str) -> None:
    profile = parse_profile(without_comment_marks(starter(name)), "p.yaml")

    assert set(Profile.model_fields) == profile.model_fields_set
    assert profile.limits == load_profile(name).limits
    assert profile.limits.model_fields_set == set(LimitValues.model_fields)
    assert profile.levels
    assert profile.maintenance
    assert profile.waivers


def test_every_limit_stands_in_it_with_what_it_means() -> None:
    lines = starter("strict").splitlines()

    for name, field in LimitValues.model_fields.items():
        assert [line for line in lines if line.startswith(f"#  {name}: ") and line.endswith(str(field.description))]
    assert any(line.startswith("#  max_interval_hours: 24  # ") for line in lines)


def test_the_example_of_the_readme_can_be_used() -> None:
    readme = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")
    example = readme.partition("A profile holds only what differs from its preset:\n")[2].partition("\n- ")[0]
    profile = parse_profile(dedent(example), "README.md")

    assert profile.preset == "iso27001"
    assert profile.levels
    assert profile.waivers


def test_it_is_written_over_a_preset_only() -> None:
    with pytest.raises(ProfileError, match="cannot read the profile"):
        starter("qqq")
