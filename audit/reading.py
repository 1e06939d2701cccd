"""Finding and reading the reports that a store holds."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from audit.errors import StoreError
from audit.publish import LATEST, read_json, read_latest
from audit.store import Store

REPORT = "report.json"
_NEEDED = ("schema_version", "run", "conclusion", "collection", "summary", "problems")


def read_report(store: Store, project_id: str | None = None) -> Mapping[str, Any]:
    """Read a report: of the run that the store's address names, or else the latest run of a project.

    Raises:
        StoreError: there is no report, or it is damaged.
    """
    if report := read_json(store, REPORT, _NEEDED):
        return report
    if pointer := read_json(store, LATEST, ("prefix",)):
        return _report(store, "/".join(PurePosixPath(str(pointer["prefix"])).parts[1:]))
    projects = [project_id] if project_id else store.projects()
    found = [pointer for project in projects if (pointer := read_latest(store, project))]
    if not found:
        raise StoreError(f"{store.url} holds no report; run an audit first, or name a run")
    if len(found) > 1:
        known = ", ".join(str(pointer["prefix"]).partition("/")[0] for pointer in found)
        raise StoreError(f"{store.url} holds reports of several projects; add --project-id with one of {known}")
    return _report(store, str(found[0]["prefix"]))


def _report(store: Store, prefix: str) -> Mapping[str, Any]:
    report = read_json(store, f"{prefix}/{REPORT}", _NEEDED)
    if report is None:
        raise StoreError(f"{store.url}/{prefix} has no {REPORT}; it was removed or never written")
    return report
