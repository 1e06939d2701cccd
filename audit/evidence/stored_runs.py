"""A stored run: its manifest, objects and responses as they were written, and the runs before it.

An object that is missing, or whose hash differs from the one recorded for it, is read as None.
"""

from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Final

from audit import __version__
from audit.answers.intake import read_envelope
from audit.collection import ALL_GRANTED, Kind, Page
from audit.errors import ChainError, SourceAnswerError, StoreError
from audit.evidence.chain import Digest, DigestKind, Envelope, Head, Link, find_head, folder_of
from audit.evidence.layout import FLEETS, SHARED, key_of
from audit.evidence.publish import MANIFEST, sha256_of
from audit.evidence.read_forms import ListedObject, ListedPage, Manifest, Pointer, read_form
from audit.evidence.store import LATEST, Readable, Searchable, Store
from audit.history import History
from audit.unpacking import unpacked

MOST_LOOKED_BACK: Final = 30  # runs
MOST_PASSED_OVER: Final = 1000  # runs; a store that several scopes share may hold many more
EARLIER_HISTORY: Final = "history.ndjson.gz"
"""What versions 0.1 and 0.2 called the history."""
_MOST_KEPT: Final = 64


class ReadOnce:
    """A store that reads manifests and digests, which never change, only once while earlier runs are examined.

    Missing objects are not looked for again, either.
    """

    def __init__(self, store: Readable) -> None:
        """Wrap a store; the most recently read objects are kept."""
        self._read = store.read
        self._read_once = lru_cache(_MOST_KEPT)(store.read)

    def read(self, key: str) -> bytes | None:
        """Read an object, or None if there is none."""
        return self._read_once(key) if key.endswith(f"/{MANIFEST}") or "/digest/" in key else self._read(key)


def find_digest(store: Searchable, project_id: str, run_id: str) -> Digest | None:
    """Find the digest of a run, or None if there is none.

    Raises:
        ChainError: it is damaged.
    """
    found = next((key for key in store.keys(folder_of(project_id)) if key.endswith(f"-{run_id}.json")), None)
    return Digest.open(Envelope.load(store.read(found) or b"")) if found else None


def digest_of(store: Store, project_id: str, run_id: str) -> Digest:
    """Find the digest of a run.

    Raises:
        StoreError: there is none, or it is damaged.
    """
    digest = find_digest(store, project_id, run_id)
    if digest is None:
        raise StoreError(
            f"{store.url} holds no run {run_id} of the project {project_id}; `cbr-audit show` names the latest"
        )
    return digest


def latest_run(store: Searchable, project_id: str, pointer: Pointer | None) -> Digest | None:
    """Find the run that the pointer should name: it may be missing, or may have been left or put back at an older run.

    Raises:
        ChainError: the pointer leads to no run of the chain.
    """
    link = Link(object=pointer.digest, sha256=pointer.digest_sha256) if pointer else None
    named = open_digest(store, link) if link else None
    if link and (named is None or named.scope != project_id):
        raise ChainError(
            f"{project_id}/{LATEST} leads to no run of the chain; `cbr-audit verify` says what was changed"
        )
    head = find_head(store, project_id, link.object if link else None)
    for each, digest in islice(going_back(store, latest_links(head) if head else ()), MOST_PASSED_OVER):
        if digest and each != link and (moves_pointer(digest, named.until) if named else not digest.kind.is_beside):
            return digest
        if link and each.object == link.object:
            break
    return named


def moves_pointer(digest: Digest, until: datetime) -> bool:
    """Whether a later run moved the pointer on from the one that it named, which judged a time."""
    return digest.kind != DigestKind.WHAT_IF and digest.until >= until


def read_manifest(store: Readable, digest: Digest) -> Manifest | None:
    """Read the manifest of a run, or None if it differs from the digest's or has an unknown form."""
    with suppress(ChainError):
        return needed_manifest(store, digest)
    return None


def needed_manifest(store: Readable, digest: Digest) -> Manifest:
    """Read the manifest of a run.

    Raises:
        ChainError: it is missing, differs from the digest's, or has an unknown form.
    """
    return read_form(manifest_data(store, digest), digest.manifest.object, Manifest)


