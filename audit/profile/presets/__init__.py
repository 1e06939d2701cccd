"""Profiles that come with cbr-audit, one YAML file each, listed here by hand. Each says where its numbers come from."""

from importlib import resources
from typing import Final

PRESETS: Final = ("default", "strict", "cis-v8", "iso27001", "dora", "mlps-2.0-l3")


def preset_text(name: str) -> bytes:
    """Return the file of a preset."""
    return resources.files("audit.profile.presets").joinpath(f"{name}.yaml").read_bytes()
