"""Names and ids as people can read them: they were chosen by others."""

import re
from typing import Final

from markupsafe import Markup, escape

_VISIBLE_THOUGH_UNPRINTABLE: Final = "\u200c\u200d\u00a0\u3000"
"""Joiners of Indic scripts and emoji, and the wide spaces."""
_MARKUP: Final = re.compile("[&<>'\"]")
_UUID_START: Final = re.compile(r"[0-9a-f]{8}(?=-[0-9a-f]{4}-)")


def short(identity: str) -> str:
    """Cut an id to its first part, as consoles do."""
    found = _UUID_START.match(identity)
    return found[0] if found else identity


def readable(value: object) -> object:
    """Show characters that cannot be seen, or that turn the text around them, by their number."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(
        letter if letter.isprintable() or letter in _VISIBLE_THOUGH_UNPRINTABLE else f"\\u{ord(letter):04x}"
        for letter in value
    )


def inert(text: str) -> str:
    """Write a text so that it can stand in markup: readable, and nothing in it is taken for markup."""
    if text.isprintable() and not _MARKUP.search(text):
        return text  # nearly always; escaping takes four times as long as looking
    return str(escape(readable(text)))  # Markup would escape what it is put together with


def identity(name: str, identity: str) -> Markup:
    """Write a name with the first part of its id; whoever has no other name is only named."""
    written = inert(name)
    if name == identity:
        return Markup(f"<bdi>{written}</bdi>")  # noqa: S704  # escaped above, as below
    code = f'<code title="{inert(identity)}">{inert(short(identity))}</code>'
    return Markup(f"<bdi>{written}</bdi> <small>{code}</small>")  # noqa: S704
