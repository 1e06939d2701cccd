"""Keys of objects: nothing in one leads out of the store."""

import re
from typing import Final

from audit.errors import StoreError

PLAIN: Final = r"[A-Za-z0-9_=-][A-Za-z0-9._=-]*(?:/[A-Za-z0-9_=-][A-Za-z0-9._=-]*)*"
"""What a key looks like: parts of letters, digits and . _ = - that do not start with a dot, and / between them."""
_KEY: Final = re.compile(PLAIN)


def checked(key: str) -> str:
    """Return a key.

    Raises:
        StoreError: it could lead out of the store, or not every store can have it.
    """
    if not _KEY.fullmatch(key):
        raise StoreError(
            f"{key!r} cannot be the name of an object: it needs parts of letters, digits and . _ = - that do not start "
            "with a dot, and / between them"
        )
    return key
