"""A body on its way to the cloud, in pieces: each has the time of silence, and all together have a deadline."""

import io
from collections.abc import Callable


class Upload(io.BytesIO):
    """Hands out a body piece by piece until its time is over.

    Without it the whole body would have to fit into the time that connecting may take: that is the timeout that a
    fresh connection has while a body of bytes is sent.
    """

    def __init__(self, body: bytes, *, seconds: float, clock: Callable[[], float]) -> None:
        """Take the body and the time that sending it may take."""
        super().__init__(body)
        self._clock = clock
        self._deadline = clock() + seconds

    def read(self, size: int | None = -1, /) -> bytes:
        """Hand out a piece.

        Raises:
            TimeoutError: the time is over.
        """
        if self._clock() > self._deadline:
            raise TimeoutError("the body was not sent in time")
        return super().read(size)
