"""What the controls judge: resources, policies, vaults and the collection itself.

Resources are the union of what the vaults hold and what the tasks name. One that never ran is there, as the worst
case; one that left every vault is there too, with the task that shows when it left.
"""

from collections import defaultdict
from collections.abc import Collection as Container
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final

from audit.collection import Drift, Kind, Reading, Rejected, Window
from audit.history import History
from audit.records import BACKUP, Policy, Task, Vault
from audit.schedule import Schedule, UnreadableScheduleError

_DAY: Final = timedelta(days=1)
_LONGEST_LIMIT: Final = timedelta(days=31)
_SURELY_SHOWN: Final = timedelta(days=31)  # CBR shows the tasks of the past 30 days
_TAKES_AWAY: Final = frozenset({"delete", "remove_resource", "vault_delete"})


class SubjectKind(StrEnum):
    """What a control can judge."""

    RESOURCE = "resource"
    POLICY = "policy"
    VAULT = "vault"
    COLLECTION = "collection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the organisation demands, and the time at which it is judged.

    Attributes:
        max_backup_age: None where the policy's own longest interval plus ``grace`` is the limit.
        grace: how much later than planned a run may be.
        min_success_rate: percent of the finished backups of ``success_rate_period``.
        repair_within: None where the policy's own longest interval plus ``grace`` is the limit.
    """

    now: datetime
    max_backup_age: timedelta | None
    grace: timedelta
    min_success_rate: int
    success_rate_period: timedelta
    max_consecutive_failures: int
    repair_within: timedelta | None
    stuck_after: timedelta
    max_skipped_runs: int
    skipped_runs_period: timedelta
    restore_test_period: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """How a resource or a vault went away: the task that shows it."""

    at: datetime
    task_id: str
    operation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySubject:
    """A policy and its schedule.

    Attributes:
        schedule: None where the trigger cannot be read; ``unreadable`` says why.
    """

    kind: ClassVar[SubjectKind] = SubjectKind.POLICY
    policy: Policy
    schedule: Schedule | None
    unreadable: str

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
        """The policy is enabled and makes backups, not replicas."""
        return self.policy.enabled and self.policy.operation == BACKUP


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSubject:
    """A vault, its policies, and the tasks that concern it.

    Attributes:
        vault: None where it is in no inventory any more.
        policies: those applied to it; None where the policies could not be read completely, or the vault is gone.
        tasks: tasks that name the vault or a resource that it holds, oldest first.
        departure: the task that deleted it, or None.
        log_complete: nothing of the task log is missing in the window.
        vaults_complete: nothing of the inventory of vaults is missing.
        shared: ids of those tasks that may as well concern another vault: the log does not say which.
        covered_since: from when on silence of the log means something; the start of the window where None.
    """

    kind: ClassVar[SubjectKind] = SubjectKind.VAULT
    id: str
    name: str
    vault: Vault | None
    policies: tuple[PolicySubject, ...] | None
    tasks: tuple[Task, ...]
    departure: Departure | None
    window: Window
    log_complete: bool
    vaults_complete: bool
    shared: frozenset[str] = frozenset()
    covered_since: datetime | None = None

    @property
    def takes_backups(self) -> bool | None:
        """Backups are made into the vault; a replication vault only receives copies, and one that is gone nothing.

        None where it is not known whether the vault is gone.
        """
        if self.vault is None:
            return False if self.vaults_complete else None
        return self.vault.protect_type != "replication"


class Presence(StrEnum):
    """Where a resource stands."""

    PROTECTED = "protected"  # a backup vault holds it
    REPLICA = "replica"  # only replication vaults hold it
    LEFT = "left"  # a task shows that it was taken out
    UNACCOUNTED = "unaccounted"  # no vault holds it, and no task shows why
    UNKNOWN = "unknown"  # the vaults could not be read completely


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A server, disk, file system or desktop, and everything known about its backups.

    Attributes:
        policies: those applied to its vaults; None where they could not be read completely.
        tasks: tasks that name it, oldest first.
        held_since: when the oldest of its vaults was created; None where no vault says so.
        log_complete: nothing of the task log is missing in the window.
        covered_since: from when on silence of the log means something; the start of the window where None.
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
    covered_since: datetime | None = None

    @property
    def backups(self) -> tuple[Task, ...]:
        """Its backup tasks, oldest first."""
        return tuple(task for task in self.tasks if task.operation == BACKUP)

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
    def schedules(self) -> tuple[Schedule, ...] | None:
        """The schedules that should make backups of it; None where one of them is not known."""
        if self.policies is None:
            return None
        making = [policy.schedule for policy in self.policies if policy.makes_backups]
        known = tuple(schedule for schedule in making if schedule is not None)
        return known if len(known) == len(making) else None

    def planned_interval(self, limits: Limits) -> timedelta | None:
        """The longest interval of the policy that runs most often, plus grace; a day where no policy runs.

        At most 31 days: a policy must not excuse itself by running once a year. None where the policies are not known.
        """
        if self.schedules is None:
            return None
        gap = min((schedule.longest_gap for schedule in self.schedules), default=_DAY)
        return min(gap, _LONGEST_LIMIT) + limits.grace


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What was read and how completely: the subject of the controls that judge the audit itself.

    Attributes:
        doubts: what makes the task log doubtful although it was read to its end.
        tasks: tasks that concern no resource and no vault, oldest first.
    """

    kind: ClassVar[SubjectKind] = SubjectKind.COLLECTION
    id: str
    name: str
    window: Window
    readings: tuple[Reading, ...]
    rejected: tuple[Rejected, ...]
    drift: tuple[Drift, ...]
    doubts: tuple[str, ...] = ()
    tasks: tuple[Task, ...] = ()

    @property
    def log_complete(self) -> bool:
        """Nothing of the task log is missing in the window."""
        return self.has_all(Kind.TASKS)

    @property
    def complete(self) -> bool:
        """Every list was read to its end and every row could be used."""
        return not self.gaps and not self.rejected

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is missing or in doubt, over all lists."""
        read = {reading.kind for reading in self.readings}
        unread = (f"{kind}: was not read" for kind in Kind if kind not in read)
        return (*(gap for reading in self.readings for gap in reading.gaps), *unread, *self.doubts)

    def has_all(self, kind: Kind) -> bool:
        """One list was read to its end and every one of its rows could be used."""
        unusable = any(row.kind is kind for row in self.rejected) or (kind is Kind.TASKS and self.doubts)
        return not unusable and any(reading.kind is kind and reading.complete for reading in self.readings)

    def reading(self, kind: Kind) -> Reading:
        """Return how one list was read."""
        return next(reading for reading in self.readings if reading.kind is kind)


Subject = Resource | PolicySubject | VaultSubject | Collection


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Everything that is judged, each part in order of id."""

    resources: tuple[Resource, ...]
    policies: tuple[PolicySubject, ...]
    vaults: tuple[VaultSubject, ...]
    collection: Collection

    def of(self, kind: SubjectKind) -> tuple[Subject, ...]:
        """Return the subjects of one kind."""
        parts: Mapping[SubjectKind, tuple[Subject, ...]] = {
            SubjectKind.RESOURCE: self.resources,
            SubjectKind.POLICY: self.policies,
            SubjectKind.VAULT: self.vaults,
            SubjectKind.COLLECTION: (self.collection,),
        }
        return parts[kind]


