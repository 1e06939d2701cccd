"""What earlier runs received of lists that they could not read completely: the next run goes on from there."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, islice
from typing import Final, NamedTuple

from audit.collection import Kind, Received
from audit.evidence.chain import Digest
from audit.evidence.read_forms import ListedPage, Manifest
from audit.evidence.store import Readable
from audit.evidence.stored_runs import MOST_LOOKED_BACK, prefix_of, read_manifest, runs_before, stored_page
from audit.history import History
from audit.timestamps import instant

_SHARED: Final = timedelta(seconds=1)
_SLICED: Final = frozenset({Kind.TASKS, Kind.BACKUPS})


class Unfinished(NamedTuple):
    """What runs received since one read every long list to its end.

    Attributes:
        received: slices that were received completely, those of the newest run first; they do not overlap.
        read: the lists that one of the runs read to its end.
    """

    received: tuple[Received, ...] = ()
    read: frozenset[Kind] = frozenset()

    @property
    def lacks_backups_alone(self) -> bool:
        """Whether some run read the task log, and none the backups: reading the log again might take all the time."""
        return Kind.TASKS in self.read and Kind.BACKUPS not in self.read


def received_in_part(store: Readable, digest: Digest, history: History) -> Unfinished:
    """Find what can be gone on from, unless the last run could read everything that it was allowed to.

    A run may be cut short before it names again what those before it received. So all of them are looked at.
    """
    kinds, received, read = _SLICED, list[Received](), set[Kind]()
    for run in chain((digest,), islice(runs_before(store, digest), MOST_LOOKED_BACK)):
        manifest = read_manifest(store, run)
        if manifest is None or not _is_unfinished(manifest):
            break
        kinds -= {reading.kind for reading in manifest.readings if reading.refused}
        lacking = {reading.kind for reading in manifest.readings if reading.gaps}
        read |= {reading.kind for reading in manifest.readings} - lacking
        for found in _slices(store, manifest, prefix_of(run), kinds, history):
            if not any(found.kind == other.kind and _overlap(found, other) for other in received):
                received.append(found)
    return Unfinished(tuple(received), frozenset(read))


def _is_unfinished(manifest: Manifest) -> bool:
    """Whether a run could not read a long list to its end, although it was allowed to."""
    return any(each.gaps and not each.refused for each in manifest.readings if each.kind in _SLICED)


def _slices(
    store: Readable, manifest: Manifest, prefix: str, kinds: frozenset[Kind], history: History
) -> Iterator[Received]:
    """Yield the slices that a run received completely, except those with an open task."""
    open_since = [task.created_at for task in history.unfinished()]
    for listed in manifest.pages:
        if listed.kind in kinds and _is_slice(listed):
            since, until = listed.params.get("start_time"), instant(listed.params["end_time"])
            begin = instant(since) if since else None
            if listed.kind == Kind.TASKS and _holds_any(begin, until, open_since):
                continue
            yield Received(
                kind=listed.kind,
                since=begin,
                until=until,
                enterprise_project_id=listed.params.get("enterprise_project_id"),
                run=manifest.run.id,
                read=partial(stored_page, store, prefix, listed),
            )


def _is_slice(listed: ListedPage) -> bool:
    """Whether a response is about a slice of the past that it may hold."""
    params = listed.params
    is_slice = "end_time" in params and "status" not in params and params.get("offset") == "0"
    is_full = str(listed.rows) == params.get("limit")
    return is_slice and not is_full and instant(params["end_time"]) <= listed.received_at


def _holds_any(begin: datetime | None, until: datetime, moments: Iterable[datetime]) -> bool:
    return any((begin is None or begin <= moment) and moment <= until for moment in moments)


def _overlap(one: Received, other: Received) -> bool:
    """Whether two slices share more than neighbours do."""
    return _begins_within(one, other) and _begins_within(other, one)


def _begins_within(one: Received, other: Received) -> bool:
    """Whether a slice begins before the end of another one; neighbours share a second."""
    return one.since is None or one.since < other.until - _SHARED
