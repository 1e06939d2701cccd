"""What a run takes over from the one before: the history, what it covers, and what the report said.

The history is a cache of the evidence. It is taken only if its hash is the one in the manifest, and the manifest's the
one in the digest; otherwise it is made anew from the stored answers. Where some of those are missing, too, nothing is
covered any more: the log is read again as far back as CBR shows it.

Version 0.1 did not remember the rows that it could not use. They are looked for again in the answers that it stored.
"""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson
from msgspec import Struct
from msgspec.structs import replace

from audit.chain import Digest, Envelope, Head, Link
from audit.collection import ALL_GRANTED, Kind, Page, Window, instant
from audit.errors import ChainError, SourceAnswerError
from audit.history import History
from audit.previous import Previous, recall
from audit.publish import HISTORY, MANIFEST, PROFILE, REMEMBERED, REPORT
from audit.report.facts import Origin
from audit.store import Store
from audit.validate import Intake, read_envelope

if TYPE_CHECKING:
    from audit.subjects import Former, Memory

_OVERLAP: Final = timedelta(days=1)  # a task may become visible late
_SURELY_SHOWN: Final = timedelta(days=31)  # CBR shows the tasks of the past 30 days
_INVENTORY: Final = (Kind.POLICIES, Kind.VAULTS, Kind.BACKUPS)
_MOST_LOOKED_BACK: Final = 30  # runs
_NEEDED: Final = frozenset({"run", "origin", "readings", "pages", "objects"})
_MADE_ANEW: Final = "is missing, was changed or is of another version; it was made anew from the answers"
_LOOKED_FOR: Final = "does not remember which rows could not be used; they were looked for again in the answers"
_LACK: Final = ", some of which are missing: nothing before this run's own reading is covered"


class Predecessor(Struct, frozen=True, kw_only=True):
    """The run before.

    Attributes:
        until: the end of its window.
        asked_for: the enterprise project that it was to read; None where it was not told.
        seen: the one that its task log was asked for in the end.
        covered: the time over which the history has everything that CBR showed; None where nothing is covered.
        report: its report.json, None where that is missing, was changed, or is of another version.
        recalled: what this run compares itself with, out of the report.
        memory: what the report says of the inventory.
        profile: what it was judged by, in the canonical form; None where that is missing or was changed.
        tool_version: of cbr-audit, which made it.
        read_former: reads what it saw of the inventory, which takes as long as reading that again.
    """

    run: str
    prefix: str
    manifest_sha256: str
    until: datetime
    asked_for: str | None
    seen: str | None
    covered: Window | None
    history: History
    report: Mapping[str, Any] | None
    recalled: Previous
    memory: "Memory | None"
    profile: Mapping[str, Any] | None
    tool_version: str
    read_former: Callable[[], "Former"]

    @property
    def origin(self) -> Origin:
        """What the next run notes of it."""
        return Origin(run=self.run, prefix=self.prefix, manifest_sha256=self.manifest_sha256)

    @property
    def scope(self) -> str:
        """What of the project it was about; runs of version 0.1 left that open."""
        return self.asked_for or ALL_GRANTED

    def proven(self, since: datetime, seen: str | None) -> Window | None:
        """The time that its history covers for a reading that goes on from there.

        Args:
            since: from when on that reading asked for tasks.
            seen: the enterprise project that it asked for; where that is another, what this run did not see may have
                been hidden from it, and only what was read again counts.
        """
        if self.covered is None or not self.covers(since):
            return None
        return self.covered if seen == self.seen else Window(max(self.covered.since, since), self.covered.until)

    def reading_from(self, until: datetime) -> datetime:
        """From when on the log has to be read: since the last complete reading, and since the oldest open task.

        CBR does not show what is older than 31 days; an open task that is older is judged as it was last seen. What a
        run did not ask for by enterprise project is read again.
        """
        if self.asked_for is None:
            return until - _SURELY_SHOWN
        read_until = self.covered.until if self.covered else until - _SURELY_SHOWN
        open_since = min((task.created_at for task in self.history if not task.finished), default=read_until)
        return max(min(read_until - _OVERLAP, open_since), until - _SURELY_SHOWN)

    def covers(self, since: datetime) -> bool:
        """Whether the history reaches up to a time, so that reading on from there leaves no gap."""
        return self.covered is not None and self.covered.until >= since


def read_predecessor(
    store: Store, head: Head | None, *, until: datetime, look_back: timedelta, scope: str | None = None
) -> Predecessor | None:
    """Read what the newest run left that judged no later time than this one; None where there is none.

    Passed over are runs of a time that another one had judged before, which know less, and what-ifs.

    Args:
        store: where the runs are.
        head: the newest digest.
        until: the time of judgement of this run.
        look_back: how far back a history that has to be made anew must reach.
        scope: the enterprise project that it was about; None for whatever that was.

    Raises:
        StoreError: the store cannot be read.
    """
    digest, _ = _judged_before(store, head, until, scope) if head else (None, None)
    return read_left(store, digest, until - look_back) if digest else None


