"""An object that is made piece by piece, on its way to a store, which needs its hash and its length first."""

import mmap
from collections.abc import Iterable, Iterator
from itertools import chain
from tempfile import TemporaryFile
from typing import Final

from audit.errors import StoreError

Data = bytes | memoryview
"""The bytes of an object; a view is of a file that is mapped into memory, which the system can take out again."""
_IN_MEMORY: Final = 8 * 1024 * 1024
_PART: Final = 1024 * 1024
_NOT_NEEDED: Final = getattr(mmap, "MADV_DONTNEED", None)  # not every system has it


def held(pieces: Iterable[bytes]) -> Data:
    """Put pieces together: in memory, or in a temporary file once they are many; it is gone when nobody refers to it.

    Raises:
        StoreError: there is no room for a temporary file.
    """
    first, size, remaining = list[bytes](), 0, iter(pieces)
    for piece in remaining:
        first.append(piece)
        size += len(piece)
        if size > _IN_MEMORY:
            return _in_a_file(chain(first, remaining))
    return b"".join(first)


def in_parts(data: Data) -> Iterator[memoryview]:
    """Hand out the bytes of an object part by part; what was looked at leaves memory again where it is in a file."""
    view = memoryview(data)
    for start in range(0, len(view), _PART):
        part = view[start : start + _PART]
        yield part
        if isinstance(view.obj, mmap.mmap) and _NOT_NEEDED is not None:
            view.obj.madvise(_NOT_NEEDED, start, len(part))


def _in_a_file(pieces: Iterable[bytes]) -> memoryview:
    try:
        with TemporaryFile() as file:
            file.writelines(pieces)
            file.flush()
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise StoreError(
            f"cannot write a temporary file: {error.strerror}; TMPDIR can name a folder that has room for the reports"
        ) from error
