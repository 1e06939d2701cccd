"""What was requested from the cloud, what it returned, and how completely that was read."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Final, overload
from urllib.parse import unquote

from msgspec import Meta, Struct, structs

from audit.timestamps import instant

GREATEST: Final = 2**53 - 1
"""The largest integer that every JSON reader reads exactly (RFC 7493); a larger count is read as this."""
Natural = Annotated[int, Meta(ge=0, le=GREATEST)]
Moment = Annotated[datetime, Meta(tz=True)]
"""The last two are checked where something is read from a store."""


class Kind(StrEnum):
    """The lists that an audit reads."""

    TASKS = "operation_logs"
    POLICIES = "policies"
    VAULTS = "vaults"
    BACKUPS = "backups"
    PROTECTABLES = "protectables"
    AGENTS = "agents"
    ORGANIZATION_POLICIES = "organization_policies"
    DEPLOYMENTS = "deployments"
    MEMBERS = "members"
    STORAGE_USAGE = "storage_usage"
    TRACES = "traces"

    @property
    def key(self) -> str:
        """The key of the list in its response."""
        return _KEYS.get(self, self.value)

    @property
    def total(self) -> str:
        """The field of the response that states the total number of rows."""
        return "resource_count" if self == Kind.STORAGE_USAGE else "count"

    @property
    def words(self) -> str:
        """The name of the list for people."""
        return _WORDS.get(self, self.value)

    @property
    def permission(self) -> str:
        """The IAM action that reading the list needs; empty if no document names one.

        Source: "Permissions and Supported Actions" of the CBR API; for traces, the name of the API.
        """
        return _PERMISSIONS[self]


_KEYS: Final = {
    Kind.PROTECTABLES: "instances",
    Kind.ORGANIZATION_POLICIES: "policies",
    Kind.DEPLOYMENTS: "policies",
}
_WORDS: Final = {
    Kind.TASKS: "task log",
    Kind.PROTECTABLES: "protectable resources",
    Kind.ORGANIZATION_POLICIES: "organisation policies",
    Kind.DEPLOYMENTS: "deployments of organisation policies",
    Kind.MEMBERS: "members of backups",
    Kind.STORAGE_USAGE: "storage usage",
}
_PERMISSIONS: Final = {
    Kind.TASKS: "cbr:tasks:list",
    Kind.POLICIES: "cbr:policies:list",
    Kind.VAULTS: "cbr:vaults:list",
    Kind.BACKUPS: "cbr:backups:list",
    Kind.PROTECTABLES: "cbr:vaults:listProtectables",
    Kind.AGENTS: "cbr:agents:list",
    Kind.ORGANIZATION_POLICIES: "cbr:organizationPolicies:list",
    Kind.DEPLOYMENTS: "cbr:organizationPolicies:list",  # no document names one for it; a refusal names it
    Kind.MEMBERS: "cbr:member:list",
    Kind.STORAGE_USAGE: "",  # identity policies need none, other documents name none; a refusal names it
    Kind.TRACES: "cts:trace:list",
}
ABOUT_ONE: Final = frozenset({Kind.DEPLOYMENTS, Kind.MEMBERS})
"""Lists that exist once per thing: the path contains its id, and equal responses may be about different things."""
NOT_EVERYWHERE: Final = frozenset({Kind.AGENTS, Kind.ORGANIZATION_POLICIES, Kind.MEMBERS, Kind.STORAGE_USAGE})
"""Lists that the API definitions offer in some clouds only."""
EXPLAINING: Final = frozenset({Kind.TRACES})
"""Lists that explain what others show: what is missing of them is told, and makes no collection incomplete."""
ALL_GRANTED: Final = "all_granted_eps"  # the API's name for every enterprise project that the user may see
ALWAYS_READ: Final = frozenset({Kind.TASKS, Kind.POLICIES, Kind.VAULTS})


class Window(Struct, frozen=True):
    """The time that an audit covers; both ends are aware UTC and inclusive."""

    since: Moment
    until: Moment


class LateRows(Sequence[Any]):
    """The rows of a response: their number is known, and they are parsed on demand."""

    def __init__(self, number: int, parse: Callable[[], Sequence[Any]]) -> None:
        self._number = number
        self._parse = parse

    def __len__(self) -> int:
        return self._number

    @overload
    def __getitem__(self, place: int) -> Any: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Any]: ...

    def __getitem__(self, place: int | slice) -> Any:
        return self._rows[place]

    @cached_property
    def _rows(self) -> Sequence[Any]:
        return self._parse()


class Page(Struct, frozen=True, dict=True):
    """One response of the cloud, exactly as received, with its request.

    Attributes:
        path: the path of the request, without the host.
        params: the query parameters, in the order sent.
        body: the bytes of the response, after the transfer encoding was undone.
        request_id: the cloud's id of the request, or an empty string.
        received_at: when the last byte arrived.
        rows: the parsed items of the list, not yet validated.
        envelope: the rest of the response, with the total that the cloud states over all pages.
    """

    kind: Kind
    path: str
    params: tuple[tuple[str, str], ...]
    body: bytes
    request_id: str
    received_at: datetime
    rows: Sequence[Any]
    envelope: Mapping[str, Any]

    @cached_property
    def sha256(self) -> str:
        """The hash of the body."""
        return hashlib.sha256(self.body).hexdigest()

    def with_rows(self, rows: Sequence[Any], envelope: Mapping[str, Any]) -> "Page":
        """Return it with what was read of its body; its hash is not computed again."""
        read = structs.replace(self, rows=rows, envelope=envelope)
        read.__dict__.update(self.__dict__)
        return read

    @property
    def about(self) -> str:
        """The id of the thing that a list in ABOUT_ONE is about: the second-last part of the path."""
        return unquote(self.path.split("/")[-2])

    @property
    def count(self) -> int:
        """The total that the cloud states over all pages."""
        return min(int(self.envelope[self.kind.total]), GREATEST)

    @property
    def asks_for_times(self) -> bool:
        """Whether it is about a part of the task log; the times of backups only say when they were made."""
        return self.kind == Kind.TASKS and {"start_time", "end_time"} <= dict(self.params).keys()

    @property
    def asked(self) -> Window:
        """The time that was requested, in whole seconds; without a filter, everything until the response came."""
        params = dict(self.params)
        if not self.asks_for_times:
            return Window(_EVER, self.received_at.replace(microsecond=0))
        return Window(instant(params["start_time"]), instant(params["end_time"]))


class Requested(Struct, frozen=True):
    """A request of an earlier run, and how many rows came."""

    kind: Kind
    params: Mapping[str, str]
    rows: int


class Received(Struct, frozen=True):
    """A slice of a list that an earlier run received, although it could not read the whole list.

    Attributes:
        since: the first time of creation that it requested; None for the earliest.
        until: the last one.
        enterprise_project_id: the enterprise project that it requested; None if there was none.
        run: the run that has the response in its evidence.
        read: reads the response; None if it is missing or was changed.
    """

    kind: Kind
    since: datetime | None
    until: datetime
    enterprise_project_id: str | None
    run: str
    read: Callable[[], Page | None]


class Reading(Struct, frozen=True):
    """How completely one list was read.

    Attributes:
        pages: the number of responses, including repeated ones.
        passes: the number of passes over the whole list; where there are several, the last one found nothing new.
        count_first: the total stated in the first response, None if there was none.
        count_last: the total stated in the last response.
        distinct: the number of different ids in the last pass, or in all of them if the last was interrupted.
        duplicates: the number of rows received again because pages moved, without planned overlap.
        gaps: what is missing or in doubt, in words; empty if the list was read completely.
        refused: whether the cloud denied the permission to read the list.
        not_offered: the types of resources whose list the region does not have.
        status: the status of the requested tasks, whatever their time; None for the whole list.
        enterprise_project_id: the enterprise project that was requested; None if the list was requested without one.
        notes: what people should know about the reading although nothing is missing.
    """

    kind: Kind
    pages: Natural
    passes: Natural
    count_first: Natural | None
    count_last: Natural | None
    distinct: Natural
    duplicates: Natural
    gaps: tuple[str, ...]
    refused: bool = False
    not_offered: tuple[str, ...] = ()
    status: str | None = None
    enterprise_project_id: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The name for people of what was read."""
        return f"{self.status} tasks" if self.status else self.kind.words

    @property
    def complete(self) -> bool:
        """Whether nothing is missing or in doubt."""
        return not self.gaps


