"""The ids of a list: about 16 bytes per id, where a set of strings takes 130.

Memory limits how long a list a function can read. Only ids that are not UUIDs are kept as strings.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final, NamedTuple

from audit.records.keys import WIDTH, Key, key_of, keys_of

_BUCKETS: Final = 1 << 14  # chosen by the first bits of an id; a bucket is searched from its start, in C
_DOWN: Final = 2  # of the first sixteen bits, these do not count
_HEAD: Final = Struct(f">H{WIDTH - 2}x")
_ID: Final = Struct(f"{WIDTH}s")


class Ids(NamedTuple):
    """The ids of the rows of a page.

    Attributes:
        first: the id of the first row, if there is one.
        usual: the ids that are UUIDs, packed and concatenated.
        others: all other ids.
    """

    first: Sequence[Key]
    usual: bytes
    others: Sequence[str]

    @property
    def number(self) -> int:
        """The number of rows."""
        return len(self.usual) // WIDTH + len(self.others)


def ids_of(texts: Sequence[str]) -> Ids:
    """Pack ids."""
    try:
        usual = keys_of(texts)
        return Ids([usual[:WIDTH]] if texts else [], usual, ())
    except ValueError:
        keys = list(map(key_of, texts))
    usual = b"".join(key for key in keys if isinstance(key, bytes))
    return Ids(keys[:1], usual, [key for key in keys if isinstance(key, str)])


class Seen:
    """A set of ids."""

    def __init__(self) -> None:
        self._buckets: list[bytearray | None] = [None] * _BUCKETS
        self._others: set[str] = set()
        self._number = 0

    def __len__(self) -> int:
        return self._number + len(self._others)

    def __contains__(self, key: Key) -> bool:
        if isinstance(key, str):
            return key in self._others
        return _place(self._buckets[int.from_bytes(key[:2]) >> _DOWN] or bytearray(), key) >= 0

    def forget(self) -> None:
        """Free the ids, but keep their number; no more ids can be recorded."""
        self._number = len(self)
        self._buckets = []
        self._others = set()

    def note(self, ids: Ids) -> None:
        """Record ids."""
        self._others.update(ids.others)
        buckets = self._buckets
        for (head,), (key,) in zip(_HEAD.iter_unpack(ids.usual), _ID.iter_unpack(ids.usual), strict=True):
            bucket = buckets[head >> _DOWN]
            if bucket is None:
                buckets[head >> _DOWN] = bytearray(key)
            elif _place(bucket, key) < 0:
                bucket += key
            else:
                continue
            self._number += 1


def _place(bucket: bytearray, key: bytes) -> int:
    """Return the place of an id, or -1 if it is not there."""
    at = bucket.find(key)
    while at > 0 and at % WIDTH:
        at = bucket.find(key, at + 1)
    return at
