"""The messages of the simulator: requests, responses and the rows in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; ``url`` is absolute, and header names may have any case."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return a header by its name in any case; Host falls back to the host of the URL."""
        wanted = name.lower()
        for key, value in self.headers.items():
            if key.lower() == wanted:
                return value
        return urlsplit(self.url).netloc if wanted == "host" else None

    def split(self) -> SplitResult:
        """Split the URL."""
        return urlsplit(self.url)


@dataclass(frozen=True, slots=True)
class Response:
    """One complete HTTP response."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
