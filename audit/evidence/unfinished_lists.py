"""What earlier runs received of lists that they could not read completely: the next run goes on from there."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import chain, islice
from typing import Final

from audit.collection import Kind, Received
from audit.evidence.chain import Digest
from audit.evidence.read_forms import ListedPage, Manifest
from audit.evidence.store import Readable
from audit.evidence.stored_runs import MOST_LOOKED_BACK, prefix_of, read_manifest, runs_before, stored_page
from audit.history import History
from audit.timestamps import instant

_SLICED: Final = frozenset({Kind.TASKS, Kind.BACKUPS})
_OVERLAP: Final = timedelta(days=1)  # a row may become visible late, and changes most when it is new


def received_in_part(store: Readable, digest: Digest, history: History) -> Iterator[Received]:
    """Yield the slices that were received completely of lists that a run could not read to their end.

    If it had no time for a list at all, they are those of the newest run that had, unless that read the whole list.
    """
    kinds = _SLICED
    for run in chain((digest,), islice(runs_before(store, digest), MOST_LOOKED_BACK)):
        manifest = read_manifest(store, run)
        if manifest is None:
            return
        kinds &= _unfinished(manifest)
        if not kinds:
            return
        yield from _settled(store, manifest, prefix_of(run), kinds, history)
        kinds -= {listed.kind for listed in manifest.pages if "end_time" in listed.params}


def _unfinished(manifest: Manifest) -> frozenset[Kind]:
    """Return the lists that a run could not read to their end, although it was allowed to."""
    return frozenset(reading.kind for reading in manifest.readings if reading.gaps and not reading.refused)


def _settled(
    store: Readable, manifest: Manifest, prefix: str, kinds: frozenset[Kind], history: History
) -> Iterator[Received]:
    """Yield the complete slices of some lists in which little happens any more.

    A slice that ends less than a day before it was received is left out, and so is one with an open task: both change.
    """
    open_since = [task.created_at for task in history.unfinished()]
    for listed in manifest.pages:
        if listed.kind in kinds and _is_settled(listed):
            since, until = listed.params.get("start_time"), instant(listed.params["end_time"])
            begin = instant(since) if since else None
            if listed.kind == Kind.TASKS and any((begin is None or begin <= at) and at <= until for at in open_since):
                continue
            yield Received(
                kind=listed.kind,
                since=begin,
                until=until,
                enterprise_project_id=listed.params.get("enterprise_project_id"),
                run=manifest.run.id,
                read=partial(stored_page, store, prefix, listed),
            )


def _is_settled(listed: ListedPage) -> bool:
    """Whether a response is about a slice in which little happens any more, and that it may hold."""
    params = listed.params
    is_slice = "end_time" in params and "status" not in params and params.get("offset") == "0"
    is_full = str(listed.rows) == params.get("limit")
    return is_slice and not is_full and instant(params["end_time"]) <= listed.received_at - _OVERLAP
