"""The words that the terminal and the messages share; they speak of a report as report.json has it."""

from collections.abc import Mapping
from typing import Any, Final

from audit.collection import instant

VERDICTS: Final = {
    "compliant": "COMPLIANT: every backup that was checked is as it should be.",
    "non_compliant": "NOT COMPLIANT: backups need attention.",
    "incomplete": "INCOMPLETE: not everything could be judged, so this is no proof that backups are in order.",
}


def lasting(problem: Mapping[str, Any], as_of: str) -> str:
    """Say since when, to the minute, and how many whole days that is, as far as the evidence shows."""
    if not problem["since"]:
        return ""
    since = instant(problem["since"])
    days = count((instant(as_of) - since).days, "day")
    if problem["or_earlier"]:
        return f", for at least {days}"
    return f", since {since:%Y-%m-%d %H:%M} UTC ({days})"


def printable(text: str) -> str:
    """Take the control characters out of a name: it was chosen by a cloud user, and could command the terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def count(number: int, noun: str) -> str:
    """Write a number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
