"""How the protection of a subject changed since the previous run, and what has been weaker since earlier."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from audit.subjects.strength import ORDERS, Aspect, Difference, Lacks, Strength, Value, compare
from audit.subjects.subject_kinds import SubjectKind


class Weakening(Struct, frozen=True, kw_only=True):
    """An aspect that became weaker and is not restored.

    Attributes:
        since: the time of judgement of the run that saw it first, or last if it happened more than once.
        tasks: the ids of tasks that show who requested it.
    """

    aspect: Aspect
    before: Value
    after: Value
    since: datetime
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakened:
    """What became weaker for one subject, as a report passes it on."""

    kind: SubjectKind
    id: str
    name: str
    weakenings: tuple[Weakening, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """The comparison of one subject with the previous run, and its result.

    Attributes:
        against: the id of the previous run.
        doubt: why more may have become weaker than is known, or an empty string.
        is_new: whether the previous run did not have the subject.
    """

    against: str
    weakened: tuple[Weakening, ...] = ()
    strengthened: tuple[Difference, ...] = ()
    doubt: str = ""
    is_new: bool = False


class Demanded(NamedTuple):
    """How much the profile of the previous run required, None if unknown, and how much this one does."""

    then: Strength | None
    now: Strength
    orders: Mapping[str, Lacks]


def still_weak(
    earlier: Iterable[Weakening], now: Strength, orders: Mapping[str, Lacks] = ORDERS
) -> tuple[Weakening, ...]:
    """Return what became weaker earlier and is not restored; what cannot be determined now stays as it was."""
    kept = []
    for each in earlier:
        value = now.get(each.aspect, each.after)
        if compare({each.aspect: each.before}, {each.aspect: value}, orders).weaker:
            kept.append(replace(each, after=value))
    return tuple(kept)


def at_best(promised: Strength, weakened: Iterable[Weakening]) -> Strength:
    """Return what was promised before it became weaker."""
    best = dict(promised)
    for each in weakened:
        if each.aspect not in best or ORDERS[each.aspect.what](best[each.aspect], each.before):
            best[each.aspect] = each.before
    return best


def inherited(best: Strength, last: Strength, weakened: Sequence[Weakening]) -> tuple[Weakening, ...]:
    """Return what was already weak in something last relied on, as weakenings of what relied on it.

    Args:
        best: what was promised before any of it became weaker.
        last: what the previous run saw.
        weakened: what makes the difference; an aspect that it does not name became weaker with the newest of them.
    """
    since = {each.aspect.what: each.since for each in sorted(weakened, key=attrgetter("since"))}
    return tuple(
        [
            Weakening(**each._asdict(), since=since.get(each.aspect.what) or max(since.values()))
            for each in compare(best, last).weaker
        ]
    )


def joined(earlier: Iterable[Weakening], fresh: Iterable[Weakening]) -> tuple[Weakening, ...]:
    """Combine what became weaker, in order; repeats count from the last time, compared with the first state."""
    found = {each.aspect: each for each in earlier}
    for each in fresh:
        found[each.aspect] = replace(each, before=found.get(each.aspect, each).before)
    return tuple(found[aspect] for aspect in sorted(found))
