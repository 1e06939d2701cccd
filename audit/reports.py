"""Reading reports from programs: every run of a store, typed, and checked against its digest while it is read.

from audit.reports import open_reports

for run in open_reports("file:///var/lib/cbr-audit"):
    print(run.as_of, run.conclusion, [problem.subject.name for problem in run.report.problems])
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from audit.app.connections import store_at
from audit.errors import ChainError, SettingsError, StoreError
from audit.evidence.agreement import demand, in_manifest, in_report
from audit.evidence.chain import Digest, Envelope, folder_of
from audit.evidence.publish import REPORT, STORED_FINDINGS
from audit.evidence.read_forms import read_form
from audit.evidence.store import Store
from audit.evidence.stored_runs import (
    manifest_data,
    needed_manifest,
    open_digest,
    prefix_of,
    projects_of,
    read_hashed,
    read_listed,
)
from audit.fleet.forms import SCOPE, FleetManifest, FleetPlan
from audit.fleet.publication import FLEET, PLAN, manifest_of
from audit.fleet.roll_up import FleetReport, TargetLine
from audit.report.every_finding import every_finding
from audit.report.facts import Conclusion
from audit.report.former_report import has_every_finding, in_present_form
from audit.report.models import FindingLine, ManifestFile, ReportFile

__all__ = [
    "ChainError",
    "Conclusion",
    "FindingLine",
    "FleetManifest",
    "FleetPlan",
    "FleetReport",
    "ManifestFile",
    "ReportFile",
    "SettingsError",
    "Store",
    "StoreError",
    "StoredFleetRun",
    "StoredRun",
    "TargetLine",
    "latest_report",
    "open_fleet",
    "open_reports",
]


_UNUSABLE: Final = "{key} is damaged or was written by a later version of cbr-audit: {error}"
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
        try:
            return ReportFile.model_validate(in_present_form(self._stored_report))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise ChainError(_UNUSABLE.format(key=f"{self.prefix}/{REPORT}", error=error)) from error

    @cached_property
    def _stored_report(self) -> Mapping[str, Any]:
        data, place = self.read(REPORT), f"{self.prefix}/{REPORT}"
        manifest = needed_manifest(self.store, self.digest)
        demand(place, chain(in_manifest(self.digest, manifest), in_report(manifest, data)))
        return read_form(data, place, dict[str, Any])

    def findings(self) -> Iterator[FindingLine]:
        """Yield every finding, also of what passed: exactly one for each control and each subject of its kind.

        Raises:
            ChainError: they are missing, were changed, or are not those that the report counts.
        """
        report = self._stored_report
        try:
            lines = every_finding(report, None if has_every_finding(report) else self.read(STORED_FINDINGS))
            yield from map(FindingLine.model_validate, lines)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise ChainError(_UNUSABLE.format(key=f"{self.prefix}/{STORED_FINDINGS}", error=error)) from error

    def read(self, name: str) -> bytes:
        """Read one of its objects, such as report.html.

        Raises:
            ChainError: the object is missing, was changed, or does not belong to this run.
        """
        data = read_listed(self.store, needed_manifest(self.store, self.digest), self.prefix, name)
        if data is None:
            raise ChainError(f"{self.prefix}/{name} is missing or was changed")
        return data


@dataclass(frozen=True)
class StoredFleetRun:
    """One run of a fleet. Only its digest is read until more is requested.

    Attributes:
        digest: the digest of the roll-up.
    """

    store: Store
    digest: Digest

    @property
    def fleet(self) -> str:
        """The name of the fleet."""
        return self.digest.scope.removeprefix(SCOPE)

    @property
    def id(self) -> str:
        """The id of the fleet run."""
        return self.digest.run

    @property
    def as_of(self) -> datetime:
        """The time of judgement, in UTC."""
        return self.digest.until

    @property
    def conclusion(self) -> Conclusion:
        """The conclusion of the roll-up."""
        return Conclusion(self.digest.conclusion)

    @property
    def complete(self) -> bool:
        """Whether every planned target was read and judged completely, and none can be missing."""
        return self.digest.complete

    @property
    def prefix(self) -> str:
        """The prefix of its objects' keys."""
        return prefix_of(self.digest)

    @cached_property
    def manifest(self) -> FleetManifest:
        """The manifest: everything that the fleet run stored.

        Raises:
            ChainError: the manifest is missing, was changed, or has an unknown form.
        """
        return manifest_of(self.store, self.digest)

    @cached_property
    def plan(self) -> FleetPlan:
        """What was to be audited, and how it was found.

        Raises:
            ChainError: the plan is missing, was changed, or has an unknown form.
        """
        return FleetPlan.load(self.read(PLAN), f"{self.prefix}/{PLAN}")

    @cached_property
    def report(self) -> FleetReport:
        """The roll-up: every planned target, also those that were not seen, and why.

        Raises:
            ChainError: the roll-up is missing, was changed, has an unknown form, or contradicts its digest.
        """
        place = f"{self.prefix}/{FLEET}"
        report = FleetReport.load(self.read(FLEET), place)
        told = (report.fleet, report.run, report.conclusion, report.complete)
        if told != (self.fleet, self.id, self.conclusion, self.complete):
            raise ChainError(f"{place} contradicts its digest; it was changed or forged")
        return report

    def audits(self) -> Iterator[tuple[TargetLine, StoredRun | None]]:
        """Yield every planned target with the run that audited it, or None if it was not audited.

        Raises:
            ChainError: the digest that the roll-up names is missing or was changed.
        """
        for line in self.report.targets:
            link = line.audited.digest if line.audited else None
            digest = open_digest(self.store, link) if link else None
            if link and digest is None:
                raise ChainError(f"{link.object} is missing or was changed")
            yield line, StoredRun(self.store, digest) if digest else None

    def read(self, name: str) -> bytes:
        """Read one of its objects, such as fleet.html.

        Raises:
            ChainError: the object is missing, was changed, or does not belong to this fleet run.
        """
        data = read_hashed(self.store, f"{self.prefix}/{name}", self.manifest.hash_of(name) or "")
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
        project_id: the project; by default, all of them. Fleets are read by ``open_fleet``.
        since: leave out runs with an earlier time of judgement.
        until: leave out runs with a later time of judgement.

    Raises:
        SettingsError: the URL is invalid, or its access keys are missing.
        StoreError: the store cannot be read.
        ChainError: a digest is damaged, or does not follow the one that it names.
    """
    store = store_at(url, os.environ) if isinstance(url, str) else url
    for project in projects_of(store, project_id):
        for digest in _digests(store, project, since, until):
            yield StoredRun(store, digest)


def open_fleet(
    url: str | Store, name: str | None = None, *, since: datetime | None = None, until: datetime | None = None
) -> Iterator[StoredFleetRun]:
    """Yield the runs of the fleets of a store, oldest first; each is checked against its digest while it is read.

    This checks only the link of each digest to the previous one; ``cbr-audit fleet verify`` also computes each roll-up
    again, and checks that no digest is missing.

    Args:
        url: the URL of the store, or the store itself, as for ``open_reports``.
        name: the name of the fleet; by default, all of them.
        since: leave out runs with an earlier time of judgement.
        until: leave out runs with a later time of judgement.

    Raises:
        SettingsError: the URL is invalid, or its access keys are missing.
        StoreError: the store cannot be read.
        ChainError: a digest is damaged, or does not follow the one that it names.
    """
    store = store_at(url, os.environ) if isinstance(url, str) else url
    scopes = store.projects() if name is None else (f"{SCOPE}{name}",)
    for scope in scopes:
        if scope.startswith(SCOPE):
            for digest in _digests(store, scope, since, until):
                yield StoredFleetRun(store, digest)


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
        raise ChainError(_UNUSABLE.format(key=key, error=error)) from error


def _digests(store: Store, scope: str, since: datetime | None, until: datetime | None) -> Iterator[Digest]:
    """Yield the digests of a chain in their order, as far as their times of judgement are asked for."""
    known: dict[str, str] = {}
    for key in store.keys(folder_of(scope)):
        digest = _open(store, key, known)
        if (since is None or digest.until >= since) and (until is None or digest.until <= until):
            yield digest


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
