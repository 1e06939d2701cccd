"""An object that is built in pieces and held until its hash and length, which a store needs first, are known."""

import mmap
from collections.abc import Iterable, Iterator
from itertools import chain
from tempfile import TemporaryFile
from typing import Final

from audit.errors import StoreError

Data = bytes | memoryview
"""The bytes of an object; a view is of a memory-mapped file, which the system can page out."""
_IN_MEMORY: Final = 8 * 1024 * 1024
_PART: Final = 1024 * 1024
_NOT_NEEDED: Final = getattr(mmap, "MADV_DONTNEED", None)  # not every system has it


def held(pieces: Iterable[bytes]) -> Data:
    """Join pieces in memory, or in a temporary file once they are large; the file is removed when it is no longer used.

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
    """Yield the bytes of an object in parts; parts of a file leave memory again after use."""
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
            f"cannot write a temporary file: {error.strerror}; set TMPDIR to a folder with room for the reports"
        ) from error
