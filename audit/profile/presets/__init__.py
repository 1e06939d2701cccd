"""The presets that come with cbr-audit, one YAML file each, listed by hand. Each gives the source of its numbers.

presets.json contains all of them, because every run reads one, and YAML takes 20 ms to import and parse.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

import orjson

PRESETS: Final = ("default", "strict", "cis-v8", "iso27001", "dora", "mlps-2.0-l3")


def preset_text(name: str) -> bytes:
    """Return the file of a preset."""
    return resources.files("audit.profile.presets").joinpath(f"{name}.yaml").read_bytes()


def preset_values(name: str) -> Mapping[str, Any]:
    """Return the values of a preset."""
    values: Mapping[str, Any] = _values()[name]
    return values


@cache
def _values() -> Mapping[str, Any]:
    values: Mapping[str, Any] = orjson.loads(
        resources.files("audit.profile.presets").joinpath("presets.json").read_bytes()
    )
    return values
