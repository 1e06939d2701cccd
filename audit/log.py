"""The log: one JSON line per event, set up once, with every known secret redacted."""

import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, Final, TextIO

import structlog

_BLOT: Final = "***"
_SECRET_WORDS: Final = ("token", "password", "secret", "authorization", "signature")
_SHORTEST_SECRET: Final = 6
_SHORTEST_KEY: Final = 20  # an access key id has 20 characters; secret keys and tokens have more


class Redactor:
    """Redacts secrets in events: by the name of the key, and by value wherever a known secret occurs."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def learn(self, secrets: Iterable[str]) -> None:
        """Remember secret values, except very short ones, which would redact ordinary text."""
        self._values.update(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)

    def text(self, text: str) -> str:
        """Return a text without any known secret."""
        for value in sorted(self._values, key=len, reverse=True):  # one secret may start with another
            text = text.replace(value, _BLOT)
        return text

    def data(self, data: bytes) -> bytes:
        """Return bytes, such as a report, without any known key or token; passwords are kept, as they may be words."""
        for value in sorted(self._values, key=len, reverse=True):
            if len(value) >= _SHORTEST_KEY:
                data = data.replace(value.encode(), _BLOT.encode())
        return data

    def pieces(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Return in pieces what ``data`` returns for all of them together."""
        secrets = [value.encode() for value in self._values if len(value) >= _SHORTEST_KEY]
        if not secrets:
            yield from pieces
            return
        rest = b""
        for piece in pieces:
            rest += piece
            end = _before_secrets(rest, secrets)
            yield self.data(rest[:end])
            rest = rest[end:]
        yield self.data(rest)

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Clean one event; structlog calls this."""
        return {key: self._clean(key, value) for key, value in event.items()}

    def _clean(self, key: str, value: object) -> object:
        if any(word in key.lower() for word in _SECRET_WORDS):
            return _BLOT
        if isinstance(value, Mapping):
            return {name: self._clean(str(name), inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean("", inner) for inner in value]
        return self.text(value) if isinstance(value, str) else value


def _before_secrets(data: bytes, secrets: Iterable[bytes]) -> int:
    """Return the last position before which no secret starts that may end after it."""
    end = max(0, len(data) - max(map(len, secrets)) + 1)
    while starts := [at for secret in secrets if (at := _across(data, secret, end)) >= 0]:
        end = min(starts)
    return end


def _across(data: bytes, secret: bytes, place: int) -> int:
    """Return where a secret starts that spans a position, -1 if none does."""
    return data.find(secret, max(0, place - len(secret) + 1), max(0, place + len(secret) - 1))


REDACTOR: Final = Redactor()


def set_up(stream: TextIO | None = None) -> None:
    """Write every event as a line of JSON to a stream, by default standard output."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            REDACTOR,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stdout),
        cache_logger_on_first_use=False,
    )


def silence() -> None:
    """Drop every event; at a terminal, a person reads the summary instead."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
