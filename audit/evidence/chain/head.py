"""The newest digest of a project, which the next run follows."""

import hashlib
from typing import Final

from msgspec import Struct

from audit.errors import ChainError
from audit.evidence.chain.digest import Link, folder_of
from audit.evidence.chain.envelope import Envelope
from audit.evidence.store import Searchable

_NUMBER: Final = 10  # digits


class Head(Struct, frozen=True):
    """The newest digest.

    Attributes:
        link: its key and hash. If it is damaged, a run follows the bytes that are there, and ``verify`` reports it.
        siblings: other digests with the same number, from runs that overlapped.
    """

    seq: int
    link: Link
    siblings: tuple[Link, ...] = ()


def find_head(store: Searchable, scope: str, pointer: str | None) -> Head | None:
    """Return the newest digest of a project, or None if there is none.

    Args:
        store: the store of the chain.
        scope: the project.
        pointer: the key of a digest that is known to exist, so that fewer have to be listed.

    Raises:
        StoreError: the store cannot be read.
    """
    keys = _newest(store, scope, pointer)
    if not keys:
        return None
    ordered = sorted(keys, key=lambda key: (key != pointer, key))
    links = [_link(store, key) for key in ordered]
    return Head(
        seq=_seq(scope, ordered[0]),
        link=links[0],
        siblings=tuple(links[1:]),
    )


def _newest(store: Searchable, scope: str, pointer: str | None) -> tuple[str, ...]:
    """Return the digests with the highest number."""
    folder = folder_of(scope)
    number = _seq(scope, pointer or "")
    if number and store.read(str(pointer)) is not None:
        found: tuple[str, ...] = ()
        while keys := store.keys(f"{folder}{number:0{_NUMBER}d}-"):
            found, number = keys, number + 1
        return found
    keys = store.keys(folder)
    highest = max((_seq(scope, key) for key in keys), default=0)
    return tuple(key for key in keys if highest and _seq(scope, key) == highest)


def _seq(scope: str, key: str) -> int:
    """Return the number in a digest's name, 0 if it has none."""
    digits = key.removeprefix(folder_of(scope))[:_NUMBER]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) == _NUMBER else 0


def _link(store: Searchable, key: str) -> Link:
    data = store.read(key) or b""
    try:
        signature = Envelope.load(data).signature
    except ChainError:
        signature = ""
    return Link(object=key, sha256=hashlib.sha256(data).hexdigest(), signature=signature)
