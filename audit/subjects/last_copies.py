"""Which backups are the last of a day, week, month or year of which a policy keeps one beside its other rules.

No document says when a week begins: the oldest of those that are kept may be cut short, and proves nothing.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from audit.subjects.keeping import Period
from audit.subjects.policy import PolicySubject
from audit.subjects.retention import copies_that_stay


class LastCopies:
    """The days, weeks, months and years of a resource's backups, for each number of them that a policy keeps."""

    def __init__(
        self,
        policies: Iterable[PolicySubject],
        made: Collection[datetime],
        left: Collection[datetime],
        gone: Mapping[datetime, datetime],
    ) -> None:
        """Store when the backups of a resource were made.

        Args:
            policies: the policies that make them.
            made: the times of all known backups.
            left: the times of those that are left.
            gone: the times of those that are gone, and when they went.
        """
        kept = (each for policy in policies for each in copies_that_stay(policy))
        self._kept = [_KeptCopies(number, period, made, left, gone) for number, period in kept if number > 0]

    def include(self, made: datetime, gone: datetime) -> bool:
        """Whether a backup was the last of its day, week, month or year when it went, while that was still kept."""
        return any(each.lacks(made, gone) for each in self._kept)


class _KeptCopies:
    """One number of days, weeks, months or years of which one backup each is kept."""

    def __init__(
        self,
        number: int,
        period: Period,
        made: Iterable[datetime],
        left: Iterable[datetime],
        gone: Mapping[datetime, datetime],
    ) -> None:
        self._number = number
        self._period = period
        self._periods = sorted({found for each in made if (found := period(each))})
        self._left = {period(each) for each in left}
        self._until: dict[tuple[int, ...], datetime] = {}
        for each, at in gone.items():
            if found := period(each):
                self._until[found] = max(at, self._until.get(found, at))

    def lacks(self, made: datetime, gone: datetime) -> bool:
        period = self._period(made)
        if not period or period in self._left or gone < self._until.get(period, gone):
            return False
        now = self._period(gone, is_picked=False)
        newer = bisect_right(self._periods, now) - bisect_right(self._periods, period)
        return newer < self._number - 1
