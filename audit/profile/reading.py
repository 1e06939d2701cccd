"""From YAML to a profile: fill in the preset, and report every error with its line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from audit.errors import ProfileError
from audit.profile.model import Profile
from audit.profile.presets import PRESETS, preset_text, preset_values
from audit.profile.source import WrittenSource, is_text, read_source, validated
from audit.profile.written import LARGEST


def find_source(given: str | None) -> WrittenSource:
    """Read the configured profile: a preset's name, YAML text, a file's path, or None for the defaults.

    Raises:
        ProfileError: the file cannot be read or has no keys.
    """
    if given is None or given in PRESETS:
        return (
            WrittenSource(f"the preset {given}", {"preset": given}) if given else WrittenSource("the default profile")
        )
    if is_text(given):
        return read_source(given, "the profile")
    try:
        with Path(given).open("rb") as file:
            return read_source(file.read(LARGEST + 1), given)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ProfileError(
            f"cannot read the profile {given}: {reason}; give a file, or one of {', '.join(PRESETS)}"
        ) from error


def build(source: WrittenSource) -> Profile:
    """Build a profile from the written values and its preset.

    Raises:
        ProfileError: names every invalid key with its line and the nearest valid key.
    """
    return validated(source, Profile, _over_preset(source.values), Profile.repeated, ProfileError)


def parse_profile(text: str | bytes, name: str) -> Profile:
    """Parse a profile from YAML.

    Args:
        text: the YAML text.
        name: the name to use in errors, such as the path of the file.

    Raises:
        ProfileError: names every invalid line and key, and the nearest valid key.
    """
    return build(read_source(text, name))


def build_profile(values: Mapping[str, Any], name: str) -> Profile:
    """Build a profile from parsed values, such as those of an event.

    Raises:
        ProfileError: names every invalid key, and the nearest valid key.
    """
    return build(WrittenSource(name, values))


def load_profile(given: str | None) -> Profile:
    """Load the configured profile: a preset's name, YAML text, a file's path, or None for the defaults.

    Raises:
        ProfileError: the file cannot be read or the profile is invalid.
    """
    return build(find_source(given))


def presets_as_json() -> bytes:
    """Read the files of all presets, so that ``make schemas`` can write presets.json."""
    values = {name: read_source(preset_text(name), f"the preset {name}").values for name in PRESETS}
    return orjson.dumps(values, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _over_preset(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fill in the preset's values for missing keys, and for each missing limit."""
    name = values.get("preset", "default")
    base = preset_values(name) if isinstance(name, str) and name in PRESETS else {}
    written = {key: value for key, value in values.items() if value is not None}  # "limits:" with nothing under it
    limits = written.get("limits", {})
    if isinstance(limits, dict):
        written["limits"] = {**base.get("limits", {}), **limits}
    return {**base, **written}
