"""By which rules a backup of a vault may have been kept: those of the policies that are applied to it, and that were.

A rule in days dates a backup when it is made; a number may take it whenever there are enough newer ones.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from audit.records import BACKUP
from audit.subjects.last_copies import LastCopies
from audit.subjects.policy import PolicySubject
from audit.subjects.retention import may_be_picked
from audit.subjects.taken import SLACK
from audit.subjects.terms import PastRules, Terms, in_force

_DAY: Final = timedelta(days=1)


class Rules:
    """What the policies that make the backups of a vault say of keeping them, and when they said it."""

    def __init__(self, policies: Iterable[PolicySubject], past: Iterable[PastRules]) -> None:
        """Take the policies that are applied, and the rules of those that are not any more."""
        self._making = [subject for subject in policies if subject.policy.operation == BACKUP]
        ids = {subject.id for subject in self._making}
        self._past = [each for each in past if each.policy not in ids]

    @property
    def are_readable(self) -> bool:
        """The limits of every policy that is applied could be read."""
        return all(subject.policy.limits_known for subject in self._making)

    def terms(self, since: datetime, until: datetime) -> Iterator[Terms]:
        """What was in force at some time between two, by any of the policies."""
        for subject in self._making:
            yield from subject.terms_between(since, until)
        for each in self._past:
            if since <= each.until:
                yield from in_force(each.terms, since, min(until, each.until))

    def days(self, made: datetime) -> Iterator[int]:
        """The ages at which a backup was to be deleted that was made at a time."""
        return (terms.days for terms in self.terms(made, made) if terms.days is not None)

    def numbers(self, made: datetime, gone: datetime) -> Iterator[int]:
        """The numbers that were kept while a backup was there."""
        return (terms.number for terms in self.terms(made, gone) if terms.number is not None)

    @cached_property
    def seen_since(self) -> datetime | None:
        """From when on runs saw all of them, so that the rules are no guess; None where none did."""
        if any(not subject.terms for subject in self._making):
            return None
        seen = [subject.terms for subject in self._making] + [each.terms for each in self._past]
        return max((terms[0].since for terms in seen), default=None)

    def were_seen_by(self, moment: datetime) -> bool:
        """Whether runs had seen all of them by then."""
        return self.seen_since is not None and self.seen_since <= moment

    def give(self, made: datetime, life: timedelta | None) -> bool:
        """Whether a backup that was made at a time lives by one of them, or no longer than by any; None is for ever.

        They count whole days: what is more than that, and less than another day, is how long it took to make it.
        """
        if life is None:
            return any(terms.days is None for terms in self.terms(made, made))
        days, lived = [*self.days(made)], (life + SLACK) // _DAY
        return lived in days or lived <= min(days, default=0)

    def last_copies(
        self, made: Collection[datetime], left: Collection[datetime], gone: Mapping[datetime, datetime]
    ) -> LastCopies:
        """Say which backups of a resource were the last that the policies that are applied keep for longer."""
        return LastCopies(self._making, made, left, gone)

    def may_pick(self, made: datetime, life: timedelta | None) -> bool:
        """Whether one that is applied may keep single backups for so long beside the others, such as one of a month.

        Whether such a backup shows an end, and which, is documented nowhere.
        """
        return any(may_be_picked(subject.policy, made, life or SLACK) for subject in self._making)
