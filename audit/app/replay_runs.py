"""Judging every run of a verified store again, offline: a forged report does not follow from its evidence."""

from collections.abc import Iterator
from itertools import islice

from audit import __version__
from audit.app.replay import replay
from audit.errors import StoreError
from audit.evidence.chain import Digest
from audit.evidence.layout import key_of
from audit.evidence.store import Store
from audit.evidence.stored_runs import MOST_LOOKED_BACK, prefix_of, runs_before
from audit.evidence.verify import Verification


def replay_runs(store: Store, result: Verification) -> Iterator[str]:
    """Judge again each run whose objects are as published, note in the result what differs, and yield its id.

    Raises:
        StoreError: the store cannot be read.
    """
    result.replayed = 0
    for digest in result.runs:
        _replay(store, digest, result)
        yield digest.run


def _may_lack_something(store: Store, digest: Digest, result: Verification) -> bool:
    """Whether a run that it may rely on was not read or is gone; its own objects are there."""
    sound = {each.run for each in result.runs}
    return any(each.run not in sound for each in islice(runs_before(store, digest), MOST_LOOKED_BACK))


def _replay(store: Store, digest: Digest, result: Verification) -> None:
    place = prefix_of(digest)
    try:
        judged = replay(store, digest.scope, digest.run)
    except StoreError as error:
        if (result.unread or result.pruned) and _may_lack_something(store, digest, result):
            result.notes.append(f"{place}: the run was not judged again: {error}")
        else:
            result.fault(place, f"the run cannot be judged again: {error}")
        return
    if not judged.differing:
        result.replayed = (result.replayed or 0) + 1
    elif judged.tool_version != __version__:
        result.others += 1
    else:
        for name in judged.differing:
            result.fault(key_of(place, name), f"judged again, the run comes to other bytes: {judged.reasons[0]}")
