"""Whether backups that are gone had expired, by the rules of the time when they were made."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from audit.history import pick
from audit.records import BACKUP
from audit.records.keys import Key
from audit.subjects.last_copies import LastCopies
from audit.subjects.missing_backups import SLACK, Taken
from audit.subjects.remaining_backups import Lives
from audit.subjects.rules import Rules
from audit.subjects.vault import VaultSubject

_DAY: Final = timedelta(days=1)
_Moments = Mapping[str, Sequence[datetime]]


class Fate(StrEnum):
    """Why a backup is gone."""

    DUE = "due"  # it had expired
    EARLY = "early"  # no rule explains it
    UNKNOWN = "unknown"  # the policies are unreadable, or no run saw the rules and remaining backups contradict them
    LAST = "last"  # a number removed it, but it was the last of a day, week, month or year that the policy keeps
    UNJUDGED = "unjudged"  # it is a copy without an expiry: the rules of another region apply


class Fates:
    """The fate of the backups of a vault that earlier runs saw and that are gone."""

    def __init__(self, vault: VaultSubject) -> None:
        """Store the vault; what is needed of its backups is computed on demand."""
        self._vault = vault
        self._last_copies: dict[str, LastCopies] = {}

    def of(self, taken: Taken) -> Fate:
        """Judge a backup by its own expiry, or else by the rules of its policies."""
        if taken.was_early is False:
            return Fate.DUE
        if taken.end is not None:
            return self._before_its_end(taken, taken.end)
        if taken.was_early:
            return Fate.EARLY
        if taken.is_copy:
            return Fate.UNJUDGED
        return Fate.UNKNOWN if self._vault.policies is None else self._by_rules(taken)

    @cached_property
    def rules(self) -> Rules:
        """The rules by which the backups of the vault may have been kept."""
        return Rules(self._vault.policies or (), self._vault.past_rules)

    @cached_property
    def lives(self) -> Lives:
        """The lifetimes of the backups that are left."""
        return Lives(self._vault.recovery_points or (), self.rules)

    def worth_remembering(self) -> Iterator[Taken]:
        """Return those whose own expiry or previous run say more than the rules do: later runs cannot see them."""
        for taken in self._vault.taken:
            is_odd = taken.end is not None and not self._rules_allow(taken)
            if is_odd or self.of(taken) in {Fate.EARLY, Fate.UNKNOWN, Fate.LAST}:
                yield taken

    def _before_its_end(self, taken: Taken, end: datetime) -> Fate:
        """Judge one that went before its expiry: only a number that was in force when it was made excuses it."""
        if not self._is_outnumbered(taken, self.rules.numbers(taken.made, taken.made)):
            return Fate.EARLY
        return Fate.UNKNOWN if self.lives.deny(taken.resource_id, taken.made, end) else Fate.DUE

    def _by_rules(self, taken: Taken) -> Fate:
        """Judge one without an expiry: a number in force while it existed, or the age limit then, may explain it."""
        is_outnumbered = self._is_outnumbered(taken, self.rules.numbers(taken.made, taken.gone))
        if is_outnumbered and self._was_the_last(taken):
            return Fate.LAST
        if is_outnumbered:
            return Fate.UNKNOWN if self.lives.outnumber(taken.resource_id, taken.made) else Fate.DUE
        if not self._is_old_enough(taken):
            return Fate.EARLY if self.rules.are_readable else Fate.UNKNOWN
        return Fate.UNKNOWN if self.lives.deny(taken.resource_id, taken.made, None) else Fate.DUE

    def _was_the_last(self, taken: Taken) -> bool:
        """Whether none is left of a day, week, month or year of which its policy keeps one."""
        of, (made, _keys) = taken.resource_id, self._made
        if of not in self._last_copies:
            gone = {each.made: each.gone for each in self._vault.taken if each.resource_id == of}
            self._last_copies[of] = self.rules.last_copies(made.get(of, ()), self.lives.left(of), gone)
        return self._last_copies[of].include(taken.made, taken.gone)

    def _rules_allow(self, taken: Taken) -> bool:
        """Whether the age limit of its time explains it, or a number in force while it existed."""
        numbers = self.rules.numbers(taken.made, taken.gone)
        return self._is_old_enough(taken) or self._is_outnumbered(taken, numbers)

    def _is_old_enough(self, taken: Taken) -> bool:
        lived = (taken.gone - taken.made + SLACK) // _DAY
        return any(lived >= days for days in self.rules.days(taken.made))

    def _is_outnumbered(self, taken: Taken, numbers: Iterable[int]) -> bool:
        """Whether enough newer backups of the resource existed when it went for a number to remove it."""
        kept = min(numbers, default=None)
        if kept is None:
            return False
        made, _keys = self._made
        return _newer(taken, made) >= kept or _newer(taken, self._made_or_logged) >= kept

    @cached_property
    def _made_or_logged(self) -> _Moments:
        """Return when backups were made, including those that came and went between two runs."""
        moments, keys = self._made
        of = {each.resource_id for each in self._vault.taken}
        logged = pick(
            self._vault.tasks, lambda task: task.operation == BACKUP and task.succeeded and task.resource_id in of
        )
        made = {resource_id: [*moments.get(resource_id, ())] for resource_id in of}
        for task in logged:
            if task.resource_id and task.backup_key not in keys:
                made[task.resource_id].append(task.began)
        return {resource_id: sorted(each) for resource_id, each in made.items()}

    @cached_property
    def _made(self) -> tuple[_Moments, frozenset[Key]]:
        """Return when the known whole backups of each resource were made, and their ids."""
        points = [point for point in self._vault.recovery_points or () if point.is_own and not point.is_broken]
        found = [(each.key, each.resource_id, each.made) for each in self._vault.taken]
        found += [(point.key, point.resource_id, point.created_at) for point in points]
        made: dict[str, list[datetime]] = defaultdict(list)
        for _key, resource_id, moment in found:
            made[resource_id].append(moment)
        moments = {resource_id: sorted(each) for resource_id, each in made.items()}
        return moments, frozenset([key for key, _resource_id, _moment in found])


def _newer(taken: Taken, made: _Moments) -> int:
    moments = made.get(taken.resource_id, ())
    return bisect_right(moments, taken.gone) - bisect_right(moments, taken.made)
