"""Where the record of an id is: eight bytes for each id, where a dict of Python would take fifteen times as much."""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Final

from audit.records.keys import WIDTH

_BUCKETS: Final = 1 << 14  # by the first bits of an id; a bucket is searched from its beginning, in C
_UP, _DOWN = 6, 2
_KEY: Final = slice(2, 6)
_KEY_SIZE: Final = 4
_HEAD_AND_KEY: Final = Struct(">H4s10x")
_ENTRY: Final = Struct(">4sI")


class Index:
    """Numbers of records, by parts of their sixteen-byte ids."""

    __slots__ = ("_buckets",)

    def __init__(self) -> None:
        self._buckets: list[bytearray | None] = [None] * _BUCKETS

    def place(self, raw_id: bytes, row: int, raw_id_of: Callable[[int], bytes]) -> int:
        """Return the number of an id that was noted; where there is none, note one and return it."""
        number = raw_id[0] << _UP | raw_id[1] >> _DOWN
        bucket = self._buckets[number]
        if bucket is None:
            bucket = self._buckets[number] = bytearray()
        key = raw_id[_KEY]
        known = _found(bucket, key, raw_id, raw_id_of)
        if known is not None:
            return known
        bucket += _ENTRY.pack(key, row)
        return row

    def note(self, keys: bytes, first: int, row: int) -> int:
        """Note numbers for ids, one after the other, up to one that may be known.

        Args:
            keys: ids, one after the other.
            first: the place of the first id that is noted.
            row: its number.

        Returns:
            The place of the id that may be known, or how many ids there are.
        """
        buckets, pack = self._buckets, _ENTRY.pack
        for place, (head, key) in enumerate(_HEAD_AND_KEY.iter_unpack(keys[first * WIDTH :]), row):
            bucket = buckets[head >> _DOWN]
            if bucket is None:
                bucket = buckets[head >> _DOWN] = bytearray()
            elif bucket.find(key) >= 0:  # "in" takes twice as long: it tries whether the key is a number
                return first + place - row
            bucket += pack(key, place)
        return len(keys) // WIDTH

    def find(self, raw_id: bytes, raw_id_of: Callable[[int], bytes]) -> int | None:
        """Return the number of an id; None where none was noted."""
        bucket = self._buckets[raw_id[0] << _UP | raw_id[1] >> _DOWN]
        return None if bucket is None else _found(bucket, raw_id[_KEY], raw_id, raw_id_of)

    def in_parts(self) -> Iterator[list[int]]:
        """Return all numbers part by part; the ids of a part come before those of the next one."""
        for bucket in self._buckets:
            if bucket is not None:
                yield [row for _key, row in _ENTRY.iter_unpack(bytes(bucket))]

    def copy(self) -> "Index":
        """Return an index that changes by itself."""
        other = Index()
        other._buckets = [None if bucket is None else bytearray(bucket) for bucket in self._buckets]
        return other


def _found(bucket: bytearray, key: bytes, raw_id: bytes, raw_id_of: Callable[[int], bytes]) -> int | None:
    """Look for an id; parts of ids may be alike, so the whole ones are asked for."""
    at = bucket.find(key)
    while at >= 0:
        if at % _ENTRY.size == 0:
            row = int.from_bytes(bucket[at + _KEY_SIZE : at + _ENTRY.size])
            if raw_id_of(row) == raw_id:
                return row
        at = bucket.find(key, at + 1)
    return None
