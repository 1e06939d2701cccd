"""A body on its way to the cloud, in pieces: each has the time of silence, and all together have a deadline."""

from collections.abc import Callable


class Upload:
    """Hands out a body piece by piece until its time is over.

    Without it the whole body would have to fit into the time that connecting may take: that is the timeout that a
    fresh connection has while a body of bytes is sent.
    """

    def __init__(self, body: bytes | memoryview, *, seconds: float, clock: Callable[[], float]) -> None:
        """Take the body and the time that sending it may take."""
        self._body = memoryview(body)
        self._place = 0
        self._clock = clock
        self._deadline = clock() + seconds

    def read(self, size: int = -1) -> bytes:
        """Hand out a piece, or all that is left; at the end it is empty.

        Raises:
            TimeoutError: the time is over.
        """
        if self._clock() > self._deadline:
            raise TimeoutError("the body was not sent in time")
        start, left = self._place, len(self._body) - self._place
        self._place += left if size < 0 else min(size, left)
        return bytes(self._body[start : self._place])
