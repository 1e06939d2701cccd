"""Checks a store without trusting it: every digest, every link, every object, and objects that no manifest lists.

It reads only the store, and one thing from outside if given: the public key, or the hash of the newest digest that
someone noted elsewhere.
"""

import gzip
import hashlib
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from audit import __version__
from audit.errors import ChainError
from audit.evidence.chain import Digest, Envelope, Link, PublicKey, folder_of
from audit.evidence.publish import MANIFEST, REPORT
from audit.evidence.store import LATEST, Store
from audit.evidence.stored_runs import prefix_of, read_listed, read_manifest
from audit.report import INDEX, PAGE
from audit.report.index_page import render, stored_index
from audit.timestamps import shown

_NUMBERED: Final = re.compile(r"([0-9]{10})-(.+)\.json")
_RUN_FOLDER: Final = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}/[^/]+/")
_MOVING: Final = frozenset({LATEST, INDEX})


@dataclass(frozen=True, slots=True)
class Fault:
    """An object that differs from what was published, and what is wrong with it."""

    object: str
    problem: str


@dataclass(slots=True)
class Verification:
    """What was checked, and the result.

    Attributes:
        head: the newest digest and its hash, or None if there is none.
        signed: the number of digests whose signature was checked.
        unchecked: the number of signed digests that were not checked, because no key was given.
        unread: the number of runs whose objects were not read: they are outside of the given time, or were removed.
        notes: what is not a fault but worth knowing.
    """

    scope: str
    digests: int = 0
    objects: int = 0
    size: int = 0
    signed: int = 0
    unchecked: int = 0
    unread: int = 0
    first: Digest | None = None
    head: Digest | None = None
    head_sha256: str = ""
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    key: str
    sha256: str
    envelope: Envelope
    digest: Digest


def verify(
    store: Store,
    scope: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    key: PublicKey | None = None,
    expected_head: str | None = None,
) -> Verification:
    """Check the chain of one project.

    Args:
        store: the store.
        scope: the project.
        since: the objects of runs whose window ended earlier are not read and may be gone; their digests are read.
        until: the objects of later runs are not read.
        key: every digest must be signed with it.
        expected_head: the hash of a newest digest that was noted elsewhere.

    Raises:
        StoreError: the store cannot be read.
    """
    return _Verifier(store, scope, key).run(since, until, expected_head)


