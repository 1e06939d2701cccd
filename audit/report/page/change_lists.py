"""What changed since the run before, as the page lists it."""

from dataclasses import dataclass

from audit.previous import Pair
from audit.report.changes import Change, Changes


@dataclass(frozen=True, slots=True)
class ChangeList:
    """Findings that changed in the same way: a style, a word for their number, and what it means."""

    style: str
    words: str
    meaning: str
    changes: tuple[Change, ...]


def change_lists(changes: Changes) -> tuple[ChangeList, ...]:
    """Every kind of change, in the order in which people want to know; empty ones among them."""
    return (
        ChangeList("fail", "new", "They did not fail then.", changes.new),
        ChangeList("unknown", "still failing", "They failed then, and fail or are unknown now.", changes.still),
        ChangeList("pass", "resolved", "They failed then, and pass now.", changes.resolved),
        ChangeList(
            "not-applicable",
            "gone",
            "They failed then, and are not judged now: the subject left or is out of the scope, or the control is not "
            "selected. That is no repair.",
            changes.disappeared,
        ),
    )


def new_ones(changes: Changes | None) -> frozenset[Pair]:
    """Name what fails now and did not before; nothing where that cannot be said."""
    return frozenset((change.control, change.kind, change.id) for change in changes.new) if changes else frozenset()
