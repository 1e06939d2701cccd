"""In which keys a profile differs from the one of an earlier run."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from audit.errors import ProfileError
from audit.profile.model import Profile
from audit.profile.reading import build_profile

_NOT_KNOWN: Final = ("the profile of the run before cannot be read",)


def profile_changes(before: Mapping[str, Any] | None, now: Profile) -> tuple[str, ...]:
    """Name the keys that differ, in order, such as ``controls`` and ``limits.grace_hours``.

    Args:
        before: the canonical form of the earlier one; what this version has added to it since has its default.
        now: the present one.
    """
    if before is None:
        return _NOT_KNOWN
    try:
        earlier = build_profile(before, "the profile of the run before")
    except ProfileError:
        return _NOT_KNOWN
    if earlier.sha256 == now.sha256:
        return ()
    return tuple(sorted(_differing(orjson.loads(earlier.canonical), orjson.loads(now.canonical), "")))


def _differing(before: Mapping[str, Any], now: Mapping[str, Any], path: str) -> Iterator[str]:
    for key in before.keys() | now.keys():
        earlier, later = before.get(key), now.get(key)
        if isinstance(earlier, dict) and isinstance(later, dict):
            yield from _differing(earlier, later, f"{path}{key}.")
        elif earlier != later:
            yield f"{path}{key}"
