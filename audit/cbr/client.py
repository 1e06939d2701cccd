"""The client of CBR: which URL answers which question. It reads, and nothing else."""

from datetime import datetime
from typing import Final

import orjson

from audit.cbr.paging import Walk
from audit.collection import Kind, Page, Window, shown
from audit.errors import SourceAnswerError
from audit.validate import read_envelope
from audit.web.transport import Credentials, Transport

PAGE_SIZE: Final = 1000
ACTIONS: Final = {
    "operation-logs": "cbr:tasks:list",
    "policies": "cbr:policies:list",
    "vaults": "cbr:vaults:list",
    "backups": "cbr:backups:list",
}


class CbrClient:
    """Reads the lists of one project.

    Sources: "Querying the Task List", "Querying the Policy List" and "Querying the Vault List" of the CBR API.
    """

    def __init__(
        self, transport: Transport, credentials: Credentials, *, endpoint: str, project_id: str, workers: int = 4
    ) -> None:
        """Prepare a client; nothing is sent yet.

        Args:
            transport: where requests go through.
            credentials: what authenticates them.
            endpoint: of CBR, without a path.
            project_id: the project to read.
            workers: pages that are fetched at the same time.
        """
        self._transport = transport
        self._credentials = credentials
        self._endpoint = endpoint
        self._project_id = project_id
        self._workers = workers

    def time(self) -> datetime | None:
        """Ask for the cloud's time, without signing in; None where it does not tell.

        Raises:
            SourceError: nobody answers.
        """
        return self._transport.knock(f"{self._endpoint}/").told

    def try_list(self, name: str) -> None:
        """Read as little of a list as the API allows, to see whether it may be read.

        Raises:
            SourceError: it may not, or the answer is no list.
        """
        url = f"{self._endpoint}/v3/{self._project_id}/{name}"
        params = () if name == "policies" else (("limit", "1"),)
        answer = self._transport.get(url, params, self._credentials, ACTIONS[name])
        try:
            listed = isinstance(orjson.loads(answer.body)[name.replace("-", "_")], list)
        except (orjson.JSONDecodeError, LookupError, TypeError):
            listed = False
        if not listed:
            raise SourceAnswerError(f"{url} answered with something else than a list; check the endpoint")

    def tasks(self, window: Window) -> Walk:
        """Walk over the task log of a window, whose end is fixed so that new tasks cannot move the pages."""
        times = (("start_time", shown(window.since)), ("end_time", shown(window.until)))
        return self._walk(Kind.TASKS, "operation-logs", times)

    def vaults(self) -> Walk:
        """Walk over the vaults of the project."""
        return self._walk(Kind.VAULTS, "vaults", ())

    def policies(self) -> Walk:
        """Read the policies of the project; the API gives them in one answer and takes no offset."""
        return Walk(Kind.POLICIES, lambda _offset: self._read(Kind.POLICIES, "policies", ()))

    def _walk(self, kind: Kind, path: str, params: tuple[tuple[str, str], ...]) -> Walk:
        def fetch(offset: int) -> Page:
            return self._read(kind, path, (*params, ("limit", str(PAGE_SIZE)), ("offset", str(offset))))

        return Walk(kind, fetch, workers=self._workers, page_size=PAGE_SIZE)

    def _read(self, kind: Kind, name: str, params: tuple[tuple[str, str], ...]) -> Page:
        path = f"/v3/{self._project_id}/{name}"
        url = f"{self._endpoint}{path}"
        answer = self._transport.get(url, params, self._credentials, ACTIONS.get(name, ""))
        try:
            rows, envelope = read_envelope(kind, answer.body)
        except SourceAnswerError as error:
            raise SourceAnswerError(f"{url}: {error}; check the endpoint") from error
        return Page(
            kind=kind,
            path=path,
            params=params,
            body=answer.body,
            request_id=answer.request_id,
            received_at=answer.received_at,
            rows=rows,
            envelope=envelope,
        )
