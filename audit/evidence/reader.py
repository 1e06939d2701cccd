"""Finds and reads the reports in a store; a report that does not match its manifest is refused."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from audit.errors import StoreError
from audit.evidence.publish import MANIFEST, REPORT, read_latest, read_pointer
from audit.evidence.read_forms import Manifest, Pointer, read_form
from audit.evidence.store import LATEST, Store

RUN_ID: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T[0-9]{6}Z-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report.json that matches its manifest, and the address of its run."""

    report: Mapping[str, Any]
    url: str


def read_report(store: Store, project_id: str | None = None) -> StoredReport:
    """Read the report of the run that the store's address names, or else of a project's latest run.

    Raises:
        StoreError: there is no report, or it differs from the published one.
    """
    if store.read(MANIFEST) is not None or store.read(REPORT) is not None:
        return _verified(store, "")
    if pointer := read_pointer(store, LATEST):
        return _verified(store, pointer.prefix.partition("/")[2] + "/", pointer)
    projects = [project_id] if project_id else store.projects()
    found = [pointer for project in projects if (pointer := read_latest(store, project))]
    if not found:
        raise StoreError(f"{store.url} has no report; run an audit first, or give the id of a run")
    if len(found) > 1:
        known = ", ".join(pointer.prefix.partition("/")[0] for pointer in found)
        raise StoreError(f"{store.url} has reports of several projects; choose one with --project-id: {known}")
    return _verified(store, f"{found[0].prefix}/", found[0])


def read_run(store: Store, run_id: str) -> StoredReport:
    """Read the report of a run by its id.

    Raises:
        StoreError: the store has no such run, or its report differs from the published one.
    """
    date = RUN_ID.fullmatch(run_id)
    prefixes = (f"{project}/{date[1]}/{date[2]}/{date[3]}/{run_id}/" for project in store.projects()) if date else ()
    for prefix in prefixes:
        if store.read(f"{prefix}{MANIFEST}") is not None:
            return _verified(store, prefix)
    raise StoreError(f"{store.url} has no run {run_id}")


def _verified(store: Store, prefix: str, pointer: Pointer | None = None) -> StoredReport:
    """Read a report and check it against its manifest, and the manifest against the pointer."""
    place = f"{store.url}/{prefix}".rstrip("/")
    manifest = store.read(f"{prefix}{MANIFEST}")
    if manifest is None:
        raise StoreError(f"{place} has no {MANIFEST}: the run was broken off, or the manifest was removed")
    if pointer and hashlib.sha256(manifest).hexdigest() != pointer.manifest_sha256:
        raise StoreError(f"{place}/{MANIFEST} is not the one that {LATEST} names: one of them was changed")
    named = read_form(manifest, f"{prefix}{MANIFEST}", Manifest).sha256_of(REPORT)
    report = store.read(f"{prefix}{REPORT}")
    if report is None or hashlib.sha256(report).hexdigest() != named:
        raise StoreError(f"{place}/{REPORT} is not the one that {MANIFEST} names: it was changed or removed")
    return StoredReport(read_form(report, f"{prefix}{REPORT}", dict[str, Any]), place)
