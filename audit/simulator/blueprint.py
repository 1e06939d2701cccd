"""The parts of an estate while it is built: resources, policies, vaults and backup runs.

They stay mutable until the rows are written, because a fault changes what went well before.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final, Literal, NamedTuple

from audit.simulator.calendar_of_runs import RunCalendar
from audit.simulator.messages import Row
from audit.simulator.people import Culprit
from audit.simulator.retention import Retention
from audit.simulator.truth import Failed, Truth

SETTLING: Final = timedelta(seconds=1)
_A_MOMENT: Final = timedelta(minutes=20)
_OF_POLICIES: Final = tuple(f"CBR-{number}" for number in range(201, 206))


class ServiceError(NamedTuple):
    """An error code of the service with its message."""

    code: str
    message: str


NO_ERROR: Final = ServiceError("", "")


@dataclass(slots=True, eq=False)
class PlannedPolicy:
    """A backup or replication policy.

    Attributes:
        created: the anchor of plans that count days.
        former: the retention in force until the last moment; it set the expiry of the existing backups.
        changed: the start of the plan, if that is later than the policy's creation.
        full_interval: a full backup after so many incremental ones; -1 for none.
        is_silent: whether the deletions of its expired backups leave no task.
        account_urn: the vault of another account that it copies to, without a region.
        policy_type: its owner, if the service states one.
    """

    id: str
    name: str
    plan: RunCalendar
    retention: Retention
    created: datetime
    operation_type: str = "backup"
    enabled: bool = True
    destination: Row | None = None
    former: Retention | None = None
    changed: datetime | None = None
    full_interval: int = -1
    is_silent: bool = False
    account_urn: str | None = None
    policy_type: str = "custom_policy"

    @property
    def applied(self) -> Retention:
        """The retention by which the backups were kept until now."""
        return self.former or self.retention

    def due(self, start: datetime, end: datetime) -> list[datetime]:
        """Return the runs that are due from ``start`` to ``end``."""
        begin = self.changed or self.created
        return self.plan.due(begin, max(begin, start), end)


@dataclass(slots=True, eq=False)
class PlannedVault:
    """A vault with its policies; ``twin`` is the id of the vault that its copies go to."""

    id: str
    name: str
    object_type: str
    created: datetime
    enterprise_project_id: str
    twin: str
    tags: list[Row]
    protect_type: str = "backup"
    policy: PlannedPolicy | None = None
    replication: PlannedPolicy | None = None
    resources: "list[PlannedResource]" = field(default_factory=list)
    is_app_consistent: bool = False
    is_locked: bool = True
    is_multi_az: bool = True
    is_full: bool = False
    auto_expands: bool = False
    status: str = "available"

    @property
    def copies(self) -> bool:
        """Whether backups of the vault are copied to another region."""
        return self.replication is not None and self.replication.enabled


@dataclass(slots=True, eq=False)
class PlannedResource:
    """A protected resource and its vault.

    Attributes:
        typical: how long its backups usually take.
        disks: the ids of the disks of a server.
        follows: whether it follows the policy of its vault.
        excluded, included: the ids of disks that are not backed up, and of the only ones that are.
        encrypted_since: since when its disks are encrypted; None if they never were.
        is_weightless: whether its backups take no space.
        never_full: whether its backups are all incremental, whatever the policy says.
        copying: how copying its backups goes.
        copying_since: since when it goes like that.
        is_deleted: whether it was deleted and its vault says so.
        is_unlisted: whether it was deleted and only the list of resources shows that; its vault reports an error.
        synchronised: the number of backups that came from elsewhere.
    """

    id: str
    name: str
    type: str
    size: int
    typical: timedelta
    vault: PlannedVault
    encrypted_since: datetime | None
    disks: tuple[str, ...] = ()
    follows: bool = True
    excluded: tuple[str, ...] = ()
    included: tuple[str, ...] = ()
    is_weightless: bool = False
    never_full: bool = False
    copying: Literal["well", "fails", "stops", "is retried"] = "well"
    copying_since: datetime | None = None
    is_deleted: bool = False
    is_unlisted: bool = False
    synchronised: int = 0

    @property
    def extra_info(self) -> Row:
        """Return what the service says about disks that are left out."""
        info: Row = {"exclude_volumes": list(self.excluded)} if self.excluded else {}
        included = [{"id": disk, "os_version": ""} for disk in self.included]
        return {**info, "include_volumes": included} if included else info


@dataclass(slots=True, eq=False)
class BackupRun:
    """One backup of one resource, by policy or by hand, and what happened to it.

    Attributes:
        due: when it was planned; None if by hand.
        named: the policy that its task names, if that is not the one that it follows.
        nameless: whether its task names no vault.
        deleted: whether a task or its expiry removed the backup.
        vanished: whether the backup is gone without an explanation.
        repeats: the backup of an earlier run that its task names, if this run made none.
        names_none: whether its task names no backup.
        broken: whether the backup is unusable.
        expires: its expiry, if somebody changed it.
        consistent: whether it is application-consistent if its vault promises that.
        replicas: copies in other regions, as the list of backups shows them.
    """

    resource: PlannedResource
    policy: PlannedPolicy | None
    id: str
    checkpoint_id: str
    backup_id: str
    created: datetime
    duration: timedelta
    due: datetime | None = None
    status: str = "success"
    failure: ServiceError = NO_ERROR
    named: str | None = None
    nameless: bool = False
    deleted: bool = False
    vanished: bool = False
    repeats: str | None = None
    names_none: bool = False
    broken: bool = False
    expires: datetime | None = None
    incremental: bool = True
    consistent: bool = True
    replicas: list[Row] = field(default_factory=list)

    @property
    def ended(self) -> datetime:
        """When the run ends if nothing stops it."""
        return self.created + self.duration

    @property
    def policy_id(self) -> str | None:
        """The policy that its task names."""
        return self.named or (None if self.policy is None else self.policy.id)

    @property
    def expiry(self) -> datetime | None:
        """The expiry of its backup; None if it never expires."""
        if self.expires is not None or self.policy is None:
            return self.expires
        return self.policy.applied.expiry(self.ended)

    def spoil(self, status: str, failure: ServiceError, duration: timedelta) -> None:
        """Turn a good run into a bad one that ends no later."""
        self.status, self.failure = status, failure
        self.duration = min(self.duration, duration)


class PlannedAct(NamedTuple):
    """What a person did.

    Attributes:
        about: what its trace says of what it was done to.
        explains: the failures that it may explain.
    """

    operation: str
    at: datetime
    about: Row
    explains: tuple[Failed, ...]


class LooseResource(NamedTuple):
    """A resource of the project that no vault holds; ``refusal`` says why none could, if so."""

    kind: str
    id: str
    name: str
    type: str
    size: int
    refusal: ServiceError = NO_ERROR


@dataclass(slots=True)
class Draft:
    """An estate under construction.

    Attributes:
        runs: the runs of each resource by its id, oldest first.
        unlogged: runs that no task shows although their backups exist, by the id of the resource.
        rows: tasks that are already written.
        copies: backups from another region, as rows.
        untested: the ids of vaults from which nothing is restored.
        loose: resources of the project that no vault holds.
        silent_agents: the ids of agents that have not been active for days.
        broken_agents: the ids of agents that the service calls abnormal.
        is_half_deployed: whether a policy of the organisation did not reach one account.
        shares_with_strangers: whether the newest backups of two resources are shared with unknown projects.
        forgets_usage: whether the storage usage leaves out one resource that has backups.
        by_people: the ids of the tasks that take something away and that a person started.
        has_a_stranger: whether somebody deleted a policy and the tracker of Cloud Trace Service.
        acts: what else people did.
        culprits: who may be named for what, also where it does not fail.
    """

    rng: Random
    project_id: str
    start: datetime
    as_of: datetime
    vaults: list[PlannedVault] = field(default_factory=list)
    policies: list[PlannedPolicy] = field(default_factory=list)
    runs: dict[str, list[BackupRun]] = field(default_factory=dict)
    unlogged: dict[str, list[BackupRun]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    copies: list[Row] = field(default_factory=list)
    untested: set[str] = field(default_factory=set)
    loose: list[LooseResource] = field(default_factory=list)
    silent_agents: set[str] = field(default_factory=set)
    broken_agents: set[str] = field(default_factory=set)
    is_half_deployed: bool = False
    shares_with_strangers: bool = False
    forgets_usage: bool = False
    by_people: set[str] = field(default_factory=set)
    has_a_stranger: bool = False
    acts: list[PlannedAct] = field(default_factory=list)
    culprits: list[Culprit] = field(default_factory=list)
    truth: Truth = field(default_factory=Truth)

    @property
    def days(self) -> int:
        """The length of the window in whole days."""
        return (self.as_of - self.start).days

    @property
    def before(self) -> datetime:
        """The time before which tasks are in no log that the service still shows."""
        return min(self.start, self.as_of - timedelta(days=31)) - timedelta(days=3)

    @property
    def moment_ago(self) -> datetime:
        """When something was done that has had no effect yet."""
        return self.as_of - _A_MOMENT

    @property
    def long_ago(self) -> datetime:
        """When something was done of which the window shows only the effect."""
        return self.start - _A_MOMENT

    def resources(self) -> list[PlannedResource]:
        """Every resource that is in a vault."""
        return [resource for vault in self.vaults for resource in vault.resources]

    def successes(self, resource: PlannedResource) -> list[BackupRun]:
        """Return the successful runs of a resource, newest first, without those that only claim success."""
        return [run for run in reversed(self.runs[resource.id]) if run.status == "success" and not run.repeats]

    def keeps_its_word(self, resource: PlannedResource) -> bool:
        """Whether every success of a resource made a backup."""
        return not any(run.repeats or run.vanished for run in self.runs[resource.id])

    def policy_changed(self, policy: PlannedPolicy, at: datetime, *others: Failed) -> None:
        """Record that somebody changed a policy, which may explain what fails for it, and the failures of others."""
        about: Row = {"resource_type": "policy", "resource_id": policy.id, "resource_name": policy.name}
        own = [(control, "policy", policy.id) for control in _OF_POLICIES]
        self.acts.append(PlannedAct("updatePolicy", at, about, (*own, *others)))

    def vault_changed(
        self, vault: PlannedVault, operation: str, at: datetime, *explains: Failed, request: Row | None = None
    ) -> None:
        """Record that somebody did something to a vault."""
        about: Row = {"resource_id": vault.id, "resource_name": vault.name}
        asked: Row = {"request": json.dumps(request)} if request else {}
        self.acts.append(PlannedAct(operation, at, about | asked, explains))

    def unlock(self, vault: PlannedVault, at: datetime) -> None:
        """Let somebody switch the lock of a vault off."""
        vault.is_locked = False
        self.truth.vault(vault.id, "CBR-303")
        request = {"vault": {"locked": False}}
        self.vault_changed(vault, "updateVault", at, ("CBR-303", "vault", vault.id), request=request)

    def settled(self, moment: datetime) -> bool:
        """Whether something that ends at this moment has surely ended."""
        return moment + SETTLING <= self.as_of

    def one_in(self, number: int) -> bool:
        """Return true once in so many times, at random."""
        return self.rng.randrange(number) == 0

    def between(self, earliest: datetime, latest: datetime) -> datetime:
        """Pick a random moment between two others."""
        return earliest + (latest - earliest) * self.rng.random()
