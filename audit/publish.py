"""Writing a run: every object under the run's own key, then the manifest, then the pointer to the latest run."""

import gzip
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from audit import __version__
from audit.collection import Page, shown
from audit.errors import StoreError
from audit.report.contents import Report, RunFacts
from audit.store import Store

MANIFEST: Final = "manifest.json"
LATEST: Final = "latest.json"
SCHEMA_VERSION: Final = 1
_KEY: Final = re.compile(r"[A-Za-z0-9_=-][A-Za-z0-9._=-]*(/[A-Za-z0-9_=-][A-Za-z0-9._=-]*)*")


@dataclass(frozen=True, slots=True)
class Stored:
    """One object of a run: its name under the run's key, its size in bytes and its SHA-256."""

    name: str
    size: int
    sha256: str


class Publication:
    """The objects of one run, as they are written."""

    def __init__(self, store: Store, run: RunFacts) -> None:
        """Take the store; nothing is written yet."""
        self._store = store
        self._run = run
        self._objects: list[Stored] = []
        self._pages: list[Mapping[str, Any]] = []
        self.prefix = f"{run.project_id}/{run.as_of:%Y/%m/%d}/{run.id}"

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of everything written so far."""
        return tuple(f"{self.prefix}/{stored.name}" for stored in self._objects)

    def put(self, name: str, data: bytes) -> Stored:
        """Write one object of the run.

        Raises:
            StoreError: the name has characters outside the alphabet of keys, or writing failed.
        """
        key = f"{self.prefix}/{name}"
        if not _KEY.fullmatch(key):
            raise StoreError(f"{key!r} cannot be a key: letters, digits and . _ = - only")
        self._store.create(key, data)
        stored = Stored(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        self._objects.append(stored)
        return stored

    def keep(self, page: Page) -> None:
        """Write an answer exactly as received, gzipped, and remember what was asked for."""
        number = len(self._pages) + 1
        stored = self.put(f"raw/{number:05d}-{page.kind}.json.gz", gzip.compress(page.body, 1, mtime=0))
        self._pages.append(
            {
                "name": stored.name,
                "kind": page.kind,
                "path": page.path,
                "params": dict(page.params),
                "request_id": page.request_id,
                "received_at": shown(page.received_at),
                "rows": len(page.rows),
                "size": len(page.body),
                "sha256": hashlib.sha256(page.body).hexdigest(),
            }
        )

    def finish(self, report: Report) -> None:
        """Write the manifest, and then point to this run unless a later one is there already.

        Raises:
            StoreError: writing failed; without its manifest a run does not exist.
        """
        manifest = self._manifest(report)
        self._store.create(f"{self.prefix}/{MANIFEST}", manifest)
        pointer = {
            "schema_version": SCHEMA_VERSION,
            "run": self._run.id,
            "as_of": shown(self._run.as_of),
            "conclusion": report.conclusion,
            "prefix": self.prefix,
            "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
        }
        latest = read_latest(self._store, self._run.project_id)
        if latest is None or latest["as_of"] <= pointer["as_of"]:
            self._store.replace(f"{self._run.project_id}/{LATEST}", _json(pointer))

    def _manifest(self, report: Report) -> bytes:
        run = self._run
        return _json(
            {
                "schema_version": SCHEMA_VERSION,
                "tool_version": __version__,
                "run": {
                    "id": run.id,
                    "as_of": shown(run.as_of),
                    "window": {"since": shown(run.window.since), "until": shown(run.window.until)},
                    "project_id": run.project_id,
                    "region": run.region,
                    "profile_sha256": run.profile_sha256,
                },
                "conclusion": report.conclusion,
                "complete": report.collection.complete,
                "pages": self._pages,
                "objects": [
                    {"name": stored.name, "size": stored.size, "sha256": stored.sha256} for stored in self._objects
                ],
            }
        )


def read_latest(store: Store, project_id: str) -> Mapping[str, Any] | None:
    """Read the pointer to a project's latest run, None where there is none.

    Raises:
        StoreError: the pointer is damaged.
    """
    return read_json(store, f"{project_id}/{LATEST}", ("as_of", "prefix", "run"))


def read_json(store: Store, key: str, needed: Sequence[str]) -> Mapping[str, Any] | None:
    """Read a JSON object that must have some keys, None where there is none.

    Raises:
        StoreError: it is not such an object.
    """
    data = store.read(key)
    if data is None:
        return None
    try:
        values = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise StoreError(f"{key} is damaged: not JSON") from error
    if not isinstance(values, dict) or not set(needed) <= values.keys():
        raise StoreError(f"{key} is damaged: it lacks one of {', '.join(needed)}")
    return values


def _json(values: Mapping[str, Any]) -> bytes:
    return orjson.dumps(values, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
