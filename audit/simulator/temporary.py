"""Temporary key pairs, as a platform gets them for an agency: they sign with a token until they expire."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from secrets import token_urlsafe
from threading import Lock
from typing import Final

_BYTES: Final = 300


@dataclass(frozen=True, slots=True)
class Pair:
    """One key pair; a temporary one has an expiry, and a token that must be sent with each request."""

    ak: str
    sk: str
    token: str = ""
    end: datetime | None = None


@dataclass(slots=True)
class Pairs:
    """Every temporary key pair that was issued, by its access key; the access keys begin with ``prefix``."""

    prefix: str = "TEMPORARYACCESS"
    _pairs: dict[str, Pair] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def issue(self, now: datetime, lifetime: timedelta) -> Pair:
        """Issue a new pair."""
        with self._lock:
            number = len(self._pairs)
            ak = f"{self.prefix}{number:05d}"
            self._pairs[ak] = Pair(ak, f"SecretKeyOf{ak}", "gQ" + token_urlsafe(_BYTES), now + lifetime)
            return self._pairs[ak]

    def find(self, ak: str) -> Pair | None:
        """Return the pair with an access key, even an expired one."""
        return self._pairs.get(ak)

    def expire(self, now: datetime) -> None:
        """Expire every pair issued so far."""
        with self._lock:
            self._pairs = {ak: replace(pair, end=now) for ak, pair in self._pairs.items()}
