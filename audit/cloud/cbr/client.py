"""What is requested of each list of CBR, and the client that requests it over HTTP. It only reads."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import Final
from urllib.parse import quote

import orjson

from audit.answers.intake import read_envelope
from audit.cloud.cbr.chaining import Chain, OfEach, is_not_known
from audit.cloud.cbr.enterprise_projects import Asked, Params
from audit.cloud.cbr.intervals import Interval, cuts_of
from audit.cloud.cbr.paging import Walk
from audit.cloud.cbr.privacy import without_private_parts
from audit.cloud.cbr.slicing import Slices, well_filled
from audit.cloud.http.transport import Credentials, Transport, is_json_object
from audit.collection import ALL_GRANTED, Kind, Page, Received, Requested, Window
from audit.errors import SourceAnswerError, SourceRefusedError
from audit.records.task import OPEN_STATUSES

PAGE_SIZE: Final = 1000
_SMALL_PAGE: Final = 50  # the largest page that ListProtectable documents
OPERATIONS: Final = ("backup", "replication")
_MOST_ODD: Final = 2  # responses that are no JSON, to one request, before the next one is taken as it is
_EVERYWHERE: Final = ("server", "disk")
_OPTIONAL: Final = ("turbo", "workspace", "workspace_v2")  # newer, and not available in every region
PROTECTABLE_TYPES: Final = (*_EVERYWHERE, *_OPTIONAL)
_PATHS: Final = {
    Kind.TASKS: "operation-logs",
    Kind.POLICIES: "policies",
    Kind.VAULTS: "vaults",
    Kind.BACKUPS: "backups",
    Kind.AGENTS: "agents",
    Kind.ORGANIZATION_POLICIES: "organization-policies",
    Kind.STORAGE_USAGE: "storage_usage",
}
_PLACES: Final = {
    **_PATHS,
    Kind.PROTECTABLES: "protectables/[^/]+/instances",
    Kind.DEPLOYMENTS: "organization-policies/[^/]+/policy-detail",
    Kind.MEMBERS: "backups/[^/]+/members",
    Kind.TRACES: "traces",
}
"""Where each list is, as a pattern."""
_NAMES: Final = {
    **_PATHS,
    Kind.PROTECTABLES: "protectables",
    Kind.ORGANIZATION_POLICIES: "org-policies",
    Kind.MEMBERS: "members",
}
_NO_BACKUP: Final = "00000000-0000-0000-0000-000000000000"
_BY_CHANGE: Final[Mapping[Kind, Params]] = {Kind.BACKUPS: (("sort", "updated_at:desc"),)}  # tasks cannot be sorted
_BY_ENTERPRISE_PROJECT: Final = frozenset({Kind.TASKS, Kind.VAULTS, Kind.BACKUPS})


Recall = Callable[[Page], Page | None]


def recall_nothing(_page: Page) -> None:
    """Know nothing of any response."""


def actions(kinds: Collection[Kind]) -> dict[str, str]:
    """Return the lists to read, each with the action that IAM must allow."""
    return {name: kind.permission for kind, name in _NAMES.items() if kind in kinds}


class Lists(ABC):
    """What is requested of each list of one project, whoever receives the responses.

    Sources: "Querying the Task List", "Querying the Policy List", "Querying the Vault List", "Querying All Backups",
    "Querying Protectable Resources", "Querying the Client List", ListOrganizationPolicies,
    ListOrganizationPolicyDetail, ShowMembersDetail and ShowStorageUsage of the CBR API.
    """

    def __init__(
        self,
        *,
        project_id: str,
        enterprise_project_id: str = ALL_GRANTED,
        workers: int = 4,
        requests_before: Sequence[Requested] = (),
        received: Sequence[Received] = (),
    ) -> None:
        """Store the arguments; nothing is requested yet.

        Args:
            project_id: the project to read.
            enterprise_project_id: the enterprise projects to request, for lists that have them.
            workers: the number of pages to fetch in parallel.
            requests_before: what the previous run requested.
            received: what it received of lists that it could not read completely.
        """
        self._project_id = project_id
        self._enterprise_project_id = enterprise_project_id
        self._workers = workers
        self._requests_before = requests_before
        self._received = received

    def lists(self, kind: Kind, window: Window, about: Sequence[str] = ()) -> Iterator[Walk | Chain | OfEach]:
        """Return what to read for a kind; for tasks, that includes open tasks whatever their time.

        The documents call ``end_time`` the end of a task, so a filter on it may leave out tasks that have not ended.
        """
        yield self.read(kind, window, about)
        for status in sorted(OPEN_STATUSES) if kind == Kind.TASKS else ():
            yield self._walk(kind, _PATHS[kind], (), self._asked(kind, status))

    def _asked(self, kind: Kind, status: str | None = None) -> Asked:
        return Asked(self._enterprise_project_id if kind in _BY_ENTERPRISE_PROJECT else None, status=status)

    def read(self, kind: Kind, window: Window, about: Sequence[str] = ()) -> Walk | Chain | OfEach:
        """Read a list. Only the task log uses the window; its end is fixed, so that new tasks change nothing.

        Args:
            kind: the list.
            window: the time to read.
            about: the ids of the things to read a list of, if the kind has one list per thing.
        """
        if kind == Kind.DEPLOYMENTS:
            return OfEach(kind, [self._whole(kind, _deployments(policy_id)) for policy_id in about])
        if kind == Kind.MEMBERS:
            return OfEach(kind, [self._walk(kind, _members(backup_id), (), Asked()) for backup_id in about])
        if kind == Kind.ORGANIZATION_POLICIES:
            lists = [(("operation_type", each),) for each in OPERATIONS]
            return Chain([self._walk(kind, _PATHS[kind], params, Asked()) for params in lists])
        if kind == Kind.POLICIES:  # the API returns them in one response and has no offset
            return self._whole(kind, _PATHS[kind])
        if kind == Kind.PROTECTABLES:
            walks = {name: self._walk(kind, _protectables(name), (), Asked()) for name in PROTECTABLE_TYPES}
            return Chain([*walks.values()], {name: walks[name] for name in _OPTIONAL})
        if kind == Kind.TASKS:
            return self._slices(kind, Interval(window.since, window.until))
        if kind == Kind.BACKUPS:
            return self._slices(kind, Interval(), (("show_replication", "true"),))
        return self._walk(kind, _PATHS[kind], (), self._asked(kind))

    def _whole(self, kind: Kind, path: str) -> Walk:
        """Read a list that comes in one response and has no pages."""
        return Walk(kind, lambda _offset: self._fetch(kind, path, ()), parse=self._parse)

    def _walk(self, kind: Kind, path: str, params: Params, asked: Asked) -> Walk:
        size = _SMALL_PAGE if kind == Kind.PROTECTABLES else PAGE_SIZE

        def fetch(offset: int) -> Page:
            return self._rows(kind, path, params, asked, size, offset)

        return Walk(kind, fetch, parse=self._parse, page_size=size, asked=asked)

    def _slices(self, kind: Kind, whole: Interval, params: Params = ()) -> Slices:
        asked = self._asked(kind)

        def fetch(interval: Interval, size: int, offset: int) -> Page:
            return self._rows(kind, _PATHS[kind], (*params, *interval.params), asked, size, offset)

        def count(interval: Interval) -> Page:
            return self._rows(kind, _PATHS[kind], (*params, *interval.params, *_BY_CHANGE.get(kind, ())), asked, 1, 0)

        earlier = {Interval(each.since, each.until): each for each in self._received if each.kind == kind}
        whole = whole.beginning_with(earlier)
        cuts = tuple(cut for each in earlier for cut in each.cuts)
        cuts = cuts or cuts_of(self._requests_before, kind, well_filled(PAGE_SIZE))
        return Slices(
            kind,
            fetch,
            whole.parts(cuts),
            parse=self._parse,
            page_size=PAGE_SIZE,
            workers=self._workers,
            asked=asked,
            earlier=earlier,
            count=count,
        )

    def _rows(self, kind: Kind, path: str, params: Params, asked: Asked, size: int, offset: int) -> Page:
        place = (("limit", str(size)), ("offset", str(offset)))
        return asked.once(lambda more: self._fetch(kind, path, (*params, *more, *place)))

    @abstractmethod
    def _receive(self, kind: Kind, path: str, params: Params) -> Page:
        """Receive the response to a request; called by several threads."""

    def _fetch(self, kind: Kind, name: str, params: Params) -> Page:
        return self._receive(kind, f"/v3/{self._project_id}/{name}", params)

    def _parse(self, page: Page) -> Page:
        return page if page.envelope else page.with_rows(*read_envelope(page.kind, page.body))


class CbrClient(Lists):
    """Reads the lists of one project from the cloud."""

    def __init__(  # noqa: PLR0913  # what it reads through, and what
        self,
        transport: Transport,
        credentials: Credentials,
        *,
        endpoint: str,
        project_id: str,
        enterprise_project_id: str = ALL_GRANTED,
        workers: int = 4,
        requests_before: Sequence[Requested] = (),
        received: Sequence[Received] = (),
        recall: Recall = recall_nothing,
    ) -> None:
        """Store the arguments; nothing is sent yet.

        Args:
            transport: sends the requests.
            credentials: authenticates them.
            endpoint: the CBR endpoint, without a path.
            project_id: as for Lists, and so are the others.
            enterprise_project_id: as for Lists.
            workers: as for Lists.
            requests_before: as for Lists.
            received: as for Lists.
            recall: returns a response with what was read of it before; called by several threads.
        """
        super().__init__(
            project_id=project_id,
            enterprise_project_id=enterprise_project_id,
            workers=workers,
            requests_before=requests_before,
            received=received,
        )
        self._transport = transport
        self._credentials = credentials
        self._endpoint = endpoint
        self._recall = recall

    def time(self) -> datetime | None:
        """Request the cloud's time without signing in; None if the response has no valid Date header.

        Raises:
            SourceError: there was no response.
        """
        return self._transport.probe(f"{self._endpoint}/").cloud_time

    def try_list(self, name: str) -> str:
        """Read as little of a list as possible, to check the permission, and return what people should know about it.

        Raises:
            SourceError: the list was refused, or the response is not a list.
        """
        kind = next(kind for kind, known in _NAMES.items() if known == name)
        if kind == Kind.PROTECTABLES:
            self._try_protectables()
            return ""
        if kind == Kind.MEMBERS:
            self._try_members()
            return ""
        asked = self._asked(kind)
        asked.once(partial(self._try, kind, _PATHS[kind]))
        return "; ".join(asked.notes)

    def _try_protectables(self) -> None:
        """Request the protectable resources of each type; some types are not available everywhere."""
        for each in PROTECTABLE_TYPES:
            try:
                self._try(Kind.PROTECTABLES, _protectables(each))
            except SourceRefusedError as refusal:
                if each in _EVERYWHERE or not is_not_known(refusal):
                    raise

    def _try_members(self) -> None:
        """Request the members of a backup that does not exist: with permission, the response is "not found"."""
        try:
            self._try(Kind.MEMBERS, _members(_NO_BACKUP))
        except SourceRefusedError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def _try(self, kind: Kind, path: str, params: Params = ()) -> None:
        url = f"{self._endpoint}/v3/{self._project_id}/{path}"
        operation = (("operation_type", OPERATIONS[0]),) if kind == Kind.ORGANIZATION_POLICIES else ()
        place = () if kind == Kind.POLICIES else (*operation, ("limit", "1"))
        answer = self._transport.get(url, (*params, *place), self._credentials, kind.permission)
        try:
            listed = isinstance(orjson.loads(answer.body)[kind.key], list)
        except (orjson.JSONDecodeError, LookupError, TypeError):
            listed = False
        if not listed:
            raise SourceAnswerError(f"{url} answered with something else than a list; check the endpoint")

    def _receive(self, kind: Kind, path: str, params: Params) -> Page:
        """Receive a response; its rows are parsed by the reader of the list."""
        url, odd = f"{self._endpoint}{path}", count(1)
        answer = self._transport.get(
            url,
            params,
            self._credentials,
            kind.permission,
            is_whole=lambda answer: is_json_object(answer) or next(odd) > _MOST_ODD,  # its parser says what it is
        )
        with self._naming(path):
            body = without_private_parts(answer.body) if kind == Kind.PROTECTABLES else answer.body
        page = Page(
            kind=kind,
            path=path,
            params=params,
            body=body,
            request_id=answer.request_id,
            received_at=answer.received_at,
            rows=(),
            envelope={},
        )
        return self._recall(page) or page

    def _parse(self, page: Page) -> Page:
        with self._naming(page.path):
            return super()._parse(page)

    @contextmanager
    def _naming(self, path: str) -> Iterator[None]:
        """Add the URL to the error of a response that is not a list."""
        try:
            yield
        except SourceAnswerError as error:
            raise SourceAnswerError(f"{self._endpoint}{path}: {error}; check the endpoint") from error


def is_path_of(kind: Kind, project_id: str, path: str) -> bool:
    """Whether a request of this path is for a list of this kind."""
    return re.fullmatch(rf"/v3/{re.escape(project_id)}/{_PLACES[kind]}", path) is not None


def _deployments(policy_id: str) -> str:
    """Return the path of an organisation policy's deployments; its id is data and must not change the path."""
    return f"{_PATHS[Kind.ORGANIZATION_POLICIES]}/{quote(policy_id, safe='')}/policy-detail"


def _members(backup_id: str) -> str:
    """Return the path of the members with whom a backup is shared."""
    return f"{_PATHS[Kind.BACKUPS]}/{quote(backup_id, safe='')}/members"


def _protectables(name: str) -> str:
    """Return the path of the protectable resources of one type."""
    return f"protectables/{name}/instances"
