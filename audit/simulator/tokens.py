"""IAM tokens: each is valid until it expires, or until all are expired at once."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_urlsafe
from threading import Lock
from typing import Final

# Real tokens are long; these are long enough to reveal a truncated header.
_BYTES: Final = 400


@dataclass(slots=True)
class Tokens:
    """Every token that was issued, with its expiry."""

    lifetime: timedelta
    _ends: dict[str, datetime] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def issue(self, now: datetime) -> tuple[str, datetime]:
        """Issue a new token; return it with its expiry."""
        token = "MII" + token_urlsafe(_BYTES)
        with self._lock:
            self._ends[token] = now + self.lifetime
        return token, now + self.lifetime

    def valid(self, token: str, now: datetime) -> bool:
        """Whether a token was issued and has not expired."""
        end = self._ends.get(token)
        return end is not None and now < end

    def expire(self) -> None:
        """Expire every token issued so far."""
        with self._lock:
            self._ends.clear()
