"""From YAML to a profile: fill in the preset, and report every error with its line."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from msgspec import Struct, field
from pydantic import ValidationError

from audit.errors import ProfileError
from audit.profile.faults import named
from audit.profile.model import Profile
from audit.profile.presets import PRESETS, preset_text, preset_values
from audit.profile.written import LARGEST, KeyPath

_KINDS: Final = {list: "a list", int: "a number"}


class ProfileSource(Struct, frozen=True):
    """The values that were written, before they are validated.

    Attributes:
        name: the name to use in errors, such as the path of the file.
        values: the parsed values.
        lines: the line of each key and item; empty if the source was not text.
    """

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def line_of(self, place: KeyPath) -> int:
        """Return the line of a key, or of the nearest enclosing part that was written; 0 if there is no text."""
        return next((self.lines[place[:size]] for size in range(len(place), -1, -1) if place[:size] in self.lines), 0)

    def located(self, remarks: Iterable[tuple[KeyPath, str]]) -> tuple[str, ...]:
        """Prefix each remark with its line, in the order of the file."""
        found = sorted(((self.line_of(place), text) for place, text in remarks), key=lambda remark: remark[0])
        return tuple(f"line {line}: {text}" if line else text for line, text in found)


def read_source(text: str | bytes, name: str) -> ProfileSource:
    """Read YAML.

    Raises:
        ProfileError: the text is not YAML or has no keys.
    """
    from audit.profile.yaml_text import read_yaml  # noqa: PLC0415  # a run with a preset reads no YAML

    read = read_yaml(text, name)
    if read.values is None:
        return ProfileSource(name)
    if not isinstance(read.values, dict):
        raise ProfileError(f"{name} must contain keys such as limits:, not {_KINDS.get(type(read.values), 'text')}")
    return ProfileSource(name, read.values, read.lines)


def find_source(given: str | None) -> ProfileSource:
    """Read the configured profile: a preset's name, YAML text, a file's path, or None for the defaults.

    Raises:
        ProfileError: the file cannot be read or has no keys.
    """
    if given is None or given in PRESETS:
        return (
            ProfileSource(f"the preset {given}", {"preset": given}) if given else ProfileSource("the default profile")
        )
    if "\n" in given or given.rstrip().endswith("}") or ": " in given:
        return read_source(given, "the profile")
    try:
        with Path(given).open("rb") as file:
            return read_source(file.read(LARGEST + 1), given)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ProfileError(
            f"cannot read the profile {given}: {reason}; give a file, or one of {', '.join(PRESETS)}"
        ) from error


def build(source: ProfileSource) -> Profile:
    """Build a profile from the written values and its preset.

    Raises:
        ProfileError: names every invalid key with its line and the nearest valid key.
    """
    try:
        profile = Profile.model_validate(_over_preset(source.values))
        faults = list(profile.repeated())
    except ValidationError as error:
        faults = list(named(error.errors(include_url=False, include_input=False)))
    if not faults:
        return profile
    texts = source.located(faults)
    raise ProfileError(f"{source.name}: {'; '.join(texts)}", texts)


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
    return build(ProfileSource(name, values))


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
