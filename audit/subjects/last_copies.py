"""Which backups are the last of a day, week, month or year of which a policy keeps one beside its other rules.

No document says when a week begins: the oldest of those that are kept may be cut short, and proves nothing.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from audit.subjects.keeping import Periods, ahead_of_utc
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
        self._kept: list[tuple[timedelta, list[_KeptCopies]]] = []
        for policy in policies:
            if copies := copies_that_stay(policy):
                ahead = ahead_of_utc(policy.policy)
                known, there = _days(made, ahead), _days(left, ahead)
                ends = [*zip(_days(gone, ahead), gone.values(), strict=True)]
                self._kept.append((ahead, [_KeptCopies(*each, known, there, ends) for each in copies]))

    def include(self, made: datetime, gone: datetime) -> bool:
        """Whether a backup was the last of its day, week, month or year when it went, while that was still kept."""
        return any(
            each.lacks((made + ahead).date(), (gone + ahead).date(), gone)
            for ahead, kept in self._kept
            for each in kept
        )


class _KeptCopies:
    """One number of days, weeks, months or years of which one backup each is kept."""

    def __init__(
        self,
        number: int,
        periods: Periods,
        made: Iterable[date],
        left: Iterable[date],
        ends: Iterable[tuple[date, datetime]],
    ) -> None:
        self._number = number
        self._periods = periods
        self._made = sorted({*self._of(made)} - {()})
        self._left = {*self._of(left), ()}
        self._until: dict[tuple[int, ...], datetime] = {}
        for day, at in ends:
            found = periods[day]
            self._until[found] = max(at, self._until.get(found, at))

    def lacks(self, day: date, last: date, gone: datetime) -> bool:
        period = self._periods[day]
        if period in self._left or gone < self._until.get(period, gone):
            return False
        newer = bisect_right(self._made, self._periods.around(last)) - bisect_right(self._made, period)
        return newer < self._number - 1

    def _of(self, days: Iterable[date]) -> Iterator[tuple[int, ...]]:
        return map(self._periods.__getitem__, days)


def _days(moments: Iterable[datetime], ahead: timedelta) -> list[date]:
    return [(moment + ahead).date() for moment in moments]
