"""Stores for reports and evidence, opened by URL."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.renewable import Fresh, Keys
from audit.cloud.http.transport import Transport
from audit.cloud.permissions import StoreActions
from audit.errors import SettingsError
from audit.evidence.store.buffered_object import Data
from audit.evidence.store.folder import Folder
from audit.evidence.store.keys import Oddity
from audit.evidence.store.obs import Obs, Seal
from audit.evidence.store.obs_auth import ObsAuth
from audit.evidence.store.obs_place import place
from audit.settings import STORES, Settings, scheme_of

LATEST: Final = "latest.json"
"""The object that names the latest run of a project."""


class Readable(Protocol):
    """Anything that objects can be read from."""

    def read(self, key: str) -> bytes | None:
        """Read an object, or None if there is none.

        Raises:
            ChainError: what is there is not what a run wrote: too large, or no regular file.
            StoreError: it cannot be read.
        """


class Searchable(Readable, Protocol):
    """Anything that objects can be read from and looked for in."""

    def keys(self, prefix: str) -> tuple[str, ...]:
        """List every object whose key starts with a prefix, in order."""


class Store(Searchable, Protocol):
    """Keeps objects under keys such as ``PROJECT/2026/11/23/RUN/report.json``."""

    @property
    def url(self) -> str:
        """The address of the store."""

    def create(self, key: str, data: Data) -> None:
        """Write an object that must not exist yet; writing the same bytes again is not an error."""

    def replace(self, key: str, data: Data) -> None:
        """Write an object, or replace it."""

    def projects(self) -> tuple[str, ...]:
        """List the projects that have a run here."""


class InspectedStore(Store, Protocol):
    """A store that also tells what in it is no object."""

    def oddities(self, prefix: str) -> tuple[Oddity, ...]:
        """List what is below a prefix and is no object, in order."""

    def beside(self) -> tuple[Oddity, ...]:
        """List what is at the top and belongs to no project, in order."""


class ProbedStore(InspectedStore, Protocol):
    """A store from which objects can be removed: that of a test, and those that `cbr-audit prune` removes."""

    @property
    def actions(self) -> StoreActions:
        """What IAM must allow."""

    def remove(self, key: str) -> None:
        """Remove an object; a missing object is not an error."""


class Access(NamedTuple):
    """What it takes to reach a store in the cloud; no keys if whoever signs in has none."""

    settings: Settings
    keys: Fresh[Keys] | None
    transport: Transport


def open_store(url: str, access: Access | None = None) -> ProbedStore:
    """Open a store by its URL; a plain path means a folder.

    Args:
        url: where the store is.
        access: what it takes to reach a store in the cloud; None for a folder that is only read.

    Raises:
        SettingsError: the URL names no store, or one that cannot be reached without access keys.
    """
    store = OPENERS[scheme_of(url)](url, access)
    if store is None:
        folder, *others = (kind.example for kind in STORES.values())
        raise SettingsError(f"{url!r} is not a store; give a folder, such as {folder}, or {' or '.join(others)}")
    return store


def _folder(url: str, access: Access | None) -> ProbedStore | None:
    with suppress(ValueError):  # an unbalanced bracket in the host
        parts = urlsplit(url)
        is_here = parts.scheme == "file" and parts.netloc in {"", "localhost"}
        if parts.path and "\0" not in unquote(url) and (is_here or not parts.scheme):
            is_private = access is None or access.settings.folder_access == "private"
            return Folder(Path(unquote(parts.path) if is_here else url), is_private=is_private)
    return None


def _obs(url: str, access: Access | None) -> ProbedStore:
    if access is None or access.keys is None:
        raise SettingsError(f"{url} cannot be opened without access keys")
    settings = access.settings
    where = place(url, settings.obs_endpoint, settings.region, settings.cloud)
    seal = Seal(settings.obs_kms_key, settings.obs_lock_days)
    return Obs(where, access.transport, ObsAuth(access.keys, CloudClock(), region=where.region), seal)


OPENERS: Final[Mapping[str, Callable[[str, Access | None], ProbedStore | None]]] = {"file": _folder, "obs": _obs}
"""What opens a store, by the scheme of its URL; it returns None where the URL names no store."""
