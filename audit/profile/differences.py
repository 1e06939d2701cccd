"""The keys in which a profile differs from that of an earlier run."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from audit.errors import ProfileError
from audit.profile.choice import GROUPS
from audit.profile.model import Profile
from audit.profile.reading import build_profile

_NOT_KNOWN: Final = ("the profile of the run before cannot be read",)


def earlier_profile(stored: Mapping[str, Any] | None) -> Profile | None:
    """Read the profile that an earlier run stored, or None if it cannot be used."""
    try:
        return None if stored is None else build_profile(stored, "the profile of the run before")
    except ProfileError:
        return None


def profile_changes(
    before: Mapping[str, Any] | None, now: Profile, *, is_of_this_version: bool = True
) -> tuple[str, ...]:
    """Return the keys that differ, sorted, such as ``controls`` and ``limits.grace_hours``.

    Formats judge nothing, and their default changed in version 0.3, so they are not compared.

    Args:
        before: the canonical form of the earlier profile; keys added since then have their defaults.
        now: the current profile.
        is_of_this_version: whether this version of cbr-audit wrote the earlier profile; if not, the earlier version may
            not have known some of the default controls, so their absence means nothing.
    """
    earlier = earlier_profile(before)
    if earlier is None:
        return _NOT_KNOWN
    if earlier.sha256 == now.sha256:
        return ()
    then, present = orjson.loads(earlier.canonical), orjson.loads(now.canonical)
    present["formats"] = then["formats"]
    if not is_of_this_version:
        usual = GROUPS["default"]
        present["controls"] = [each for each in present["controls"] if each in then["controls"] or each not in usual]
    return tuple(sorted(_differing(then, present, "")))


def _differing(before: Mapping[str, Any], now: Mapping[str, Any], path: str) -> Iterator[str]:
    for key in before.keys() | now.keys():
        earlier, later = before.get(key), now.get(key)
        if isinstance(earlier, dict) and isinstance(later, dict):
            yield from _differing(earlier, later, f"{path}{key}.")
        elif earlier != later:
            yield f"{path}{key}"
