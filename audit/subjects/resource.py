"""A server, disk, file system or desktop, and everything known about its backups."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import ClassVar, Final

from audit.collection import Window
from audit.matching import Matcher, Plan, Schedules
from audit.records import BACKUP, RESTORE, Backup, Protectable, Protected, Task, Vault
from audit.schedule import Schedule
from audit.subjects.kinds import Departure, SubjectKind
from audit.subjects.limits import Limits
from audit.subjects.policy import PolicySubject

_Bounds = list[tuple[datetime, str]]
_DAY: Final = timedelta(days=1)
_NOT_KNOWN: Final = "before the resource was known as it is now"
_LONGEST_LIMIT: Final = timedelta(days=31)


class Presence(StrEnum):
    """Where a resource stands."""

    PROTECTED = "protected"  # a backup vault holds it
    REPLICA = "replica"  # only replication vaults hold it
    LEFT = "left"  # a task shows that it was taken out
    UNACCOUNTED = "unaccounted"  # no vault holds it, and no task shows why
    UNPROTECTED = "unprotected"  # it is in the project, and no vault ever held it
    UNKNOWN = "unknown"  # the vaults could not be read completely


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A server, disk, file system or desktop, and everything known about its backups.

    Attributes:
        policies: those applied to its vaults; None where they could not be read completely.
        tasks: tasks that name it, oldest first.
        held_since: when the oldest of its vaults was created; None where no vault says so.
        known_since: from when on it is known to be held, and to follow the policies that it follows now; None where
            nothing says so.
        log_complete: nothing of the task log is missing in the window.
        vaults_complete: nothing of the inventory of vaults is missing.
        covered_since: from when on silence of the log means something; the start of the window where None.
        recovery_points: its backups as the vaults keep them, oldest first; None where they were not read completely.
        protectable: what the list of protectable resources says of it, or None.
        server_id: the server that it is a disk of, as that list says.
        protectables_complete: that list was read completely; None where nobody asked for it.
    """

    kind: ClassVar[SubjectKind] = SubjectKind.RESOURCE
    id: str
    name: str
    type: str
    presence: Presence
    departure: Departure | None
    vaults: tuple[Vault, ...]
    policies: tuple[PolicySubject, ...] | None
    tasks: tuple[Task, ...]
    held_since: datetime | None
    window: Window
    log_complete: bool
    vaults_complete: bool = True
    covered_since: datetime | None = None
    known_since: datetime | None = None
    recovery_points: tuple[Backup, ...] | None = None
    protectable: Protectable | None = None
    server_id: str | None = None
    protectables_complete: bool | None = None
    _matched: dict[Limits, Schedules] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def backups(self) -> tuple[Task, ...]:
        """Its backup tasks, oldest first."""
        return tuple(task for task in self.tasks if task.operation == BACKUP)

    @property
    def restores(self) -> tuple[Task, ...]:
        """The restores of its backups, oldest first, wherever to."""
        return tuple(task for task in self.tasks if task.operation == RESTORE)

    @property
    def own_points(self) -> tuple[Backup, ...] | None:
        """Its whole recovery points that were made here and neither are being made nor deleted, oldest first."""
        if self.recovery_points is None:
            return None
        return tuple(point for point in self.recovery_points if point.is_own and point.is_lasting)

    @property
    def kept_successes(self) -> tuple[Task, ...]:
        """Its successful backups, oldest first, of which vaults that hold it should keep what they made.

        Whatever was made before the resource was taken out of a vault was deleted with that.
        """
        removals = (task for task in self.tasks if task.operation == "remove_resource" and task.succeeded)
        removed = max((task.created_at for task in removals), default=None)
        made = (task for task in self.backups if task.succeeded and self._may_hold(task))
        return tuple(task for task in made if removed is None or task.created_at > removed)

    def _may_hold(self, task: Task) -> bool:
        """Whether a task was about a vault that holds the resource now, as far as it says."""
        if task.vault_id:
            return any(vault.id == task.vault_id for vault in self.vaults)
        return task.vault_name is None or any(vault.name == task.vault_name for vault in self.vaults)

    @property
    def puzzling(self) -> tuple[Task, ...]:
        """Its backup tasks whose status is not documented: nobody can say how they went."""
        return tuple(task for task in self.backups if not task.is_understood)

    @property
    def last_success(self) -> Task | None:
        """Its newest successful backup that began in the window."""
        newest_first = reversed(self.backups)
        return next((task for task in newest_first if task.succeeded and task.began <= self.window.until), None)

    @property
    def places(self) -> tuple[tuple[Vault, Protected], ...]:
        """Each vault that holds it, beside how it is held there."""
        return tuple((vault, held) for vault in self.vaults for held in vault.resources if held.id == self.id)

    @property
    def backup_places(self) -> tuple[tuple[Vault, Protected], ...]:
        """Each vault into which backups of it are made, beside how it is held there."""
        return tuple((vault, held) for vault, held in self.places if not vault.receives_copies_only)

    @property
    def schedules(self) -> tuple[Schedule, ...] | None:
        """The schedules that should make backups of it; None where one of them is not known."""
        if self.policies is None:
            return None
        making = [policy.schedule for policy in self.policies if policy.makes_backups]
        known = tuple(schedule for schedule in making if schedule is not None)
        return known if len(known) == len(making) else None

    @property
    def followed(self) -> tuple[PolicySubject, ...]:
        """The backup policies, disabled ones too, of the backup vaults that hold it without exempting it."""
        vault_ids = {vault.id for vault, held in self.places if _follows(vault, held)}
        backup = (subject for subject in self.policies or () if subject.policy.operation == BACKUP)
        return tuple(subject for subject in backup if not vault_ids.isdisjoint(subject.policy.vault_ids))

    @property
    def follows(self) -> tuple[str, ...] | None:
        """The ids of the policies that it follows, in order; None where they are not known."""
        return None if self.policies is None else tuple(sorted(subject.id for subject in self.followed))

    @property
    def unreadable(self) -> str:
        """Why nobody knows what its policies plan, or an empty text where that is known."""
        if self.policies is None:
            return "the policies could not be read completely"
        unread = (subject.unreadable for subject in self.policies if subject.makes_backups and not subject.schedule)
        return next(unread, "")

    def planned_interval(self, limits: Limits) -> timedelta | None:
        """The longest interval of the policy that runs most often, plus grace; a day where no policy runs.

        At most 31 days: a policy must not excuse itself by running once a year. None where the policies are not known.
        """
        if self.schedules is None:
            return None
        intervals = (
            min(subject.schedule.longest_gap, _LONGEST_LIMIT) + subject.policy.start_window
            for subject in self.policies or ()
            if subject.schedule and subject.makes_backups
        )
        return min(intervals, default=_DAY) + limits.grace

    def planned_runs(self, limits: Limits) -> Schedules | None:
        """Hold every run that is due in the window against the tasks; None where a schedule is not known."""
        if self.schedules is None:
            return None
        if limits not in self._matched:  # several controls and the calendar ask for the same
            matcher = Matcher(self.backups, since=self.window.since, now=limits.now, log_complete=self.log_complete)
            self._matched[limits] = matcher.match(tuple(self._plans(limits)))
        return self._matched[limits]

    def harmless(self, limits: Limits) -> frozenset[str] | None:
        """Ids of the backups that failed or were skipped and need alarm nobody; None where a schedule is not known.

        A success of the same period made up for them, or their planned run lay in a maintenance window.
        """
        planned = self.planned_runs(limits)
        if planned is None:
            return None
        return planned.made_good.union(run.task.id for run in planned.runs if run.task and limits.maintenance(run.due))

    def _plans(self, limits: Limits) -> Iterator[Plan]:
        for subject in self.followed:
            if subject.schedule is not None and subject.makes_backups:
                yield Plan(
                    policy_id=subject.id,
                    vault_ids=subject.policy.vault_ids,
                    due=subject.schedule.between(self.window.since, limits.now),
                    grace=limits.grace + subject.policy.start_window,
                    excuse=partial(_excuse, self._bounds(subject), limits.maintenance),
                )

    def _bounds(self, subject: PolicySubject) -> _Bounds:
        """Before which times a run of a policy is not judged, and why."""
        bounds = (
            (self.covered_since, "the log does not reach back so far"),
            (self.held_since, _NOT_KNOWN),
            (self.known_since, _NOT_KNOWN),
            (subject.known_since, "before the policy was known as it is now"),
        )
        return [(moment, why) for moment, why in bounds if moment is not None]


def _excuse(bounds: _Bounds, maintenance: Callable[[datetime], str], due: datetime, task: Task | None) -> str:
    """Say why a run that is due at a time is not judged, or nothing; one that left a task shows that it was known."""
    for moment, why in bounds:
        if due < moment and not (task and why == _NOT_KNOWN):
            return why
    return maintenance(due)


def _follows(vault: Vault, held: Protected) -> bool:
    return held.auto_protect is not False and not vault.receives_copies_only
