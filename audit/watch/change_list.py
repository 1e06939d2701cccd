"""The newest changes of a project, for people and programs."""

from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from audit.evidence.chain import folder_of
from audit.evidence.layout import CHANGES
from audit.evidence.store import Searchable, Store
from audit.watch.change_forms import ChangeReport
from audit.watch.change_store import StoredChange

_NUMBER: Final = 11  # the digits of a digest's number, and the dash after it


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
    for trace in islice(_traces(store, f"{project_id}/{CHANGES}"), most):
        change = StoredChange(store, project_id, trace)
        yield ListedChange(change.report(), change.was_told, change.url)


def _traces(store: Searchable, scope: str) -> Iterator[str]:
    """Yield the ids of the traces, each once, by their digests."""
    folder = folder_of(scope)
    names = (key.removeprefix(folder)[_NUMBER:].removesuffix(".json") for key in reversed(store.keys(folder)))
    yield from dict.fromkeys(names)
