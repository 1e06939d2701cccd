"""One answer of the cloud, and how its body is read without trusting its sender."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import requests
import urllib3
from msgspec import Struct, field

from audit.cloud.http.watchdog import Watchdog

_CHUNK: Final = 256 * 1024


class TooMuchError(Exception):
    """An answer is larger than it may be; the text says how large."""


class Answer(Struct, frozen=True):
    """An answer: its status, its bytes, decoded, and its headers."""

    body: bytes
    headers: Mapping[str, str]
    status: int = 200
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def request_id(self) -> str:
        """What the cloud calls the request, or an empty text."""
        return self.headers.get("X-Request-Id", "")

    @property
    def told(self) -> datetime | None:
        """The time that the cloud had when it answered, None where it does not say."""
        try:
            told = parsedate_to_datetime(self.headers.get("Date", ""))
        except ValueError:
            return None
        return told.replace(tzinfo=told.tzinfo or UTC)


def read_body(
    response: requests.Response,
    watchdog: Watchdog,
    *,
    seconds: float,
    clock: Callable[[], float],
    wire: int,
    decoded: int,
) -> bytes:
    """Read and decode a body piece by piece, so that neither a bomb nor a trickle can hold the audit.

    Args:
        response: whose body was not read yet.
        watchdog: hangs up when the time is over.
        seconds: the time that is left.
        clock: seconds that only grow.
        wire: greatest size as received, in bytes.
        decoded: greatest size after decompression.

    Raises:
        TooMuchError: the body is larger than that.
        requests.RequestException: it did not come whole in time.
    """
    if _states_its_size(response, min(wire, decoded)):
        return _in_one_piece(response.raw, watchdog, seconds)
    chunks: list[bytes] = []
    size, deadline = 0, clock() + seconds
    with _hanging_up(response.raw, watchdog, seconds) as hung_up:
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            size += len(chunk)
            if size > decoded or response.raw.tell() > wire:
                raise TooMuchError(f"{size:,} bytes")
            if clock() > deadline:
                break
            chunks.append(chunk)
    if chunk or hung_up.is_set():  # an answer that was hung up on may pass for a whole one
        raise requests.exceptions.ReadTimeout("the answer trickled in until the time was up")
    return b"".join(chunks)


def _states_its_size(response: requests.Response, most: int) -> bool:
    """Whether no more bytes than that can come: nothing has to be unpacked, and the sender said how many there are."""
    stated = response.raw.length_remaining
    return stated is not None and stated <= most and "Content-Encoding" not in response.headers


def _in_one_piece(raw: urllib3.HTTPResponse, watchdog: Watchdog, seconds: float) -> bytes:
    """Read a body without putting pieces together, which would take longer than receiving them."""
    with _hanging_up(raw, watchdog, seconds) as hung_up:
        try:
            body = raw.read(decode_content=True)
        except urllib3.exceptions.HTTPError:
            if not hung_up.is_set():
                raise
    if hung_up.is_set():
        raise requests.exceptions.ReadTimeout("the answer trickled in until the time was up")
    return body


@contextmanager
def _hanging_up(raw: urllib3.HTTPResponse, watchdog: Watchdog, seconds: float) -> Iterator[threading.Event]:
    """Hang up on an answer when its time is over, even while the reader waits for it or unpacks nothing from it."""
    hung_up = threading.Event()

    def hang_up() -> None:
        hung_up.set()
        with suppress(OSError, RuntimeError, ValueError):  # the answer is complete, or has no socket
            raw.shutdown()

    with watchdog.watching(seconds, hang_up):
        yield hung_up
