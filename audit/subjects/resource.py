"""A server, disk, file system or desktop, and everything known about its backups."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import ClassVar, Final

from audit.collection import Kind, Rejected, Window
from audit.history import TaskList, listed, pick
from audit.records import (
    REMOVE_RESOURCE,
    REPLICATION,
    RESTORES,
    Agent,
    Backup,
    Member,
    Protectable,
    Protected,
    Task,
    Usage,
    Vault,
)
from audit.records.keys import Key
from audit.schedule.matching import EVER, NEVER, Matcher, Plan, Schedules
from audit.schedule.rules import Schedule
from audit.subjects.context import Limits
from audit.subjects.policy import PolicySubject
from audit.subjects.protection import Protection
from audit.subjects.retention_terms import PastRules
from audit.subjects.sorted_tasks import SortedTasks, sort_out
from audit.subjects.subject_kinds import Departure, SubjectKind
from audit.subjects.unusable import SUCCESSES, hidden

_Bounds = tuple[tuple[datetime, str, bool], ...]
_DAY: Final = timedelta(days=1)
_GONE: Final = "deleted"
PROTECTED: Final = frozenset({"available", "protecting", "restoring", "removing"})
"""What a vault says about a resource that it protects."""
_NOT_KNOWN: Final = "before the resource was known as it is now"
_OF_TASKS: Final = ("sorted_tasks", "kept_successes", "last_success", "points_by_key", "strange")


class Presence(StrEnum):
    """Where a resource stands."""

    PROTECTED = "protected"  # in a backup vault
    REPLICA = "replica"  # in replication vaults only
    LEFT = "left"  # a task shows that it was removed
    UNACCOUNTED = "unaccounted"  # in no vault, and no task shows why
    UNPROTECTED = "unprotected"  # in the project, and never in a vault
    UNKNOWN = "unknown"  # the vaults could not be read completely


class Existence(StrEnum):
    """What the vaults, and the list of protectable resources if it was read, say about a resource."""

    THERE = "there"
    DELETED = "deleted"
    CONTRADICTED = "contradicted"
    NOT_SAID = "not said"
    NOT_READ = "not read"  # vaults or the requested list could not be read completely


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A server, disk, file system or desktop, and everything known about its backups.

    What many controls need is computed on first use and cached.

    Attributes:
        places: each vault that holds it, and how it is held there.
        policies: the policies applied to its vaults; None if they could not be read completely.
        past_rules: the rules of policies no longer applied to its vaults, as far as runs saw them.
        tasks: the tasks that name it, oldest first.
        strange_around: the tasks of its vaults that name no resource and whose operation is not documented.
        held_since: when the oldest of its vaults was created; None if no vault says so.
        known_since: since when it is known to be held and to follow its current policies; None if unknown.
        awaited_since: if an earlier run saw it in no vault, or with another plan, since when its first backup by the
            current plan is awaited; otherwise None.
        log_complete: whether nothing of the task log is missing in the window.
        unusable: the unusable rows that may concern it; those of the task log only if nothing else of that is missing.
        vaults_complete: whether nothing of the inventory of vaults is missing.
        covered_since: the time from which silence of the log means something; None for the start of the window.
        recovery_points: its backups in vaults, oldest first; None if they were not read completely.
        taken_before: the space of its backups in MB at the end of earlier days, as far as known, oldest first.
        kind_is_listed: whether backups of its type are listed, so that a success has one to name.
        protectable: its row in the list of protectable resources, or None.
        server_id: the server that it is a disk of, according to that list.
        protectables_complete: whether that list was read completely; None if it was not requested.
        agent: the agent that a vault for files holds as this resource, or None.
        agents_complete: whether the list of agents was read completely.
        is_type_listed: whether that list was read completely and shows every resource of its type.
        nameless_syncs: synchronisations into its hybrid vaults that do not say whether they brought backups of it.
        moves_of_ends: tasks that changed the expiry of backups in its vaults, of this resource or of no named one.
        missed: the ids of its backups that earlier runs saw and that are gone.
        protection: how its protection changed since the previous run; None if there was none.
        members: the members of its backups, by the backup's id, where requested; None if the responses were not read
            completely.
        usages: each different response about its usage; None if they were not read completely.
    """

    kind: ClassVar[SubjectKind] = SubjectKind.RESOURCE
    id: str
    name: str
    type: str
    presence: Presence
    departure: Departure | None
    vaults: tuple[Vault, ...]
    places: tuple[tuple[Vault, Protected], ...]
    policies: tuple[PolicySubject, ...] | None
    tasks: Sequence[Task]
    held_since: datetime | None
    window: Window
    log_complete: bool
    vaults_complete: bool = True
    unusable: tuple[Rejected, ...] = ()
    covered_since: datetime | None = None
    known_since: datetime | None = None
    awaited_since: datetime | None = None
    past_rules: tuple[PastRules, ...] = ()
    recovery_points: tuple[Backup, ...] | None = None
    taken_before: tuple[int, ...] = ()
    kind_is_listed: bool = False
    protectable: Protectable | None = None
    server_id: str | None = None
    protectables_complete: bool | None = None
    agent: Agent | None = None
    agents_complete: bool = False
    is_type_listed: bool = False
    nameless_syncs: tuple[Task, ...] = ()
    moves_of_ends: tuple[Task, ...] = ()
    missed: frozenset[Key] = frozenset()
    protection: Protection | None = None
    strange_around: tuple[Task, ...] = ()
    members: Mapping[str, tuple[Member, ...]] | None = None
    usages: tuple[Usage, ...] | None = None
    _matched: dict[int, tuple[Limits, Schedules]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def log_read(self) -> bool:
        """Whether the task log was read to its end; at most some rows of it were unusable."""
        return self.log_complete or any(row.kind == Kind.TASKS for row in self.unusable)

    @cached_property
    def sorted_tasks(self) -> SortedTasks:
        """Its tasks, sorted by what they did and how they went."""
        return sort_out(self.tasks, synchronised=self.is_synchronised)

    @property
    def backups(self) -> TaskList:
        """Its backup tasks, oldest first."""
        return self.sorted_tasks.backups

    @property
    def restores(self) -> TaskList:
        """The restores of its backups to anywhere, oldest first."""
        return self.doing(RESTORES)

    def doing(self, operations: AbstractSet[str]) -> TaskList:
        """Return its tasks with some operations, oldest first."""
        return listed(self.tasks, lambda task: task.operation in operations)

    @cached_property
    def own_points(self) -> tuple[Backup, ...] | None:
        """Its whole backups that were made here and are neither being made nor being deleted, oldest first."""
        if self.recovery_points is None:
            return None
        return tuple([point for point in self.recovery_points if point.is_own and point.is_lasting])

    @cached_property
    def points_by_key(self) -> Mapping[Key | None, Backup]:
        """Its backups that were made here, in any state, by id; none if they were not read."""
        return {point.key: point for point in self.recovery_points or () if not point.is_copy}

    @property
    def newest_point(self) -> Backup | None:
        """The newest of its own backups, up to the end of the window, that can be restored from."""
        points = (point for point in reversed(self.own_points or ()) if point.created_at <= self.window.until)
        return next((point for point in points if point.is_available), None)

    @property
    def counted_points(self) -> int | None:
        """The number of its backups according to the vaults, or None if one does not say."""
        counts = [held.backup_count for _vault, held in self.backup_places]
        known = [count for count in counts if count is not None]
        return sum(known) if known and len(known) == len(counts) else None

    @property
    def taken_mb(self) -> int | None:
        """The space of its backups according to the vaults, or None if one does not say."""
        sizes = [held.backup_mb for _vault, held in self.backup_places]
        known = [size for size in sizes if size is not None]
        return sum(known) if known and len(known) == len(sizes) else None

    @cached_property
    def kept_successes(self) -> TaskList:
        """Its backup tasks that say they succeeded and whose backup its current vaults should have, oldest first.

        Backups made before the resource was removed from a vault were deleted with the removal.
        """
        removals = self.doing(frozenset({REMOVE_RESOURCE})).picked(lambda task: task.claims_success)
        removed = max(removals.created, default=None)
        ids, names = {vault.id for vault in self.vaults}, {vault.name for vault in self.vaults}
        kept = self.sorted_tasks.claimed.picked(
            lambda task: task.vault_id in ids if task.vault_id else task.vault_name is None or task.vault_name in names
        )
        return kept if removed is None else kept.at(range(bisect_right(kept.created, removed), len(kept)))

    @property
    def puzzling(self) -> TaskList:
        """Its backup tasks of which it is unclear how they went."""
        return self.sorted_tasks.puzzling

    @cached_property
    def strange(self) -> tuple[Task, ...]:
        """The tasks on it or its vaults of which it is unclear what they did, oldest first.

        Their operation is not documented: each may have made a backup of it, or copied, restored or deleted one.
        """
        own = pick(self.tasks, lambda task: not task.is_known)
        return tuple(sorted((*own, *self.strange_around), key=lambda task: (task.created_at, task.id)))

    def strange_since(self, moment: datetime) -> list[Task]:
        """Return those that began at a time or later and may have done something."""
        return [task for task in self.strange if task.began >= moment and not task.came_to_nothing]

    @cached_property
    def last_success(self) -> Task | None:
        """Its newest successful backup task that began in the window, as far as the log alone shows."""
        return self.sorted_tasks.successes.newest(lambda _task: True, self.window.until)

    @property
    def backup_places(self) -> tuple[tuple[Vault, Protected], ...]:
        """Each vault into which backups of it are made, and how it is held there."""
        return tuple((vault, held) for vault, held in self.places if not vault.receives_copies_only)

    @cached_property
    def existence(self) -> Existence:
        """Whether it still exists; a list that shows all of its type but not this one says that it does not.

        Such a list may show less than the vaults: a vault that protects the resource contradicts it.
        """
        if not self.vaults_complete or (self.protectables_complete is False and self.protectable is None):
            return Existence.NOT_READ
        said = {held.protect_status for _vault, held in self.backup_places}
        deleted_by_list = self._deleted_by_list
        if self.protectable is None and deleted_by_list and said & PROTECTED:
            return Existence.CONTRADICTED
        if _GONE not in said:
            return {True: Existence.DELETED, False: Existence.THERE, None: Existence.NOT_SAID}[deleted_by_list]
        return Existence.CONTRADICTED if said - {_GONE} or deleted_by_list is False else Existence.DELETED

    @property
    def is_called_deleted(self) -> bool:
        """Whether its vaults say that it was deleted and nothing contradicts them."""
        by_vault = any(held.protect_status == _GONE for _vault, held in self.backup_places)
        return by_vault and self.existence == Existence.DELETED

    @property
    def _deleted_by_list(self) -> bool | None:
        if self.protectable:
            return self.protectable.is_deleted
        if self.server_id:
            return False
        return True if self.is_type_listed else None

    @property
    def needs_agent(self) -> bool:
        """Whether a vault for files holds it, into which only an agent makes backups."""
        return any(vault.object_type == "file" for vault, _held in self.backup_places)

    @property
    def is_synchronised(self) -> bool:
        """Whether only hybrid vaults hold it: it is backed up elsewhere, such as on premises."""
        places = self.backup_places
        return bool(places) and all(vault.is_synchronised for vault, _held in places)

    @cached_property
    def schedules(self) -> tuple[Schedule, ...] | None:
        """The schedules of the policies that it follows and that run; None if one of them is unknown."""
        if self.policies is None:
            return None
        making = [policy.schedule for policy in self.followed if policy.makes_backups]
        known = tuple(schedule for schedule in making if schedule is not None)
        return known if len(known) == len(making) else None

    @cached_property
    def followed(self) -> tuple[PolicySubject, ...]:
        """The policies of its backup vaults that do not exempt it, including disabled ones.

        Policies that make copies are left out; what one with an undocumented operation makes may be backups.
        """
        vault_ids = {vault.id for vault, held in self.places if _follows(vault, held)}
        others = (subject for subject in self.policies or () if subject.policy.operation != REPLICATION)
        return tuple(subject for subject in others if not vault_ids.isdisjoint(subject.policy.vault_ids))

    @property
    def follows(self) -> tuple[str, ...] | None:
        """The ids of the policies that it follows, in order; None if unknown."""
        return None if self.policies is None else tuple(sorted(subject.id for subject in self.followed))

    @property
    def unreadable(self) -> str:
        """Why the plans of the policies that it follows are unknown, or an empty string."""
        if self.policies is None:
            return "the policies could not be read completely"
        unread = (subject.unreadable for subject in self.followed if subject.makes_backups and not subject.schedule)
        return next(unread, "")

    def planned_interval(self, limits: Limits) -> timedelta | None:
        """Return the longest interval of the followed policy that runs most often, plus grace; a day if none runs.

        Synchronised resources without a policy are planned elsewhere, and may come as rarely as policies may run at
        all. None if the policies are unknown.
        """
        if self.schedules is None:
            return None
        if self.is_synchronised and not self.schedules:
            return limits.max_interval + limits.grace
        return self._interval + limits.grace

    def first_backup_by(self, since: datetime, limits: Limits) -> datetime | None:
        """Return the deadline for the first backup that a resource owes from a time on; None as above.

        The deadline follows from the limit of the profile, or else from the first planned run with start window and
        grace.
        """
        interval = self.planned_interval(limits)
        if limits.max_backup_age is not None:
            return since + limits.max_backup_age
        if interval is None:
            return None
        making = (subject for subject in self.followed if subject.makes_backups)
        return min((subject.next_run(since) + limits.grace for subject in making), default=since + interval)

    @cached_property
    def _interval(self) -> timedelta:
        making = (subject.interval for subject in self.followed if subject.makes_backups)
        return min((interval for interval in making if interval is not None), default=_DAY)

    def planned_runs(self, limits: Limits) -> Schedules | None:
        """Match every run that is due in the window with the tasks; None if a schedule is unknown."""
        if self.schedules is None:
            return None
        known = self._matched.get(id(limits))  # hashing the limits for every control would be slow
        if known is None:  # several controls and the calendar need the same
            matcher = Matcher(
                self.backups,
                since=self.window.since,
                now=limits.now,
                clear_since=self._clear_since,
                strange=self.strange,
            )
            known = self._matched[id(limits)] = limits, matcher.match(tuple(self._plans(limits)))
        return known[1]

    def harmless(self, limits: Limits) -> frozenset[str] | None:
        """Return the ids of the failed or skipped backups that need no alarm; None if a schedule is unknown.

        A success in the same period made up for them, or their planned run was in a maintenance window.
        """
        planned = self.planned_runs(limits)
        if planned is None:
            return None
        if not (self.sorted_tasks.broken or self.sorted_tasks.skipped):
            return planned.recovered
        return planned.recovered.union(planned.answering(limits.maintenance))

    def forget(self) -> None:
        """Drop cached task views; they are recomputed on demand."""
        for name in _OF_TASKS:
            self.__dict__.pop(name, None)
        self._matched.clear()

    @property
    def _clear_since(self) -> datetime:
        """Return the time from which the log hides no success."""
        if not self.log_read:
            return NEVER
        return max((row.latest or NEVER for row in hidden(self, SUCCESSES)), default=EVER)

    def _plans(self, limits: Limits) -> Iterator[Plan]:
        for subject in self.followed:
            if subject.has_planned:
                times = subject.timetable(self.window.since, limits)
                yield Plan(subject.id, subject.policy.vault_ids, times, self._bounds(subject))

    def _bounds(self, subject: PolicySubject) -> _Bounds:
        """Return the times before which a policy's runs are not judged, why, and whether that includes answered runs.

        A task shows that the resource was already known.
        """
        bounds = (
            (self.covered_since, "the log does not reach back so far", True),
            (self.held_since, _NOT_KNOWN, False),
            (self.known_since, _NOT_KNOWN, False),
            (subject.planned_since, "before the policy was known as it is now", True),
        )
        return tuple([(moment, why, always) for moment, why, always in bounds if moment is not None])


def _follows(vault: Vault, held: Protected) -> bool:
    return held.auto_protect is not False and not vault.receives_copies_only
