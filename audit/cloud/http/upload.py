"""A request body that is sent in pieces: each has the silence limit, and all together have a deadline."""

from collections.abc import Callable


class Upload:
    """Yields a body in pieces until its time is up.

    Without it, the whole body would have to be sent within the connect timeout, which a new connection uses while a
    body of bytes is sent.
    """

    def __init__(self, body: bytes | memoryview, *, seconds: float, clock: Callable[[], float]) -> None:
        """Store the body and the time limit for sending it."""
        self._body = memoryview(body)
        self._place = 0
        self._clock = clock
        self._deadline = clock() + seconds

    def read(self, size: int = -1) -> bytes:
        """Return a piece, or everything left; empty at the end.

        Raises:
            TimeoutError: time is up.
        """
        if self._clock() > self._deadline:
            raise TimeoutError("the body was not sent in time")
        start, left = self._place, len(self._body) - self._place
        self._place += left if size < 0 else min(size, left)
        return bytes(self._body[start : self._place])
