"""An object that is made piece by piece, on its way to a store, which needs its hash and its length first."""

from collections.abc import Iterable, Iterator
from io import BytesIO
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
    written, remaining = BytesIO(), iter(pieces)
    for piece in remaining:
        written.write(piece)
        if written.tell() > _IN_MEMORY:
            return _in_a_file(written.getbuffer(), remaining)
    return written.getvalue()


def _in_a_file(first: memoryview, others: Iterator[bytes]) -> memoryview:
    try:
        with TemporaryFile() as file:
            file.write(first)
            first.release()
            file.writelines(others)
            file.flush()
            return memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))
    except OSError as error:
        raise StoreError(
            f"cannot write a temporary file: {error.strerror}; TMPDIR can name a folder that has room for the reports"
        ) from error
