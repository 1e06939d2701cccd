"""Checks the two objects that move: the pointer to the latest run, and the page of recent runs.

They are for convenience and prove nothing, but must agree with the chain.
"""

from collections.abc import Sequence

import orjson

from audit import __version__
from audit.errors import ChainError
from audit.evidence.chain import Digest
from audit.evidence.layout import is_of_changes
from audit.evidence.publish import REPORT
from audit.evidence.read_forms import Pointer, read_form
from audit.evidence.store import LATEST, Store
from audit.evidence.stored_runs import moves_pointer, prefix_of, read_listed, read_manifest
from audit.evidence.verify.result import Found, Verification
from audit.report import INDEX, PAGE
from audit.report.index_page import render, stored_index


def read_pointer(store: Store, result: Verification) -> Pointer | None:
    """Read the pointer; to be called before the digests are read, because an audit that ends meanwhile moves it."""
    key = f"{result.scope}/{LATEST}"
    try:
        data = store.read(key)
        if data is not None:
            return read_form(data, key, Pointer)
        result.notes.append(f"{key}: the pointer to the latest run is missing; the next run writes it again")
    except ChainError as error:
        result.fault(key, f"the pointer to the latest run {str(error).removeprefix(f'{key} ')}")
    return None


def check_pointer(store: Store, pointer: Pointer, found: Sequence[Found], result: Verification) -> None:
    """Check that the pointer leads to the latest run, and that the page shows the runs up to it.

    That of changes may lag: whoever overlapped with a later one put it back, and the next one goes on from there.
    """
    key = f"{result.scope}/{LATEST}"
    named = next((each for each in found if _leads_to(pointer, each)), None)
    newer = [each for each in found if named is None or each.digest.seq > named.digest.seq]  # equal ones overlapped
    if named is None and not _is_passed_over(pointer, found, result):
        result.fault(key, "the pointer to the latest run leads to no run of the chain")
    elif is_of_changes(result.scope):
        return
    elif later := [each for each in newer if moves_pointer(each.digest, pointer.as_of)]:
        _check_lag(store, pointer, later, found[-1], result)
    elif named and _is_page_of(store, named.digest, result) is False:
        result.notes.append(f"{result.scope}/{INDEX}: differs from the latest report; rely on the reports only")


def _is_passed_over(pointer: Pointer, found: Sequence[Found], result: Verification) -> bool:
    """Whether it names a run before the one that the last good verification ended with."""
    return f"{pointer.prefix}/" in result.passed_over and pointer.digest not in {each.key for each in found}


def _leads_to(pointer: Pointer, each: Found) -> bool:
    digest = each.digest
    hashes = (pointer.digest_sha256, pointer.manifest_sha256) == (each.sha256, digest.manifest.sha256)
    places = (pointer.digest, pointer.prefix) == (each.key, prefix_of(digest))
    told = (pointer.run, pointer.as_of, pointer.conclusion) == (digest.run, digest.until, digest.conclusion)
    return hashes and places and told


def _check_lag(store: Store, pointer: Pointer, later: Sequence[Found], head: Found, result: Verification) -> None:
    """One run may have been interrupted before it moved the pointer, and then it did not write the page either."""
    key, newest = f"{result.scope}/{LATEST}", later[-1].digest
    told = f"the pointer names {pointer.run}, although {newest.run} is newer: "
    if later[0].digest.seq == head.digest.seq and not _is_page_of(store, newest, result):
        result.notes.append(f"{key}: {told}that run was interrupted before it moved the pointer, or it was put back")
    else:
        result.fault(key, f"{told}it was put back")


def _is_page_of(store: Store, digest: Digest, result: Verification) -> bool | None:
    """Whether the page of recent runs is that of a run; None if that cannot be told."""
    key, manifest = f"{digest.scope}/{INDEX}", read_manifest(store, digest)
    try:
        data = store.read(key)
    except ChainError as error:
        result.fault(key, str(error))
        return None
    report = read_listed(store, manifest, prefix_of(digest), REPORT) if manifest and manifest.sha256_of(PAGE) else None
    if data is None or report is None:
        return None
    try:
        told = orjson.loads(report)
        return None if told["run"]["tool_version"] != __version__ else render(stored_index(told)) == data
    except (AttributeError, LookupError, TypeError, ValueError):
        return False
