"""The pages of a folder as a source of lists: what a run sees instead of the cloud, without any network."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from audit.answers.intake import read_envelope
from audit.app.collect import Pages
from audit.cloud.cbr.paging import Walk
from audit.collection import Kind, Page, Reading, Window
from audit.profile import Profile, load_profile
from audit.profile.applied import controls_of
from audit.report.facts import RunFacts
from bench.pages import AS_OF, DAYS, PAGE_SIZE, STRIDE, answer

WINDOW: Final = Window(AS_OF - timedelta(days=DAYS), AS_OF)
Read = Callable[[Kind, bytes], tuple[Sequence[Any], Mapping[str, Any]]]
_WRITTEN: Final = frozenset({Kind.TASKS, Kind.POLICIES, Kind.VAULTS, Kind.BACKUPS, Kind.PROTECTABLES})
_NO_TIME: Final = datetime.fromtimestamp(0, UTC)


class Listed:
    """The files of one list."""

    passes = 1

    def __init__(self, folder: Path, kind: Kind, read: Read) -> None:
        self._read = read
        self._files = sorted(folder.glob(f"{kind.key}-*.json")) if kind in _WRITTEN else []
        self._kind = kind
        self._rows = self._pages = self.expected = 0

    def __iter__(self) -> Iterator[Page]:
        """Read and parse one file after the other; none is kept."""
        for file in self._files:
            yield self._page(file)

    def _page(self, file: Path) -> Page:
        page = parsed(self._kind, file.read_bytes(), self._read)
        self._rows += len(page.rows)
        self._pages += 1
        self.expected = page.count
        return page

    def reading(self) -> Reading:
        """Say that everything was read, twice."""
        return Reading(self._kind, self._pages, 2, self.expected, self.expected, self._rows, 0, ())


class Folder:
    """Every list of a folder, each page once."""

    def __init__(self, folder: Path, read: Read = read_envelope) -> None:
        self._folder = folder
        self._read = read

    def lists(self, kind: Kind, window: Window, about: Sequence[str] = ()) -> Iterator[Pages]:
        """Give the one list of a kind: of the tasks, none is open."""
        yield self.read(kind, window, about)

    def read(self, kind: Kind, _window: Window, _about: Sequence[str] = ()) -> Pages:
        """Give the pages of a list."""
        return Listed(self._folder, kind, self._read)


class Walked(Folder):
    """The same, with the task log read as from the cloud: twice, and every row counted."""

    def read(self, kind: Kind, window: Window, about: Sequence[str] = ()) -> Pages:
        """Give the pages of a list."""
        if kind is not Kind.TASKS:
            return super().read(kind, window, about)

        def fetch(offset: int) -> Page:
            file = self._folder / f"{kind.key}-{offset // STRIDE:05d}.json"
            body = file.read_bytes() if file.exists() else answer(kind.key, (), walk.expected, offset)
            return Page(kind, "", (), body, "", _NO_TIME, (), {})

        def parse(page: Page) -> Page:
            return parsed(kind, page.body, self._read)

        walk = Walk(kind, fetch, parse=parse, page_size=PAGE_SIZE)
        return walk


def parsed(kind: Kind, body: bytes, read: Read = read_envelope) -> Page:
    """Parse an answer as the client of CBR does."""
    rows, envelope = read(kind, body)
    return Page(kind, f"/v3/bench/{kind}", (), body, "", _NO_TIME, rows, envelope)


@cache
def profile_for(folder: Path) -> Profile:
    """Choose every control where every list is there, and else the default ones that need no more than the lists."""
    if any(folder.glob(f"{Kind.BACKUPS.key}-*.json")):
        return load_profile("strict")
    return Profile(
        skip=tuple(control.id for control in controls_of(Profile()) if Kind.BACKUPS in control.needs | control.reads)
    )


def facts_for(profile: Profile) -> RunFacts:
    """Say which run it is."""
    about: dict[str, Any] = {"project_id": "bench", "region": "", "tool_version": "", "timezone": "UTC"}
    return RunFacts(id="bench", as_of=AS_OF, window=WINDOW, read=WINDOW, profile_sha256=profile.sha256, **about)
