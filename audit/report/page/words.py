"""The words of a page: English, or another language by a table from the English text.

The table of a language has ``texts``, which may contain parts in braces, and ``counts``, a number with its noun;
anything else stays English. A test proves that no label is left out.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Final

import orjson
from markupsafe import Markup, escape

from audit.report.page.names import readable

_NUMBER: Final = re.compile("[0-9]+")
Marked = Callable[..., str | Markup]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language.

    Attributes:
        tag: the language tag for HTML.
        texts: translations of English texts.
        counts: translations of English nouns in the singular; an empty pair of braces stands for the number.
        space: the separator of two sentences.
        comma, last: the separators of an enumeration, and before its last item.
    """

    tag: str = "en"
    texts: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, str] = field(default_factory=dict)
    space: str = " "
    comma: str = ", "
    last: str = " and "

    def knows(self, english: str) -> bool:
        """Whether a text is translated and so needs no mark that it is English."""
        return self.tag == "en" or self._found(english) is not None

    def text(self, english: str, /, **parts: object) -> str:
        """Translate a text and fill in its parts."""
        found = self._found(english) or english
        return found.format(**parts) if parts else found

    def _found(self, english: str) -> str | None:
        """Look up a text, as it is or with an empty pair of braces for each number in it."""
        if not self.texts or english in self.texts:
            return self.texts.get(english)
        pattern = self.texts.get(_NUMBER.sub("{}", english))
        return pattern.format(*_NUMBER.findall(english)) if pattern else None

    def count(self, number: int, one: str, many: str = "") -> str:
        """Write a number and its noun: 1 problem, 2 problems."""
        if one in self.counts:
            return self.counts[one].format(f"{number:,}")
        return f"{number:,} {one if number == 1 else many or one + 's'}"

    def enumerate(self, parts: Sequence[str]) -> str:
        """Join parts of a sentence: a; a and b; a, b and c."""
        *head, last = parts
        return f"{self.comma.join(head)}{self.last}{last}" if head else last

    def sentences(self, *parts: str) -> str:
        """Join sentences, leaving out empty ones."""
        return self.space.join(part for part in parts if part)


ENGLISH: Final = Words()


@cache
def words_of(language: str) -> Words:
    """Return the words of a language in profiles."""
    if language == "en":
        return ENGLISH
    table = (resources.files("audit.report.page") / f"{language}.json").read_bytes()
    return Words(**orjson.loads(table))


def marked(words: Words) -> Marked:
    """Return what a template calls for a text: parts that are markup stay markup, all others are escaped."""

    def say(english: str, /, **parts: object) -> str | Markup:
        if not parts:
            return words.text(english)
        return escape(words.text(english)).format(**{name: readable(part) for name, part in parts.items()})

    return say
