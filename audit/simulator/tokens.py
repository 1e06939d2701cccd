"""Tokens that IAM gives out: each is valid until its time is over, or until all are expired at once."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_urlsafe
from threading import Lock
from typing import Final

# Real tokens are long; these are long enough to notice a header that gets cut.
_BYTES: Final = 400


@dataclass(slots=True)
class Tokens:
    """Every token given out, with the moment when it ends."""

    lifetime: timedelta
    _ends: dict[str, datetime] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def issue(self, now: datetime) -> tuple[str, datetime]:
        """Give out a new token; return it with its end."""
        token = "MII" + token_urlsafe(_BYTES)
        with self._lock:
            self._ends[token] = now + self.lifetime
        return token, now + self.lifetime

    def valid(self, token: str, now: datetime) -> bool:
        """Tell whether a token was given out and has not ended."""
        end = self._ends.get(token)
        return end is not None and now < end

    def expire(self) -> None:
        """End every token given out so far."""
        with self._lock:
            self._ends.clear()
