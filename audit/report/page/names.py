"""Names and ids in a readable form: they were chosen by others."""

import re
from typing import Final

from markupsafe import Markup, escape

_VISIBLE_THOUGH_UNPRINTABLE: Final = "\u200c\u200d\u00a0\u3000"
"""Joiners of Indic scripts and emoji, and the wide spaces."""
_MARKUP: Final = re.compile("[&<>'\"]")
_BARE: Final = re.compile(r"[0-9A-Za-z-]+")
"""What HTML takes as the value of an attribute without quotes."""
_UUID_START: Final = re.compile(r"[0-9a-f]{8}(?=-[0-9a-f]{4}-)")


def short(identity: str) -> str:
    """Shorten an id to its first part, as consoles do."""
    found = _UUID_START.match(identity)
    return found[0] if found else identity


def readable(value: object) -> object:
    """Replace characters that are invisible, or that reverse the text around them, by their numbers."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(
        letter if letter.isprintable() or letter in _VISIBLE_THOUGH_UNPRINTABLE else f"\\u{ord(letter):04x}"
        for letter in value
    )


def inert(text: str) -> str:
    """Write a text for markup: readable, and with markup escaped."""
    if text.isprintable() and not _MARKUP.search(text):
        return text  # nearly always; escaping takes four times as long as checking
    return str(escape(readable(text)))  # Markup would escape what is joined to it


def marked_up(text: str) -> Markup:
    """Write a text for markup, with what stands between backticks as code."""
    parts = (inert(part) for part in text.split("`"))
    return Markup("".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts)))  # noqa: S704  # escaped above


def identity(name: str, identity: str) -> Markup:
    """Write a name with the first part of its id; without another name, the id is the name."""
    written = inert(name)
    if name == identity:
        return Markup(f"<bdi>{written}</bdi>")  # noqa: S704  # escaped above, as below
    return Markup(f"<bdi>{written}</bdi> {shortened(identity)}")  # noqa: S704


def shortened(identity: str) -> Markup:
    """Write the first part of an id, with the whole id as its title."""
    title = identity if _BARE.fullmatch(identity) else f'"{inert(identity)}"'
    return Markup(f"<code title={title}>{inert(short(identity))}</code>")  # noqa: S704
