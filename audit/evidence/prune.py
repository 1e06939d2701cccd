"""What the profile's retention lets go and no run needs that is kept; digests stay.

A run that is kept needs the run that it continues, and the earlier ones whose lists that one relied on; the next run of
an enterprise project needs the newest one. The objects of a run go before its manifest, so that whoever is interrupted
can begin again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from audit.errors import ChainError
from audit.evidence.agreement import demand, in_manifest
from audit.evidence.chain import Digest
from audit.evidence.layout import SHARED, key_of, shared_folder
from audit.evidence.retention import Kept, ever_kept, kept_since
from audit.evidence.store import Store
from audit.evidence.stored_runs import MOST_LOOKED_BACK, needed_manifest, prefix_of, scope_of
from audit.evidence.verify.digests import check_chain, read_digests
from audit.evidence.verify.result import Verification
from audit.evidence.verify.runs import RUN_FOLDER


@dataclass(frozen=True, slots=True)
class Removal:
    """What can be removed together.

    Attributes:
        what: what it is, in words.
        keys: the keys of the objects, in the order in which they are to be removed.
    """

    what: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """A run whose manifest is there; ``scope`` is the enterprise project that it was about."""

    digest: Digest
    scope: str
    origin: str | None
    is_complete: bool
    names: tuple[str, ...]

    @property
    def keys(self) -> Mapping[str, str]:
        """The keys of its objects, by their names."""
        return {name: key_of(prefix_of(self.digest), name) for name in self.names}


def plan_removal(store: Store, scope: str, now: datetime) -> tuple[Removal, ...]:
    """Say what can be removed of a project.

    Raises:
        ChainError: the chain, or a manifest that is needed to tell, is damaged.
        StoreError: the store cannot be read.
    """
    result = Verification(scope)
    found = read_digests(store, result)
    check_chain(found, None, result)
    for fault in result.faults:
        raise ChainError(f"nothing is removed from a damaged chain; {fault.object}: {fault.problem}")
    digests = [each.digest for each in found]
    kept = kept_since(store, digests, now)
    if kept.evidence_since is None:
        return ()
    there, ever = set(store.keys(f"{scope}/")), ever_kept(store, digests, now)
    runs = {
        digest.run: _run(store, digest)
        for digest in digests
        if digest.manifest.object in there or (kept.has_evidence(digest) and ever.has_reports(digest))
    }
    needed = _needed(runs, kept)
    loose = there - {key for name in needed for key in runs[name].keys.values()}
    loose -= {key for key in loose if key.startswith(_written_to(scope, now))}
    removals = []
    for run in (run for name, run in runs.items() if name not in needed):
        keys = tuple(key for key in _let_go(run, kept) if key in loose)
        loose.difference_update(keys)
        removals.append(Removal(f"run {run.digest.run}", keys))
    removals += _of_nobody(scope, digests, kept, sorted(loose))
    return tuple(removal for removal in removals if removal.keys)


def _written_to(scope: str, now: datetime) -> tuple[str, ...]:
    """Name the folders whose objects stay, because a run that has not ended may refer to them without writing them."""
    return tuple(f"{scope}/{shared_folder(time)}" for time in (now, now - timedelta(days=1)))


def _run(store: Store, digest: Digest) -> _Run:
    """Read a run; one that is not where its digest says could name the objects of another one."""
    manifest = needed_manifest(store, digest)
    demand(digest.manifest.object, in_manifest(digest, manifest))
    names = tuple(listed.name for listed in manifest.objects)
    return _Run(digest, scope_of(manifest), manifest.origin.run if manifest.origin else None, manifest.complete, names)


def _needed(runs: Mapping[str, _Run], kept: Kept) -> set[str]:
    """Name the runs whose evidence is kept or that the next run continues, and those that they need to be judged."""
    newest = {run.scope: name for name, run in runs.items() if not run.digest.kind.is_beside}
    needed = {name for name, run in runs.items() if kept.has_evidence(run.digest)} | {*newest.values()}
    for name in [*needed]:
        needed.update(islice(_relied_on(runs, name), MOST_LOOKED_BACK))
    return needed


def _relied_on(runs: Mapping[str, _Run], name: str) -> Iterator[str]:
    """Yield the run that a run continues, and those before it up to one that read everything."""
    before = runs.get(runs[name].origin or "")
    while before:
        yield before.digest.run
        before = None if before.is_complete else runs.get(before.origin or "")


def _let_go(run: _Run, kept: Kept) -> Iterator[str]:
    """Yield the keys of what is not kept of a run; its manifest goes last, because it tells what there is."""
    yield from (key for name, key in run.keys.items() if kept.lets_go(run.digest, name))
    if not kept.has_reports(run.digest):
        yield run.digest.manifest.object


def _of_nobody(scope: str, digests: Sequence[Digest], kept: Kept, keys: Sequence[str]) -> Iterator[Removal]:
    """Yield what interrupted runs left, and shared objects that no run needs; a run of this month may take those up.

    A run that judges an old time may be about to write its digest. So of a run without one goes only what would go with
    one.
    """
    committed = {f"{prefix_of(digest)}/" for digest in digests}
    names = {key: key.removeprefix(f"{scope}/") for key in keys}
    folders = {key: found[0] for key, name in names.items() if (found := RUN_FOLDER.match(name))}
    end = f"{kept.reports_since:%Y/%m/%d}" if kept.reports_since else ""
    left = {folder for folder in folders.values() if f"{scope}/{folder}" not in committed and folder < end}
    for folder in sorted(left):
        yield Removal(f"interrupted run {folder}", tuple(key for key in keys if folders.get(key) == folder))
    oldest = f"{SHARED}{kept.evidence_since:%Y-%m}"
    yield Removal(
        "shared objects that no run needs", tuple(k for k, n in names.items() if n.startswith(SHARED) and n < oldest)
    )
