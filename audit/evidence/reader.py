"""Finds and reads the reports in a store; one that differs from what was published, or from itself, is refused."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from audit.errors import StoreError
from audit.evidence.agreement import demand, in_manifest, in_report
from audit.evidence.chain import Digest, Envelope
from audit.evidence.layout import ROLL_UP
from audit.evidence.publish import MANIFEST, REPORT, STORED_FINDINGS, read_latest, read_pointer, sha256_of
from audit.evidence.read_forms import Manifest, read_form
from audit.evidence.store import LATEST, Searchable, Store
from audit.evidence.stored_runs import find_digest, latest_run, needed_manifest, prefix_of, projects_of
from audit.report.every_finding import every_finding

INCOMPATIBLE: Final = "is damaged or was written by an incompatible version of cbr-audit"
RUN_ID: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{12}")
_NOT_NAMED: Final = f"{LATEST} does not name this run, which is the newest; run `cbr-audit verify`"
_NO_DIGEST: Final = "This is the folder of one run: whether a digest commits it was not checked"


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report.json that agrees with its run.

    Attributes:
        url: the address of the run.
        read: reads another object of the run by its name; None if it is missing or was changed.
        note: what to know about how it was found; empty if nothing.
    """

    report: Mapping[str, Any]
    url: str
    read: Callable[[str], bytes | None]
    note: str = ""

    def findings(self) -> Iterator[Mapping[str, Any]]:
        """Yield every finding of the run as in findings.ndjson, exactly one for each control and subject.

        Raises:
            StoreError: they are missing, were changed, or are not those that the report counts.
        """
        try:
            yield from every_finding(self.report, self.read(STORED_FINDINGS))
        except ValueError as error:
            raise StoreError(f"{self.url}/{STORED_FINDINGS} cannot be used: {error}") from error
        except (AttributeError, LookupError, TypeError) as error:
            raise StoreError(f"{self.url}/{REPORT} {INCOMPATIBLE}") from error


class _Inside:
    """The folder of a project, read by keys that begin with the project, as its digests name them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.url = store.url.rpartition("/")[0]

    def read(self, key: str) -> bytes | None:
        return self._store.read(key.partition("/")[2])

    def keys(self, prefix: str) -> tuple[str, ...]:
        project, _, rest = prefix.partition("/")
        return tuple(f"{project}/{key}" for key in self._store.keys(rest))


def read_report(store: Store, project_id: str | None = None) -> StoredReport:
    """Read the report of the run that the store's address names, or else of a project's latest run.

    Raises:
        StoreError: there is no report, or it differs from the published one or from itself.
    """
    if store.read(MANIFEST) is not None or store.read(REPORT) is not None:
        return _of_folder(store)
    if project := _project_inside(store):
        return _latest(_Inside(store), *projects_of(store, project))
    projects = projects_of(store, project_id)
    if len(projects) > 1:
        known = ", ".join(projects)
        raise StoreError(f"{store.url} has reports of several projects; choose one with --project-id: {known}")
    if not projects:
        raise StoreError(f"{store.url} has no report; run an audit first, or give the id of a run")
    return _latest(store, projects[0])


def read_run(store: Store, run_id: str) -> StoredReport:
    """Read the report of a run by its id.

    Raises:
        StoreError: the store has no such run, or its report differs from the published one or from itself.
    """
    for scope in store.projects() if RUN_ID.fullmatch(run_id) else ():
        if digest := find_digest(store, scope, run_id):
            projects_of(store, scope)
            return _committed(store, digest)
    raise StoreError(f"{store.url} has no run {run_id}: no digest names it")


def _project_inside(store: Store) -> str | None:
    """Return the project whose folder the store is, or None if it is no such folder."""
    if pointer := read_pointer(store, LATEST):
        return pointer.prefix.partition("/")[0]
    digests = store.keys("digest/")
    return Digest.open(Envelope.load(store.read(digests[0]) or b"")).scope if digests else None


def _latest(store: Store | _Inside, project: str) -> StoredReport:
    pointer = read_latest(store, project)
    digest = latest_run(store, project, pointer)
    if digest is None:
        raise StoreError(f"{store.url} has no report of the project {project}; run an audit first, or give another one")
    is_named = pointer is not None and pointer.digest == digest.digest_object
    return _committed(store, digest, "" if is_named else _NOT_NAMED)


def _committed(store: Store | _Inside, digest: Digest, note: str = "") -> StoredReport:
    """Read the report of a run, and check it against its manifest, and the manifest against the digest."""
    manifest, prefix = needed_manifest(store, digest), prefix_of(digest)
    objects = _RunObjects(store, manifest, f"{prefix}/")
    return objects.report(f"{store.url}/{prefix}", note, in_manifest(digest, manifest))


def _of_folder(store: Store) -> StoredReport:
    """Read the report in the folder of a run, and check it against its manifest."""
    data = store.read(MANIFEST)
    if data is None:
        raise StoreError(f"{store.url} has no {MANIFEST}: the run was broken off, or the manifest was removed")
    if store.read(ROLL_UP) is not None:
        raise StoreError(f"{store.url} is the run of a fleet: give its store to `cbr-audit fleet show`")
    return _RunObjects(store, read_form(data, MANIFEST, Manifest), "").report(store.url, _NO_DIGEST)


@dataclass(frozen=True, slots=True)
class _RunObjects:
    """The objects of a run."""

    store: Searchable
    manifest: Manifest
    prefix: str

    def read(self, name: str) -> bytes | None:
        """Read an object, or None if it is not the one that the manifest names."""
        data = self.store.read(f"{self.prefix}{name}")
        return data if data is not None and sha256_of((data,)) == self.manifest.sha256_of(name) else None

    def report(self, url: str, note: str, problems: Iterable[str] = ()) -> StoredReport:
        """Read the report, unless there are problems with its run."""
        data, place = self.read(REPORT), f"{self.prefix}{REPORT}"
        if data is None:
            raise StoreError(f"{place} is not the one that {MANIFEST} names: it was changed or removed")
        demand(place, chain(problems, in_report(self.manifest, data)))
        return StoredReport(read_form(data, place, dict[str, Any]), url, self.read, note)
