"""Whether the runs of a policy come when planned, or all earlier or later by the same time.

A policy that was moved to another hour just before the first audit looks the same as one that CBR runs at another hour
than planned, because of a time zone or an INTERVAL that counts from another day. Neither missed a run. So if several
runs of all resources agree on a shift, due runs are expected at the shifted times.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Final, NamedTuple

from audit.schedule.rules import Schedule

_EARLY: Final = timedelta(minutes=1)  # clocks differ: a run may be recorded a little before it was due
_MINUTE: Final = timedelta(minutes=1)
_DELAY: Final = timedelta(minutes=30)  # runs wait for each other when many are due
_LEAST: Final = timedelta(minutes=45)  # a smaller shift is a delay
_ABOUT: Final = timedelta(hours=6)
_REACH: Final = timedelta(days=31)
_NEAR: Final = 24  # due times on either side: the most in a day
_ENOUGH_RUNS: Final = 3
_MOST_OF_ALL: Final = 0.9  # of the tasks must fit; a single run may also be late
_MOST_OF_ONE: Final = 0.5  # of those of each resource
_MOST_DUE: Final = 0.7  # of the due times must have a run


class Shift(NamedTuple):
    """All runs of a period began later than planned by the same time, or earlier if it is negative.

    Attributes:
        runs: how many due times show it.
        first, last: when the first and the last of these runs were created.
        begins: the shifted due time of the first, if others came as planned before; None if none did.
        ends: the shifted due time of the last, if others came as planned afterwards; None if none did.
    """

    by: timedelta
    runs: int
    first: datetime
    last: datetime
    begins: datetime | None
    ends: datetime | None

    def moved(self, planned: datetime) -> datetime:
        """Return when a run planned for a time was really due."""
        due = planned + self.by
        is_shifted = (self.begins is None or self.begins <= due) and (self.ends is None or due <= self.ends)
        return due if is_shifted else planned


class Rhythm(NamedTuple):
    """When a policy ran.

    Attributes:
        newest: when its newest task was created.
        planned: the due time of the newest run that came as planned; None if none did.
        proven: the due time of the oldest run that came as planned; None if none did.
        is_doubtful: whether an older run than those came neither as planned nor at a shifted time.
        shifts: the shifts of its runs, oldest first.
    """

    newest: datetime
    planned: datetime | None
    proven: datetime | None
    is_doubtful: bool
    shifts: tuple[Shift, ...] = ()

    @property
    def lasting(self) -> Shift | None:
        """The shift that no run as planned has ended."""
        return next((shift for shift in self.shifts if shift.ends is None), None)


_Run = tuple[datetime, str]


def rhythm_of(
    schedule: Schedule, start_window: timedelta, runs: Iterable[tuple[str, Sequence[datetime]]]
) -> Rhythm | None:
    """Match the runs of a policy with its due times; None if there are none.

    Args:
        schedule: its due times.
        start_window: how much later CBR may start a run.
        runs: when the tasks of each resource were created, the one with the oldest first. In the common case that
            this one is as planned, no other is examined.
    """
    remaining = iter(runs)
    first = next(remaining, None)
    if first is None:
        return None
    search = _Search(schedule, start_window, [(moment, first[0]) for moment in first[1]])
    if len(search.planned) < len(search.runs):
        rest = chain.from_iterable(((moment, name) for moment in moments) for name, moments in remaining)
        search = _Search(schedule, start_window, sorted([*search.runs, *rest]))
    return search.rhythm()


class _Search:
    """The runs of a policy, oldest first, with its due times."""

    def __init__(self, schedule: Schedule, start_window: timedelta, runs: Sequence[_Run]) -> None:
        self.runs = runs
        self._slack = _DELAY + start_window
        self._about = _ABOUT + start_window
        reach = min(schedule.longest_gap, _REACH) + self._about
        self._due = schedule.between(runs[0][0] - reach, runs[-1][0] + reach)
        self.planned = [moment for moment, _name in runs if self._due_of(moment, self._slack)]

    def rhythm(self) -> Rhythm:
        """Return when the policy ran."""
        shifts: tuple[Shift, ...]
        last = None
        if self.planned:
            last = self._due_of(self.planned[-1], self._slack)
            before = [run for run in self.runs if run[0] < self.planned[0]]
            after = [run for run in self.runs if run[0] > self.planned[-1]]
            earlier = (shift._replace(begins=None) for shift in self._found(before))
            shifts = (*earlier, *(shift._replace(ends=None) for shift in self._found(after)))
        else:
            shifts = tuple(shift._replace(begins=None, ends=None) for shift in self._found(self.runs))
        about = (self._due_of(moment, self._about) for moment, _name in self.runs)
        first = next(about)
        return Rhythm(
            newest=self.runs[-1][0],
            planned=last,
            proven=first or next(filter(None, about), None),
            is_doubtful=first is None and not (shifts and shifts[0].begins is None),
            shifts=shifts,
        )

    def _due_of(self, moment: datetime, slack: timedelta) -> datetime | None:
        """Return the due time that a run at a time answers, with some slack before it."""
        place = bisect_right(self._due, moment + _EARLY) - 1
        return self._due[place] if place >= 0 and moment - self._due[place] <= slack else None

    def _found(self, runs: Sequence[_Run]) -> tuple[Shift, ...]:
        """Return the smallest shift that a stretch of runs proves."""
        for by in self._candidates(runs):
            fits = [fit for fit in (self._fit(run, by) for run in runs) if fit is not None]
            if self._is_proof(runs, fits):
                exact = _MINUTE * round((by + min(fit.offset for fit in fits)) / _MINUTE)
                due = sorted({fit.due + exact for fit in fits})
                shift = Shift(exact, len(due), fits[0].created, fits[-1].created, due[0], due[-1])
                return (shift,) if abs(exact) >= _LEAST else ()
        return ()

    def _candidates(self, runs: Sequence[_Run]) -> Iterator[timedelta]:
        """Return the distances of the first and last run from nearby due times, nearest first, later before earlier."""
        found = set[timedelta]()
        for moment, _name in (*runs[:1], *runs[-1:]):
            place = bisect_left(self._due, moment)
            found.update(moment - due for due in self._due[max(0, place - _NEAR) : place + _NEAR])
        near = (by for by in found if abs(by) <= _REACH)
        return iter(sorted(near, key=lambda by: (round(abs(by) / _DELAY), by < timedelta(0), abs(by))))

    def _fit(self, run: _Run, by: timedelta) -> "_Fit | None":
        """Return the due time that a run answers if it is shifted, or None."""
        created, name = run
        place = bisect_left(self._due, created - by)
        due = min(self._due[max(0, place - 1) : place + 1], key=lambda due: abs(created - by - due))
        offset = created - by - due
        return _Fit(created, name, due, offset) if abs(offset) <= self._slack else None

    def _is_proof(self, runs: Sequence[_Run], fits: Sequence["_Fit"]) -> bool:
        """Whether nearly all runs fit, most of each resource, and most due times have one."""
        due = sorted({fit.due for fit in fits})
        if len(due) < _ENOUGH_RUNS or len(fits) < _MOST_OF_ALL * len(runs):
            return False
        expected = bisect_right(self._due, due[-1]) - bisect_left(self._due, due[0])
        every, fitting = Counter(name for _created, name in runs), Counter(fit.name for fit in fits)
        alike = all(fitting[name] >= _MOST_OF_ONE * number for name, number in every.items())
        return alike and len(due) >= _MOST_DUE * expected


class _Fit(NamedTuple):
    """A run that answers a due time if it is shifted, and how much later it began."""

    created: datetime
    name: str
    due: datetime
    offset: timedelta
