"""The ids of a list, with the pass in which each came: about 17 bytes per id, where a dict of strings takes 130.

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
_ENTRY: Final = WIDTH + 1  # an id, and the last pass in which it came


class Ids(NamedTuple):
    """The ids of the rows of a page.

    Attributes:
        first: the ids of the first rows, as many as requested.
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


def ids_of(texts: Sequence[str], first: int) -> Ids:
    """Pack ids."""
    try:
        usual = keys_of(texts)
        return Ids([key for (key,) in _ID.iter_unpack(usual[: first * WIDTH])], usual, ())
    except ValueError:
        keys = list(map(key_of, texts))
    usual = b"".join(key for key in keys if isinstance(key, bytes))
    return Ids(keys[:first], usual, [key for key in keys if isinstance(key, str)])


class Seen:
    """Ids, each with the last pass in which it came."""

    def __init__(self) -> None:
        self._buckets: list[bytearray | None] = [None] * _BUCKETS
        self._others: dict[str, int] = {}
        self._number = 0

    def __len__(self) -> int:
        return self._number + len(self._others)

    def forget(self) -> None:
        """Free the ids, but keep their number; no more ids can be recorded."""
        self._number = len(self)
        self._buckets = []
        self._others = {}

    def came(self, key: Key, in_pass: int) -> bool:
        """Whether an id last came in this pass."""
        if isinstance(key, str):
            return self._others.get(key) == in_pass
        bucket = self._buckets[int.from_bytes(key[:2]) >> _DOWN] or bytearray()
        at = _place(bucket, key)
        return at >= 0 and bucket[at + WIDTH] == in_pass

    def note(self, ids: Ids, in_pass: int) -> int:
        """Record that ids came in a pass, the newest so far; return how many are new in it."""
        new = {text for text in ids.others if self._others.get(text) != in_pass}
        self._others.update(dict.fromkeys(new, in_pass))
        return len(new) + self._note(ids.usual, in_pass)

    def _note(self, keys: bytes, in_pass: int) -> int:
        buckets, mark = self._buckets, bytes([in_pass])
        number, known, again = len(keys) // WIDTH, 0, 0
        for (head,), (key,) in zip(_HEAD.iter_unpack(keys), _ID.iter_unpack(keys), strict=True):
            bucket = buckets[head >> _DOWN]
            if bucket is None:
                buckets[head >> _DOWN] = bytearray(key + mark)
            elif (at := _place(bucket, key)) < 0:
                bucket += key + mark
            else:
                known += 1
                again += bucket[at + WIDTH] == in_pass
                bucket[at + WIDTH] = in_pass
        self._number += number - known
        return number - again


def _place(bucket: bytearray, key: bytes) -> int:
    """Return the start of an id's entry, or -1 if it has none."""
    at = bucket.find(key)
    while at > 0 and at % _ENTRY:
        at = bucket.find(key, at + 1)
    return at