def arrange(history: History, policies: Iterable[Policy], vaults: Iterable[Vault], collection: Collection) -> Subjects:
    """Bring tasks, policies and vaults together as subjects.

    Tasks that were created after the end of the window are left out, so that the same evidence gives the same
    subjects whenever it is read.
    """
    return _Arrangement(history, policies, vaults, collection).subjects()


def reaches_back(subject: Resource | VaultSubject, period: timedelta, now: datetime) -> bool:
    """Tell whether the task log covers the whole period before a time."""
    return silent_since(subject) <= now - period


def silent_since(subject: Resource | VaultSubject) -> datetime:
    """The time from which on silence of the log means something."""
    return subject.covered_since or subject.window.since


class _Arrangement:
    """The lookups that arranging needs, made once."""

    def __init__(
        self, history: History, policies: Iterable[Policy], vaults: Iterable[Vault], collection: Collection
    ) -> None:
        self._collection = collection
        self._log_complete = collection.has_all(Kind.TASKS)
        self._vaults = {vault.id: vault for vault in sorted(vaults, key=lambda vault: vault.id)}
        self._policies = tuple(_policy(policy) for policy in sorted(policies, key=lambda policy: policy.id))
        tasks = (task for task in history if task.created_at <= collection.window.until)
        self._tasks = sorted(tasks, key=lambda task: (task.created_at, task.id))
        self._covered_since = _covered_since(collection.window, self._tasks)
        self._holders: dict[str, list[Vault]] = defaultdict(list)
        self._named: dict[str, list[str]] = defaultdict(list)
        for vault in self._vaults.values():
            self._named[vault.name].append(vault.id)
            for resource_id in sorted({held.id for held in vault.resources}):
                self._holders[resource_id].append(vault)
        self._stays: dict[str, set[str]] = defaultdict(set)
        for task in self._tasks:
            if task.vault_id and task.resource_id:
                self._stays[task.resource_id].add(task.vault_id)
        self._by_resource: dict[str, list[Task]] = defaultdict(list)
        self._by_vault: dict[str, list[Task]] = defaultdict(list)
        self._departures: dict[str, Departure] = {}
        self._shared: set[str] = set()
        for task in self._tasks:
            self._file(task)

    def subjects(self) -> Subjects:
        """Build every subject."""
        resources = sorted(self._by_resource.keys() | self._holders.keys())
        gone = {vault_id for vault_id, tasks in self._by_vault.items() if any(map(_takes_away, tasks))}
        return Subjects(
            resources=tuple(self._resource(resource_id) for resource_id in resources),
            policies=self._policies,
            vaults=tuple(self._vault(vault_id) for vault_id in sorted(self._vaults.keys() | gone)),
            collection=replace(self._collection, tasks=self._loose(self._vaults.keys() | gone)),
        )

    def _loose(self, vault_ids: Container[str]) -> tuple[Task, ...]:
        """Find the tasks that concern no resource and no vault that is judged."""
        filed = {task.id for tasks in self._by_resource.values() for task in tasks}
        filed |= {task.id for vault_id in vault_ids for task in self._by_vault[vault_id]}
        return tuple(task for task in self._tasks if task.id not in filed)

    def _file(self, task: Task) -> None:
        """Put a task under everything that it concerns."""
        for resource_id in {*task.removed, *([task.resource_id] if task.resource_id else ())}:
            self._by_resource[resource_id].append(task)
            if task.operation == "remove_resource" and task.succeeded:
                self._departures[resource_id] = _departure(task)
        vault_ids = self._vaults_of(task)
        if len(vault_ids) > 1:
            self._shared.add(task.id)
        for vault_id in vault_ids:
            self._by_vault[vault_id].append(task)
            if task.operation == "vault_delete" and task.succeeded and vault_id not in self._vaults:
                self._departures[vault_id] = _departure(task)

    def _vaults_of(self, task: Task) -> tuple[str, ...]:
        """Name the vaults that a task concerns; the log often leaves the vault out."""
        if task.vault_id:
            return (task.vault_id,)
        if task.vault_name in self._named:
            return tuple(self._named[task.vault_name])
        if task.resource_id in self._holders:
            return tuple(vault.id for vault in self._holders[task.resource_id])
        if task.resource_id in self._stays:
            return tuple(sorted(self._stays[task.resource_id]))
        return (task.vault_name or f"vault of task {task.id}",) if _takes_away(task) else ()

    def _vault(self, vault_id: str) -> VaultSubject:
        vault = self._vaults.get(vault_id)
        tasks = tuple(self._by_vault[vault_id])
        named = (task.vault_name for task in reversed(tasks) if task.vault_name)
        return VaultSubject(
            id=vault_id,
            name=vault.name if vault else next(named, vault_id),
            vault=vault,
            policies=self._policies_of([vault_id]) if vault else None,
            tasks=tasks,
            departure=self._departures.get(vault_id),
            window=self._collection.window,
            log_complete=self._log_complete,
            vaults_complete=self._collection.has_all(Kind.VAULTS),
            shared=frozenset(task.id for task in tasks if task.id in self._shared),
            covered_since=self._covered_since,
        )

    def _resource(self, resource_id: str) -> Resource:
        vaults = self._holders.get(resource_id, [])
        tasks = tuple(self._by_resource.get(resource_id, ()))
        name, kind = self._label(resource_id, vaults, tasks)
        created = [vault.created_at for vault in vaults if vault.created_at is not None]
        departure = None if vaults else self._departure_of(resource_id, tasks)
        presence = self._presence(vaults, departure)
        return Resource(
            id=resource_id,
            name=name,
            type=kind,
            presence=presence,
            departure=departure if presence is Presence.LEFT else None,
            vaults=tuple(vaults),
            policies=self._policies_of([vault.id for vault in vaults]),
            tasks=tasks,
            held_since=min(created, default=None),
            window=self._collection.window,
            log_complete=self._log_complete,
            covered_since=self._covered_since,
        )

    def _presence(self, vaults: list[Vault], departure: Departure | None) -> Presence:
        if any(vault.protect_type != "replication" for vault in vaults):
            return Presence.PROTECTED
        if not self._collection.has_all(Kind.VAULTS):
            return Presence.UNKNOWN
        if vaults:
            return Presence.REPLICA
        return Presence.LEFT if departure else Presence.UNACCOUNTED

    def _departure_of(self, resource_id: str, tasks: tuple[Task, ...]) -> Departure | None:
        """Find the task after which no vault held the resource: its own removal, or the deletion of its last vault."""
        last_vault = next((task.vault_id for task in reversed(tasks) if task.vault_id), "")
        found = (self._departures.get(resource_id), self._departures.get(last_vault))
        latest = max((departure for departure in found if departure), key=lambda departure: departure.at, default=None)
        last_backup = max((task.began for task in tasks if task.operation == BACKUP), default=None)
        return None if latest and last_backup and last_backup > latest.at else latest

    @staticmethod
    def _label(resource_id: str, vaults: list[Vault], tasks: tuple[Task, ...]) -> tuple[str, str]:
        """Name a resource as its vault does, or else as the newest task that names it does."""
        if vaults:
            held = next(held for held in vaults[0].resources if held.id == resource_id)
            return held.name, held.type
        own = [task for task in tasks if task.resource_id == resource_id]
        name = next((task.resource_name for task in reversed(own) if task.resource_name), resource_id)
        kind = next((task.resource_type for task in reversed(own) if task.resource_type), "unknown")
        return name, kind

    def _policies_of(self, vault_ids: list[str]) -> tuple[PolicySubject, ...] | None:
        if not self._collection.has_all(Kind.POLICIES):
            return None
        return tuple(policy for policy in self._policies if not policy.policy.vault_ids.isdisjoint(vault_ids))


def _covered_since(window: Window, tasks: Sequence[Task]) -> datetime:
    """Say how far back the log can be trusted: a window may ask for more than CBR still shows.

    What is older than the tasks that CBR surely shows is covered as far back as tasks are seen, give or take a day.
    """
    shown_since = window.until - _SURELY_SHOWN
    oldest = tasks[0].created_at - _DAY if tasks else shown_since
    return max(window.since, min(oldest, shown_since))


def _policy(policy: Policy) -> PolicySubject:
    try:
        schedule = Schedule(policy.patterns, policy.start_time)
    except UnreadableScheduleError as error:
        return PolicySubject(policy=policy, schedule=None, unreadable=str(error))
    return PolicySubject(policy=policy, schedule=schedule, unreadable="")


def _takes_away(task: Task) -> bool:
    return task.operation in _TAKES_AWAY and task.succeeded


def _departure(task: Task) -> Departure:
    return Departure(at=task.ended_at or task.created_at, task_id=task.id, operation=task.operation)
