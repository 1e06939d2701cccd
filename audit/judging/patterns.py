"""Patterns of names: ``*`` stands for any characters and ``?`` for any single one."""

import re
from fnmatch import translate
from functools import lru_cache


def fits(patterns: tuple[str, ...], *texts: str) -> bool:
    """Whether a text matches a pattern."""
    plain, wild = _compiled(patterns)
    return any(text in plain or (wild is not None and wild.match(text) is not None) for text in texts)


def literal_characters(pattern: str) -> int:
    """Count the literal characters of a pattern."""
    return len(pattern) - pattern.count("*") - pattern.count("?")


@lru_cache(maxsize=4096)
def _compiled(patterns: tuple[str, ...]) -> tuple[frozenset[str], re.Pattern[str] | None]:
    wild = [translate(text.replace("[", "[[]")) for text in patterns if literal_characters(text) < len(text)]
    return frozenset(patterns), re.compile("|".join(wild)) if wild else None
