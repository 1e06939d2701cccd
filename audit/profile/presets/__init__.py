"""Profiles that come with cbr-audit, one YAML file each, listed here by hand. Each says where its numbers come from.

presets.json holds what all of them say, because every run reads one, and YAML takes 20 ms to import and to read.
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
    """Return what a preset says."""
    values: Mapping[str, Any] = _values()[name]
    return values


@cache
def _values() -> Mapping[str, Any]:
    values: Mapping[str, Any] = orjson.loads(
        resources.files("audit.profile.presets").joinpath("presets.json").read_bytes()
    )
    return values
