"""How long the backups that are left are to live, and where that speaks against the rules that are known.

A changed rule does not date backups that are there, so that their ends show by which rule they were made. The first
run that sees a policy knows its present rules alone: where they explain that a backup is gone, and one beside it is to
live for longer than they allow, nobody knows by which rule the one that is gone was kept.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import Final, NamedTuple

from audit.records import Backup
from audit.subjects.rules import Rules
from audit.subjects.taken import SLACK

_BATCH: Final = timedelta(days=2)
"""What a number leaves over is deleted in batches, on the next day."""


class _Life(NamedTuple):
    """How long a backup is to live that is left; None is for ever. It is odd where no rule gives that."""

    made: datetime
    length: timedelta | None
    is_odd: bool


_MADE: Final = attrgetter("made")


class Lives:
    """The lives of the backups that policies made and that are left.

    Where runs saw the rules of then, they speak against none.
    """

    def __init__(self, points: Iterable[Backup], rules: Rules) -> None:
        """Take the backups, oldest first; what is needed of them is worked out when it is asked for."""
        self._points = points
        self._rules = rules
        self._known: dict[str | None, list[_Life]] = {}

    def outlast(self, resource_id: str | None, made: datetime, gone: datetime) -> bool:
        """Whether the last one before a backup that is gone, or the next one after it, is to live for longer.

        That is longer than the other did, and than the rules give. Where no resource is named, it may be any.
        """
        if self._rules.were_seen_by(made):
            return False
        age = gone - made + SLACK
        beside = (self._beside(each, made) for each in ([resource_id] if resource_id else self._by_resource))
        return any(life.is_odd and (life.length is None or life.length > age) for life in chain.from_iterable(beside))

    def outnumber(self, resource_id: str | None, made: datetime) -> bool:
        """Whether an older one is left that only a number takes, which takes the oldest first."""
        if self._rules.were_seen_by(made):
            return False
        older = (life for life in self._of(resource_id) if life.length is None and life.made < made - _BATCH)
        return any(not self._rules.may_pick(life.made, None) for life in older)

    def deny(self, resource_id: str, made: datetime, end: datetime | None) -> bool:
        """Whether the end that a backup had, or that it had none although others have one, is by no rule."""
        if self._rules.were_seen_by(made) or (end is None and not self._shows_ends(resource_id)):
            return False
        length = None if end is None else end - made
        return not self._rules.give(made, length) and not self._rules.may_pick(made, length)

    def next_after(self, resource_id: str | None, made: datetime) -> timedelta | None:
        """How long the next one after a backup is to live; None where there is none, or it has no end."""
        lives = self._of(resource_id)
        place = bisect_right(lives, made, key=_MADE)
        return lives[place].length if place < len(lives) else None

    def was_due_by(self, resource_id: str | None, made: datetime, age: timedelta) -> bool:
        """Whether no run saw the rules of then, and the next backup that is left shows that they may have been so."""
        life = None if self._rules.were_seen_by(made) else self.next_after(resource_id, made)
        return life is not None and life <= age

    def left(self, resource_id: str | None) -> list[datetime]:
        """When those of a resource were made that are left."""
        return [point.created_at for point in self._by_resource.get(resource_id, ())]

    def _beside(self, resource_id: str | None, made: datetime) -> list[_Life]:
        lives = self._of(resource_id)
        place = bisect_right(lives, made, key=_MADE)
        return lives[max(place - 1, 0) : place + 1]

    def _of(self, resource_id: str | None) -> list[_Life]:
        if resource_id not in self._known:
            self._known[resource_id] = [*self._told(resource_id)]
        return self._known[resource_id]

    def _told(self, resource_id: str | None) -> Iterator[_Life]:
        """Leave out those that tell of no rule: they have no end where none has, or may be kept as single ones."""
        shows_ends = self._shows_ends(resource_id)
        for point in self._by_resource.get(resource_id, ()):
            made = point.created_at
            length = None if point.expired_at is None else point.expired_at - made
            is_odd = not self._rules.give(made, length)
            if length is None and (not point.by_policy or (is_odd and not shows_ends)):
                continue
            if not (is_odd and self._rules.may_pick(made, length)):
                yield _Life(made, length, is_odd)

    def _shows_ends(self, resource_id: str | None) -> bool:
        return any(point.expired_at for point in self._by_resource.get(resource_id, ()))

    @cached_property
    def _by_resource(self) -> Mapping[str | None, list[Backup]]:
        found: dict[str | None, list[Backup]] = defaultdict(list)
        for point in self._points:
            if point.is_own and point.is_lasting and not point.is_broken and point.by_policy is not False:
                found[point.resource_id].append(point)
        return found
