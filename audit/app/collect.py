"""Collecting: every list is read page by page, and each page is stored before its rows are validated and remembered."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final, Protocol

from msgspec import Struct

from audit.answers.intake import Intake
from audit.app.connections import Connections
from audit.cloud.cbr.client import CbrClient, Recall, recall_nothing
from audit.cloud.cts.client import CtsClient
from audit.collection import ABOUT_ONE, EXPLAINING, Kind, Page, Reading, Window
from audit.errors import SourceError
from audit.evidence.publish import Publication
from audit.evidence.run_before import RunBefore
from audit.records import Backup

_BY_AGE: Final = attrgetter("created_at", "id")
_LONG: Final = frozenset({Kind.TASKS, Kind.BACKUPS, Kind.PROTECTABLES, Kind.MEMBERS})


class Pages(Protocol):
    """The pages of one list, and an account of how completely it was read."""

    def __iter__(self) -> Iterator[Page]:
        """Hand out the pages."""

    @property
    def passes(self) -> int:
        """Walks over the list so far."""

    @property
    def expected(self) -> int:
        """The total that the cloud stated last."""

    def reading(self) -> Reading:
        """Say how completely the list was read."""


class Source(Protocol):
    """Where the lists come from."""

    def lists(self, kind: Kind, window: Window, about: Sequence[str] = ()) -> Iterable[Pages]:
        """Hand out the lists of a kind, each to be read before the next one.

        Only the task log looks at the window, and only lists in ABOUT_ONE at what they are about.
        """


class CloudLists(Struct, frozen=True):
    """The lists of a project, each asked for where it is."""

    cbr: CbrClient
    cts: CtsClient

    def lists(self, kind: Kind, window: Window, about: Sequence[str] = ()) -> Iterable[Pages]:
        """Hand out the lists of a kind."""
        return (self.cts if kind in EXPLAINING else self.cbr).lists(kind, window, about)


class Progress(Struct, frozen=True):
    """How far collecting has come: rows read of those expected, in one pass over one list."""

    kind: Kind
    passes: int
    pages: int
    rows: int
    expected: int


Watch = Callable[[Progress], None]


def client_for(connections: Connections, before: RunBefore | None = None, recall: Recall = recall_nothing) -> CbrClient:
    """Prepare to read from CBR, going on from the run before; nothing is sent yet."""
    settings = connections.settings
    return CbrClient(
        connections.reading,
        connections.reader.credentials,
        endpoint=settings.cbr_endpoint,
        project_id=settings.project_id,
        enterprise_project_id=settings.enterprise_project_id,
        workers=settings.workers,
        requests_before=before.requests if before else (),
        received=before.unfinished.received if before else (),
        recall=recall,
    )


def traces_of(connections: Connections) -> CtsClient:
    """Prepare to read who did what; nothing is sent yet."""
    settings = connections.settings
    return CtsClient(
        connections.tracing,
        connections.reader.credentials,
        endpoint=settings.tracing_endpoint,
        project_id=settings.project_id,
    )


def collect(  # noqa: PLR0913, PLR0917  # where pages come from, where they go, and how much of them is wanted
    source: Source,
    kinds: Iterable[Kind],
    window: Window,
    publication: Publication,
    watch: Watch,
    intake: Intake,
    most: int = 0,
    *,
    is_log_last: bool = False,
) -> tuple[Reading, ...]:
    """Read every list; each answer is stored as received before it is validated and remembered.

    The first answer of the task log shows whether anything can be read at all. Short lists come next, so that they can
    be judged even if the time is used up before the long ones are read. What only explains comes last.

    Args:
        source: where the lists come from.
        kinds: the lists, in the order in which their readings are returned.
        window: the time that is looked at.
        publication: where the answers are stored.
        watch: told of every page.
        intake: takes the rows.
        most: how many backups are asked for their members.
        is_log_last: whether the other long lists come before the rest of the task log.

    Raises:
        SourceError: nothing at all could be read.
    """
    readings: dict[Kind, list[Reading]] = {kind: [] for kind in kinds}

    def read(kind: Kind) -> Iterator[None]:
        told = watch
        for pages in source.lists(kind, window, things_of(kind, intake, most)):
            yield from _read(kind, pages, publication, told, intake)
            readings[kind].append(pages.reading())
            told = _unwatched  # what is read besides is short

    def place(kind: Kind) -> tuple[bool, bool, bool]:
        return kind in EXPLAINING, kind in _LONG, is_log_last and kind == Kind.TASKS

    begun = {kind: read(kind) for kind in sorted(readings, key=place)}
    next(begun[Kind.TASKS], None)
    for pages in begun.values():
        deque(pages, maxlen=0)
    return tuple(reading for parts in readings.values() for reading in parts)


def newest_of_each(backups: Iterable[Backup], most: int) -> Sequence[str]:
    """Name the newest whole backup of each resource, the newest of them first, up to a number.

    Each is asked for its members with a call of its own, so only a sample is. The same backups give the same sample.
    """
    whole = (backup for backup in backups if backup.parent_id is None and backup.is_lasting)
    newest = {backup.resource_id: backup for backup in sorted(whole, key=_BY_AGE)}
    return [backup.id for backup in sorted(newest.values(), key=_BY_AGE, reverse=True)[:most]]


def _unwatched(_progress: Progress) -> None:
    """Tell nobody."""


def _read(kind: Kind, pages: Pages, publication: Publication, watch: Watch, intake: Intake) -> Iterator[None]:
    """Read one list, page after page; it says itself what it could not read."""
    read = Progress(kind, 1, 0, 0, 0)
    try:
        for page in pages:
            is_new = publication.keep(page)
            if is_new or kind in ABOUT_ONE:
                intake.accept(page, is_new=is_new)
            read = _further(read, page, pages)
            watch(read)
            del page  # the next one is parsed twice as fast in memory that is free again
            yield
    except SourceError:
        if not intake.pages:
            raise  # nothing was read: there is no report to be made, only this error


def things_of(kind: Kind, intake: Intake, most: int) -> Sequence[str]:
    """Name the things that are asked for a list of this kind each, as lists that were read before show them."""
    if kind == Kind.DEPLOYMENTS:
        return sorted(intake.organization_policies)
    return newest_of_each(intake.backups.values(), most) if kind == Kind.MEMBERS else ()


def _further(read: Progress, page: Page, pages: Pages) -> Progress:
    """Count a page; a new pass counts from the beginning."""
    rows, number = (read.rows, read.pages) if read.passes == pages.passes else (0, 0)
    return Progress(read.kind, pages.passes, number + 1, rows + len(page.rows), pages.expected)
