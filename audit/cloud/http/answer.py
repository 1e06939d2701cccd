"""One response of the cloud, and reading its body without trusting the sender."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import requests
from msgspec import Struct, field

_CHUNK: Final = 256 * 1024


class TooMuchError(Exception):
    """A response is larger than allowed; the message gives its size."""


class Answer(Struct, frozen=True):
    """A response: status, decoded body and headers."""

    body: bytes
    headers: Mapping[str, str]
    status: int = 200
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def request_id(self) -> str:
        """The cloud's id of the request, or an empty string."""
        return self.headers.get("X-Request-Id", "")

    @property
    def cloud_time(self) -> datetime | None:
        """The cloud's time when it responded, or None if the response has no valid Date header."""
        try:
            told = parsedate_to_datetime(self.headers.get("Date", ""))
        except ValueError:
            return None
        return told.replace(tzinfo=told.tzinfo or UTC)


def read_body(response: requests.Response, *, wire: int, decoded: int) -> bytes:
    """Read and decode a body in pieces, so that a decompression bomb cannot fill the memory.

    Args:
        response: the response, with its body unread.
        wire: the largest size as received, in bytes.
        decoded: the largest size after decompression.

    Raises:
        TooMuchError: the body is too large.
        urllib3.exceptions.HTTPError: the body did not arrive completely in time.
    """
    if _states_its_size(response, min(wire, decoded)):
        return response.raw.read(decode_content=True)  # joining pieces would take longer than receiving them
    chunks: list[bytes] = []
    size = 0
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        size += len(chunk)
        if size > decoded or response.raw.tell() > wire:
            raise TooMuchError(f"{size:,} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _states_its_size(response: requests.Response, most: int) -> bool:
    """Whether the size is limited and known: the body is not compressed, and the sender stated its length."""
    stated = response.raw.length_remaining
    return stated is not None and stated <= most and "Content-Encoding" not in response.headers
