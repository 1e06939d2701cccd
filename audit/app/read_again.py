"""Reading the lists of a stored run again from its responses: what was requested must be what an audit requests.

The manifest says which response came to which request, and how completely each list was read. Both follow from the
responses: the reader of an audit requests the same again, and comes to the same reading. What is not stored was refused
or did not come, and the reading says so.

The number of threads decides in which order a long list is cut, and so what was received before a reading was broken
off. The manifest does not have that number, so each is tried until one fits.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Final

from msgspec import structs

from audit.cloud.cbr.client import Lists
from audit.cloud.cbr.enterprise_projects import LEFT_OUT, Params
from audit.cloud.cbr.slicing import BY_PAGES
from audit.cloud.cts.client import path_of_traces
from audit.cloud.cts.trace_list import TraceList, spans_of_a_run
from audit.collection import ABOUT_ONE, ALL_GRANTED, EXPLAINING, Kind, Page, Reading, Window
from audit.errors import SourceError, SourceRefusedError, SourceUnreachableError
from audit.evidence.read_forms import ListedPage, Manifest
from audit.evidence.run_before import RunBefore

_WORKERS: Final = (4, *range(1, 4), *range(5, 17))  # the default first

Read = Callable[[ListedPage], Page | None]
_Request = tuple[Kind, str, Params]
_Exchange = tuple[_Request, str, int]


def is_as_read(
    manifest: Manifest, read: Read, before: RunBefore | None, things: Callable[[Kind], Sequence[str]]
) -> bool:
    """Whether an audit that receives the responses of a run requests the same, and reads as completely as it says.

    Args:
        manifest: the manifest of the run.
        read: reads a response.
        before: what the run continued.
        things: names the things that are asked for a list of a kind each.
    """
    stored = Counter(((page.kind, page.path, _params(page)), page.sha256, page.rows) for page in manifest.pages)
    told = [_without_words(reading) for reading in manifest.readings]
    for workers in _WORKERS:
        again = _ReadAgain(manifest, read, before, workers)
        if [*again.readings(things)] == told and again.exchanges == stored:
            return True
    return False


def _params(page: ListedPage) -> Params:
    return tuple(page.params.items())


def _without_words(reading: Reading) -> tuple[Reading, bool]:
    """Leave out the words, which quote errors that are not stored."""
    return structs.replace(reading, gaps=(), notes=()), reading.complete


class _ReadAgain(Lists):
    """The lists of a run, with the responses that it stored.

    Attributes:
        exchanges: the requests, each with the hash of its response and the number of its rows.
    """

    def __init__(self, manifest: Manifest, read: Read, before: RunBefore | None, workers: int) -> None:
        super().__init__(
            project_id=manifest.run.project_id,
            enterprise_project_id=manifest.run.enterprise_project_id or ALL_GRANTED,
            workers=workers,
            requests_before=before.requests if before else (),
            received=before.unfinished.received if before else (),
        )
        self.exchanges = Counter[_Exchange]()
        self._manifest = manifest
        self._read = read
        self._told = {(reading.kind, reading.status): reading for reading in manifest.readings}
        self._left = Counter(page.kind for page in manifest.pages)
        self._stored: defaultdict[_Request, deque[ListedPage]] = defaultdict(deque)
        for page in manifest.pages:
            self._stored[page.kind, page.path, _params(page)].append(page)
        self._refused_slices = set[Kind]()

    def readings(self, things: Callable[[Kind], Sequence[str]]) -> Iterator[tuple[Reading, bool]]:
        """Read every list that the run read."""
        for kind in dict.fromkeys(reading.kind for reading in self._manifest.readings):
            read = self._manifest.run.read
            lists = self._traces(read) if kind in EXPLAINING else self.lists(kind, read, things(kind))
            for pages in lists:
                with suppress(SourceError):
                    self.exchanges.update(
                        ((page.kind, page.path, page.params), page.sha256, len(page.rows)) for page in pages
                    )
                yield _without_words(pages.reading())

    def _traces(self, read: Window) -> Iterator[TraceList]:
        path = path_of_traces(self._manifest.run.project_id)
        yield TraceList(partial(self._receive, Kind.TRACES, path), spans_of_a_run(read.until))

    def _receive(self, kind: Kind, path: str, params: Params) -> Page:
        """Return what came to a request, or raise what came in its place."""
        stored = self._stored[kind, path, params]
        page = self._read(stored.popleft()) if stored else None
        if page is None:
            told = self._told.get((kind, dict(params).get("status")))
            status = self._status_of(told, path, params) if told else None
            raise SourceRefusedError("", status=status) if status else SourceUnreachableError("")
        self._left[kind] -= 1
        return page

    def _status_of(self, told: Reading, path: str, params: Params) -> int | None:
        """Return with which status the cloud refused a request, as the reading tells; None if no response came."""
        if told.enterprise_project_id is None and "enterprise_project_id" in dict(params):
            return next((status for status, note in LEFT_OUT.items() if note in told.notes), None)
        if told.kind not in self._refused_slices and any(note.startswith(BY_PAGES) for note in told.notes):
            self._refused_slices.add(told.kind)
            return HTTPStatus.BAD_REQUEST
        if told.kind in EXPLAINING and self._left[told.kind]:
            return HTTPStatus.BAD_REQUEST  # after anything else, the rest is not requested
        is_last = told.kind not in ABOUT_ONE or not self._left[told.kind]
        if told.refused and is_last:
            return HTTPStatus.FORBIDDEN
        is_gone = told.kind in ABOUT_ONE and (told.complete or not is_last)
        is_absent = is_gone or any(f"/{name}/" in path for name in told.not_offered)
        return HTTPStatus.NOT_FOUND if is_absent else None

    def _parse(self, page: Page) -> Page:
        """Return a page whose rows were parsed when it was read."""
        return page
