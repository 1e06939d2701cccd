"""From what people write to a profile: the preset below it is filled in, and every mistake is named with its line."""

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
    """What somebody wrote, before it is a profile.

    Attributes:
        name: what errors call it, such as the path of the file.
        lines: of each key and each item, its line; empty where it was no text.
    """

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def line_of(self, place: KeyPath) -> int:
        """Return the line of a key, or of the nearest part around it that was written; 0 where there is no text."""
        return next((self.lines[place[:size]] for size in range(len(place), -1, -1) if place[:size] in self.lines), 0)

    def located(self, remarks: Iterable[tuple[KeyPath, str]]) -> tuple[str, ...]:
        """Put its line before each remark, in the order of the file."""
        found = sorted(((self.line_of(place), text) for place, text in remarks), key=lambda remark: remark[0])
        return tuple(f"line {line}: {text}" if line else text for line, text in found)


def read_source(text: str | bytes, name: str) -> ProfileSource:
    """Read YAML.

    Raises:
        ProfileError: it is no YAML, or holds no keys.
    """
    from audit.profile.yaml_text import read_yaml  # noqa: PLC0415  # a run on a preset reads no YAML

    read = read_yaml(text, name)
    if read.values is None:
        return ProfileSource(name)
    if not isinstance(read.values, dict):
        raise ProfileError(f"{name} must hold keys such as limits:, not {_KINDS.get(type(read.values), 'a text')}")
    return ProfileSource(name, read.values, read.lines)


def find_source(given: str | None) -> ProfileSource:
    """Read what is configured: the name of a preset, YAML text, the path of a file, or nothing for the defaults.

    Raises:
        ProfileError: the file cannot be read, or holds no keys.
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
            f"the profile {given} cannot be read: {reason}; give a file, or one of {', '.join(PRESETS)}"
        ) from error


def build(source: ProfileSource) -> Profile:
    """Build a profile over its preset.

    Raises:
        ProfileError: naming every key at fault with its line, and the nearest key that exists.
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
    """Read a profile from YAML.

    Args:
        text: the YAML.
        name: what errors call it, such as the path of the file.

    Raises:
        ProfileError: naming every line and key at fault, with the nearest key that exists.
    """
    return build(read_source(text, name))


def build_profile(values: Mapping[str, Any], name: str) -> Profile:
    """Build a profile from parsed values, such as those of an event.

    Raises:
        ProfileError: naming every key at fault, with the nearest key that exists.
    """
    return build(ProfileSource(name, values))


def load_profile(given: str | None) -> Profile:
    """Read a profile that is configured: the name of a preset, YAML text, the path of a file, or nothing.

    Raises:
        ProfileError: the file cannot be read, or the profile cannot be used.
    """
    return build(find_source(given))


def presets_as_json() -> bytes:
    """Read the files of all presets, for ``make schemas`` to write what they say."""
    values = {name: read_source(preset_text(name), f"the preset {name}").values for name in PRESETS}
    return orjson.dumps(values, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _over_preset(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fill in what the preset says where the file is silent; of the limits, each one for itself."""
    name = values.get("preset", "default")
    base = preset_values(name) if isinstance(name, str) and name in PRESETS else {}
    written = {key: value for key, value in values.items() if value is not None}  # "limits:" with nothing below it
    limits = written.get("limits", {})
    if isinstance(limits, dict):
        written["limits"] = {**base.get("limits", {}), **limits}
    return {**base, **written}
