"""Checks the two objects that move: the pointer to the latest run, and the page of recent runs.

They are for convenience and prove nothing, but must agree with the chain.
"""

from collections.abc import Iterable

import orjson

from audit import __version__
from audit.evidence.chain import Digest
from audit.evidence.publish import REPORT
from audit.evidence.store import LATEST, Store
from audit.evidence.stored_runs import prefix_of, read_listed, read_manifest
from audit.evidence.verify.result import Found, Verification
from audit.report import INDEX, PAGE
from audit.report.index_page import render, stored_index


def check_pointer(store: Store, found: Iterable[Found], result: Verification) -> None:
    """Check that the pointer leads to an existing run, and that the page shows the runs up to it."""
    key = f"{result.scope}/{LATEST}"
    data = store.read(key)
    if data is None:
        return
    try:
        pointer = orjson.loads(data)
        named = str(pointer["digest"]), str(pointer["digest_sha256"]), str(pointer["manifest_sha256"])
    except (orjson.JSONDecodeError, LookupError, TypeError):
        named = ("", "", "")
    runs = {(each.key, each.sha256, each.digest.manifest.sha256): each.digest for each in found}
    digest = runs.get(named)
    if digest is None:
        result.fault(key, "the pointer to the latest run leads to no run of the chain")
    else:
        _check_index(store, digest, result)


def _check_index(store: Store, digest: Digest, result: Verification) -> None:
    """A run that was interrupted between pointer and page leaves an older page, so a difference is not a fault."""
    key = f"{result.scope}/{INDEX}"
    data, manifest = store.read(key), read_manifest(store, digest)
    prefix = prefix_of(digest)
    report = read_listed(store, manifest, prefix, REPORT) if manifest else None
    is_paged = manifest is not None and any(item["name"] == PAGE for item in manifest["objects"])
    if data is None or report is None or not is_paged:
        return
    try:
        told = orjson.loads(report)
        is_its_own = told["run"]["tool_version"] != __version__ or render(stored_index(told)) == data
    except (AttributeError, LookupError, TypeError, ValueError):
        is_its_own = False
    if not is_its_own:
        result.notes.append(f"{key}: differs from the latest report; rely on the reports only")