def _judged_before(store: Store, head: Head, until: datetime, scope: str | None) -> tuple[Digest | None, Link | None]:
    """Go back to the newest digest of no later time; also return the link where the way back breaks off, if it does."""
    digest = head.digest
    while digest is not None and (
        digest.until > until or digest.kind.is_beside or _is_elsewhere(read_manifest(store, digest), scope)
    ):
        earlier = _before(store, digest)
        if earlier is None:
            return None, digest.previous
        digest = earlier
    return digest, None


def read_left(store: Store, digest: Digest, since: datetime) -> Predecessor | None:
    """Read what the run of a digest left, None where its manifest is missing or was changed."""
    manifest = read_manifest(store, digest)
    if manifest is None:
        return None
    prefix = prefix_of(digest)
    history, is_whole, notes = _history(store, manifest, digest, since)
    report, compared, memory = _report(store, manifest, digest)
    return Predecessor(
        run=digest.run,
        prefix=prefix,
        manifest_sha256=digest.manifest.sha256,
        until=digest.until,
        asked_for=manifest["run"].get("enterprise_project_id"),
        seen=next((part.get("enterprise_project_id") for part in manifest["readings"]), None),
        covered=_window(manifest.get("covered")) if is_whole else None,
        history=history,
        report=report,
        recalled=replace(compared, notes=notes),
        memory=memory,
        profile=_profile(store, manifest, digest),
        tool_version=str(manifest.get("tool_version")),
        read_former=partial(_former, store, digest, _complete(report) if report else frozenset()),
    )


def _profile(store: Store, manifest: Mapping[str, Any], digest: Digest) -> Mapping[str, Any] | None:
    data = read_listed(store, manifest, prefix_of(digest), PROFILE)
    try:
        profile = orjson.loads(data) if data is not None else None
    except orjson.JSONDecodeError:
        return None
    return profile if isinstance(profile, dict) else None


def read_manifest(store: Store, digest: Digest) -> Mapping[str, Any] | None:
    """Read the manifest of a run, None where it is not the one that the digest names, or is of no known form."""
    data = store.read(digest.manifest.object)
    if data is None or _sha256(data) != digest.manifest.sha256:
        return None
    try:
        manifest = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return manifest if isinstance(manifest, dict) and manifest.keys() >= _NEEDED else None


def prefix_of(digest: Digest) -> str:
    """Where the objects of a run lie."""
    return digest.manifest.object.removesuffix(f"/{MANIFEST}")


def recalled(
    store: Store, head: Head | None, before: Predecessor | None, until: datetime, scope: str | None = None
) -> Previous:
    """Say what a run compares itself with, or why there is nothing although there was a run before."""
    if before is not None or head is None:
        return before.recalled if before else Previous()
    if head.digest is None:
        return _lost(f"the newest digest, {head.link.object}, is damaged")
    digest, broken = _judged_before(store, head, until, scope)
    if broken is not None:
        return _lost(f"the digest {broken.object} is missing or was changed")
    if digest is None:
        return Previous(trouble=f"the last report, {head.digest.run}, judges a later time than this one")
    return _lost(f"{digest.manifest.object} is missing or was changed")


def _lost(trouble: str) -> Previous:
    return Previous(trouble=trouble, is_lost=True)


def _report(
    store: Store, manifest: Mapping[str, Any], digest: Digest
) -> tuple[Mapping[str, Any] | None, Previous, "Memory | None"]:
    """Read a report, and what of it is compared and remembered; trouble with it never ends the present run."""
    from audit.report.memory import memory_of  # noqa: PLC0415  # brings the subjects, and a first run has no report

    data = read_listed(store, manifest, prefix_of(digest), REPORT)
    if data is None:
        return None, _lost(f"{prefix_of(digest)}/{REPORT} is missing or was changed"), None
    try:
        report = orjson.loads(data)
        return report, recall(report), _remembered(store, digest, memory_of(report))
    except (LookupError, TypeError, ValueError):
        return None, _lost(f"{prefix_of(digest)}/{REPORT} is of another version"), None


