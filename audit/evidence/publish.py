"""Writes a run: every object under the run's own key, the manifest, the digest that commits it, then the pointer."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from isal import isal_zlib
from msgspec import structs

from audit import __version__
from audit.answers.quick.packed_backups import pack, with_packed
from audit.collection import Kind, Page, Window
from audit.errors import ChainError, SigningError, StoreError
from audit.evidence.chain import (
    Digest,
    DigestKind,
    Head,
    Link,
    Signer,
    commit,
    create_and_compare,
    digest_key,
    find_head,
)
from audit.evidence.layout import key_of, shared_folder
from audit.evidence.read_forms import LARGEST_ANSWER, ListedObject, Pointer, read_form
from audit.evidence.store import LATEST, Readable, Store
from audit.evidence.store.buffered_object import Data, held, in_parts
from audit.evidence.store.keys import checked
from audit.evidence.watched import committed
from audit.history import History
from audit.log import REDACTOR
from audit.packing import gzipped
from audit.report import FINDINGS, INDEX
from audit.report.facts import Conclusion, RunFacts
from audit.report.shared_parts import account_part, cloud_part, laid_out, previous_part, reading_part
from audit.timestamps import shown
from audit.unpacking import unpacked

if TYPE_CHECKING:
    from audit.evidence.stored_forms import LatestForm, WatchedForm
    from audit.report.contents import Report

MANIFEST: Final = "manifest.json"
PROFILE: Final = "profile.json"
WATCHED: Final = "watched.json"
REPORT: Final = "report.json"
STORED_FINDINGS: Final = f"{FINDINGS}.gz"
MANIFEST_VERSION: Final = 2
POINTER_VERSION: Final = 1
WATCHED_VERSION: Final = 1
_LEFT: Final = (
    "the evidence and the reports are stored under {url}, but nothing signs for them: this run does not count, and the "
    "next one reads everything again"
)
_LEVEL: Final = 6  # of zlib; findings take a third less than at 1, for 1 ms in 700 findings
_DAY: Final = timedelta(days=1)
_LONG: Final = frozenset({Kind.TASKS, Kind.BACKUPS, Kind.PROTECTABLES, Kind.MEMBERS, Kind.TRACES})
_GZIP: Final = 31  # zlib's value for a window of 32 KB in a gzip file, which has neither name nor time


class Publication:
    """The objects of one run, as they are written."""

    def __init__(
        self,
        store: Store,
        run: RunFacts,
        *,
        head: Head | None,
        signer: Signer,
        answers: Mapping[str, ListedObject] | None = None,
        packed: Mapping[str, ListedObject] | None = None,
    ) -> None:
        """Store the arguments; nothing is written yet.

        Args:
            store: the store to write to.
            run: the run.
            head: the newest digest of the project, which this run follows; None for the first run.
            signer: signs the digest of this run.
            answers: the responses that the previous run stored, by the hash of their bodies.
            packed: the backups of such responses, packed.
        """
        self._store = store
        self._run = run
        self._head = head
        self._signer = signer
        self._objects: list[ListedObject] = []
        self._pages: list[Mapping[str, Any]] = []
        self._known = answers or {}
        self._packed = dict(packed or {})
        self._kept: dict[str, Mapping[str, Any]] = {}  # what the manifest says of a response, by the hash of its body
        self._history: list[str] = []
        self._keys: list[str] = []
        self._shared = shared_folder(datetime.now(UTC))
        self.prefix = f"{run.project_id}/{run.as_of:%Y/%m/%d}/{run.id}"
        self.digest_sha256 = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of everything written so far."""
        return tuple(self._keys)

    @property
    def url(self) -> str:
        """The address of the run."""
        return f"{self._store.url}/{self.prefix}"

    def put(self, name: str, data: bytes | Iterable[bytes]) -> ListedObject:
        """Write one object of the run, with every known secret removed.

        Args:
            name: its name under the run's key.
            data: its bytes, or pieces of them, which are joined in memory, or in a file if they are large.

        Raises:
            StoreError: the name has characters that keys may not have, or writing failed.
        """
        return self._put(name, REDACTOR.data(data) if isinstance(data, bytes) else held(REDACTOR.pieces(data)))

    def put_report(self, name: str, pieces: Iterable[bytes]) -> ListedObject:
        """Write a report, with every known secret removed.

        Raises:
            StoreError: writing failed.
        """
        key, data = as_stored(name, REDACTOR.pieces(pieces))
        return self._put(key, held(data))

    def _put(self, name: str, data: Data) -> ListedObject:
        self._create(name, data)
        stored = ListedObject(name=name, size=len(data), sha256=_sha256(data))
        self._objects.append(stored)
        return stored

    def keep(self, page: Page) -> bool:
        """Record a request with its response, and store that as received, gzipped, unless the previous run did.

        Returns:
            False if the same bytes were recorded before; the manifest then names them again.
        """
        digest = page.sha256
        is_new = digest not in self._kept
        if is_new:
            stored = self._stored_already(page) or self._share(isal_zlib.compress(page.body, 1, _GZIP), "json.gz")
            self._objects.append(stored)
            self._kept[digest] = {"number": len(self._kept) + 1, "name": stored.name, **self._with_backups(page)}
        self._pages.append(
            {
                **self._kept[digest],
                "kind": page.kind,
                "path": page.path,
                "params": dict(page.params),
                "request_id": page.request_id,
                "received_at": shown(page.received_at),
                "rows": len(page.rows),
                "size": len(page.body),
                "sha256": digest,
            }
        )
        return is_new

    def recall(self, page: Page) -> Page | None:
        """Return a response with its backups, if the previous run packed them this month; None if it did not.

        So whatever came is read anew when a month begins. Several threads call this.
        """
        packed, known = self._packed_already(page), None
        with suppress(StoreError, ValueError):
            data = (packed and self._store.read(key_of(self.prefix, packed.name))) or b""
            if packed and _sha256(data) == packed.sha256:
                known = with_packed(page, unpacked(data, LARGEST_ANSWER))
        if packed and known is None:
            self._packed.pop(page.sha256, None)  # what is damaged is written anew
        return known

    def _with_backups(self, page: Page) -> Mapping[str, str]:
        """Name the object that holds the backups of a response, if any does; it is written unless it is there."""
        packed = self._packed_already(page)
        if packed is None and (data := pack(page)) is not None:
            packed = self._share(isal_zlib.compress(data, 1, _GZIP), "backups.gz")
        if packed is None:
            return {}
        self._objects.append(packed)
        return {"backups": packed.name}

    def _packed_already(self, page: Page) -> ListedObject | None:
        packed = self._packed.get(page.sha256)
        return packed if packed and key_of(self.prefix, packed.name) in self._there else None

    def remember(self, history: History, since: datetime, segments: Sequence[ListedObject] = ()) -> None:
        """Write what is new in the history as a segment of it.

        Args:
            history: the tasks, as they were loaded from the segments and went on since.
            since: what was created before and has ended is left out where everything is written anew.
            segments: what the previous run stored its history in; no run goes on with those of an earlier month, or if
                they hold more than it loaded of the time that it judges.
        """
        are_of_this_month = all(each.name.startswith(self._shared) for each in segments)
        kept = [*segments] if are_of_this_month and not history.may_lack(since) else []
        added = history.changes() if kept else history
        if not kept or len(added) or added.rejected:
            kept.append(self._share(held(self._newest_segment(history, since, added, kept)), "history"))
        self._history = [each.name for each in kept]
        self._objects += kept

    def _newest_segment(
        self, history: History, since: datetime, added: History, kept: list[ListedObject]
    ) -> Iterable[bytes]:
        """Write what was added, together with the segments that are no longer kept because they are not much larger.

        So each is at least twice as large as the next: there are few, and a task is seldom written again.
        """
        data, merged = added.dump() if kept else b"", list[ListedObject]()
        size = len(data)
        while kept and 2 * size >= kept[-1].size:
            merged.insert(0, kept.pop())
            size += merged[0].size
        earlier = [self._store.read(key_of(self.prefix, each.name)) or b"" for each in merged if kept]
        if not kept or [_sha256(each) for each in earlier] != [each.sha256 for each in merged]:
            kept.clear()
            return history.pieces(since)
        return History.load(*earlier, data).pieces() if merged else (data,)

    def look_at_watch(self, traces: Collection[str]) -> frozenset[str] | None:
        """Return which of these traces the watch committed, and store that; None if the store does not show it."""
        try:
            watched = frozenset(committed(self._store, self._run.project_id, traces))
        except StoreError:
            return None
        seen: WatchedForm = {"schema_version": WATCHED_VERSION, "traces": sorted(watched)}
        self.put(WATCHED, _json(seen))
        return watched

    def _stored_already(self, page: Page) -> ListedObject | None:
        """Return the object that holds a response if the previous run stored it this month and it is still there.

        Short lists are read again: this run compares with them anyway, and what is damaged is then written anew.
        """
        stored = self._known.get(page.sha256)
        key = key_of(self.prefix, stored.name) if stored else ""
        if stored is None or key not in self._there:
            return None
        is_sound = page.kind in _LONG or _sha256(self._store.read(key) or b"") == stored.sha256
        return stored if is_sound else None

    @cached_property
    def _there(self) -> frozenset[str]:
        """The keys of this month's shared objects.

        One listing takes fewer requests than a look at each object. It is enough: an object has its name only when all
        of its bytes are written, nothing overwrites it, and `verify` finds what others changed.
        """
        return frozenset(self._store.keys(f"{self._run.project_id}/{self._shared}"))

    def _share(self, data: Data, ending: str) -> ListedObject:
        """Write an object that later runs of this month may refer to.

        What somebody damaged keeps its name and shows; the right bytes are written beside it.
        """
        digest = _sha256(data)
        name = f"{self._shared}{digest}.{ending}"
        try:
            self._create(name, data)
        except StoreError:
            if self._store.read(key_of(self.prefix, name)) in (None, data):
                raise
            name = f"{self._shared}{digest}.again.{ending}"
            self._create(name, data)
        return ListedObject(name=name, size=len(data), sha256=digest)

    def note(self, notes: Sequence[str]) -> RunFacts:
        """Add what is wrong with the data of earlier runs, and return the run with it."""
        previous = structs.replace(self._run.previous, notes=(*self._run.previous.notes, *notes))
        self._run = structs.replace(self._run, previous=previous)
        return self._run

    def finish(self, report: "Report", index: Callable[[], bytes] | None = None) -> None:
        """Write the manifest, commit the run with its digest, and point to it.

        The pointer never moves to a what-if or to an earlier time of judgement than that of the latest run.

        Args:
            report: the report of the run.
            index: renders the page of recent runs; None if the profile wants no pages.

        Raises:
            StoreError: writing failed; without its digest, a run does not exist.
            SigningError: the digest could not be signed, and is not written.
        """
        manifest = REDACTOR.data(self._manifest(report))
        key = checked(f"{self.prefix}/{MANIFEST}")
        create_and_compare(self._store, key, manifest)
        digest = self._digest(report, Link(object=key, sha256=_sha256(manifest)))
        try:
            self.digest_sha256 = commit(self._store, digest, self._signer)
        except SigningError as error:
            error.args = (f"{error}; {_LEFT.format(url=self.url)}",)
            raise
        self._keys += [key, digest.digest_object]
        if not self._run.is_what_if:
            self._point(digest, index)

    def _point(self, digest: Digest, index: Callable[[], bytes] | None) -> None:
        now = datetime.now(UTC)
        latest = self._latest()
        if latest is None or min(self._run.as_of, now).replace(microsecond=0) >= latest.place:
            self._move(LATEST, pointer_to(digest, self.digest_sha256, self._run.as_of, now))
            if index is not None:
                self._move(INDEX, REDACTOR.data(index()))

    def _move(self, name: str, data: bytes) -> None:
        """Write one of the two objects that change; all others are written once."""
        key = f"{self._run.project_id}/{name}"
        self._store.replace(key, data)
        self._keys.append(key)

    def _digest(self, report: "Report", manifest: Link) -> Digest:
        run, head = self._run, self._head
        seq = head.seq + 1 if head else 1
        return Digest(
            scope=run.project_id,
            seq=seq,
            kind=self._kind(report),
            run=run.id,
            digest_object=digest_key(run.project_id, seq, run.id),
            digest_start_time=int(run.window.since.timestamp()),
            digest_end_time=int(run.window.until.timestamp()),
            conclusion=report.conclusion.value,
            complete=report.collection.complete,
            manifest=manifest,
            previous=head.link if head else None,
            siblings=head.siblings if head else (),
            key_id=self._signer.key_id,
            algorithm=self._signer.algorithm,
        )

    def _kind(self, report: "Report") -> DigestKind:
        if self._run.is_what_if:
            return DigestKind.WHAT_IF
        if self._run.is_backfill:
            return DigestKind.BACKFILL
        return DigestKind.NORMAL if report.collection.reading(Kind.TASKS).distinct else DigestKind.EMPTY

    def _latest(self) -> Pointer | None:
        """Read the current pointer; a damaged one, or one of the future, must not keep this run from being found."""
        latest = None
        with suppress(StoreError):
            latest = read_latest(self._store, self._run.project_id)
        is_of_the_future = latest is not None and latest.stored_at > datetime.now(UTC) + _DAY
        return None if is_of_the_future else latest

    def _create(self, name: str, data: Data) -> None:
        checked(f"{self.prefix}/{name}")
        key = key_of(self.prefix, name)
        self._store.create(key, data)
        self._keys.append(key)

    def _origin(self) -> Mapping[str, str] | None:
        """Return the link to the run whose history this one continues, so that both can be recomputed."""
        origin = self._run.origin
        return (
            {"run": origin.run, "prefix": origin.prefix, "manifest_sha256": origin.manifest_sha256} if origin else None
        )

    def _manifest(self, report: "Report") -> bytes:
        run = self._run
        return _json(
            {
                "schema_version": MANIFEST_VERSION,
                "tool_version": __version__,
                "run": {
                    "id": run.id,
                    "as_of": shown(run.as_of),
                    "window": _span(run.window),
                    "read": _span(run.read),
                    "project_id": run.project_id,
                    "region": run.region,
                    **cloud_part(run.cloud),
                    **account_part(run.account),
                    "enterprise_project_id": run.enterprise_project_id,
                    "profile_sha256": run.profile_sha256,
                    "what_if": run.is_what_if,
                    "previous": previous_part(run.previous),
                },
                "conclusion": report.conclusion,
                "complete": report.collection.complete,
                "covered": _span(report.collection.covered),
                "rejected": len(report.collection.rejected),
                "origin": self._origin(),
                "history": self._history,
                "readings": [reading_part(reading) for reading in report.collection.readings],
                "pages": self._pages,
                "objects": [
                    {"name": stored.name, "size": stored.size, "sha256": stored.sha256} for stored in self._objects
                ],
            }
        )


