"""A starter profile to edit: every key with an example, and every limit with its value."""

from importlib import resources

import orjson

from audit.profile.limit_fields import LimitValues
from audit.profile.reading import build, find_source


def starter(preset: str) -> str:
    """Return a profile equivalent to a preset.

    Raises:
        ProfileError: there is no such preset.
    """
    limits = build(find_source(preset)).limits
    text = resources.files("audit.profile").joinpath("starter.yaml").read_text(encoding="utf-8")
    return text.replace("@PRESET@", preset).replace("@LIMITS@", "\n".join(_lines(limits)))


def _lines(limits: LimitValues) -> list[str]:
    return [
        f"#  {name}: {orjson.dumps(getattr(limits, name)).decode()}  # {field.description}"
        for name, field in LimitValues.model_fields.items()
    ]
