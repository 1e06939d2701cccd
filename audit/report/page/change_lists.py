"""What changed since the previous run, as the page lists it."""

from dataclasses import dataclass
from typing import Final

from audit.judging.witnesses import Pair
from audit.report.changes import Change, Changes

_GONE: Final = (
    "They failed then, and are not judged now: the subject left or is out of the scope, or the control does not apply. "
    "That is no repair."
)
_NOT_COMPARED: Final = (
    "They fail, or failed then, and only one of the two profiles judges them, or this run may not see them."
)


@dataclass(frozen=True, slots=True)
class ChangeList:
    """Findings that changed in the same way: a style, a word for their number, and what it means."""

    style: str
    words: str
    meaning: str
    changes: tuple[Change, ...]

    @property
    def groups(self) -> tuple[tuple[Change, ...], ...]:
        """Those of one control that have the same outcome and began together, in the place of the first of them."""
        groups: dict[object, list[Change]] = {}
        for change in self.changes:
            groups.setdefault((change.control, change.outcome, change.since), []).append(change)
        return tuple(map(tuple, groups.values()))


def change_lists(changes: Changes) -> tuple[ChangeList, ...]:
    """Return every kind of change, most wanted first; what is not compared only if there is any."""
    lists = [
        ChangeList("fail", "new", "They did not fail then.", changes.new),
        ChangeList("unknown", "still failing", "They failed then, and fail or are unknown now.", changes.still),
        ChangeList("pass", "resolved", "They failed then, and pass now.", changes.resolved),
        ChangeList("not-applicable", "gone", _GONE, changes.disappeared),
    ]
    if changes.not_compared:
        lists.append(ChangeList("not-applicable", "not compared", _NOT_COMPARED, changes.not_compared))
    return tuple(lists)


def new_ones(changes: Changes | None) -> frozenset[Pair]:
    """Return what fails now and did not before; nothing if that is unknown."""
    return frozenset((change.control, change.kind, change.id) for change in changes.new) if changes else frozenset()
