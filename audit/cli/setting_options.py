"""Options that are settings: their values, and their names in messages."""

import os
from collections.abc import Mapping

from audit.settings import VARIABLES

SettingOptions = Mapping[str, str]
"""The option of each setting, such as --region of HUAWEICLOUD_SDK_REGION."""


def environment() -> dict[str, str]:
    """Return the settings of the environment."""
    return {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}


def given_by(options: SettingOptions, values: Mapping[str, str | None]) -> dict[str, str]:
    """Return the settings that options give, by name."""
    given = {name: values.get(option.removeprefix("--").replace("-", "_")) for name, option in options.items()}
    return {name: value for name, value in given.items() if value}


def beside_options(options: SettingOptions, text: str) -> str:
    """Put the option next to each setting that an error message names."""
    for name, option in options.items():
        text = text.replace(name, f"{option} ({name})")
    return text