class _Verifier:
    def __init__(self, store: Store, scope: str, key: PublicKey | None) -> None:
        self._store = store
        self._key = key
        self._scope = scope
        self._result = Verification(scope)
        self._published: dict[tuple[str, str], _Found] = {}
        self._gone = 0

    def run(self, since: datetime | None, until: datetime | None, expected_head: str | None) -> Verification:
        found = [digest for key in self._store.keys(folder_of(self._scope)) if (digest := self._digest(key))]
        found.sort(key=lambda each: (each.digest.seq, each.key))
        self._check_numbers(found)
        self._check_links(found)
        for each in found:
            self._check_signature(each)
        self._published = {(each.digest.run, each.digest.manifest.object): each for each in found}
        listed: set[str] = set()
        for each in found:
            is_early = since is not None and each.digest.until < since
            is_asked = not is_early and (until is None or each.digest.until <= until)
            listed |= self._check_run(each, is_asked=is_asked, may_be_gone=is_early)
        self._check_strays(listed, found)
        self._check_pointer(found)
        self._conclude(found, expected_head)
        return self._result

    def _fault(self, key: str, problem: str) -> None:
        self._result.faults.append(Fault(key, problem))

    def _digest(self, key: str) -> _Found | None:
        """Read one digest, and check it against its key."""
        data = self._store.read(key) or b""
        self._result.size += len(data)
        try:
            envelope = Envelope.load(data)
            digest = Digest.open(envelope)
        except ChainError as error:
            self._fault(key, str(error))
            return None
        numbered = _NUMBERED.fullmatch(key.removeprefix(folder_of(self._scope)))
        if numbered is None or digest.digest_object != key or digest.scope != self._scope:
            self._fault(key, "the digest is stored under the wrong key")
            return None
        if (int(numbered[1]), numbered[2]) != (digest.seq, digest.run):
            self._fault(key, "the number or run of the digest differs from its name")
            return None
        return _Found(key, hashlib.sha256(data).hexdigest(), envelope, digest)

    def _check_numbers(self, found: list[_Found]) -> None:
        """Check for missing numbers, and for forks that no later digest records."""
        numbers = Counter(each.digest.seq for each in found)
        for number in range(1, max(numbers, default=0) + 1):
            if number not in numbers:
                self._fault(f"{folder_of(self._scope)}{number:010d}-…", "a digest is missing")
        recorded = {link.object for each in found for link in each.digest.siblings}
        for each in found:
            if numbers[each.digest.seq] > 1:
                self._note_fork(each, is_recorded=each.key in recorded, found=found)

    def _note_fork(self, each: _Found, *, is_recorded: bool, found: Iterable[_Found]) -> None:
        followed = {other.digest.previous.object for other in found if other.digest.previous}
        rivals = [other for other in found if other.digest.seq == each.digest.seq and other.key in followed]
        if is_recorded:
            self._result.notes.append(
                f"{each.key}: this run and another followed the same digest; a later digest records that"
            )
        elif each.key in followed and len(rivals) > 1:
            self._result.notes.append(f"{each.key}: a fork: several runs with this number were followed")
        elif each.key not in followed:
            self._fault(each.key, "a fork: another digest has the same number, and no later one records this one")

    def _check_links(self, found: list[_Found]) -> None:
        by_key = {each.key: each for each in found}
        for each in found:
            for link in (each.digest.previous, *each.digest.siblings):
                if link is not None:
                    self._check_link(each, link, by_key)
            if (each.digest.previous is None) != (each.digest.seq == 1):
                self._fault(each.key, "only the first digest may have no previous one")

    def _check_link(self, each: _Found, link: Link, by_key: Mapping[str, _Found]) -> None:
        before = by_key.get(link.object)
        if before is None:
            self._fault(link.object, f"{each.key} names this digest, but it is missing or damaged")
        elif (before.sha256, before.envelope.signature) != (link.sha256, link.signature):
            self._fault(link.object, f"this digest is not the one that {each.key} names")
        elif before.digest.seq != each.digest.seq - 1:
            self._fault(each.key, "its number does not follow that of the previous digest")

    def _check_signature(self, each: _Found) -> None:
        signatures = each.envelope.signatures
        if self._key is None:
            if each.digest.key_id and not signatures:
                self._fault(each.key, "the digest says that it is signed, but it is not")
            self._result.unchecked += bool(signatures)
            return
        if len(signatures) != 1:
            self._fault(each.key, "the digest is not signed" if not signatures else "the digest has several signatures")
            return
        if not each.digest.key_id == signatures[0].key_id == self._key.fingerprint:
            self._fault(each.key, f"signed with another key: {signatures[0].key_id}")
            return
        try:
            self._key.check(each.envelope.signed, signatures[0].value)
            self._result.signed += 1
        except ChainError as error:
            self._fault(each.key, str(error))

    def _check_run(self, each: _Found, *, is_asked: bool, may_be_gone: bool) -> set[str]:
        """Check the manifest of a run and every object that it lists; return their keys."""
        link = each.digest.manifest
        prefix = link.object.removesuffix(MANIFEST)
        data = self._store.read(link.object)
        if data is None and may_be_gone and _RUN_FOLDER.fullmatch(prefix.removeprefix(f"{self._scope}/")):
            self._gone += 1
            self._result.unread += 1
            left = set(self._store.keys(prefix))
            if left:
                trouble = (
                    f"its manifest was removed, and {len(left):,} objects are left that nothing can be checked against"
                )
                self._result.notes.append(f"{prefix}: {trouble}")
            return left
        if data is None or hashlib.sha256(data).hexdigest() != link.sha256:
            state = "is missing" if data is None else "was changed"
            self._fault(link.object, f"the manifest {state}; {each.key} names it")
            return {link.object} | set(self._store.keys(prefix) if prefix else ())
        self._result.objects += 1
        self._result.size += len(data)
        self._result.unread += not is_asked
        try:
            manifest = orjson.loads(data)
            self._check_origin(each, manifest["origin"])
            self._result.notes += [f"{link.object}: {note}" for note in manifest["run"]["previous"]["notes"]]
            return {link.object} | self._check_objects(manifest, prefix, is_asked=is_asked)
        except (orjson.JSONDecodeError, LookupError, TypeError):
            self._fault(link.object, "the manifest has an unknown format")
            return {link.object}

    def _check_origin(self, each: _Found, origin: Mapping[str, str] | None) -> None:
        """Check that the run that a manifest continues is an earlier one of the chain."""
        if origin is None:
            return
        named = self._published.get((origin["run"], f"{origin['prefix']}/{MANIFEST}"))
        if (
            named is None
            or named.digest.seq >= each.digest.seq
            or named.digest.manifest.sha256 != origin["manifest_sha256"]
        ):
            self._fault(each.digest.manifest.object, f"it continues a run that is not in the chain: {origin['run']}")

    def _check_objects(self, manifest: Mapping[str, Any], prefix: str, *, is_asked: bool) -> set[str]:
        """Check the objects that a manifest lists; return their keys."""
        pages = defaultdict(list)
        for page in manifest["pages"]:
            pages[page["name"]].append(page["sha256"])
        for item in manifest["objects"] if is_asked else ():
            self._check_object(f"{prefix}{item['name']}", item, pages.get(item["name"], ()))
        return {f"{prefix}{item['name']}" for item in manifest["objects"]}

    def _check_object(self, key: str, item: Mapping[str, Any], bodies: Iterable[str]) -> None:
        data = self._store.read(key)
        if data is None:
            self._fault(key, "the object is missing")
            return
        self._result.objects += 1
        self._result.size += len(data)
        if (len(data), hashlib.sha256(data).hexdigest()) != (item["size"], item["sha256"]):
            self._fault(key, "the object was changed")
            return
        if any(body != _body_hash(data) for body in bodies):
            self._fault(key, "the response inside is not the one that the manifest names")

    def _check_strays(self, listed: set[str], found: Iterable[_Found]) -> None:
        """Check for objects that no manifest lists; those of an interrupted run prove nothing and do no harm."""
        committed = {each.digest.manifest.object.removesuffix(MANIFEST) for each in found}
        broken_off: set[str] = set()
        digests = folder_of(self._scope)
        for key in self._store.keys(f"{self._scope}/"):
            name = key.removeprefix(f"{self._scope}/")
            if key in listed or key.startswith(digests) or name in _MOVING:
                continue
            folder = _RUN_FOLDER.match(name)
            if folder and f"{self._scope}/{folder[0]}" not in committed:
                broken_off.add(folder[0].rstrip("/"))
            else:
                self._fault(key, "no manifest lists this object")
        self._result.notes += [
            f"{folder}: a run without a digest: it was interrupted and does not count" for folder in sorted(broken_off)
        ]

    def _check_pointer(self, found: Iterable[_Found]) -> None:
        """Check that the pointer leads to an existing run; it is for convenience and proves nothing."""
        key = f"{self._scope}/{LATEST}"
        data = self._store.read(key)
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
            self._fault(key, "the pointer to the latest run leads to no run of the chain")
        else:
            self._check_index(digest)

    def _check_index(self, digest: Digest) -> None:
        """Check the page of recent runs; it proves nothing either, but must agree with the report.

        A run that was interrupted between pointer and page leaves an older page, so a difference is not a fault.
        """
        key = f"{self._scope}/{INDEX}"
        data, manifest = self._store.read(key), read_manifest(self._store, digest)
        prefix = prefix_of(digest)
        report = read_listed(self._store, manifest, prefix, REPORT) if manifest else None
        is_paged = manifest is not None and any(item["name"] == PAGE for item in manifest["objects"])
        if data is None or report is None or not is_paged:
            return
        try:
            told = orjson.loads(report)
            is_its_own = told["run"]["tool_version"] != __version__ or render(stored_index(told)) == data
        except (AttributeError, LookupError, TypeError, ValueError):
            is_its_own = False
        if not is_its_own:
            self._result.notes.append(f"{key}: differs from the latest report; rely on the reports only")

    def _conclude(self, found: list[_Found], expected_head: str | None) -> None:
        result = self._result
        result.digests = len(found)
        if self._gone:
            result.notes.append(
                f"{self._gone:,} runs before the given time were removed; their digests are still there"
            )
        if found:
            result.first, result.head, result.head_sha256 = found[0].digest, found[-1].digest, found[-1].sha256
        if expected_head is not None and expected_head not in {each.sha256 for each in found}:
            self._fault(
                folder_of(self._scope), f"the digest {expected_head} is not there: the end was cut off or changed"
            )