def manifest_data(store: Readable, digest: Digest) -> bytes:
    """Read the bytes of a run's manifest.

    Raises:
        ChainError: it is missing or differs from the digest's.
    """
    data = store.read(digest.manifest.object)
    if data is None or sha256_of((data,)) != digest.manifest.sha256:
        state = "is missing" if data is None else "was changed"
        raise ChainError(f"{digest.manifest.object} {state}; `cbr-audit verify` says what else was")
    return data


def projects_of(store: Store, project_id: str | None = None) -> tuple[str, ...]:
    """Return the given project, or else all projects of a store; its fleets are none.

    Raises:
        StoreError: a fleet was given as a project, or the store cannot be read.
    """
    if project_id is None:
        return tuple(project for project in store.projects() if not project.startswith(FLEETS))
    if project_id.startswith(FLEETS):
        fleet = f"--name {project_id.removeprefix(FLEETS)}"
        raise StoreError(
            f"{project_id} is a fleet and no project: use `cbr-audit fleet show {fleet}` or "
            f"`cbr-audit fleet verify {fleet}`"
        )
    return (project_id,)


def prefix_of(digest: Digest) -> str:
    """Return the prefix of a run's objects."""
    return digest.manifest.object.removesuffix(f"/{MANIFEST}")


def read_listed(store: Readable, manifest: Manifest, prefix: str, name: str) -> bytes | None:
    """Read an object of a run, or None if it differs from the one that the manifest lists."""
    sha256 = manifest.sha256_of(name)
    return read_hashed(store, key_of(prefix, name), sha256) if sha256 else None


def read_hashed(store: Readable, key: str, sha256: str) -> bytes | None:
    """Read an object, or None if it is missing, was changed, or is no object."""
    with suppress(ChainError):
        data = store.read(key)
        return data if data is not None and sha256_of((data,)) == sha256 else None
    return None


def history_names(manifest: Manifest) -> tuple[str, ...]:
    """Return the names of the objects that the history of a run consists of."""
    return manifest.history or (EARLIER_HISTORY,)


def read_history(store: Readable, manifest: Manifest, prefix: str) -> History | None:
    """Read the history of a run, or None if an object of it differs from the listed one, or has an unknown form."""
    segments = [read_listed(store, manifest, prefix, name) for name in history_names(manifest)]
    with suppress(ValueError):
        return History.load(*(segment or b"" for segment in segments), since=manifest.run.window.since)
    return None


def lost_history(store: Readable, manifest: Manifest, prefix: str) -> tuple[str, ...]:
    """Return the keys of those objects of a history that are missing or differ from the listed ones."""
    names = history_names(manifest)
    return tuple(key_of(prefix, name) for name in names if read_listed(store, manifest, prefix, name) is None)


def lost_answers(store: Readable, manifest: Manifest, prefix: str, *kinds: Kind) -> tuple[str, ...]:
    """Return the keys of those responses of some lists that are missing or differ from the listed ones."""
    pages = different_answers(manifest, *kinds)
    return tuple(key_of(prefix, page.name) for page in pages if stored_page(store, prefix, page) is None)


def read_object(store: Readable, digest: Digest, name: str) -> bytes | None:
    """Read an object of a run, or None if it or its manifest is missing or was changed."""
    manifest = read_manifest(store, digest)
    return read_listed(store, manifest, prefix_of(digest), name) if manifest else None


def scope_of(manifest: Manifest) -> str:
    """Return the enterprise project that a run was about; runs of version 0.1 did not record it."""
    return manifest.run.enterprise_project_id or ALL_GRANTED


def is_elsewhere(store: Readable, digest: Digest, scope: str | None) -> bool:
    """Whether a run surely was about another enterprise project; that is unknown if its manifest is gone."""
    manifest = read_manifest(store, digest) if scope is not None else None
    return manifest is not None and scope_of(manifest) != scope


def latest_links(head: Head) -> tuple[Link, ...]:
    """Return the links to the newest digest and to those of runs that overlapped with its run."""
    return (head.link, *head.siblings)


