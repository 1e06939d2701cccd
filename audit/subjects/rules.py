"""The rules by which a backup in a vault may have been kept: those of current and former policies.

A rule in days sets the expiry of a backup when it is made; a number may remove it whenever there are enough newer ones.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain
from typing import Final, NamedTuple

from audit.records import BACKUP, Policy
from audit.schedule.matching import EVER, NEVER
from audit.subjects.keeping import may_be_kept_for
from audit.subjects.last_copies import LastCopies
from audit.subjects.missing_backups import SLACK
from audit.subjects.policy import PolicySubject
from audit.subjects.retention import longest_copy
from audit.subjects.retention_terms import PastRules, Terms, in_force

_DAY: Final = timedelta(days=1)


class _InForce(NamedTuple):
    """The ages and the numbers of the rules of a period.

    Attributes:
        shortest: the least of the ages.
        is_endless: whether age did not matter to one of them.
    """

    days: Sequence[int]
    numbers: Sequence[int]
    shortest: timedelta
    is_endless: bool


class Rules:
    """The retention rules of the policies that make the backups in a vault, and when they were in force."""

    def __init__(self, policies: Iterable[PolicySubject], past: Iterable[PastRules]) -> None:
        """Store the applied policies, and the rules of those that are no longer applied."""
        self._making = [subject for subject in policies if subject.policy.operation == BACKUP]
        ids = {subject.id for subject in self._making}
        self._past = [each for each in past if each.policy not in ids]
        self._known: dict[tuple[int, ...], _InForce] = {}

    @property
    def are_readable(self) -> bool:
        """Whether the limits of every applied policy could be read."""
        return all(subject.policy.limits_known for subject in self._making)

    def terms(self, since: datetime, until: datetime) -> Iterator[Terms]:
        """Return the rules of any of the policies that were in force at some time in a period."""
        for subject in self._making:
            yield from subject.terms_between(since, until)
        for each in self._past:
            if since <= each.until:
                yield from in_force(each.terms, since, min(until, each.until))

    def days(self, made: datetime) -> Sequence[int]:
        """Return the ages at which a backup made at a time was to be deleted."""
        return self._in_force(made, made).days

    @cached_property
    def longest(self) -> timedelta:
        """The greatest age that a backup was to reach, whenever it was made; endless where no policy always had one."""
        ages = ([terms.days for terms in subject.terms_between(EVER, NEVER)] for subject in self._making)
        known = ([days for days in of if days is not None] for of in ages if None not in of)
        return timedelta(days=min([timedelta.max.days, *map(max, known)]))

    def shortest(self, made: datetime) -> timedelta:
        """Return the least of these ages; endless where age did not matter to any."""
        return self._in_force(made, made).shortest

    def numbers(self, made: datetime, gone: datetime) -> Sequence[int]:
        """Return the numbers that were in force while a backup existed."""
        return self._in_force(made, gone).numbers

    def _in_force(self, since: datetime, until: datetime) -> "_InForce":
        """Read the rules of a period once for all periods between the same changes."""
        begins, ends = self._changes
        key: tuple[int, ...] = ()
        if begins or ends:  # seldom
            key = bisect_right(begins, since), bisect_left(ends, since)
            key = key if since == until else (*key, bisect_right(begins, until), bisect_left(ends, until))
        if key not in self._known:
            terms = [*self.terms(since, until)]
            days = [each.days for each in terms if each.days is not None]
            numbers = [each.number for each in terms if each.number is not None]
            shortest = timedelta(days=min([*days, timedelta.max.days]))
            self._known[key] = _InForce(days, numbers, shortest, is_endless=len(days) < len(terms))
        return self._known[key]

    @cached_property
    def _changes(self) -> tuple[list[datetime], list[datetime]]:
        """When a run first saw rules, and when the last one did, or found them removed; the only ones always count."""
        known = [*(subject.terms for subject in self._making), *(each.terms for each in self._past)]
        terms = [*chain.from_iterable(of for of in known if len(of) > 1)]
        ends = [*(each.until for each in terms), *(each.until for each in self._past)]
        return sorted(each.since for each in terms), sorted(ends)

    @cached_property
    def seen_since(self) -> datetime | None:
        """The time from which runs saw all of them, so that the rules are not a guess; None if none did."""
        if any(not subject.terms for subject in self._making):
            return None
        seen = [subject.terms for subject in self._making] + [each.terms for each in self._past]
        return max((terms[0].since for terms in seen), default=None)

    def were_seen_by(self, moment: datetime) -> bool:
        """Whether runs had seen all of them by a time."""
        return self.seen_since is not None and self.seen_since <= moment

    def give(self, made: datetime, life: timedelta | None) -> bool:
        """Whether a lifetime of a backup made at a time follows from one of them, or exceeds none; None is for ever.

        Rules count whole days: less than a day more is the time that it took to make the backup.
        """
        rules = self._in_force(made, made)
        if life is None:
            return rules.is_endless
        lived = (life + SLACK) // _DAY
        return lived in rules.days or lived <= min(rules.days, default=0)

    def last_copies(
        self, made: Collection[datetime], left: Collection[datetime], gone: Mapping[datetime, datetime]
    ) -> LastCopies:
        """Return which backups of a resource were the last that the applied policies keep for longer."""
        return LastCopies(self._making, made, left, gone)

    def may_pick(self, made: datetime, life: timedelta | None) -> bool:
        """Whether an applied policy may keep single backups for so long beside the others, such as one of a month.

        Whether such a backup shows an expiry, and which, is not documented.
        """
        length = (life or SLACK) // _DAY * _DAY
        return timedelta(0) < self._longest_copy >= length or any(
            may_be_kept_for(policy, made, length) for policy in self._picking
        )

    @cached_property
    def _longest_copy(self) -> timedelta:
        """How long any applied policy keeps one of a day, week, month or year."""
        return max((longest_copy(subject.policy) for subject in self._making), default=timedelta(0))

    @cached_property
    def _picking(self) -> list[Policy]:
        """The applied policies that have advanced rules, which few have."""
        return [subject.policy for subject in self._making if subject.policy.keeping_rules]