class About(Struct, frozen=True):
    """What an unusable row seems to concern; what cannot be read is None, and may be anything.

    Attributes:
        resources: the ids of its resources.
        vaults: the ids of its vaults, or names if ids cannot be read.
        operation: what a task did, if documented.
        status: how a task ended, if documented and final.
        at: the newest time that a task states.
    """

    resources: tuple[str, ...] | None = None
    vaults: tuple[str, ...] | None = None
    operation: str | None = None
    status: str | None = None
    at: datetime | None = None

    def __or__(self, other: "About") -> "About":
        """Combine it with what another row with the same id concerns: it is unknown which of the two is true."""
        return About(
            resources=_both(self.resources, other.resources),
            vaults=_both(self.vaults, other.vaults),
            operation=self.operation if self.operation == other.operation else None,
            status=self.status if self.status == other.status else None,
            at=max(self.at, other.at) if self.at and other.at else None,
        )


def _both(some: tuple[str, ...] | None, others: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if some is None or others is None else tuple(sorted({*some, *others}))


class ContestedError(ValueError):
    """Another row has the same id and differs, so neither can be trusted; ``about`` is what the other one concerns."""

    def __init__(self, message: str, about: About) -> None:
        super().__init__(message)
        self.about = about


class Sheet(Struct, frozen=True):
    """Where rows are.

    Attributes:
        page: the number of the stored page, counted from 1.
        run: the id of the run that stored it.
        asked: the time that was requested; None if nothing was.
    """

    page: int
    run: str = ""
    asked: Window | None = None


class Rejected(Struct, frozen=True):
    """A row that the audit cannot use; its bytes stay in the evidence.

    Attributes:
        kind: the list, or the kind of a saved response.
        page: the number of the stored page, counted from 1.
        row: the index of the row in its page, counted from 0.
        id: the row's id, or an empty string.
        path: the field at fault, such as ``extra_info.resource.id``; empty for the whole row.
        mark: a short hash of the row.
        about: what it seems to concern.
        is_contested: whether it is unusable only because another row with the same id differs.
        run: the id of the run that stored the page.
        asked: the time that was requested; None if nothing was.
    """

    kind: str
    page: int
    row: int
    id: str
    path: str
    message: str
    mark: str = ""
    about: About = About()
    is_contested: bool = False
    run: str = ""
    asked: Window | None = None

    @property
    def name(self) -> str:
        """Its name for people and waivers."""
        return self.id or self.mark

    @property
    def latest(self) -> datetime | None:
        """The latest time at which it may have happened; None if unknown.

        A time before the requested one is not trusted, and a task that may be open lasted until the end of the request.
        """
        if self.asked is None:
            return self.about.at
        if self.about.at is None or self.about.at < self.asked.since or self.about.status is None:
            return self.asked.until
        return min(self.about.at, self.asked.until)

    def is_since(self, moment: datetime) -> bool:
        """Whether it may have happened at a time or later."""
        return self.latest is None or self.latest >= moment


class Drift(Struct, frozen=True):
    """One way in which responses differ from the documents, however often it was seen.

    Attributes:
        kind: the list, or the kind of a saved response.
        path: the field, with ``[]`` for the items of a list.
        problem: unknown field, unknown value, unexpected null, wrong type, unknown format, out of range …
        count: the number of rows with it; beyond 500 kinds of drift, the others are counted together.
        first_id: the id of the first such row.
        example: one value as JSON, cut to 80 characters.
    """

    kind: str
    path: str
    problem: str
    count: int
    first_id: str
    example: str


_EVER: Final = datetime.min.replace(tzinfo=UTC)
