"""Whether backups that are gone had come to their end, by what was promised when they were made."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from audit.records import BACKUP
from audit.subjects.policy import PolicySubject
from audit.subjects.taken import SLACK, Taken
from audit.subjects.terms import Terms
from audit.subjects.vault import VaultSubject

_DAY: Final = timedelta(days=1)


class Fate(StrEnum):
    """How it came that a backup is gone."""

    DUE = "due"  # its time had come
    EARLY = "early"  # nothing that was promised explains it
    UNKNOWN = "unknown"  # the policies could not be read
    UNJUDGED = "unjudged"  # it is a copy without an end: the rules for it are those of another region


class Fates:
    """The fate of the backups of a vault that earlier runs saw and that are gone."""

    def __init__(self, vault: VaultSubject) -> None:
        """Take the vault; what is needed of its backups is worked out when it is asked for."""
        self._vault = vault

    def of(self, taken: Taken) -> Fate:
        """Judge a backup by its own end, or else by the rules of its policies."""
        if taken.was_early is False:
            return Fate.DUE
        if taken.end is not None:
            return Fate.DUE if self._is_outnumbered(taken, self._numbers_then(taken)) else Fate.EARLY
        if taken.was_early:
            return Fate.EARLY
        if taken.is_copy:
            return Fate.UNJUDGED
        if self._vault.policies is None:
            return Fate.UNKNOWN
        return Fate.DUE if self._rules_allow(taken) else Fate.EARLY

    def worth_remembering(self) -> Iterator[Taken]:
        """Name those of which the rules do not say what their own end or the run before did: no later run sees them."""
        for taken in self._vault.taken:
            is_odd = taken.end is not None and not self._rules_allow(taken)
            if is_odd or self.of(taken) in {Fate.EARLY, Fate.UNKNOWN}:
                yield taken

    def _rules_allow(self, taken: Taken) -> bool:
        """Whether the rules of then explain it, or a number that is kept now."""
        age = taken.gone - taken.made + SLACK
        numbers = {*self._numbers_then(taken), *(subject.policy.max_backups for subject in self._making)}
        return any(age >= days * _DAY for days in self._days_then(taken)) or self._is_outnumbered(taken, numbers)

    def _days_then(self, taken: Taken) -> Iterator[int]:
        return (each.days for each in self._terms_then(taken) if each.days is not None)

    def _numbers_then(self, taken: Taken) -> set[int | None]:
        return {each.number for each in self._terms_then(taken)}

    def _terms_then(self, taken: Taken) -> list[Terms]:
        return [*self._terms_of_others, *(each for subject in self._making for each in subject.terms_at(taken.made))]

    @cached_property
    def _making(self) -> list[PolicySubject]:
        """The policies that make the backups of the vault now."""
        return [subject for subject in self._vault.policies or () if subject.policy.operation == BACKUP]

    @cached_property
    def _terms_of_others(self) -> list[Terms]:
        """The rules of those that did when the run before looked, and that are not applied any more."""
        ids = {subject.id for subject in self._making}
        others = [policy for policy in self._vault.former_policies if policy.operation == BACKUP]
        return [Terms.of(policy, self._vault.window.until) for policy in others if policy.id not in ids]

    def _is_outnumbered(self, taken: Taken, numbers: Iterable[int | None]) -> bool:
        """Whether so many newer backups of the resource were there when it went that a number did not keep it."""
        kept = min((number for number in numbers if number is not None and number > 0), default=None)
        if kept is None:
            return False
        made = self._made.get(taken.resource_id, [])
        return bisect_right(made, taken.gone) - bisect_right(made, taken.made) >= kept

    @cached_property
    def _made(self) -> Mapping[str, list[datetime]]:
        """When the whole backups of each resource were made that are there, or that earlier runs saw, in order."""
        made: dict[str, list[datetime]] = defaultdict(list)
        for point in self._vault.recovery_points or ():
            if point.is_own and not point.is_broken:
                made[point.resource_id].append(point.created_at)
        for taken in self._vault.taken:
            made[taken.resource_id].append(taken.made)
        return {resource_id: sorted(moments) for resource_id, moments in made.items()}
