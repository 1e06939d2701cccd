"""Unpacking gzip within limits: a small file may unpack to more than the memory holds."""

from typing import Final

from isal import igzip_lib, isal_zlib

_GZIP: Final = 31  # zlib's value for a window of 32 KB in a gzip file


def unpacked(data: bytes, most: int) -> bytes:
    """Unpack one gzip file.

    Args:
        data: the file.
        most: the largest size after unpacking, in bytes.

    Raises:
        ValueError: it is no whole gzip file, something follows it, or it unpacks to more.
    """
    unpacker = isal_zlib.decompressobj(_GZIP)
    try:
        body = unpacker.decompress(data, most + 1)
    except igzip_lib.IsalError as error:  # type: ignore[misc]  # its stubs do not say that it is an exception
        raise ValueError(f"not a gzip file: {error}") from error
    if len(body) > most:
        raise ValueError(f"unpacks to more than {most:,} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("a gzip file that broke off, or that something follows")
    return body
