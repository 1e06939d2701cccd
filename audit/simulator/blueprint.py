"""The parts of an estate while it is being built: resources, policies, vaults and backup runs.

They are open to change until the rows are written, because planting a fault means changing what went well.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final, Literal, NamedTuple

from audit.simulator.calendar_of_runs import Plan
from audit.simulator.messages import Row
from audit.simulator.retention import Retention
from audit.simulator.truth import Truth

SETTLING: Final = timedelta(seconds=1)


class Failure(NamedTuple):
    """An error code of the service with its message."""

    code: str
    message: str


NO_FAILURE: Final = Failure("", "")


@dataclass(slots=True, eq=False)
class Policy:
    """A backup or replication policy.

    Attributes:
        created: the anchor of plans that count days.
        former: the retention that was in force until the last moment; it dated the backups that are there.
        changed: when the plan was given, where that was later than the policy's creation; it begins then.
        full_interval: a full backup after so many incremental ones; -1 for none.
        is_silent: the deletions of its expired backups leave no task.
        account_urn: the vault of another account that it copies to, without a region.
        policy_type: whose it is, where the service says so.
    """

    id: str
    name: str
    plan: Plan
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
        """List the runs that are due from ``start`` to ``end``."""
        begin = self.changed or self.created
        return self.plan.due(begin, max(begin, start), end)


@dataclass(slots=True, eq=False)
class Vault:
    """A vault with the policies attached to it; ``twin`` is the id of the vault that its copies go to."""

    id: str
    name: str
    object_type: str
    created: datetime
    enterprise_project_id: str
    twin: str
    tags: list[Row]
    protect_type: str = "backup"
    policy: Policy | None = None
    replication: Policy | None = None
    resources: "list[Resource]" = field(default_factory=list)
    is_app_consistent: bool = False
    is_locked: bool = True
    is_multi_az: bool = True
    is_full: bool = False
    auto_expands: bool = False
    status: str = "available"

    @property
    def copies(self) -> bool:
        """Backups of the vault are copied to another region."""
        return self.replication is not None and self.replication.enabled


@dataclass(slots=True, eq=False)
class Resource:
    """A protected resource and the vault it is in.

    Attributes:
        typical: how long its backups usually take.
        disks: ids of the disks of a server.
        follows: it follows the policy of its vault.
        excluded, included: ids of disks that are not backed up, and of the only ones that are.
        encrypted_since: its disks are encrypted since then; None where they never were.
        is_weightless: its backups take no space.
        never_full: its backups are all incremental, whatever the policy says.
        copying: how copying its backups goes.
        copying_since: since when it goes like that.
        is_deleted: it was deleted, and its vault says so.
        is_unlisted: it was deleted, and the list of resources alone shows it; its vault says that it is in error.
        synchronised: how many backups came from elsewhere.
    """

    id: str
    name: str
    type: str
    size: int
    typical: timedelta
    vault: Vault
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
        """What the service says of disks that are left out."""
        info: Row = {"exclude_volumes": list(self.excluded)} if self.excluded else {}
        included = [{"id": disk, "os_version": ""} for disk in self.included]
        return {**info, "include_volumes": included} if included else info


@dataclass(slots=True, eq=False)
class Run:
    """One backup of one resource, by policy or by hand, and what became of the backup that it made.

    Attributes:
        due: when it was planned; None for one by hand.
        named: the policy that its task names, where that is not the one that it follows.
        nameless: its task names no vault.
        deleted: a task or the end of its retention took the backup away.
        vanished: the backup is gone, and nothing shows why.
        repeats: the backup that its task names, where an earlier run made that one, and this run made nothing.
        names_none: its task names no backup.
        broken: the backup cannot be used any more.
        expires: when its retention ends, where somebody changed that.
        consistent: it is what an application-consistent vault promises.
        replicas: copies in other regions, as the list of backups shows them.
    """

    resource: Resource
    policy: Policy | None
    id: str
    checkpoint_id: str
    backup_id: str
    created: datetime
    duration: timedelta
    due: datetime | None = None
    status: str = "success"
    failure: Failure = NO_FAILURE
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
        """When the retention of its backup ends; None where it never does."""
        if self.expires is not None or self.policy is None:
            return self.expires
        return self.policy.applied.expiry(self.ended)

    def spoil(self, status: str, failure: Failure, duration: timedelta) -> None:
        """Turn a good run into a bad one that ends no later than the good one would have."""
        self.status, self.failure = status, failure
        self.duration = min(self.duration, duration)


class Loose(NamedTuple):
    """A resource of the project that no vault holds; ``refusal`` says why none could, where that is so."""

    kind: str
    id: str
    name: str
    type: str
    size: int
    refusal: Failure = NO_FAILURE


@dataclass(slots=True)
class Draft:
    """An estate in the making.

    Attributes:
        runs: the runs of each resource by its id, oldest first.
        unlogged: runs that no task shows although their backups are there, by the id of the resource.
        rows: tasks that are written already.
        copies: backups that came from another region, as rows.
        untested: ids of vaults from which nothing is to be restored.
        loose: resources of the project that no vault holds.
        silent_agents: ids of the agents that have not been active for days.
        broken_agents: ids of the agents that the service finds abnormal.
        is_half_deployed: a policy of the organisation did not reach one account.
        shares_with_strangers: the newest backups of two resources are shared with projects that nobody knows.
        forgets_usage: the storage usage counts nothing of one resource that has backups.
    """

    rng: Random
    project_id: str
    start: datetime
    as_of: datetime
    vaults: list[Vault] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    runs: dict[str, list[Run]] = field(default_factory=dict)
    unlogged: dict[str, list[Run]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    copies: list[Row] = field(default_factory=list)
    untested: set[str] = field(default_factory=set)
    loose: list[Loose] = field(default_factory=list)
    silent_agents: set[str] = field(default_factory=set)
    broken_agents: set[str] = field(default_factory=set)
    is_half_deployed: bool = False
    shares_with_strangers: bool = False
    forgets_usage: bool = False
    truth: Truth = field(default_factory=Truth)

    @property
    def days(self) -> int:
        """Length of the window in whole days."""
        return (self.as_of - self.start).days

    @property
    def before(self) -> datetime:
        """What was made before this moment is in no log that the service still shows."""
        return min(self.start, self.as_of - timedelta(days=31)) - timedelta(days=3)

    def resources(self) -> list[Resource]:
        """Every resource that is in a vault."""
        return [resource for vault in self.vaults for resource in vault.resources]

    def successes(self, resource: Resource) -> list[Run]:
        """Successful runs of a resource, newest first; those that only say so, and could not mean it, are left out."""
        return [run for run in reversed(self.runs[resource.id]) if run.status == "success" and not run.repeats]

    def keeps_its_word(self, resource: Resource) -> bool:
        """Every success of a resource made something."""
        return not any(run.repeats or run.vanished for run in self.runs[resource.id])

    def settled(self, moment: datetime) -> bool:
        """Tell whether something that ends at this moment has surely ended."""
        return moment + SETTLING <= self.as_of

    def one_in(self, number: int) -> bool:
        """Draw lots: true once in so many times."""
        return self.rng.randrange(number) == 0

    def between(self, earliest: datetime, latest: datetime) -> datetime:
        """Pick a moment between two others."""
        return earliest + (latest - earliest) * self.rng.random()
