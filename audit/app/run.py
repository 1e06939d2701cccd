"""A run, step by step: collect, validate, remember, arrange, evaluate, render, publish."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from audit.answers.intake import Intake
from audit.app.garbage import without_gc
from audit.app.sampling import newest_of_each
from audit.collection import ABOUT_ONE, ALWAYS_READ, Kind, Page, Reading, Window
from audit.errors import SourceError
from audit.evidence.publish import HISTORY, PROFILE, Publication
from audit.profile import Profile
from audit.report import FORMATS, PAGE, index
from audit.report.facts import RunFacts

if TYPE_CHECKING:
    from audit.evidence.run_before import RunBefore
    from audit.report.contents import Report


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


class Progress(Struct, frozen=True):
    """How far collecting has come: rows read of those expected, in one pass over one list."""

    kind: Kind
    passes: int
    pages: int
    rows: int
    expected: int


Watch = Callable[[Progress], None]


class Done(Struct, frozen=True):
    """A run that was published.

    Attributes:
        digest_sha256: of the digest that commits it; noted elsewhere, it shows later whether the end was cut off.
    """

    report: "Report"
    prefix: str
    url: str
    keys: tuple[str, ...]
    digest_sha256: str


def run(
    facts: RunFacts,
    profile: Profile,
    source: Source,
    publication: Publication,
    watch: Watch,
    previous: "RunBefore | None" = None,
) -> Done:
    """Carry out a whole audit, which continues an earlier one where there is one.

    Raises:
        SourceError: nothing at all could be read.
        StoreError: evidence or reports could not be written.
    """
    intake = Intake(previous.history if previous else None, facts.id)
    most = profile.limits.max_backups_looked_at
    readings = collect(source, _lists(profile), facts.read, publication, watch, intake, most)
    from audit.app.assess import (  # noqa: PLC0415  # takes longer than importing requests; the first answer is here
        assess,
    )

    with without_gc():
        publication.put(HISTORY, intake.tasks.pieces(since=facts.window.since))
        former = previous.former(readings) if previous and profile.compares else None
        report = assess(facts, profile, intake, readings, previous, former)
        return publish(publication, profile, report)


def _lists(profile: Profile) -> Iterator[Kind]:
    """Name the lists that have to be read; the controls are asked for theirs only after those that every run reads.

    While the second list is on its way, what judges them all is imported. Earlier, that would delay the first request.
    """
    yield Kind.TASKS
    Thread(target=_import_what_judges, daemon=True).start()
    yield from (kind for kind in Kind if kind != Kind.TASKS and (kind in ALWAYS_READ or kind in profile.lists))


def _import_what_judges() -> None:
    from audit.app import assess  # noqa: F401, PLC0415  # so that it is there when it is used
    from audit.report import html_report, json_report  # noqa: F401, PLC0415  # likewise, in nearly every run

    html_report.make_ready()


def collect(  # noqa: PLR0913, PLR0917  # where pages come from, where they go, and how much of them is wanted
    source: Source,
    kinds: Iterable[Kind],
    window: Window,
    publication: Publication,
    watch: Watch,
    intake: Intake,
    most: int = 0,
) -> tuple[Reading, ...]:
    """Read every list, in the order given; each answer is stored as received before it is validated and remembered.

    Args:
        source: where the lists come from.
        kinds: the lists.
        window: the time that is looked at.
        publication: where the answers are stored.
        watch: told of every page.
        intake: takes the rows.
        most: how many backups are asked for their members.
    """
    readings = []
    for kind in kinds:
        told = watch
        for pages in source.lists(kind, window, _things(kind, intake, most)):
            _read(kind, pages, publication, told, intake)
            readings.append(pages.reading())
            told = _unwatched  # what is read besides is short
    return tuple(readings)


def _unwatched(_progress: Progress) -> None:
    """Tell nobody."""


def _read(kind: Kind, pages: Pages, publication: Publication, watch: Watch, intake: Intake) -> None:
    """Read one list; it says itself what it could not read."""
    read = Progress(kind, 1, 0, 0, 0)
    try:
        for page in pages:
            is_new = publication.keep(page)
            if is_new or kind in ABOUT_ONE:
                intake.accept(page, is_new=is_new)
            read = _further(read, page, pages)
            watch(read)
            del page  # the next one is parsed twice as fast in memory that is free again
    except SourceError:
        if not intake.pages:
            raise  # nothing was read: there is no report to be made, only this error


def _things(kind: Kind, intake: Intake, most: int) -> Sequence[str]:
    """Name the things that are asked for a list of this kind each, as lists that were read before show them."""
    if kind == Kind.DEPLOYMENTS:
        return sorted(intake.organization_policies)
    return newest_of_each(intake.backups.values(), most) if kind == Kind.MEMBERS else ()


def _further(read: Progress, page: Page, pages: Pages) -> Progress:
    """Count a page; a new pass counts from the beginning."""
    rows, number = (read.rows, read.pages) if read.passes == pages.passes else (0, 0)
    return Progress(read.kind, pages.passes, number + 1, rows + len(page.rows), pages.expected)


def publish(publication: Publication, profile: Profile, report: "Report") -> Done:
    """Write profile and reports, and commit everything with the manifest."""
    publication.put(PROFILE, profile.canonical)
    for name in profile.formats:
        publication.put(name, FORMATS[name](report))
    publication.finish(report, partial(index, report) if PAGE in profile.formats else None)
    return Done(
        report=report,
        prefix=publication.prefix,
        url=publication.url,
        keys=publication.keys,
        digest_sha256=publication.digest_sha256,
    )
