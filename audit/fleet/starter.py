"""A fleet file to edit: every key with an example."""

from importlib import resources


def fleet_starter() -> str:
    """Return the text of the file."""
    return resources.files("audit.fleet").joinpath("starter.yaml").read_text(encoding="utf-8")