def proven(result: Verification) -> Iterator[str]:
    """Yield in plain words what was proven."""
    if result.faults or result.first is None or result.head is None:
        return
    if result.digests == 1:
        yield f"There is one digest, of the window that ended {shown(result.head.until)}."
    else:
        yield (
            f"{result.digests:,} digests follow each other without a gap, from the window that ended "
            f"{shown(result.first.until)} to the one that ended {shown(result.head.until)}."
        )
    rest = f"the objects of {result.unread:,} runs were not read" if result.unread else "there are no others"
    yield f"{result.objects:,} objects are as published ({result.size:,} bytes read), and {rest}."
    if result.signed:
        yield "Every digest was signed with the given key."


def unproven(result: Verification, *, has_anchor: bool) -> Iterator[str]:
    """Yield in plain words what this check cannot show."""
    yield "That CBR told the truth: the audit only shows what the cloud answered."
    if not has_anchor:
        yield (
            "That nothing was cut off at the end: compare the head with one that was noted elsewhere "
            "(--expect-head), for example in the function's log or in a notification."
        )
    if result.unchecked:
        yield "Who wrote it: the digests are signed, but no key was given (--public-key)."
    elif not result.signed:
        yield "Who wrote it: the digests are not signed, so anyone who can write to the store could replace them."
    yield "Anything written after the signing key was stolen."


def _body_hash(data: bytes) -> str:
    try:
        return hashlib.sha256(gzip.decompress(data)).hexdigest()
    except (OSError, EOFError, zlib.error):
        return ""
