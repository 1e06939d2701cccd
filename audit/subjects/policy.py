"""A policy, its schedule and the vaults that rely on it.

What was due follows from the plan in force at the time. Between two runs that saw different plans, it is unknown which
one was in force: only what both name was surely due. If all runs of a policy came earlier or later than planned by the
same time, they are expected at those times; CBR-116 judges that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, Final, NamedTuple

from audit.records import BACKUP, REPLICATION, Policy, Vault
from audit.schedule.matching import Timetable
from audit.schedule.rules import Schedule, UnreadableScheduleError
from audit.subjects.context import Limits
from audit.subjects.kept_plan import KeptPlan
from audit.subjects.protection import Protection
from audit.subjects.retention_terms import Terms, in_force
from audit.subjects.subject_kinds import SubjectKind
from audit.subjects.time_shift import Rhythm, Shift

_LONGEST: Final = timedelta(days=31)
_NONE: Final = timedelta(0)
_DISABLED: Final = "the policy was disabled"
_CHANGED: Final = "the policy was changed at about that time"


@dataclass(frozen=True, kw_only=True)
class PolicySubject:
    """A policy and its schedule.

    Attributes:
        schedule: None if the trigger cannot be read or the operation is unknown; ``unreadable`` has the reason.
        vaults: the vaults of the inventory that it is applied to, sorted by id.
        known_since: since when it has been as it is now; None if no earlier run saw it differently.
        plans: its known plans, oldest first, the current one last; empty if none were recorded.
        rhythm: when it has run under its current plan; None if no task names it.
        sources: for a replication policy, the schedules of the enabled policies whose backups it copies, None for an
            unreadable one; None as a whole if the policies could not be read completely.
        terms: its retention rules, as far as runs saw it, oldest first and this run last.
        protection: how it changed since the previous run; None if there was none.
    """

    kind: ClassVar[SubjectKind] = SubjectKind.POLICY
    policy: Policy
    schedule: Schedule | None
    unreadable: str
    vaults: tuple[Vault, ...] = ()
    known_since: datetime | None = None
    plans: tuple[KeptPlan, ...] = ()
    rhythm: Rhythm | None = None
    sources: tuple[Schedule | None, ...] | None = None
    terms: tuple[Terms, ...] = ()
    protection: Protection | None = None
    _timetables: dict[Any, Timetable] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def id(self) -> str:
        """The policy's id."""
        return self.policy.id

    @property
    def name(self) -> str:
        """The policy's name."""
        return self.policy.name

    @property
    def makes_backups(self) -> bool:
        """Whether it is enabled and makes backups, or may make them because its operation is not documented."""
        return self.policy.enabled and self.policy.operation != REPLICATION

    @property
    def is_relied_on(self) -> bool:
        """Whether it is enabled and applied to a vault."""
        return self.policy.enabled and bool(self.policy.vault_ids)

    @property
    def makes_copies(self) -> bool:
        """Whether it is enabled and copies backups to another region, or may do so."""
        return self.policy.enabled and self.policy.operation != BACKUP

    @cached_property
    def interval(self) -> timedelta | None:
        """The longest time between two of its runs, including the start window; None if the schedule is unknown.

        At most 31 days without that window: a policy that runs once a year must not excuse missing backups.
        """
        return min(self.schedule.longest_gap, _LONGEST) + self.policy.start_window if self.schedule else None

    def terms_at(self, moment: datetime) -> Sequence[Terms]:
        """Return the retention rules for what was made at a time; two sets if they changed and nobody saw when.

        Before the first run that saw the policy, the rules are those of that run.
        """
        return self.terms_between(moment, moment)

    def terms_between(self, since: datetime, until: datetime) -> Sequence[Terms]:
        """Return the retention rules for what existed during a period, as above."""
        return in_force(self.terms or (Terms.of(self.policy, until),), since, until)

    @cached_property
    def most_days(self) -> int:
        """The longest age at which it ever deleted backups, as far as runs saw it; 0 if age never mattered."""
        now = self.policy.retention_days if self.policy.keeps_by_age else None
        return max(days or 0 for days in (now, *(terms.days for terms in self.terms)))

    def was_seen_by(self, moment: datetime) -> bool:
        """Whether a run had seen the policy by a time, so that its rules then are not a guess."""
        return bool(self.terms) and self.terms[0].since <= moment

    @property
    def present(self) -> KeptPlan | None:
        """Its current plan, as it was recorded."""
        return self.plans[-1] if self.plans else None

    @cached_property
    def planned_since(self) -> datetime | None:
        """The time from which its plan is known; None if it is always known.

        A first run knows only the current plan. Runs at unplanned times show that there was another one before: the
        current plan counts from the first run that came as planned, or else from when it was seen.
        """
        if len(self.plans) > 1:
            return self.plans[-len(self._stretches)].since
        if self.known_since is None and self.present and self.rhythm and self.rhythm.is_doubtful:
            return min(self.rhythm.proven or self.present.seen, self.present.seen)
        return self.known_since

    @property
    def passed_on(self) -> tuple[KeptPlan, ...]:
        """Its plans, as the next run needs them."""
        if not (self.present and self.rhythm):
            return self.plans
        shifts = [shift.ends or shift.last for shift in self.rhythm.shifts]
        clear = max(shifts, default=self.planned_since if self.rhythm.is_doubtful else None)
        return (*self.plans[:-1], replace(self.present, clear_since=clear))

    @property
    def has_planned(self) -> bool:
        """Whether it plans backups, or did so at a remembered time."""
        return self.policy.operation != REPLICATION and any(stretch.enabled for stretch in self._stretches)

    def due(self, since: datetime, until: datetime) -> list[datetime]:
        """Return every run that was surely due in a period, in order."""
        return [moment for moment, why in self._named(since, until) if not why]

    def next_run(self, since: datetime) -> datetime:
        """Return the latest start of its first run from a time on, 31 days later if it runs more rarely."""
        planned = self.schedule.first_from(since) if self.schedule else since
        lasting = self.rhythm.lasting if self.rhythm else None
        later = max(lasting.by, _NONE) if lasting else _NONE
        return min(planned, since + _LONGEST) + later + self.policy.start_window

    def timetable(self, since: datetime, limits: Limits) -> Timetable:
        """Return its due times from a time on; shared by all resources that are judged by the same limits."""
        key = since, limits.now, limits.grace, limits.maintenance
        if key not in self._timetables:
            named = self._named(since, limits.now)
            why = dict(named)
            self._timetables[key] = Timetable(
                [moment for moment, _why in named],
                limits.grace,
                lambda moment: limits.maintenance(moment) or why[moment],
                self._start_window,
            )
        return self._timetables[key]

    def _named(self, since: datetime, until: datetime) -> list[tuple[datetime, str]]:
        """Yield every run that a plan named, in order, with why it may not have been due, or an empty string."""
        found: dict[datetime, str] = {}
        for earlier, later in pairwise(self._stretches):
            begin, end = max(since, earlier.end or since), min(until, later.begin or until)
            before, after = (set(each.named(begin, end)) for each in (earlier, later))
            found |= dict.fromkeys(before | after, _CHANGED)
            if earlier.enabled and later.enabled:
                found |= dict.fromkeys(before & after, "")
        for each in self._stretches:
            moments = each.named(max(since, each.begin or since), min(until, each.end or until))
            found |= dict.fromkeys(moments, "" if each.enabled else _DISABLED)
        return sorted(found.items())

    def _start_window(self, moment: datetime) -> timedelta:
        """Return how much later than planned CBR could start a run at a time."""
        former = (stretch for stretch in self._stretches if stretch.end and moment <= stretch.end)
        return next((stretch.start_window for stretch in former), self.policy.start_window)

    @cached_property
    def _stretches(self) -> tuple["_Stretch", ...]:
        """Return what was in force when, oldest first; nothing from before an unreadable plan.

        The first one also counts before it was seen; callers know since when that is known.
        """
        shifts = self.rhythm.shifts if self.rhythm else ()
        begin = self.present.since if self.present else None
        found = [_Stretch(begin, None, self.schedule, self.policy.enabled, self.policy.start_window, shifts)]
        for plan in reversed(self.plans[:-1]):
            try:
                schedule = Schedule(plan.patterns, plan.start_time)
            except UnreadableScheduleError:
                break
            found.insert(0, _Stretch(plan.since, plan.until, schedule, plan.enabled, plan.start_window))
        return (found[0]._replace(begin=None), *found[1:])


class _Stretch(NamedTuple):
    """A period in which one plan was in force."""

    begin: datetime | None
    end: datetime | None
    schedule: Schedule | None
    enabled: bool
    start_window: timedelta
    shifts: tuple[Shift, ...] = ()

    def named(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Return the runs of a period, at the times at which they came if they were shifted."""
        reach = max((abs(shift.by) for shift in self.shifts), default=_NONE)
        for planned in self.schedule.between(since - reach, until + reach) if self.schedule else ():
            due = next((due for shift in self.shifts if (due := shift.moved(planned)) != planned), planned)
            if since <= due <= until:
                yield due
