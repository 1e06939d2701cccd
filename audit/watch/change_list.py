"""The newest changes of a project, for people and programs."""

from collections.abc import Iterator
from typing import NamedTuple

from audit.evidence.chain import Digest, Envelope, folder_of
from audit.evidence.layout import CHANGES
from audit.evidence.store import Store
from audit.watch.change_forms import ChangeReport
from audit.watch.change_store import StoredChange


class ListedChange(NamedTuple):
    """A change that counts."""

    report: ChangeReport
    is_told: bool
    url: str


def newest_changes(store: Store, project_id: str, most: int) -> Iterator[ListedChange]:
    """Yield the changes that were committed last, newest first.

    Raises:
        StoreError: the store cannot be read, or what is stored was changed.
    """
    known: set[str] = set()
    for key in reversed(store.keys(folder_of(f"{project_id}/{CHANGES}"))):
        digest = Digest.open(Envelope.load(store.read(key) or b""))
        if digest.run in known:  # overlapping audits of one event committed it twice
            continue
        known.add(digest.run)
        change = StoredChange(store, project_id, digest.run, digest)
        yield ListedChange(change.report(), change.was_told, change.url)
        if len(known) == most:
            return
