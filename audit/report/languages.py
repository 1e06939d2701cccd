"""The languages of pages. The words of each but English are in page/CODE.json, beside page/words.py."""

from typing import TYPE_CHECKING, Final, Literal

LANGUAGES: Final = {"en": "English", "zh": "simplified Chinese"}

# the name in profiles; mypy cannot read the table
if TYPE_CHECKING:
    Language = str
else:
    Language = Literal[tuple(LANGUAGES)]
