"""An object that is made piece by piece, on its way to a store, which needs its hash and its length first."""

from collections.abc import Iterable
from itertools import chain
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from typing import Final

from audit.errors import StoreError

Data = bytes | memoryview
"""The bytes of an object; a view is of a file that is mapped into memory, which the system can take out again."""
_IN_MEMORY: Final = 8 * 1024 * 1024


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


def _in_a_file(pieces: Iterable[bytes]) -> memoryview:
    try:
        with TemporaryFile() as file:
            file.writelines(pieces)
            file.flush()
            return memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))
    except OSError as error:
        raise StoreError(
            f"cannot write a temporary file: {error.strerror}; TMPDIR can name a folder that has room for the reports"
        ) from error
