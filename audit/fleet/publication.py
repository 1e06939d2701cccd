"""The objects of a fleet run: the plan first, then receipts in any order, then the roll-up, which seals what counts.

Whoever begins or rolls up a run that somebody else began goes on with what is stored. So two coordinators, or one that
was killed and started again, come to the same bytes.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

from audit.errors import ChainError, StoreError
from audit.evidence.chain import (
    Digest,
    DigestKind,
    Head,
    Link,
    Signer,
    commit,
    create_and_compare,
    create_first,
    digest_key,
    find_head,
)
from audit.evidence.layout import ROLL_UP
from audit.evidence.publish import MANIFEST, pointer_to, read_latest
from audit.evidence.store import LATEST, Searchable, Store
from audit.evidence.stored_runs import (
    MOST_LOOKED_BACK,
    find_digest,
    going_back,
    latest_links,
    prefix_of,
    read_hashed,
)
from audit.fleet.forms import (
    SCOPE,
    FleetManifest,
    FleetObject,
    FleetPlan,
    FormerFleetRun,
    Receipt,
    ReceiptSeal,
    Target,
)
from audit.fleet.roll_up import FleetBefore, FleetReport, roll_up
from audit.log import REDACTOR
from audit.packing import packed
from audit.report import INDEX

PLAN: Final = "plan.json"
SEAL: Final = "receipts.json"
FLEET: Final = ROLL_UP
RECEIPTS: Final = "receipts/"
PROFILES: Final = "profiles/"
DISCOVERY: Final = "discovery/"
Rendered = Mapping[str, bytes]
"""Files of a roll-up by name; the one for people is INDEX."""
_DAY: Final = timedelta(days=1)
_DAYS_LOOKED_BACK: Final = 7  # a run may take three, and whoever rolls up may pause


class FleetRun:
    """One fleet run in its store."""

    def __init__(self, store: Store, plan: FleetPlan, plan_sha256: str) -> None:
        """Store the arguments; the plan is stored already."""
        self._store = store
        self.plan = plan
        self.plan_sha256 = plan_sha256

    @property
    def url(self) -> str:
        """The address of the run."""
        return f"{self._store.url}/{self.plan.prefix}"

    def profile(self, sha256: str) -> bytes:
        """Read a profile that the plan names, in canonical form.

        Raises:
            StoreError: it is missing, or was changed.
        """
        key = self._key(f"{PROFILES}{sha256}.json")
        data = read_hashed(self._store, key, sha256)
        if data is None:
            raise ChainError(f"{key} is missing or was changed")
        return data

    def leave(self, receipt: Receipt) -> bool:
        """Store the receipt of a target; return False if there is one already, which then counts.

        Raises:
            StoreError: writing failed.
        """
        key = self._key(f"{RECEIPTS}{receipt.target}.json")
        if self._store.read(key) is not None:
            return False
        return create_first(self._store, key, REDACTOR.data(receipt.dump()))[1]

    def receipt_of(self, target: str) -> Receipt | None:
        """Read the receipt of a target, or None if it left none.

        Raises:
            StoreError: it cannot be read, or has no known form.
        """
        key = self._key(f"{RECEIPTS}{target}.json")
        data = self._store.read(key)
        return None if data is None else Receipt.load(data, key)

    def waiting(self) -> tuple[Target, ...]:
        """Return the targets that left no receipt yet.

        Raises:
            StoreError: the store cannot be read.
        """
        stored = {*self._store.keys(self._key(RECEIPTS))}
        return tuple(each for each in self.plan.targets if self._key(f"{RECEIPTS}{each.key}.json") not in stored)

    @property
    def is_rolled_up(self) -> bool:
        """Whether a digest commits the run."""
        return self._digest() is not None

    def is_late(self, now: datetime) -> bool:
        """Whether the run is not rolled up although its deadline has passed.

        Raises:
            StoreError: the store cannot be read, or the digest was changed.
        """
        return self.plan.deadline <= now and not self.is_rolled_up

    def _digest(self) -> Digest | None:
        return find_digest(self._store, self.plan.scope, self.plan.run)

    def report(self) -> FleetReport:
        """Read the roll-up.

        Raises:
            StoreError: there is none, or it was changed.
        """
        digest = self._digest()
        if digest is None:
            raise StoreError(f"{self.url} is not rolled up yet")
        manifest = manifest_of(self._store, digest)
        data = read_hashed(self._store, self._key(FLEET), manifest.hash_of(FLEET) or "")
        if data is None:
            raise ChainError(f"{self._key(FLEET)} is missing or was changed")
        return FleetReport.load(data, self._key(FLEET))

    def roll_up(self, signer: Signer, render: Callable[[FleetReport], Rendered]) -> FleetReport:
        """Seal which receipts count, judge the fleet by them, and commit that; once, whoever asks.

        Raises:
            SigningError: the digest could not be signed.
            StoreError: writing failed, or what is stored was changed.
        """
        if digest := self._digest():
            report = self.report()
            self._point(digest, render(report))
            return report
        seal, before = self._sealed(), former(self._store, self.plan.previous)
        report = roll_up(self.plan, self.plan_sha256, self.counted(seal), before)
        rendered = render(report)
        files = {FLEET: report.dump(), **{name: rendered[name] for name in rendered if name != INDEX}}
        for name, data in files.items():
            self._store.create(self._key(name), REDACTOR.data(data))
        manifest = self._manifest(report, seal, files)
        create_and_compare(self._store, self._key(MANIFEST), manifest)
        link = Link(object=self._key(MANIFEST), sha256=hashlib.sha256(manifest).hexdigest())
        self._point(self._commit(report, link, signer), rendered)
        return report

    def counted(self, seal: ReceiptSeal) -> dict[str, tuple[Receipt, str]]:
        """Read the receipts that count.

        Raises:
            ChainError: one is missing or was changed.
        """
        found = {}
        for target, sha256 in seal.receipts.items():
            key = self._key(f"{RECEIPTS}{target}.json")
            data = read_hashed(self._store, key, sha256)
            if data is None:
                raise ChainError(f"{key} is missing or was changed since the receipts were sealed")
            found[target] = Receipt.load(data, key), sha256
        return found

    def _sealed(self) -> ReceiptSeal:
        key = self._key(SEAL)
        stored = self._store.read(key)
        if stored is None:
            receipts = {target: hashlib.sha256(data).hexdigest() for target, data in self._stored_receipts()}
            seal = ReceiptSeal(plan_sha256=self.plan_sha256, receipts=receipts)
            stored, _ = create_first(self._store, key, seal.dump())
        return ReceiptSeal.load(stored, key)

    def _stored_receipts(self) -> Iterator[tuple[str, bytes]]:
        """Yield the receipts that have a known form; another object in their place is none."""
        folder = self._key(RECEIPTS)
        for key in self._store.keys(folder):
            target = key.removeprefix(folder).removesuffix(".json")
            with suppress(ChainError):
                data = self._store.read(key) or b""
                if Receipt.load(data, key).target == target and key.endswith(".json"):
                    yield target, data

    def _manifest(self, report: FleetReport, seal: ReceiptSeal, files: Rendered) -> bytes:
        known = {
            PLAN: self.plan_sha256,
            SEAL: hashlib.sha256(seal.dump()).hexdigest(),
            **{f"{RECEIPTS}{target}.json": sha256 for target, sha256 in seal.receipts.items()},
            **{f"{PROFILES}{each.profile_sha256}.json": each.profile_sha256 for each in self.plan.targets},
        }
        names = {*known, *files, *(evidence.name for evidence in self.plan.discovery.evidence)}
        return FleetManifest(
            fleet=self.plan.fleet,
            run=self.plan.run,
            as_of=self.plan.as_of,
            conclusion=report.conclusion,
            complete=report.complete,
            objects=tuple(self._listed(name, known.get(name)) for name in sorted(names)),
        ).dump()

    def _listed(self, name: str, known: str | None) -> FleetObject:
        """List an object; one that was judged by must still be as it was then."""
        data = self._store.read(self._key(name))
        if data is None:
            raise StoreError(f"{self._store.url}/{self._key(name)} was written, but is not there any more")
        sha256 = hashlib.sha256(data).hexdigest()
        if known and sha256 != known:
            raise ChainError(f"{self._store.url}/{self._key(name)} was changed since it was written")
        return FleetObject(name=name, size=len(data), sha256=sha256)

    def _commit(self, report: FleetReport, manifest: Link, signer: Signer) -> Digest:
        """Write the digest, unless somebody was faster; the head is read first, so that none is written twice."""
        head = find_head(self._store, self.plan.scope, None)
        if digest := self._digest():
            return digest
        digest = self._next(head, report, manifest, signer)
        try:
            commit(self._store, digest, signer)
        except StoreError:  # a key in KMS signs the same differently each time
            if faster := self._digest():
                return faster
            raise
        return digest

    def _next(self, head: Head | None, report: FleetReport, manifest: Link, signer: Signer) -> Digest:
        plan = self.plan
        newest = [digest for _, digest in going_back(self._store, latest_links(head) if head else ()) if digest][:1]
        is_late = any(digest.until > plan.as_of for digest in newest)
        audited = any(line.audited for line in report.targets)
        seq, second = head.seq + 1 if head else 1, int(plan.as_of.timestamp())
        return Digest(
            scope=plan.scope,
            seq=seq,
            kind=DigestKind.BACKFILL if is_late else DigestKind.NORMAL if audited else DigestKind.EMPTY,
            run=plan.run,
            digest_object=digest_key(plan.scope, seq, plan.run),
            digest_start_time=second,
            digest_end_time=second,
            conclusion=report.conclusion.value,
            complete=report.complete,
            manifest=manifest,
            previous=head.link if head else None,
            siblings=head.siblings if head else (),
            key_id=signer.key_id,
            algorithm=signer.algorithm,
        )

    def _point(self, digest: Digest, rendered: Rendered) -> None:
        """Show the page and point to the run, unless that was done, or a later run was rolled up before it."""
        latest = None
        with suppress(StoreError):
            latest = read_latest(self._store, self.plan.scope)
        if latest is not None and (latest.run == self.plan.run or latest.place > self.plan.as_of):
            return
        if INDEX in rendered:
            self._store.replace(f"{self.plan.scope}/{INDEX}", REDACTOR.data(rendered[INDEX]))
        sha256 = hashlib.sha256(self._store.read(digest.digest_object) or b"").hexdigest()
        pointer = pointer_to(digest, sha256, self.plan.as_of, datetime.now(UTC))
        self._store.replace(f"{self.plan.scope}/{LATEST}", pointer)

    def _key(self, name: str) -> str:
        return f"{self.plan.prefix}/{name}"


class ComparedFleetRun(NamedTuple):
    """The fleet run before: where it is and what it planned, or None; and why a newer one cannot be used."""

    link: FormerFleetRun | None = None
    plan: FleetPlan | None = None
    lost: str = ""


def begin(
    store: Store, plan: FleetPlan, profiles: Mapping[str, bytes], evidence: Mapping[str, bytes] | None = None
) -> FleetRun:
    """Store a plan with what it rests on; if the run was begun before, return that one with its plan.

    Args:
        store: the store of the fleet.
        plan: the plan.
        profiles: its profiles in canonical form, by hash.
        evidence: the responses of the discovery without secrets, by the name in the plan.

    Raises:
        StoreError: writing failed, or the stored plan was changed.
        ValueError: a profile of the plan is not among the given ones.
    """
    if missing := {target.profile_sha256 for target in plan.targets} - profiles.keys():
        raise ValueError(f"profiles of the plan are missing: {missing}")
    if begun := begun_run(store, plan.prefix):
        return begun
    for sha256, canonical in profiles.items():
        store.create(f"{plan.prefix}/{PROFILES}{sha256}.json", canonical)
    for name, body in (evidence or {}).items():
        store.create(f"{plan.prefix}/{name}", packed(body))
    key = f"{plan.prefix}/{PLAN}"
    stored, _ = create_first(store, key, REDACTOR.data(plan.dump()))
    return _opened(store, key, stored)


def begun_run(store: Store, prefix: str) -> FleetRun | None:
    """Open a run that was begun, or None if there is none.

    Raises:
        StoreError: its plan cannot be read, or has no known form.
    """
    key = f"{prefix}/{PLAN}"
    data = store.read(key)
    return None if data is None else _opened(store, key, data)


def latest_run(store: Store, fleet: str) -> FleetRun | None:
    """Open the run that was rolled up last, of those of the newest time; None if there is none.

    Raises:
        StoreError: the pointer or the plan cannot be read.
    """
    pointer = read_latest(store, f"{SCOPE}{fleet}")
    return begun_run(store, pointer.prefix) if pointer else None


def evidence_name(body: bytes) -> str:
    """Name the object that holds a response of the discovery, by its hash."""
    return f"{DISCOVERY}{hashlib.sha256(body).hexdigest()}.json.gz"


def begun_prefixes(store: Store, fleet: str, now: datetime, days: int = _DAYS_LOOKED_BACK) -> Iterator[str]:
    """Yield the prefixes of the runs that were begun on the newest days, oldest first.

    Raises:
        StoreError: the store cannot be read.
    """
    for back in range(days - 1, -1, -1):
        folder = f"{SCOPE}{fleet}/{now - back * _DAY:%Y/%m/%d}/"
        for key in store.keys(folder):
            if key.removeprefix(folder).count("/") == 1 and key.endswith(f"/{PLAN}"):
                yield key.removesuffix(f"/{PLAN}")


def previous_run(store: Store, fleet: str, as_of: datetime) -> ComparedFleetRun:
    """Find the newest fleet run of an earlier time that was rolled up and is as published.

    Raises:
        StoreError: the store cannot be read.
    """
    head, lost = find_head(store, f"{SCOPE}{fleet}", None), ""
    links = going_back(store, latest_links(head) if head else ())
    for link, digest in islice(links, MOST_LOOKED_BACK):
        if digest and digest.until >= as_of:
            continue
        try:
            found = _former_run(store, link, digest)
            return ComparedFleetRun(found, former(store, found).plan, lost)
        except ChainError as error:
            lost = lost or f"what is gone is not known, since the fleet run before is lost: {error}"
    return ComparedFleetRun(lost=lost)


def _former_run(store: Searchable, link: Link, digest: Digest | None) -> FormerFleetRun:
    if digest is None:
        raise ChainError(f"{link.object} is missing or was changed")
    listed = manifest_of(store, digest)
    plan, report = listed.hash_of(PLAN), listed.hash_of(FLEET)
    if not plan or not report:
        raise ChainError(f"{digest.manifest.object} does not list {PLAN} and {FLEET}")
    return FormerFleetRun(run=digest.run, prefix=prefix_of(digest), plan_sha256=plan, report_sha256=report)


def former(store: Searchable, link: FormerFleetRun | None) -> FleetBefore:
    """Read what an earlier fleet run planned and reported.

    Raises:
        ChainError: it is missing or was changed; silently, everything would be new and nothing gone.
    """
    if link is None:
        return FleetBefore()
    parts = {}
    for name, sha256 in ((PLAN, link.plan_sha256), (FLEET, link.report_sha256)):
        key = f"{link.prefix}/{name}"
        data = read_hashed(store, key, sha256)
        if data is None:
            raise ChainError(f"{key} is missing or was changed; this run is compared with it")
        parts[name] = data
    return FleetBefore(
        FleetPlan.load(parts[PLAN], f"{link.prefix}/{PLAN}"), FleetReport.load(parts[FLEET], f"{link.prefix}/{FLEET}")
    )


def manifest_of(store: Searchable, digest: Digest) -> FleetManifest:
    """Read the manifest of a fleet run.

    Raises:
        ChainError: it is missing, was changed, or has no known form.
    """
    data = read_hashed(store, digest.manifest.object, digest.manifest.sha256)
    if data is None:
        raise ChainError(f"{digest.manifest.object} is missing or was changed")
    return FleetManifest.load(data, digest.manifest.object)


def _opened(store: Store, key: str, data: bytes) -> FleetRun:
    plan = FleetPlan.load(data, key)
    if f"{plan.prefix}/{PLAN}" != key:
        raise ChainError(f"{key} is the plan of another run")
    return FleetRun(store, plan, hashlib.sha256(data).hexdigest())
