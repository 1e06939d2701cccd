"""What can have happened to a resource on a day, in words and in letters."""

from enum import StrEnum
from typing import Final


class Day(StrEnum):
    """One cell of a resource's calendar."""

    SUCCESS = "success"
    LATE = "late"  # every planned run succeeded, at least one after its grace
    REPAIRED = "repaired"  # a planned run brought no backup, but a later run in the same period did
    PARTLY = "partly"  # at least one backup succeeded, and at least one did not or is missing
    FAILED = "failed"  # failed or timed out
    SKIPPED = "skipped"
    OVERLAP = "overlap"  # skipped by the service because an earlier run was still going
    MISSING = "missing"  # a run was planned, its grace has passed, and the complete log shows no task
    RUNNING = "running"
    PENDING = "pending"  # a run is due, and its grace has not passed
    EXCUSED = "excused"  # a run was planned, but something excuses it: it is not judged
    NONE = "none"  # no backup, and none was planned
    UNKNOWN = "unknown"  # no backup was seen, but the log or the policies have gaps, or a status is undocumented


LETTERS: Final = {
    Day.SUCCESS: "s",
    Day.LATE: "l",
    Day.REPAIRED: "b",
    Day.PARTLY: "p",
    Day.FAILED: "f",
    Day.SKIPPED: "k",
    Day.OVERLAP: "o",
    Day.MISSING: "m",
    Day.RUNNING: "r",
    Day.PENDING: "w",
    Day.EXCUSED: "x",
    Day.NONE: "n",
    Day.UNKNOWN: "u",
}
"""How days are written in report.json and as classes of the page, where there are very many."""
