"""The client of CBR: which URL answers which question. It reads, and nothing else."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import orjson
from msgspec import structs

from audit.answers.intake import read_envelope
from audit.answers.quick.decoder import reader
from audit.cloud.cbr.asking import Asked, Params
from audit.cloud.cbr.chaining import Chain, OfEach, is_not_known
from audit.cloud.cbr.paging import Walk
from audit.cloud.cbr.privacy import without_private_parts
from audit.cloud.http.transport import Credentials, Transport
from audit.collection import ALL_GRANTED, Kind, Page, Window
from audit.errors import SourceAnswerError, SourceRefusedError
from audit.timestamps import shown

PAGE_SIZE: Final = 1000
_SMALL_PAGE: Final = 50  # the most that ListProtectable promises
OPERATIONS: Final = ("backup", "replication")
_EVERYWHERE: Final = ("server", "disk")
_OPTIONAL: Final = ("turbo", "workspace", "workspace_v2")  # newer, and not in every region
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
_NAMES: Final = {
    **_PATHS,
    Kind.PROTECTABLES: "protectables",
    Kind.ORGANIZATION_POLICIES: "org-policies",
    Kind.MEMBERS: "members",
}
_NO_BACKUP: Final = "00000000-0000-0000-0000-000000000000"
_OPEN: Final = ("running", "waiting")
_BY_ENTERPRISE_PROJECT: Final = frozenset({Kind.TASKS, Kind.VAULTS, Kind.BACKUPS})


def actions(kinds: Collection[Kind]) -> dict[str, str]:
    """Name the lists that have to be read, each with the action that IAM must allow."""
    return {name: kind.permission for kind, name in _NAMES.items() if kind in kinds}


class CbrClient:
    """Reads the lists of one project.

    Sources: "Querying the Task List", "Querying the Policy List", "Querying the Vault List", "Querying All Backups",
    "Querying Protectable Resources", "Querying the Client List", ListOrganizationPolicies,
    ListOrganizationPolicyDetail, ShowMembersDetail and ShowStorageUsage of the CBR API.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        *,
        endpoint: str,
        project_id: str,
        enterprise_project_id: str = ALL_GRANTED,
        workers: int = 4,
    ) -> None:
        """Prepare a client; nothing is sent yet.

        Args:
            transport: where requests go through.
            credentials: what authenticates them.
            endpoint: of CBR, without a path.
            project_id: the project to read.
            enterprise_project_id: what of it is asked for, in the lists that know enterprise projects.
            workers: pages that are fetched at the same time.
        """
        self._transport = transport
        self._credentials = credentials
        self._endpoint = endpoint
        self._project_id = project_id
        self._enterprise_project_id = enterprise_project_id
        self._workers = workers

    def time(self) -> datetime | None:
        """Ask for the cloud's time, without signing in; None where it does not tell.

        Raises:
            SourceError: nobody answers.
        """
        return self._transport.knock(f"{self._endpoint}/").told

    def try_list(self, name: str) -> str:
        """Read as little of a list as the API allows, to see whether it may be read, and say how it was.

        Raises:
            SourceError: it may not, or the answer is no list.
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
        """Ask for what could be protected, type by type; some types are not known everywhere."""
        for each in PROTECTABLE_TYPES:
            try:
                self._try(Kind.PROTECTABLES, _protectables(each))
            except SourceRefusedError as refusal:
                if each in _EVERYWHERE or not is_not_known(refusal):
                    raise

    def _try_members(self) -> None:
        """Ask for the members of a backup that cannot be there: whoever may ask is told so."""
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

    def lists(self, kind: Kind, window: Window, about: Sequence[str] = ()) -> Iterator[Walk | Chain | OfEach]:
        """Hand out what has to be read of a kind: of tasks also the open ones, whatever their time.

        The documents call ``end_time`` the end of a task: one that has none may not be listed where it is given.
        """
        yield self.read(kind, window, about)
        if kind != Kind.TASKS:
            return
        path = _PATHS[kind]
        walks = [self._walk(kind, path, (), self._asked(kind, status)) for status in _OPEN]
        try:
            for walk in walks if self._workers > 1 else ():
                walk.begin()
            yield from walks
        finally:
            for walk in walks:
                walk.close()

    def _asked(self, kind: Kind, status: str | None = None) -> Asked:
        return Asked(self._enterprise_project_id if kind in _BY_ENTERPRISE_PROJECT else None, status=status)

    def read(self, kind: Kind, window: Window, about: Sequence[str] = ()) -> Walk | Chain | OfEach:
        """Read a list; only the task log looks at the window, whose end is fixed so that new tasks move no page.

        Args:
            kind: the list.
            window: the time that is looked at.
            about: of a list that there is one of for each thing: the ids of these things.
        """
        if kind == Kind.DEPLOYMENTS:
            return OfEach(kind, [self._whole(kind, _deployments(policy_id)) for policy_id in about])
        if kind == Kind.MEMBERS:
            return OfEach(kind, [self._walk(kind, _members(backup_id), (), Asked()) for backup_id in about])
        if kind == Kind.ORGANIZATION_POLICIES:
            lists = [(("operation_type", each),) for each in OPERATIONS]
            return Chain([self._walk(kind, _PATHS[kind], params, Asked()) for params in lists])
        if kind == Kind.POLICIES:  # the API gives them in one answer and takes no offset
            return self._whole(kind, _PATHS[kind])
        if kind == Kind.PROTECTABLES:
            walks = {name: self._walk(kind, _protectables(name), (), Asked()) for name in PROTECTABLE_TYPES}
            return Chain([*walks.values()], {name: walks[name] for name in _OPTIONAL})
        times = (("start_time", shown(window.since)), ("end_time", shown(window.until)))
        params = {Kind.TASKS: times, Kind.BACKUPS: (("show_replication", "true"),)}
        return self._walk(kind, _PATHS[kind], params.get(kind, ()), self._asked(kind))

    def _whole(self, kind: Kind, path: str) -> Walk:
        """Read a list that comes in one answer, and of which no part can be asked for."""
        return Walk(kind, lambda _offset: self._fetch(kind, path, ()), parse=self._parse)

    def _walk(self, kind: Kind, path: str, params: Params, asked: Asked) -> Walk:
        size = _SMALL_PAGE if kind == Kind.PROTECTABLES else PAGE_SIZE

        def fetch(offset: int) -> Page:
            place = (("limit", str(size)), ("offset", str(offset)))
            return asked.once(lambda more: self._fetch(kind, path, (*params, *more, *place), sent=sent))

        def sent() -> None:
            walk.sent()
            if kind == Kind.TASKS:
                reader()  # made once, which takes as long as parsing a page, while the first answer is on its way

        walk = Walk(kind, fetch, parse=self._parse, workers=self._workers, page_size=size, asked=asked)
        return walk

    def _fetch(self, kind: Kind, name: str, params: Params, *, sent: Callable[[], None] = lambda: None) -> Page:
        """Receive an answer; its rows are left to be parsed by who reads the list."""
        path = f"/v3/{self._project_id}/{name}"
        answer = self._transport.get(f"{self._endpoint}{path}", params, self._credentials, kind.permission, sent=sent)
        with self._naming(path):
            body = without_private_parts(answer.body) if kind == Kind.PROTECTABLES else answer.body
        return Page(
            kind=kind,
            path=path,
            params=params,
            body=body,
            request_id=answer.request_id,
            received_at=answer.received_at,
            rows=(),
            envelope={},
        )

    def _parse(self, page: Page) -> Page:
        with self._naming(page.path):
            rows, envelope = read_envelope(page.kind, page.body)
        return structs.replace(page, rows=rows, envelope=envelope)

    @contextmanager
    def _naming(self, path: str) -> Iterator[None]:
        """Name the address in the error of an answer that is no list."""
        try:
            yield
        except SourceAnswerError as error:
            raise SourceAnswerError(f"{self._endpoint}{path}: {error}; check the endpoint") from error


def _deployments(policy_id: str) -> str:
    """The path of how far an organisation policy is deployed; its id is data, and must lead nowhere else."""
    return f"{_PATHS[Kind.ORGANIZATION_POLICIES]}/{quote(policy_id, safe='')}/policy-detail"


def _members(backup_id: str) -> str:
    """The path of whom a backup is shared with."""
    return f"{_PATHS[Kind.BACKUPS]}/{quote(backup_id, safe='')}/members"


def _protectables(name: str) -> str:
    """The path of what could be protected, of one type."""
    return f"protectables/{name}/instances"
