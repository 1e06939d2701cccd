"""What a run received of lists that it could not read completely: the next run goes on from there."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from audit.collection import Kind, Received
from audit.evidence.read_forms import ListedPage, Manifest
from audit.evidence.store import Readable
from audit.evidence.stored_runs import stored_page
from audit.history import History
from audit.timestamps import instant

_SLICED: Final = frozenset({Kind.TASKS, Kind.BACKUPS})
_OVERLAP: Final = timedelta(days=1)  # a row may become visible late, and changes most when it is new


def received_in_part(store: Readable, manifest: Manifest, prefix: str, history: History) -> Iterator[Received]:
    """Yield the slices that a run received completely of lists that it could not read to their end.

    A slice that ends less than a day before it was received is left out, and so is one with an open task: both change.
    """
    unfinished = {reading.kind for reading in manifest.readings if reading.gaps and reading.status is None} & _SLICED
    if not unfinished:
        return
    open_since = [task.created_at for task in history.unfinished()]
    for listed in manifest.pages:
        if listed.kind in unfinished and _is_settled(listed):
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
