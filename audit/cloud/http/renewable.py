"""Credentials that expire, such as tokens and temporary keys, and are renewed before that or after a refusal."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Keys(Struct, frozen=True):
    """Access keys; temporary ones have a token."""

    access_key: str
    secret_key: str
    security_token: str = ""

    def __repr__(self) -> str:
        """Hide the secrets."""
        return f"Keys(access_key={self.access_key!r})"


class Fresh(Generic[T]):
    """Holds one such credential for several threads."""

    def __init__(
        self,
        ask: Callable[[], T],
        *,
        keep: timedelta | Callable[[], timedelta] = timedelta.max,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Store how to request it; it is requested on first use.

        Args:
            ask: requests it.
            keep: how long it is held before it is requested again; a function is called after each request.
            clock: a monotonic clock in seconds; tests replace it.
        """
        self._ask = ask
        self._keep = keep if callable(keep) else lambda: keep
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[T, float] | None = None  # and until when

    def get(self) -> T:
        """Return the credential, requested again if it was held long enough."""
        with self._lock:
            if self._held is None or self._clock() >= self._held[1]:
                self._held = self._asked()
            return self._held[0]

    def again(self, was_refused: Callable[[T], bool]) -> bool:
        """Request it again after a refusal, unless another thread has; return False if it did not change."""
        with self._lock:
            if self._held is None or was_refused(self._held[0]):
                self._held = self._asked()
            return not was_refused(self._held[0])

    def _asked(self) -> tuple[T, float]:
        credential = self._ask()
        return credential, self._clock() + self._keep().total_seconds()
