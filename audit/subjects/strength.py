"""How well something is protected, aspect by aspect, and what became weaker or stronger between two states of it.

Each aspect has an order of its own, and only what both states tell is compared. So whatever became weaker in one
comparison became stronger where the two states are exchanged.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

Value = bool | int | str | None | tuple[str, ...]
Lacks = Callable[[Value, Value], bool]
"""Whether the first of two values of an aspect lacks something that the second one has."""


class Aspect(NamedTuple):
    """One side of how something is protected.

    Attributes:
        about: what it is about beside the subject, such as the id of a backup; an empty text where that is all.
    """

    what: str
    about: str = ""


Strength = Mapping[Aspect, Value]


class Difference(NamedTuple):
    """An aspect that was one thing before and is another one now."""

    aspect: Aspect
    before: Value
    after: Value


class Differences(NamedTuple):
    """What became weaker and what became stronger; a list that lost one item and won another is in both."""

    weaker: tuple[Difference, ...]
    stronger: tuple[Difference, ...]


def more(first: Value, second: Value) -> bool:
    """A larger number is stronger, and nothing means that there is no limit, such as an end of retention."""
    return first is not None and (second is None or _number(first) < _number(second))


def less(first: Value, second: Value) -> bool:
    """A smaller number is stronger, and nothing means that there is no limit."""
    return second is not None and (first is None or _number(first) > _number(second))


def many(first: Value, second: Value) -> bool:
    """A list of what is there: each item makes it stronger."""
    return not _items(first) >= _items(second)


def few(first: Value, second: Value) -> bool:
    """A list of what is left out: each item makes it weaker."""
    return many(second, first)


def only(first: Value, second: Value) -> bool:
    """A list of the only things that are taken: each makes it stronger, and without a list everything is taken."""
    return bool(_items(first)) and (not _items(second) or many(first, second))


def picked(first: Value, second: Value) -> bool:
    """A list of what picks: without one everything is taken, and of two that differ each may miss what the other takes.

    Whether one item is enough, or all of them are needed, nobody knows: so more of them may be stronger or weaker.
    """
    return bool(_items(first)) and _items(first) != _items(second)


def same(first: Value, second: Value) -> bool:
    """A thing that is stronger than no other one: whatever is put in its place may lack what it had."""
    return first != second


def consistent(first: Value, second: Value) -> bool:
    """Consistent for applications is stronger than after a crash; of another word nobody knows what it is worth."""
    return first not in {second, "app_consistent"} and second != "crash_consistent"


def later(first: Value, second: Value) -> bool:
    """A later time, as reports write it, is stronger, and nothing means that it never comes."""
    return first is not None and (second is None or str(first) < str(second))


ORDERS: Final[Mapping[str, Lacks]] = {
    "exists": more,
    "enabled": more,
    "retention_days": more,
    "max_backups": more,
    "daily_copies": more,
    "weekly_copies": more,
    "monthly_copies": more,
    "yearly_copies": more,
    "weekly_rule": more,
    "monthly_rule": more,
    "yearly_rule": more,
    "weekly_rule_picks": many,
    "monthly_rule_picks": many,
    "yearly_rule_picks": many,
    "longest_gap_minutes": less,
    "runs_a_year": more,
    "full_backup_interval": less,
    "copies_to": many,
    "copies_into": many,
    "protect_type": same,
    "locked": more,
    "consistent_level": consistent,
    "is_multi_az": more,
    "auto_expand": more,
    "demand_billing": more,
    "auto_bind": more,
    "bind_rules": picked,
    "backup_policy": more,
    "replication_policy": more,
    "held": more,
    "auto_protect": more,
    "excluded_disks": few,
    "included_disks": only,
    "backup_end": later,
}
"""The order of each aspect of policies, vaults and resources."""


def compare(before: Strength, after: Strength, orders: Mapping[str, Lacks] = ORDERS) -> Differences:
    """Hold what both states tell against each other."""
    told = [(aspect, before[aspect], after[aspect]) for aspect in sorted(before.keys() & after.keys())]
    changed = [Difference(*each) for each in told if each[1] != each[2]]
    return Differences(
        weaker=tuple([each for each in changed if orders[each.aspect.what](each.after, each.before)]),
        stronger=tuple([each for each in changed if orders[each.aspect.what](each.before, each.after)]),
    )


def strongest(found: Iterable[Strength]) -> Strength:
    """What several promise together: of each aspect the strongest, and of lists all that stands in one of them."""
    together: dict[Aspect, Value] = {}
    for aspect, value in (item for each in found for item in each.items()):
        known = together.get(aspect, value)
        if isinstance(known, tuple):
            together[aspect] = tuple(sorted({*known, *_items(value)}))
        elif aspect not in together or ORDERS[aspect.what](known, value):
            together[aspect] = value
    return together


def _number(value: Value) -> int:
    if not isinstance(value, int):
        raise TypeError(f"not a number: {value!r}")
    return value


def _items(value: Value) -> frozenset[str]:
    if not isinstance(value, tuple):
        raise TypeError(f"not a list: {value!r}")
    return frozenset(value)
