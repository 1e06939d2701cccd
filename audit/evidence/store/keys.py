"""Keys of objects: nothing in one leads out of the store, and each says how large its object may be."""

import re
from typing import Final, NamedTuple

from audit.errors import StoreError

PLAIN: Final = r"[A-Za-z0-9_=-][A-Za-z0-9._=-]*(?:/[A-Za-z0-9_=-][A-Za-z0-9._=-]*)*"
"""What a key looks like: parts of letters, digits and . _ = - that do not start with a dot, and / between them."""
_KEY: Final = re.compile(PLAIN)
UNFINISHED: Final = ".unfinished"
"""The folder, in a store on this machine, of files that are being written; what a killed run left is removed later."""
_MEGABYTE: Final = 1024 * 1024
_LARGEST: Final = {
    r"(.+/)?latest\.json": _MEGABYTE,
    r".+/digest/[^/]+": _MEGABYTE,
    r"(.+/)?manifest\.json": 64 * _MEGABYTE,
    r".+\.json\.gz": 66 * _MEGABYTE,  # a response has 64 MB at most, and packing may add a little
}
_LARGEST_OF_ALL: Final = 512 * _MEGABYTE
TOO_LARGE: Final = "{place} has {size:,} bytes, and an object of its kind {most:,} at most: put the published one there"


class Oddity(NamedTuple):
    """Something in a store that is no object.

    Attributes:
        is_leftover: whether it is what remains of an interrupted write, which does no harm.
    """

    place: str
    what: str
    is_leftover: bool = False


def checked(key: str) -> str:
    """Return a key.

    Raises:
        StoreError: it could lead out of the store, or not every store can have it.
    """
    if not is_key(key):
        raise StoreError(
            f"{key!r} cannot be the name of an object: it needs parts of letters, digits and . _ = - that do not start "
            "with a dot, and / between them"
        )
    return key


def is_key(name: str) -> bool:
    """Whether a name can be a key."""
    return _KEY.fullmatch(name) is not None


def largest(key: str) -> int:
    """The number of bytes that an object may have; a larger one was not written by cbr-audit, and is not read."""
    return next((most for kind, most in _LARGEST.items() if re.fullmatch(kind, key)), _LARGEST_OF_ALL)