def _remembered(store: Store, digest: Digest, memory: "Memory", runs: int = _MOST_LOOKED_BACK) -> "Memory":
    """Add what the runs before remember of that which a run could not see."""
    from audit.report.memory import memory_of  # noqa: PLC0415  # as above

    if memory.policies_complete and memory.vaults_complete:
        return memory
    before, scope = _before(store, digest), _scope_of(store, digest)
    while before is not None and runs:
        runs -= 1
        is_earlier = not before.kind.is_beside and before.until <= digest.until
        manifest = read_manifest(store, before) if is_earlier else None
        data = (
            read_listed(store, manifest, prefix_of(before), REPORT)
            if manifest and not _is_elsewhere(manifest, scope)
            else None
        )
        with suppress(LookupError, TypeError, ValueError):  # it is damaged, or of another version
            return memory.with_earlier(_remembered(store, before, memory_of(orjson.loads(data or b"")), runs))
        before = _before(store, before)
    return memory


def _former(store: Store, digest: Digest, complete: frozenset[str]) -> "Former":
    """Read what a run saw of policies, vaults and backups, from its stored answers.

    A list that it could not read is taken from the newest of the runs before that could: nothing may change unseen
    because the list was unreadable for an hour.

    Args:
        store: where the runs are.
        digest: of the run.
        complete: the lists of which nothing was missing by its report.
    """
    from audit.subjects import Former  # noqa: PLC0415  # nothing needs the subjects before the first answer

    intake, whole, asked = Intake(), set[Kind](), dict[Kind, str | None]()
    for kind in _INVENTORY:
        reader, pages = _whole_list(store, digest, kind) or (digest, None)
        if pages is not None and kind in (complete if reader == digest else _complete(_read_report(store, reader))):
            whole.add(kind)
        asked[kind] = _asked_for(read_manifest(store, reader), kind)
        for page in stored_pages(store, digest, kind) if pages is None else pages:
            intake.accept(page)
    return Former(
        run=digest.run,
        until=digest.until,
        policies=intake.policies,
        vaults=intake.vaults,
        backups=intake.backups,
        complete=frozenset(whole),
        asked=asked,
    )


def _complete(report: Any) -> frozenset[str]:
    """Name the lists of which nothing was missing; none where the report cannot be used."""
    from audit.report.memory import complete_lists  # noqa: PLC0415  # brings the subjects

    try:
        return complete_lists(report)
    except (LookupError, TypeError):
        return frozenset()


def _read_report(store: Store, digest: Digest) -> Any:
    """Read the report of a run, None where it is missing or was changed."""
    manifest = read_manifest(store, digest)
    data = read_listed(store, manifest, prefix_of(digest), REPORT) if manifest else None
    return orjson.loads(data) if data else None


def _asked_for(manifest: Mapping[str, Any] | None, kind: Kind) -> str | None:
    readings = manifest["readings"] if manifest else ()
    return next((part.get("enterprise_project_id") for part in readings if part["kind"] == kind), None)


def _whole_list(store: Store, digest: Digest, kind: Kind) -> tuple[Digest, list[Page]] | None:
    """Go back to the newest run of the same scope that read a list to its end, and whose answers are all there."""
    reader: Digest | None = digest
    scope = _scope(read_manifest(store, digest))
    for _ in range(_MOST_LOOKED_BACK):
        if reader is None:
            break
        manifest = read_manifest(store, reader)
        if manifest and _scope(manifest) == scope and _read_whole(manifest, kind):
            pages = list(stored_pages(store, reader, kind))
            named = {item["sha256"] for item in manifest["pages"] if item["kind"] == kind}
            if {_sha256(page.body) for page in pages} == named:
                return reader, pages
        reader = _before(store, reader)
    return None


def _scope(manifest: Mapping[str, Any] | None) -> str:
    """What of the project a run was about; runs of version 0.1 left that open."""
    return (manifest and manifest["run"].get("enterprise_project_id")) or ALL_GRANTED


def _is_elsewhere(manifest: Mapping[str, Any] | None, scope: str | None) -> bool:
    """Whether a run surely was about another enterprise project; of one whose manifest is gone, nobody knows."""
    return scope is not None and manifest is not None and _scope(manifest) != scope


def _read_whole(manifest: Mapping[str, Any], kind: Kind) -> bool:
    return any(part["kind"] == kind and part["complete"] for part in manifest["readings"])


def _history(
    store: Store, manifest: Mapping[str, Any], digest: Digest, since: datetime
) -> tuple[History, bool, tuple[str, ...]]:
    """Read a history, say whether it has all that it had, and what was wrong with it."""
    data = read_listed(store, manifest, prefix_of(digest), HISTORY)
    if data is not None:
        with suppress(ValueError):  # another version wrote it
            history = History.load(data)
            if REMEMBERED in manifest:
                return history, True, ()
            is_whole = _look_for_rejected(store, digest, since, history)
            return history, is_whole, () if is_whole else (_note(digest, _LOOKED_FOR, _LACK),)
    history, is_whole = rebuild(store, digest, since)
    return history, is_whole, (_note(digest, _MADE_ANEW, "" if is_whole else _LACK),)


