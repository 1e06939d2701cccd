"""The rules by which a backup in a vault may have been kept: those of current and former policies.

A rule in days sets the expiry of a backup when it is made; a number may remove it whenever there are enough newer ones.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from audit.records import BACKUP
from audit.subjects.last_copies import LastCopies
from audit.subjects.missing_backups import SLACK
from audit.subjects.policy import PolicySubject
from audit.subjects.retention import may_be_picked
from audit.subjects.retention_terms import PastRules, Terms, in_force

_DAY: Final = timedelta(days=1)


class Rules:
    """The retention rules of the policies that make the backups in a vault, and when they were in force."""

    def __init__(self, policies: Iterable[PolicySubject], past: Iterable[PastRules]) -> None:
        """Store the applied policies, and the rules of those that are no longer applied."""
        self._making = [subject for subject in policies if subject.policy.operation == BACKUP]
        ids = {subject.id for subject in self._making}
        self._past = [each for each in past if each.policy not in ids]

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

    def days(self, made: datetime) -> Iterator[int]:
        """Return the ages at which a backup made at a time was to be deleted."""
        return (terms.days for terms in self.terms(made, made) if terms.days is not None)

    def numbers(self, made: datetime, gone: datetime) -> Iterator[int]:
        """Return the numbers that were in force while a backup existed."""
        return (terms.number for terms in self.terms(made, gone) if terms.number is not None)

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
        if life is None:
            return any(terms.days is None for terms in self.terms(made, made))
        days, lived = [*self.days(made)], (life + SLACK) // _DAY
        return lived in days or lived <= min(days, default=0)

    def last_copies(
        self, made: Collection[datetime], left: Collection[datetime], gone: Mapping[datetime, datetime]
    ) -> LastCopies:
        """Return which backups of a resource were the last that the applied policies keep for longer."""
        return LastCopies(self._making, made, left, gone)

    def may_pick(self, made: datetime, life: timedelta | None) -> bool:
        """Whether an applied policy may keep single backups for so long beside the others, such as one of a month.

        Whether such a backup shows an expiry, and which, is not documented.
        """
        return any(may_be_picked(subject.policy, made, life or SLACK) for subject in self._making)
