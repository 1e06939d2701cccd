"""How long the remaining backups will live, and where that contradicts the known rules.

A changed rule does not change the expiry of existing backups, so their expiry shows the rule they were made by. The
first run that sees a policy knows only its present rules. If these explain that a backup is gone, but a remaining one
beside it lives longer than they allow, the rule of the missing one is unknown.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain, compress
from typing import Final

from audit.records import Backup
from audit.subjects.missing_backups import SLACK
from audit.subjects.rules import Rules

_BATCH: Final = timedelta(days=2)
"""CBR deletes what exceeds a number in batches, on the next day."""


class _Remaining:
    """How long the remaining backups of a resource will live, by column, oldest first.

    Left out are those that reveal no rule: none has an expiry, or they may be kept as single ones.

    Attributes:
        made: when each was made.
        lengths: how long each will live; None is for ever.
        odd: whether each is irregular: no rule gives it that lifetime.
    """

    def __init__(self, points: Iterable[Backup], rules: Rules, *, shows_ends: bool) -> None:
        self.made: list[datetime] = []
        self.lengths: list[timedelta | None] = []
        self.odd: list[bool] = []
        self._rules = rules
        for point in points:
            made = point.created_at
            length = None if point.expired_at is None else point.expired_at - made
            is_odd = not rules.give(made, length)
            if length is None and (not point.by_policy or (is_odd and not shows_ends)):
                continue
            if not (is_odd and rules.may_pick(made, length)):
                self.made.append(made)
                self.lengths.append(length)
                self.odd.append(is_odd)

    @cached_property
    def any_odd(self) -> bool:
        """Whether any is irregular; nearly always none is."""
        return True in self.odd

    @cached_property
    def oldest_by_number(self) -> datetime | None:
        """When the oldest was made that only a number removes."""
        endless = (made for made, length in zip(self.made, self.lengths, strict=True) if length is None)
        return next((made for made in endless if not self._rules.may_pick(made, None)), None)

    def odd_beside(self, made: datetime) -> Iterator[timedelta | None]:
        """Return how long the irregular ones before and after one will live that was made at a time."""
        place = bisect_right(self.made, made)
        beside = slice(max(place - 1, 0), place + 1)
        return compress(self.lengths[beside], self.odd[beside])


class Lives:
    """The lifetimes of the remaining backups that policies made.

    If runs saw the rules of the time, they contradict none.
    """

    def __init__(self, points: Iterable[Backup], rules: Rules) -> None:
        """Store the backups, oldest first; what is needed of them is computed on demand."""
        self._points = points
        self._rules = rules
        self._known: dict[str | None, _Remaining] = {}

    def any_odd(self, resource_id: str) -> bool:
        """Whether any remaining backup of a resource is irregular."""
        return self._of(resource_id).any_odd

    def outlast(self, resource_id: str | None, made: datetime, gone: datetime) -> bool:
        """Whether the backup before or after a missing one will live longer than it did, and than the rules give.

        If no resource is named, it may be any.
        """
        if self._rules.were_seen_by(made):
            return False
        if resource_id and not self._of(resource_id).any_odd:  # nearly always
            return False
        remaining = [self._of(resource_id)] if resource_id else map(self._of, self._by_resource)
        odd = [each for each in remaining if each.any_odd]
        age, lengths = gone - made + SLACK, chain.from_iterable(each.odd_beside(made) for each in odd)
        return any(length is None or length > age for length in lengths)

    def outnumber(self, resource_id: str | None, made: datetime) -> bool:
        """Whether an older one is left that only a number removes, which removes the oldest first."""
        if self._rules.were_seen_by(made):
            return False
        oldest = self.oldest_by_number(resource_id)
        return oldest is not None and oldest < made - _BATCH

    def oldest_by_number(self, resource_id: str | None) -> datetime | None:
        """Return when the oldest remaining backup of a resource was made that only a number removes."""
        return self._of(resource_id).oldest_by_number

    def deny(self, resource_id: str, made: datetime, end: datetime | None) -> bool:
        """Whether no rule gives the expiry that a backup had, or the lack of one although others have one."""
        if self._rules.were_seen_by(made) or (end is None and not self._shows_ends(resource_id)):
            return False
        length = None if end is None else end - made
        return not self._rules.give(made, length) and not self._rules.may_pick(made, length)

    def next_after(self, resource_id: str | None, made: datetime) -> timedelta | None:
        """Return how long the backup after a given one will live; None if there is none or it does not expire."""
        remaining = self._of(resource_id)
        place = bisect_right(remaining.made, made)
        return remaining.lengths[place] if place < len(remaining.lengths) else None

    def was_due_by(self, resource_id: str | None, made: datetime, age: timedelta) -> bool:
        """Whether no run saw the rules in time, and the next remaining backup suggests that it had expired."""
        life = None if self._rules.were_seen_by(made) else self.next_after(resource_id, made)
        return life is not None and life <= age

    def left(self, resource_id: str | None) -> list[datetime]:
        """Return when the remaining backups of a resource were made."""
        return [point.created_at for point in self._by_resource.get(resource_id, ())]

    def _of(self, resource_id: str | None) -> _Remaining:
        if resource_id not in self._known:
            points, shows_ends = self._by_resource.get(resource_id, ()), self._shows_ends(resource_id)
            self._known[resource_id] = _Remaining(points, self._rules, shows_ends=shows_ends)
        return self._known[resource_id]

    def _shows_ends(self, resource_id: str | None) -> bool:
        return any(point.expired_at for point in self._by_resource.get(resource_id, ()))

    @cached_property
    def _by_resource(self) -> Mapping[str | None, list[Backup]]:
        found: dict[str | None, list[Backup]] = defaultdict(list)
        for point in self._points:
            if point.is_own and point.is_lasting and not point.is_broken and point.by_policy is not False:
                found[point.resource_id].append(point)
        return found
