"""The words that the terminal and the messages share, for a report as in report.json."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from audit.collection import ALL_GRANTED
from audit.timestamps import instant

VERDICTS: Final = {
    "compliant": "COMPLIANT: every backup that was checked is as it should be.",
    "accepted": "COMPLIANT: every backup that was checked is as it should be, or its failure is waived.",
    "non_compliant": "NOT COMPLIANT: backups need attention.",
    "incomplete": "INCOMPLETE: not everything could be judged, so this is no proof that backups are in order.",
}

MOST_CHANGES: Final = 4


def verdict(report: Mapping[str, Any]) -> str:
    """Return the verdict; a profile that leaves out default controls is named in it."""
    conclusion, summary = str(report["conclusion"]), report["summary"]
    left_out = summary.get("controls_left_out", ())
    if conclusion == "compliant" and left_out:
        return compliant_by(len(report["controls"]), len(left_out))
    return VERDICTS["accepted" if conclusion == "compliant" and summary["waived"] else conclusion]


def compliant_by(applied: int, left_out: int) -> str:
    """Return the verdict of a run that found nothing with a profile that leaves out default controls."""
    controls = "CONTROL" if applied == 1 else "CONTROLS"
    return f"COMPLIANT BY {applied:,} {controls} ONLY: the profile leaves out {left_out:,} of the usual ones."


def notices(run: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a reader must know before the verdict; ``run`` is that part of report.json."""
    changed = run.get("profile_changes", ())
    if run.get("what_if"):
        yield "WHAT-IF: judged by a profile other than the configured one; it counts only with --official."
    if changed:
        more = f" and {len(changed) - MOST_CHANGES} more" if len(changed) > MOST_CHANGES else ""
        keys = f"{', '.join(changed[:MOST_CHANGES])}{more}"
        yield f"OTHER PROFILE than that of the run before ({keys}): only what both judge is compared."


def lasting(problem: Mapping[str, Any], as_of: str) -> str:
    """Write since when, to the minute, and the number of whole days, as far as the evidence shows."""
    if not problem["since"]:
        return ""
    since = instant(problem["since"])
    days = count((instant(as_of) - since).days, "day")
    if problem["or_earlier"]:
        return f", for at least {days}"
    return f", since {since:%Y-%m-%d %H:%M} UTC ({days})"


def printable(text: str) -> str:
    """Replace control characters in a name: it was chosen by a cloud user, and could control the terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def scope_words(enterprise_project_id: str) -> str:
    """Return which enterprise projects are meant."""
    if enterprise_project_id == ALL_GRANTED:
        return "every enterprise project that is granted"
    return f"the enterprise project {enterprise_project_id}"


def count(number: int, noun: str) -> str:
    """Write a number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
