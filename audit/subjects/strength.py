"""How well something is protected, by aspect, and what became weaker or stronger between two states.

Each aspect has its own order, and only aspects that both states have are compared. So whatever became weaker in one
direction became stronger in the other.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

Value = bool | int | str | None | tuple[str, ...]
Lacks = Callable[[Value, Value], bool]
"""Whether the first of two values of an aspect lacks something that the second has."""


class Aspect(NamedTuple):
    """One aspect of protection.

    Attributes:
        about: what it is about beside the subject, such as the id of a backup; otherwise empty.
    """

    what: str
    about: str = ""


Strength = Mapping[Aspect, Value]


class Difference(NamedTuple):
    """An aspect with different values before and after."""

    aspect: Aspect
    before: Value
    after: Value


class Differences(NamedTuple):
    """What became weaker and what became stronger; a list that lost one item and gained another is in both."""

    weaker: tuple[Difference, ...]
    stronger: tuple[Difference, ...]


def more(first: Value, second: Value) -> bool:
    """A larger number is stronger, and None means no limit, such as no expiry."""
    return first is not None and (second is None or _number(first) < _number(second))


def less(first: Value, second: Value) -> bool:
    """A smaller number is stronger, and None means no limit."""
    return second is not None and (first is None or _number(first) > _number(second))


def many(first: Value, second: Value) -> bool:
    """Compare lists of what is there: each item makes it stronger."""
    return not _items(first) >= _items(second)


def few(first: Value, second: Value) -> bool:
    """Compare lists of what is left out: each item makes it weaker."""
    return many(second, first)


def only(first: Value, second: Value) -> bool:
    """Compare lists of the only things included: each makes it stronger, and no list includes everything."""
    return bool(_items(first)) and (not _items(second) or many(first, second))


def picked(first: Value, second: Value) -> bool:
    """Compare lists of what picks: no list picks everything; of two different lists, each may miss something.

    It is unknown whether one item is enough or all are needed, so more items may be stronger or weaker.
    """
    return bool(_items(first)) and _items(first) != _items(second)


def same(first: Value, second: Value) -> bool:
    """Compare things without an order: a replacement may lack what the former had."""
    return first != second


def consistent(first: Value, second: Value) -> bool:
    """Application-consistent is stronger than crash-consistent; other words cannot be ranked."""
    return first not in {second, "app_consistent"} and second != "crash_consistent"


def later(first: Value, second: Value) -> bool:
    """A later time, as reports write it, is stronger, and None means never."""
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
"""How to compare each aspect of policies, vaults and resources."""


def compare(before: Strength, after: Strength, orders: Mapping[str, Lacks] = ORDERS) -> Differences:
    """Compare the aspects that two states have in common."""
    told = [(aspect, before[aspect], after[aspect]) for aspect in sorted(before.keys() & after.keys())]
    changed = [Difference(*each) for each in told if each[1] != each[2]]
    return Differences(
        weaker=tuple([each for each in changed if orders[each.aspect.what](each.after, each.before)]),
        stronger=tuple([each for each in changed if orders[each.aspect.what](each.before, each.after)]),
    )


def strongest(found: Iterable[Strength]) -> Strength:
    """Return what several promise together: the strongest of each aspect, and the union of lists."""
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
