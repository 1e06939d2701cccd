"""Reading reports from programs: every run of a store, typed, and checked against its digest while it is read.

from audit.reports import open_reports

for run in open_reports("file:///var/lib/cbr-audit"):
    print(run.as_of, run.conclusion, [problem.subject.name for problem in run.report.problems])
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from audit.app.connections import store_at
from audit.errors import ChainError, SettingsError, StoreError
from audit.evidence.agreement import demand, in_manifest, in_report
from audit.evidence.chain import Digest, Envelope, folder_of
from audit.evidence.publish import REPORT
from audit.evidence.store import Store
from audit.evidence.stored_runs import manifest_data, needed_manifest, prefix_of, read_listed
from audit.report.facts import Conclusion
from audit.report.models import ManifestFile, ReportFile

__all__ = [
    "ChainError",
    "Conclusion",
    "ManifestFile",
    "ReportFile",
    "SettingsError",
    "Store",
    "StoreError",
    "StoredRun",
    "latest_report",
    "open_reports",
]


_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class StoredRun:
    """One run of a store. Only its digest is read until more is requested.

    Attributes:
        digest: the digest of the run.
    """

    store: Store
    digest: Digest

    @property
    def id(self) -> str:
        """The id of the run."""
        return self.digest.run

    @property
    def as_of(self) -> datetime:
        """The time of judgement, in UTC."""
        return self.digest.until

    @property
    def conclusion(self) -> Conclusion:
        """The conclusion of the run."""
        return Conclusion(self.digest.conclusion)

    @property
    def prefix(self) -> str:
        """The prefix of its objects' keys."""
        return prefix_of(self.digest)

    @cached_property
    def manifest(self) -> ManifestFile:
        """The manifest: everything that the run stored.

        Raises:
            ChainError: the manifest is missing, was changed, or has an unknown form.
        """
        return _parsed(ManifestFile, manifest_data(self.store, self.digest), self.digest.manifest.object)

    @cached_property
    def report(self) -> ReportFile:
        """The report.

        Raises:
            ChainError: the report is missing, was changed, has an unknown form, or contradicts its run or itself.
        """
        data = self.read(REPORT)
        manifest = needed_manifest(self.store, self.digest)
        demand(f"{self.prefix}/{REPORT}", chain(in_manifest(self.digest, manifest), in_report(manifest, data)))
        return _parsed(ReportFile, data, f"{self.prefix}/{REPORT}")

    def read(self, name: str) -> bytes:
        """Read one of its objects, such as findings.csv.

        Raises:
            ChainError: the object is missing, was changed, or does not belong to this run.
        """
        data = read_listed(self.store, needed_manifest(self.store, self.digest), self.prefix, name)
        if data is None:
            raise ChainError(f"{self.prefix}/{name} is missing or was changed")
        return data


def open_reports(
    url: str | Store, project_id: str | None = None, *, since: datetime | None = None, until: datetime | None = None
) -> Iterator[StoredRun]:
    """Yield the runs of a store, oldest first; each is checked against its digest while it is read.

    This checks only the link of each digest to the previous one; ``cbr-audit verify`` also checks that none is missing.

    Args:
        url: the URL of the store, or the store itself. For a store in OBS, access keys and other settings are read from
            the same environment variables as for an audit.
        project_id: the project; by default, all of them.
        since: leave out runs with an earlier time of judgement.
        until: leave out runs with a later time of judgement.

    Raises:
        SettingsError: the URL is invalid, or its access keys are missing.
        StoreError: the store cannot be read.
        ChainError: a digest is damaged, or does not follow the one that it names.
    """
    store = store_at(url, os.environ) if isinstance(url, str) else url
    for project in (project_id,) if project_id else store.projects():
        known: dict[str, str] = {}
        for key in store.keys(folder_of(project)):
            digest = _open(store, key, known)
            if (since is None or digest.until >= since) and (until is None or digest.until <= until):
                yield StoredRun(store, digest)


def latest_report(url: str | Store, project_id: str | None = None) -> StoredRun:
    """Return the run with the latest time of judgement.

    Raises:
        SettingsError: the URL is invalid, or its access keys are missing.
        StoreError: the store has no run, or cannot be read.
    """
    latest = max(open_reports(url, project_id), key=lambda run: (run.as_of, run.digest.seq), default=None)
    if latest is None:
        raise StoreError(f"{url if isinstance(url, str) else url.url} has no run; run an audit first")
    return latest


def _parsed(model: type[_Model], data: bytes, key: str) -> _Model:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise ChainError(f"{key} is damaged or was written by a later version of cbr-audit: {error}") from error


def _open(store: Store, key: str, known: dict[str, str]) -> Digest:
    data = store.read(key) or b""
    try:
        digest = Digest.open(Envelope.load(data))
    except ChainError as error:
        raise ChainError(f"{key}: {error}") from error
    known[key] = hashlib.sha256(data).hexdigest()
    if digest.previous and known.get(digest.previous.object) != digest.previous.sha256:
        raise ChainError(f"{key} does not follow {digest.previous.object}: one of them was changed, or is missing")
    return digest