def as_stored(name: str, pieces: Iterable[bytes]) -> tuple[str, Iterable[bytes]]:
    """Return a report's name and bytes in the store: what is for machines is gzipped, what people open is not."""
    return (f"{name}.gz", gzipped(pieces, _LEVEL)) if name.endswith(".ndjson") else (name, pieces)


def pointer_to(digest: Digest, digest_sha256: str, as_of: datetime, now: datetime) -> bytes:
    """Write the pointer to the run of a digest."""
    pointer: LatestForm = {
        "schema_version": POINTER_VERSION,
        "run": digest.run,
        "as_of": shown(as_of),
        "stored_at": shown(now),
        "conclusion": Conclusion(digest.conclusion),
        "prefix": digest.manifest.object.removesuffix(f"/{MANIFEST}"),
        "manifest_sha256": digest.manifest.sha256,
        "digest": digest.digest_object,
        "digest_sha256": digest_sha256,
    }
    return _json(pointer)


def newest(store: Store, project_id: str, data: bytes | None) -> Head | None:
    """Find the newest digest of a project.

    Args:
        store: the store.
        project_id: the project.
        data: the pointer to the latest run; if it is missing or damaged, all digests are listed.

    Raises:
        StoreError: the store cannot be read.
    """
    pointer = None
    with suppress(ChainError):
        pointer = read_form(data, LATEST, Pointer).digest if data else None
    return find_head(store, project_id, pointer)


def read_latest(store: Readable, project_id: str) -> Pointer | None:
    """Read the pointer to a project's latest run, or None if there is none.

    Raises:
        StoreError: the pointer is damaged.
    """
    return read_pointer(store, f"{project_id}/{LATEST}")


def read_pointer(store: Readable, key: str) -> Pointer | None:
    """Read a pointer to a run, or None if there is none.

    Raises:
        StoreError: the pointer is damaged.
    """
    data = store.read(key)
    return None if data is None else read_form(data, key, Pointer)


def _json(values: Mapping[str, Any]) -> bytes:
    return b"".join(laid_out(values.items()))


def _span(window: Window | None) -> Mapping[str, str] | None:
    return {"since": shown(window.since), "until": shown(window.until)} if window else None


def sha256_of(parts: Iterable[bytes | memoryview]) -> str:
    """Hash pieces."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _sha256(data: Data) -> str:
    return sha256_of(in_parts(data))
