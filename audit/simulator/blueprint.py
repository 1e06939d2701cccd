"""The parts of an estate while it is being built: resources, policies, vaults and backup runs.

They are open to change until the rows are written, because planting a fault means changing what went well.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final, NamedTuple

from audit.simulator.calendar_of_runs import Plan
from audit.simulator.messages import Row
from audit.simulator.truth import Truth

SETTLING: Final = timedelta(seconds=1)


class Failure(NamedTuple):
    """An error code of the service with its message."""

    code: str
    message: str


NO_FAILURE: Final = Failure("", "")


@dataclass(slots=True, eq=False)
class Policy:
    """A backup or replication policy; ``created`` is the anchor of plans that count days."""

    id: str
    name: str
    plan: Plan
    retention_days: int
    created: datetime
    operation_type: str = "backup"
    enabled: bool = True
    destination: Row | None = None


@dataclass(slots=True, eq=False)
class Vault:
    """A vault with the policies attached to it."""

    id: str
    name: str
    object_type: str
    created: datetime
    enterprise_project_id: str
    protect_type: str = "backup"
    policy: Policy | None = None
    replication: Policy | None = None
    resources: "list[Resource]" = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Resource:
    """A protected resource and the vault it is in; ``typical`` is how long its backups usually take."""

    id: str
    name: str
    type: str
    size: int
    typical: timedelta
    vault: Vault


@dataclass(slots=True, eq=False)
class Run:
    """One backup of one resource, by policy or by hand."""

    resource: Resource
    policy: Policy | None
    id: str
    checkpoint_id: str
    backup_id: str
    created: datetime
    duration: timedelta
    status: str = "success"
    failure: Failure = NO_FAILURE
    nameless: bool = False
    deleted: bool = False

    @property
    def ended(self) -> datetime:
        """When the run ends if nothing stops it."""
        return self.created + self.duration

    def spoil(self, status: str, failure: Failure, duration: timedelta) -> None:
        """Turn a good run into a bad one that ends no later than the good one would have."""
        self.status, self.failure = status, failure
        self.duration = min(self.duration, duration)


@dataclass(slots=True)
class Draft:
    """An estate in the making. ``runs`` maps a resource id to its runs, oldest first."""

    rng: Random
    project_id: str
    start: datetime
    as_of: datetime
    vaults: list[Vault] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    runs: dict[str, list[Run]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    untested: set[str] = field(default_factory=set)
    truth: Truth = field(default_factory=Truth)

    @property
    def days(self) -> int:
        """Length of the window in whole days."""
        return (self.as_of - self.start).days

    def resources(self) -> list[Resource]:
        """Every resource that is in a vault."""
        return [resource for vault in self.vaults for resource in vault.resources]

    def successes(self, resource: Resource) -> list[Run]:
        """Successful runs of a resource, newest first."""
        return [run for run in reversed(self.runs[resource.id]) if run.status == "success"]

    def settled(self, moment: datetime) -> bool:
        """Tell whether something that ends at this moment has surely ended."""
        return moment + SETTLING <= self.as_of

    def one_in(self, number: int) -> bool:
        """Draw lots: true once in so many times."""
        return self.rng.randrange(number) == 0

    def between(self, earliest: datetime, latest: datetime) -> datetime:
        """Pick a moment between two others."""
        return earliest + (latest - earliest) * self.rng.random()
