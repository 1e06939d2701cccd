"""Things that end, such as tokens and temporary keys, and are asked for again before that or after a refusal."""

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
        """Show no secret."""
        return f"Keys(access_key={self.access_key!r})"


class Fresh(Generic[T]):
    """Holds one such thing for several threads."""

    def __init__(
        self,
        ask: Callable[[], T],
        *,
        keep: timedelta = timedelta.max,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take a way to ask for it; it is asked when the thing is needed first.

        Args:
            ask: asks for it.
            keep: how long it is held before it is asked for again.
            clock: seconds that only grow; tests replace it.
        """
        self._ask = ask
        self._keep = keep.total_seconds()
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[T, float] | None = None

    def get(self) -> T:
        """Return what is held, asked for anew where it was held long enough."""
        with self._lock:
            if self._held is None or self._clock() - self._held[1] >= self._keep:
                self._held = (self._ask(), self._clock())
            return self._held[0]

    def again(self, was_refused: Callable[[T], bool]) -> bool:
        """Ask again after a refusal, unless another thread has done so since; False where nothing else came."""
        with self._lock:
            if self._held is None or was_refused(self._held[0]):
                self._held = (self._ask(), self._clock())
            return not was_refused(self._held[0])
