"""Where reports and evidence go; stores are opened by URL."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from audit.errors import SettingsError
from audit.evidence.store.folder import Folder
from audit.evidence.store.held import Data
from audit.evidence.store.obs_place import SCHEME

LATEST: Final = "latest.json"
"""The object that names the latest run of a project."""


class Readable(Protocol):
    """What objects can be read from."""

    def read(self, key: str) -> bytes | None:
        """Read an object, None where there is none."""


class Store(Readable, Protocol):
    """Keeps objects under keys such as ``PROJECT/2026/11/23/RUN/report.json``."""

    @property
    def url(self) -> str:
        """The address of the store."""

    def create(self, key: str, data: Data) -> None:
        """Write an object that must not exist yet; writing the same bytes again is no error."""

    def replace(self, key: str, data: Data) -> None:
        """Write an object, or put another in its place."""

    def keys(self, prefix: str) -> tuple[str, ...]:
        """Name every object whose key begins with a prefix, in order."""

    def projects(self) -> tuple[str, ...]:
        """Name the projects that have a report here."""


class ProbedStore(Store, Protocol):
    """A store that can be tried out: it removes what was written for that, and nothing else is ever removed."""

    def remove(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""


def open_store(url: str, in_obs: Callable[[str], ProbedStore] | None = None) -> ProbedStore:
    """Open a store by its URL; a plain path means a folder.

    Args:
        url: where the store is.
        in_obs: opens a store in OBS, which needs access keys; None where there are none.

    Raises:
        SettingsError: no store is known for the URL.
    """
    if url.startswith(SCHEME) and in_obs:
        return in_obs(url)
    with suppress(ValueError):  # half a bracket is no host
        parts = urlsplit(url)
        is_here = parts.scheme == "file" and parts.netloc in {"", "localhost"}
        if parts.path and "\0" not in unquote(url) and (is_here or not parts.scheme):
            return Folder(Path(unquote(parts.path) if is_here else url))
    raise SettingsError(
        f"{url!r} is not a store; give a folder, such as file:///var/lib/cbr-audit, or obs://bucket/prefix"
    )