def _note(digest: Digest, *words: str) -> str:
    return f"the history of the run before ({digest.run}) {''.join(words)}"


def _look_for_rejected(store: Store, digest: Digest | None, since: datetime, history: History) -> bool:
    """Let a history of version 0.1 remember what could not be used; say whether every answer that may hold it is there.

    A run that could not use a row called itself incomplete.
    """
    intake, is_whole = Intake(), True
    scope = _scope_of(store, digest)
    while digest is not None and digest.until >= since:
        if not digest.complete and not _is_elsewhere(read_manifest(store, digest), scope):
            is_whole &= _take_over(store, digest, intake)
        before = _before(store, digest)
        is_whole &= before is not None or digest.previous is None
        digest = before
    history.set_aside(intake.tasks.rejected)
    return is_whole


def rebuild(store: Store, digest: Digest | None, since: datetime) -> tuple[History, bool]:
    """Make a history anew from the stored answers of every run of the same scope that reaches back to a time.

    Returns:
        The history, and whether no answer and no digest was missing.
    """
    intake, is_whole = Intake(), True
    scope = _scope_of(store, digest)
    while digest is not None and digest.until >= since:
        before = _before(store, digest)
        if not _is_elsewhere(read_manifest(store, digest), scope):
            is_whole &= _take_over(store, digest, intake)
        is_whole &= before is not None or digest.previous is None
        digest = before
    return intake.tasks, is_whole


def _scope_of(store: Store, digest: Digest | None) -> str | None:
    """What the run of a digest was about; None where its manifest is gone."""
    manifest = read_manifest(store, digest) if digest else None
    return _scope(manifest) if manifest else None


def _take_over(store: Store, digest: Digest, intake: Intake) -> bool:
    """Take in the stored task pages of a run; say whether they are all there."""
    manifest = read_manifest(store, digest)
    named = {item["sha256"] for item in manifest["pages"] if item["kind"] == Kind.TASKS} if manifest else {""}
    intake.turn_to(digest.run)
    for page in stored_pages(store, digest, Kind.TASKS):
        intake.accept(page)
        named.discard(_sha256(page.body))
    return not named


def stored_pages(store: Store, digest: Digest, *kinds: Kind) -> Iterator[Page]:
    """Read the answers that a run stored, each as it was received, in the order received; damaged ones are left out."""
    manifest = read_manifest(store, digest)
    known: set[str] = set()
    for item in manifest["pages"] if manifest else ():
        if item["kind"] in kinds and item["sha256"] not in known:
            known.add(item["sha256"])
            page = _page(store, prefix_of(digest), item)
            if page is not None:
                yield page


def repeated_pages(store: Store, digest: Digest, *kinds: Kind) -> Iterator[Page]:
    """Read the answers of these kinds that were stored already when they came: they say the same of something else."""
    manifest = read_manifest(store, digest)
    known: set[str] = set()
    for item in manifest["pages"] if manifest else ():
        page = _page(store, prefix_of(digest), item) if item["kind"] in kinds and item["sha256"] in known else None
        known.add(item["sha256"])
        if page is not None:
            yield page


def _page(store: Store, prefix: str, item: Mapping[str, Any]) -> Page | None:
    try:
        body = gzip.decompress(store.read(f"{prefix}/{item['name']}") or b"")
        rows, envelope = read_envelope(Kind(item["kind"]), body)
    except (OSError, EOFError, zlib.error, SourceAnswerError):
        return None
    if _sha256(body) != item["sha256"]:
        return None
    return Page(
        kind=Kind(item["kind"]),
        path=item["path"],
        params=tuple(item["params"].items()),
        body=body,
        request_id=item["request_id"],
        received_at=instant(item["received_at"]),
        rows=rows,
        envelope=envelope,
    )


def _before(store: Store, digest: Digest) -> Digest | None:
    """Open the digest before another one; None where it is missing or not the one that is named."""
    if digest.previous is None:
        return None
    data = store.read(digest.previous.object) or b""
    if _sha256(data) != digest.previous.sha256:
        return None
    try:
        return Digest.open(Envelope.load(data))
    except ChainError:
        return None


def read_listed(store: Store, manifest: Mapping[str, Any], prefix: str, name: str) -> bytes | None:
    """Read an object of a run; None where it is not the one that the manifest lists."""
    hashes = {item["name"]: item["sha256"] for item in manifest["objects"]}
    data = store.read(f"{prefix}/{name}")
    return data if data is not None and _sha256(data) == hashes.get(name) else None


def _window(values: Mapping[str, str] | None) -> Window | None:
    return Window(instant(values["since"]), instant(values["until"])) if values else None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
