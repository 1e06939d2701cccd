"""Where objects are: below the key of their run, or in the folder that the runs of a month share.

A shared object is named by the hash of its stored bytes. A run refers only to shared objects of the month in which it
writes, so none of them is older than a month and a day when a run that needs it ends.
"""

import re
from datetime import datetime, timedelta
from typing import Final

FLEETS: Final = "fleet-"
"""What the scope of a fleet begins with, in the place of a project's id; no project id does."""
ROLL_UP: Final = "fleet.json"
"""What every fleet run has, and no run of a project."""
CHANGES: Final = "changes"
"""The folder of a project in which the changes are that the watch judged; they have a chain of their own."""
SHARED: Final = "shared/"
NEEDED_LONGER: Final = timedelta(days=32)
"""By how much a shared object must outlive a run: the longest month, and a day for a run that writes as it ends."""
_SHARED_KEY: Final = re.compile(r"[^/]+/shared/[0-9]{4}-[0-9]{2}/([0-9a-f]{64})(\.[a-z]+)+")


def shared_folder(now: datetime) -> str:
    """Return the folder of the shared objects of a month, below the project."""
    return f"{SHARED}{now:%Y-%m}/"


def is_of_changes(scope: str) -> bool:
    """Whether the scope of a chain is that of a project's changes, which overlap as they like."""
    return scope.endswith(f"/{CHANGES}")


def change_prefix(scope: str, trace: str) -> str:
    """Return the prefix of a change's objects."""
    return f"{scope}/{trace}"


def key_of(prefix: str, name: str) -> str:
    """Return the key of an object that a manifest names.

    Args:
        prefix: the prefix of the run.
        name: the name in the manifest.
    """
    return f"{prefix.partition('/')[0]}/{name}" if name.startswith(SHARED) else f"{prefix}/{name}"


def hash_in(key: str) -> str | None:
    """Return the hash that the key of a shared object contains, or None if it is no such key."""
    found = _SHARED_KEY.fullmatch(key)
    return found[1] if found else None
