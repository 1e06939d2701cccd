"""A policy, its schedule and the vaults that rely on it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, Final

from audit.matching import Timetable
from audit.records import BACKUP, REPLICATION, Policy, Vault
from audit.schedule import Schedule
from audit.subjects.kinds import SubjectKind
from audit.subjects.limits import Limits
from audit.subjects.protection import Protection
from audit.subjects.terms import Terms

_LONGEST: Final = timedelta(days=31)


@dataclass(frozen=True, kw_only=True)
class PolicySubject:
    """A policy and its schedule.

    Attributes:
        schedule: None where the trigger cannot be read, or nobody knows what it starts; ``unreadable`` says why.
        vaults: the vaults of the inventory that it is applied to, in order of id.
        known_since: from when on it has been as it is now; None where no earlier run saw it otherwise.
        sources: of a replication policy, the schedules of the enabled policies that make what it copies, None for one
            that cannot be read; None altogether where the policies could not be read completely.
        terms: by which rules it kept its backups, as far as runs saw it, the oldest first and this run last.
        protection: what became of it since the run before; None where there was none.
    """

    kind: ClassVar[SubjectKind] = SubjectKind.POLICY
    policy: Policy
    schedule: Schedule | None
    unreadable: str
    vaults: tuple[Vault, ...] = ()
    known_since: datetime | None = None
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
        """The policy is enabled and makes backups, or may make them: its operation is not documented."""
        return self.policy.enabled and self.policy.operation != REPLICATION

    @property
    def is_relied_on(self) -> bool:
        """The policy is enabled, and applied to a vault."""
        return self.policy.enabled and bool(self.policy.vault_ids)

    @property
    def makes_copies(self) -> bool:
        """The policy is enabled and copies backups to another region, or may copy them."""
        return self.policy.enabled and self.policy.operation != BACKUP

    @cached_property
    def interval(self) -> timedelta | None:
        """The longest time between two of its runs, with the start window; None where the schedule is not known.

        At most 31 days without that window: a policy must not excuse itself by running once a year.
        """
        return min(self.schedule.longest_gap, _LONGEST) + self.policy.start_window if self.schedule else None

    def terms_at(self, moment: datetime) -> tuple[Terms, ...]:
        """By which rules it kept what was made at a time: two where they were changed and nobody saw when.

        Before the first run that saw it, as that one did.
        """
        place = next((place for place, terms in enumerate(self.terms) if moment <= terms.until), None)
        if place is None:
            return (Terms.of(self.policy, moment),)
        is_open = place > 0 and moment < self.terms[place].since
        return self.terms[place - is_open : place + 1]

    @cached_property
    def most_days(self) -> int:
        """The longest age at which it ever deleted backups, as far as runs saw it; 0 where age never mattered."""
        now = self.policy.retention_days if self.policy.keeps_by_age else None
        return max(days or 0 for days in (now, *(terms.days for terms in self.terms)))

    def was_seen_by(self, moment: datetime) -> bool:
        """Whether a run had seen the policy by then, so that its rules at that time are no guess."""
        return bool(self.terms) and self.terms[0].since <= moment

    def timetable(self, since: datetime, limits: Limits) -> Timetable:
        """Return its due times from a time on; the same for all resources that are judged by the same limits."""
        key = since, limits.now, limits.grace, limits.maintenance
        if key not in self._timetables:
            due = self.schedule.between(since, limits.now) if self.schedule else ()
            self._timetables[key] = Timetable(due, limits.grace + self.policy.start_window, limits.maintenance)
        return self._timetables[key]
