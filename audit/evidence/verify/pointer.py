"""Checks the two objects that move: the pointer to the latest run, and the page of recent runs.

They are for convenience and prove nothing, but must agree with the chain.
"""

from collections.abc import Iterable

import orjson

from audit import __version__
from audit.errors import ChainError
from audit.evidence.chain import Digest
from audit.evidence.publish import REPORT
from audit.evidence.read_forms import Pointer, read_form
from audit.evidence.store import LATEST, Store
from audit.evidence.stored_runs import prefix_of, read_listed, read_manifest
from audit.evidence.verify.result import Found, Verification
from audit.report import INDEX, PAGE
from audit.report.index_page import render, stored_index


def check_pointer(store: Store, found: Iterable[Found], result: Verification) -> None:
    """Check that the pointer leads to an existing run, and that the page shows the runs up to it."""
    key = f"{result.scope}/{LATEST}"
    try:
        data = store.read(key)
        if data is None:
            return
        pointer = read_form(data, key, Pointer)
    except ChainError as error:
        result.fault(key, f"the pointer to the latest run {str(error).removeprefix(f'{key} ')}")
        return
    runs = {(each.key, each.sha256, each.digest.manifest.sha256): each.digest for each in found}
    digest = runs.get((pointer.digest, pointer.digest_sha256, pointer.manifest_sha256))
    if digest is None:
        result.fault(key, "the pointer to the latest run leads to no run of the chain")
    else:
        _check_index(store, digest, result)


def _check_index(store: Store, digest: Digest, result: Verification) -> None:
    """A run that was interrupted between pointer and page leaves an older page, so a difference is not a fault."""
    key = f"{result.scope}/{INDEX}"
    try:
        data = store.read(key)
    except ChainError as error:
        result.fault(key, str(error))
        return
    manifest = read_manifest(store, digest)
    prefix = prefix_of(digest)
    report = read_listed(store, manifest, prefix, REPORT) if manifest else None
    is_paged = manifest is not None and manifest.sha256_of(PAGE) is not None
    if data is None or report is None or not is_paged:
        return
    try:
        told = orjson.loads(report)
        is_its_own = told["run"]["tool_version"] != __version__ or render(stored_index(told)) == data
    except (AttributeError, LookupError, TypeError, ValueError):
        is_its_own = False
    if not is_its_own:
        result.notes.append(f"{key}: differs from the latest report; rely on the reports only")
