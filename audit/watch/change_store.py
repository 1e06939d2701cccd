"""The folder of a change, named after its trace: the event first, then what the cloud answered, at last the verdict.

An event may come twice, and its invocations may overlap or be killed. So every object but three is named by its hash,
and whoever first creates the manifest decides which of them count. What the others wrote stays, and counts for nothing.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from audit.collection import Page
from audit.errors import ChainError, StoreError
from audit.evidence.chain import (
    Digest,
    DigestKind,
    Envelope,
    Head,
    Link,
    Signer,
    commit,
    create_and_compare,
    create_first,
    digest_key,
    folder_of,
)
from audit.evidence.layout import CHANGES, change_prefix
from audit.evidence.publish import MANIFEST, newest, pointer_to, read_latest
from audit.evidence.read_forms import ListedPage
from audit.evidence.store import LATEST, Store
from audit.evidence.stored_runs import read_hashed, stored_page
from audit.judging.findings import Outcome
from audit.log import REDACTOR
from audit.packing import packed
from audit.report.facts import Conclusion
from audit.watch.change_forms import ChangeReport
from audit.watch.change_manifest import ChangeManifest, ChangeNote, ChangeObject, ChangePage

EVENT: Final = "event.json"
TOLD: Final = "told.json"
UNCONFIRMED: Final = "unconfirmed.json"
_NUMBER: Final = 11  # the digits of a digest's number, and the dash after it
_TOLD_WITHIN: Final = timedelta(minutes=2)  # whoever committed a change has told of it by then, or was killed
_CONCLUSIONS: Final = {Outcome.FAIL: Conclusion.NON_COMPLIANT, Outcome.UNKNOWN: Conclusion.INCOMPLETE}


class StoredChange:
    """What is stored of one trace."""

    def __init__(self, store: Store, project_id: str, trace: str, digest: Digest | None = None) -> None:
        """Store the arguments; nothing is written yet.

        Args:
            store: the store.
            project_id: the project.
            trace: the id of the trace, safe as a part of a key.
            digest: a digest that commits it, if that is known; else all are listed to find it.
        """
        self._store = store
        self._pages: list[ChangePage] = []
        self._objects: dict[str, ChangeObject] = {}
        self._digest = digest
        self.project_id = project_id
        self.trace = trace
        self.scope = f"{project_id}/{CHANGES}"
        self.prefix = change_prefix(self.scope, trace)

    @property
    def url(self) -> str:
        """The address of the folder."""
        return f"{self._store.url}/{self.prefix}"

    def begin(self, event: bytes) -> bool:
        """Store the event that told of the trace, before anything else; return False if one is there already.

        Raises:
            StoreError: writing failed.
        """
        if self._store.read(self._key(EVENT)) is not None:
            return False
        return create_first(self._store, self._key(EVENT), REDACTOR.data(event))[1]

    def event(self) -> bytes:
        """Read the event.

        Raises:
            StoreError: it is missing, or cannot be read.
        """
        data = self._store.read(self._key(EVENT))
        if data is None:
            raise ChainError(f"{self._key(EVENT)} is missing")
        return data

    def keep(self, page: Page) -> None:
        """Store a response as received, and record its request.

        Raises:
            StoreError: writing failed.
        """
        name = self._put(page.kind, packed(page.body), "json.gz")
        self._pages.append(
            ChangePage(
                name=name,
                kind=page.kind,
                path=page.path,
                params=dict(page.params),
                request_id=page.request_id,
                received_at=page.received_at,
                rows=len(page.rows),
                size=len(page.body),
                sha256=page.sha256,
            )
        )

    def commit(self, report: ChangeReport, profile: bytes, signer: Signer) -> str:
        """Commit the verdict, unless another invocation was faster; return the hash of the digest.

        Which verdict counts, ``report`` then tells.

        Args:
            report: the verdict.
            profile: the profile in canonical form.
            signer: signs the digest.

        Raises:
            SigningError: the digest could not be signed.
            StoreError: writing failed, or what is stored was changed.
        """
        mine = self._manifest(report, profile).dump()
        data, is_first = create_first(self._store, self._key(MANIFEST), mine)
        create_and_compare(self._store, self._key(MANIFEST), data)
        head = newest(self._store, self.scope, self._store.read(f"{self.scope}/{LATEST}"))
        if not is_first and (faster := self._committed()):
            return faster.sha256
        manifest = ChangeManifest.load(data, self._key(MANIFEST))
        link = Link(object=self._key(MANIFEST), sha256=hashlib.sha256(data).hexdigest())
        digest = self._next(head, manifest, link, signer)
        try:
            sha256 = commit(self._store, digest, signer)
        except StoreError:  # a key in KMS signs the same differently each time
            if faster := self._committed():
                return faster.sha256
            raise
        self._digest = digest
        self._point(digest, sha256)
        return sha256

    @property
    def is_committed(self) -> bool:
        """Whether a digest commits a verdict.

        Raises:
            StoreError: the store cannot be read, or the digest was changed.
        """
        return self._store.read(self._key(MANIFEST)) is not None and self.digest() is not None

    def digest(self) -> Digest | None:
        """Read the digest that commits the verdict, the first one if there are several; None if there is none.

        Raises:
            StoreError: the store cannot be read, or the digest was changed.
        """
        if self._digest is None and (link := self._committed()):
            self._digest = Digest.open(Envelope.load(self._store.read(link.object) or b""))
        return self._digest

    def manifest(self) -> ChangeManifest:
        """Read the manifest.

        Raises:
            StoreError: there is no verdict, or it was changed.
        """
        digest = self.digest()
        if digest is None:
            raise StoreError(f"{self.url} has no verdict yet")
        return manifest_of(self._store, digest)

    def report(self) -> ChangeReport:
        """Read the verdict that counts.

        Raises:
            StoreError: there is none, or it was changed.
        """
        name, data = self._listed("report")
        return ChangeReport.load(data, name)

    def profile(self) -> bytes:
        """Read the profile that judged, in canonical form.

        Raises:
            StoreError: there is no verdict, or it was changed.
        """
        return self._listed("profile")[1]

    def pages(self) -> Iterator[Page]:
        """Read the responses that the verdict rests on, in order.

        Raises:
            StoreError: one is missing or was changed.
        """
        for each in self.manifest().pages:
            page = None
            with suppress(ValueError):  # a request for a time that is none
                page = stored_page(self._store, self.prefix, _as_of_a_run(each))
            if page is None:
                raise ChainError(f"{self._key(each.name)} is missing or was changed")
            yield page

    @property
    def was_told(self) -> bool:
        """Whether people were told of the verdict."""
        return self._store.read(self._key(TOLD)) is not None

    def mark_told(self, now: datetime) -> None:
        """Note that they were.

        Raises:
            StoreError: writing failed.
        """
        self._note(TOLD, now)

    @property
    def was_told_unconfirmed(self) -> bool:
        """Whether people were told of the event because nothing confirmed it."""
        return self._store.read(self._key(UNCONFIRMED)) is not None

    def mark_told_unconfirmed(self, now: datetime) -> None:
        """Note that they were.

        Raises:
            StoreError: writing failed.
        """
        self._note(UNCONFIRMED, now)

    def is_due_to_be_told(self, now: datetime) -> bool:
        """Whether people should have been told of the verdict by now, and were not.

        Raises:
            StoreError: the store cannot be read, or the digest was changed.
        """
        digest = self.digest()
        if digest is None or digest.conclusion == Conclusion.COMPLIANT:
            return False
        return digest.until + _TOLD_WITHIN <= now and not self.was_told

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}"

    def _put(self, name: str, data: bytes, ending: str) -> str:
        """Write an object that is named by its hash, and return the name."""
        sha256 = hashlib.sha256(data).hexdigest()
        listed = ChangeObject(name=f"{name}-{sha256}.{ending}", size=len(data), sha256=sha256)
        self._store.create(self._key(listed.name), data)
        self._objects[listed.name] = listed
        return listed.name

    def _manifest(self, report: ChangeReport, profile: bytes) -> ChangeManifest:
        event = self.event()
        written = {"change": report.dump(), "profile": profile}
        names = [self._put(name, REDACTOR.data(data), "json") for name, data in written.items()]
        listed = ChangeObject(name=EVENT, size=len(event), sha256=hashlib.sha256(event).hexdigest())
        return ChangeManifest(
            project_id=self.project_id,
            trace=self.trace,
            judged_at=report.judged_at,
            conclusion=conclusion_of(report),
            complete=not report.doubts,
            report=names[0],
            profile=names[1],
            pages=tuple(self._pages),
            objects=(listed, *(self._objects[name] for name in sorted(self._objects))),
        )

    def _committed(self) -> Link | None:
        """Find the first digest of the trace; the name of another one may end with its id."""
        folder = folder_of(self.scope)
        for key in self._store.keys(folder):
            if key.removeprefix(folder)[_NUMBER:] == f"{self.trace}.json":
                data = self._store.read(key) or b""
                return Link(object=key, sha256=hashlib.sha256(data).hexdigest())
        return None

    def _next(self, head: Head | None, manifest: ChangeManifest, link: Link, signer: Signer) -> Digest:
        seq, second = head.seq + 1 if head else 1, int(manifest.judged_at.timestamp())
        return Digest(
            scope=self.scope,
            seq=seq,
            kind=DigestKind.NORMAL,
            run=self.trace,
            digest_object=digest_key(self.scope, seq, self.trace),
            digest_start_time=second,
            digest_end_time=second,
            conclusion=manifest.conclusion.value,
            complete=manifest.complete,
            manifest=link,
            previous=head.link if head else None,
            siblings=head.siblings if head else (),
            key_id=signer.key_id,
            algorithm=signer.algorithm,
        )

    def _point(self, digest: Digest, sha256: str) -> None:
        """Point to the digest, from which the next one looks for the head, unless a later one has been pointed to."""
        latest = None
        with suppress(StoreError):
            latest = read_latest(self._store, self.scope)
        if latest and latest.digest > digest.digest_object and self._store.read(latest.digest) is not None:
            return
        pointer = pointer_to(digest, sha256, digest.until, datetime.now(UTC))
        self._store.replace(f"{self.scope}/{LATEST}", pointer)

    def _listed(self, field: str) -> tuple[str, bytes]:
        """Read an object that the manifest names, with its key."""
        manifest = self.manifest()
        name = getattr(manifest, field)
        data = read_hashed(self._store, self._key(name), manifest.hash_of(name))
        if data is None:
            raise ChainError(f"{self._key(name)} is missing or was changed")
        return self._key(name), data

    def _note(self, name: str, now: datetime) -> None:
        create_first(self._store, self._key(name), ChangeNote(trace=self.trace, told_at=now).dump())


def conclusion_of(report: ChangeReport) -> Conclusion:
    """Say with the word of a run what a verdict comes to."""
    return _CONCLUSIONS.get(report.outcome, Conclusion.COMPLIANT)


def manifest_of(store: Store, digest: Digest) -> ChangeManifest:
    """Read the manifest that a digest commits.

    Raises:
        ChainError: it is missing, was changed, or has no known form.
    """
    data = read_hashed(store, digest.manifest.object, digest.manifest.sha256)
    if data is None:
        raise ChainError(f"{digest.manifest.object} is missing or was changed")
    return ChangeManifest.load(data, digest.manifest.object)


def _as_of_a_run(page: ChangePage) -> ListedPage:
    return ListedPage(**{name: getattr(page, name) for name in ChangePage.model_fields})