def runs_before(store: Readable, digest: Digest) -> Iterator[Digest]:
    """Yield the runs that this one may continue, directly or not: of the same scope, newest first.

    What-ifs and repeated runs are skipped: no run that counts reported what they saw first.
    """
    manifest = read_manifest(store, digest)
    scope = scope_of(manifest) if manifest else None
    for _, each in islice(going_back(store, links_before(digest)), MOST_PASSED_OVER):
        if each and not each.kind.is_beside and each.until <= digest.until and not is_elsewhere(store, each, scope):
            yield each


def going_back(store: Readable, links: tuple[Link, ...]) -> Iterator[tuple[Link, Digest | None]]:
    """Open digests, newest first; None if one is missing or its hash differs.

    Of runs that overlapped, the next digest follows one and names the others, so that what those read is not lost.
    """
    while links:
        opened = [(link, open_digest(store, link)) for link in links]
        yield from opened
        links = next((links_before(digest) for _, digest in opened if digest), ())


def links_before(digest: Digest) -> tuple[Link, ...]:
    """Return the links to the digest that one follows, and to those of runs that overlapped with it."""
    return (digest.previous, *digest.siblings) if digest.previous else ()


def open_digest(store: Readable, link: Link) -> Digest | None:
    """Open the digest that a link names, or None if it is missing or was changed."""
    data = read_hashed(store, link.object, link.sha256)
    with suppress(ChainError):
        return Digest.open(Envelope.load(data)) if data is not None else None
    return None


def stored_pages(store: Readable, digest: Digest, *kinds: Kind) -> Iterator[Page]:
    """Read the responses that a run stored, in the order received; damaged ones are left out."""
    manifest = read_manifest(store, digest)
    for listed in different_answers(manifest, *kinds) if manifest else ():
        page = stored_page(store, prefix_of(digest), listed)
        if page is not None:
            yield page


def repeated_pages(store: Readable, digest: Digest, *kinds: Kind) -> Iterator[Page]:
    """Read the responses of these kinds that equal earlier ones: they say the same about something else."""
    manifest = read_manifest(store, digest)
    known: set[str] = set()
    for listed in manifest.pages if manifest else ():
        is_repeated = listed.kind in kinds and listed.sha256 in known
        page = stored_page(store, prefix_of(digest), listed) if is_repeated else None
        known.add(listed.sha256)
        if page is not None:
            yield page


def shared_answers(manifest: Manifest) -> dict[str, ListedObject]:
    """Return the shared objects that hold the responses of a run, by the hash of the response."""
    shared = {listed.name: listed for listed in manifest.objects if listed.name.startswith(SHARED)}
    return {page.sha256: shared[page.name] for page in manifest.pages if page.name in shared}


def packed_backups(manifest: Manifest) -> dict[str, ListedObject]:
    """Return the objects that hold backups, packed, by the hash of the response; none of another version is used."""
    listed = {each.name: each for each in manifest.objects} if manifest.tool_version == __version__ else {}
    return {page.sha256: listed[page.backups] for page in manifest.pages if page.backups in listed}


def different_answers(manifest: Manifest, *kinds: Kind) -> Collection[ListedPage]:
    """Return the responses of these kinds, in the order received; of equal ones, the first."""
    found: dict[str, ListedPage] = {}
    for listed in manifest.pages:
        if listed.kind in kinds:
            found.setdefault(listed.sha256, listed)
    return found.values()


def stored_page(store: Readable, prefix: str, listed: ListedPage) -> Page | None:
    """Read a response of a run, or None if it is missing or was changed."""
    try:
        body = unpacked(store.read(key_of(prefix, listed.name)) or b"", listed.size)
        rows, envelope = read_envelope(listed.kind, body)
    except (ChainError, SourceAnswerError, ValueError):
        return None
    page = Page(
        kind=listed.kind,
        path=listed.path,
        params=tuple(listed.params.items()),
        body=body,
        request_id=listed.request_id,
        received_at=listed.received_at,
        rows=rows,
        envelope=envelope,
    )
    return page if page.sha256 == listed.sha256 else None
