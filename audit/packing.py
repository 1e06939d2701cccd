"""Packing gzip: reports so that the same pieces give the same file on every machine, responses as fast as can be."""

import zlib
from collections.abc import Iterable, Iterator
from struct import pack
from typing import Final

from isal import isal_zlib

_GZIP: Final = b"\x1f\x8b\x08\0\0\0\0\0\x04\xff"  # a file without name and time, packed quickly on any system
_WHOLE: Final = 31  # zlib's value for a window of 32 KB in a gzip file, which has neither name nor time
_BARE: Final = -15  # zlib's value for a window of 32 KB and nothing around it
_LAST: Final = 0xFFFFFFFF  # number that a gzip file counts to


def gzipped(pieces: Iterable[bytes], level: int = 1) -> Iterator[bytes]:
    """Pack pieces into a gzip file."""
    packer, check, size = zlib.compressobj(level, zlib.DEFLATED, _BARE), 0, 0  # ISA-L writes what suits the processor
    yield _GZIP
    for piece in pieces:
        check, size = zlib.crc32(piece, check), size + len(piece)
        yield packer.compress(piece)
    yield packer.flush() + pack("<II", check, size & _LAST)


def packed(body: bytes) -> bytes:
    """Pack a response into a gzip file."""
    return isal_zlib.compress(body, 1, _WHOLE)
