"""Checks the chain of a project's changes without trusting it: every digest, every object, and what nobody lists."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

from audit import __version__
from audit.errors import AuditError, ChainError
from audit.evidence.chain import Digest, PublicKey, folder_of
from audit.evidence.layout import CHANGES, change_prefix
from audit.evidence.read_forms import LARGEST_ANSWER
from audit.evidence.store import LATEST, InspectedStore, Store
from audit.evidence.stored_runs import find_digest, read_hashed
from audit.evidence.verify import LastGood, Verification, verify
from audit.evidence.verify.digests import check_chain, read_digests
from audit.evidence.verify.pointer import check_pointer, read_pointer
from audit.evidence.verify.result import Found
from audit.report.wording import count
from audit.unpacking import unpacked
from audit.watch.change_forms import ChangeReport
from audit.watch.change_manifest import ChangeManifest, ChangeNote
from audit.watch.change_store import EVENT, TOLD, UNCONFIRMED, StoredChange, conclusion_of, manifest_of

_NAMED: Final = re.compile(r"[a-z_]+-([0-9a-f]{64})\.json(\.gz)?")
_NOTES: Final = frozenset({TOLD, UNCONFIRMED})
_UNUSABLE: Final = (AuditError, AttributeError, LookupError, TypeError, ValueError)
"""What judging evidence raises that somebody forged and hashed anew."""
_Objects = dict[str, bytes]


def verify_changes(
    store: Store,
    project_id: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    key: PublicKey | None = None,
    last: LastGood | None = None,
) -> Verification:
    """Check the chain of a project's changes; a project without any is one without digests.

    Args:
        store: the store.
        project_id: the project.
        since: the objects of changes that were judged earlier are not read and may be gone; their digests are read.
        until: the objects of later changes are not read.
        key: every digest must be signed with it.
        last: the last good verification; what it covered is not read again.

    Raises:
        StoreError: the store cannot be read.
    """
    result = Verification(f"{project_id}/{CHANGES}", has_key=key is not None)
    if not store.keys(f"{result.scope}/"):
        if last:
            result.fault(last.digest, "it is not there any more, nor is any change")
        return result
    pointer = read_pointer(store, result)
    found = read_digests(store, result, last)
    check_chain(found, key, result)
    unread = [each for each in found if last is None or each.key != last.digest]
    listed = _check_changes(store, unread, since, until, result)
    _check_unlisted(store, listed, found, result)
    if pointer:
        check_pointer(store, pointer, found, result)
    result.digests, result.hashes = len(found), frozenset(each.sha256 for each in found)
    if found:
        result.first, result.head, result.head_sha256 = found[0].digest, found[-1].digest, found[-1].sha256
    return result


def verify_project(  # noqa: PLR0913  # what the command offers
    store: InspectedStore,
    project_id: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    key: PublicKey | None = None,
    expected_head: str | None = None,
    last: LastGood | None = None,
) -> tuple[Verification, Verification]:
    """Check both chains of a project, that of its runs and that of its changes, of which either may be empty.

    Returns:
        What was found of its runs, and of its changes; the faults of both are in one list, and so are the notes.

    Raises:
        StoreError: the store cannot be read.
    """
    of_changes = last.changes if last else None
    changes = verify_changes(store, project_id, since=since, until=until, key=key, last=of_changes)
    head = None if expected_head in changes.hashes else expected_head
    runs = verify(store, project_id, since=since, until=until, key=key, expected_head=head, last=last)
    runs.faults += changes.faults
    runs.notes += changes.notes
    changes.faults, changes.notes = runs.faults, runs.notes
    return runs, changes


def replay_changes(store: Store, result: Verification, judge_again: Callable[[StoredChange], bytes]) -> Iterator[str]:
    """Judge again each change whose objects are as published, note in the result what differs, and yield its id.

    Args:
        store: the store.
        result: what was verified.
        judge_again: judges a change by its evidence, and returns its report.

    Raises:
        StoreError: the digests of the runs that changes were compared with cannot be read.
    """
    result.replayed = 0
    for digest in result.runs:
        change = StoredChange(store, digest.scope.removesuffix(f"/{CHANGES}"), digest.run, digest)
        try:
            stored, again = change.report(), judge_again(change)
        except _UNUSABLE as error:
            if _lost_what_it_was_compared_with(store, change):
                result.notes.append(f"{change.prefix}: the change was not judged again: {error}")
            else:
                result.fault(change.prefix, f"the change cannot be judged again: {error}")
        else:
            if again == stored.dump():
                result.replayed += 1
            elif stored.tool_version != __version__:
                result.others += 1
            else:
                result.fault(change.prefix, "judged again, the change comes to another report")
        yield digest.run


def _lost_what_it_was_compared_with(store: Store, change: StoredChange) -> bool:
    """Whether the run is gone whose report a change was compared with, as the retention may want it."""
    compared = change.report().compared_with
    with suppress(ChainError):
        digest = find_digest(store, change.project_id, compared.run) if compared else None
        return digest is not None and store.read(digest.manifest.object) is None
    return False


def _check_changes(
    store: Store, found: Iterable[Found], since: datetime | None, until: datetime | None, result: Verification
) -> set[str]:
    """Check every change once, however many digests commit it; return the keys of all objects that belong to one."""
    listed: set[str] = set()
    checked: dict[str, str] = {}
    gone = 0
    for each in found:
        link, digest = each.digest.manifest, each.digest
        if known := checked.get(digest.run):
            if known != link.sha256:
                result.fault(each.key, "another digest commits another verdict on the same trace")
            continue
        checked[digest.run] = link.sha256
        is_early = since is not None and digest.until < since
        if is_early and not store.keys(each.prefix):
            gone += 1
            continue
        faults = len(result.faults)
        is_asked = not is_early and (until is None or digest.until <= until)
        listed |= _check_change(store, each, is_asked=is_asked, result=result)
        if is_asked and len(result.faults) == faults:
            result.runs.append(digest)
    if gone:
        result.unread += gone
        result.notes.append(f"{count(gone, 'change')} before the given time removed; the digests are still there")
    return listed


def _check_change(store: Store, each: Found, *, is_asked: bool, result: Verification) -> set[str]:
    """Check the manifest of a change and every object that it lists; return their keys."""
    link = each.digest.manifest
    try:
        manifest = manifest_of(store, each.digest)
    except ChainError as error:
        result.fault(link.object, str(error).removeprefix(f"{link.object} "))
        return {link.object, *store.keys(each.prefix)}
    result.objects += 1
    result.size += len(manifest.dump())
    result.unread += not is_asked
    if link.object != f"{change_prefix(result.scope, each.digest.run)}/manifest.json" or not _agrees(
        each.digest, manifest
    ):
        result.fault(link.object, "the manifest says something else of the change than its digest")
    objects: _Objects = {}
    for listed in manifest.objects if is_asked else ():
        data = read_hashed(store, f"{each.prefix}{listed.name}", listed.sha256)
        if data is None or len(data) != listed.size:
            result.fault(f"{each.prefix}{listed.name}", "the object is missing or was changed")
            continue
        result.objects += 1
        result.size += len(data)
        objects[listed.name] = data
    if len(objects) == len(manifest.objects):
        for name, problem in _contradictions(manifest, objects):
            result.fault(f"{each.prefix}{name}", problem)
    return {link.object, *(f"{each.prefix}{listed.name}" for listed in manifest.objects)}


def _agrees(digest: Digest, manifest: ChangeManifest) -> bool:
    said = (manifest.trace, f"{manifest.project_id}/{CHANGES}", manifest.judged_at)
    ended = (manifest.conclusion, manifest.complete)
    return said == (digest.run, digest.scope, digest.until) and ended == (digest.conclusion, digest.complete)


def _contradictions(manifest: ChangeManifest, objects: _Objects) -> Iterator[tuple[str, str]]:
    """Yield, by the names of objects, where they contradict the manifest or each other."""
    if missing := {EVENT, manifest.report, manifest.profile, *(page.name for page in manifest.pages)} - objects.keys():
        yield "manifest.json", f"the manifest does not list {', '.join(sorted(missing))}"
        return
    for name, data in objects.items():
        if name != EVENT and not _is_named_by_its_hash(name, data):
            yield name, "its name is not its hash"
    for page in manifest.pages:
        if _response_in(objects[page.name]) != (page.size, page.sha256):
            yield page.name, "the response inside is not the one that the manifest names"
    try:
        report = ChangeReport.load(objects[manifest.report], manifest.report)
    except ChainError as error:
        yield manifest.report, str(error)
        return
    told = (report.trace.id, report.project_id, report.judged_at, conclusion_of(report), not report.doubts)
    stated = (manifest.trace, manifest.project_id, manifest.judged_at, manifest.conclusion, manifest.complete)
    if told != stated:
        yield manifest.report, "the report says something else than the manifest"
    if report.profile_sha256 != hashlib.sha256(objects[manifest.profile]).hexdigest():
        yield manifest.profile, "it is not the profile that the report names"


def _is_named_by_its_hash(name: str, data: bytes) -> bool:
    named = _NAMED.fullmatch(name)
    return named is not None and named[1] == hashlib.sha256(data).hexdigest()


def _response_in(data: bytes) -> tuple[int, str]:
    try:
        body = unpacked(data, LARGEST_ANSWER)
    except ValueError:
        return 0, ""
    return len(body), hashlib.sha256(body).hexdigest()


def _check_unlisted(store: Store, listed: set[str], found: Iterable[Found], result: Verification) -> None:
    """Check that every object below the changes is listed, or belongs to a trace that nothing confirmed."""
    committed, digests = {each.prefix for each in found}, folder_of(result.scope)
    begun: set[str] = set()
    unneeded = Counter[str]()
    for key in store.keys(f"{result.scope}/"):
        trace, _, name = key.removeprefix(f"{result.scope}/").partition("/")
        prefix = f"{change_prefix(result.scope, trace)}/"
        if key in listed or key.startswith(digests) or prefix in result.passed_over or (trace, name) == (LATEST, ""):
            continue
        if name and prefix not in committed:
            begun.add(trace)
        elif name in _NOTES:
            _check_note(store, key, trace, result)
        elif _is_left_over(store, key, name):
            unneeded[trace] += 1
        else:
            result.fault(key, "no manifest lists this object")
    result.notes += [
        f"{result.scope}/{trace}: an event that was not confirmed: Cloud Trace Service did not show the trace, or the "
        "audit of it was interrupted"
        for trace in sorted(begun)
    ]
    result.notes += [
        f"{result.scope}/{trace}: {count(number, 'object')} of audits of the same event that were interrupted or slower"
        for trace, number in unneeded.items()
    ]


def _is_left_over(store: Store, key: str, name: str) -> bool:
    """Whether an object is what its name says, so that it cannot be taken for another one."""
    named = _NAMED.fullmatch(name)
    return named is not None and read_hashed(store, key, named[1]) is not None


def _check_note(store: Store, key: str, trace: str, result: Verification) -> None:
    try:
        if ChangeNote.load(store.read(key) or b"", key).trace != trace:
            result.fault(key, "it is about another trace")
    except ChainError as error:
        result.fault(key, str(error).removeprefix(f"{key} "))
