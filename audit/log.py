"""The log: one JSON line per event, set up once, with every known secret redacted, however it is spelt."""

import json
import logging
import re
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from threading import Lock
from typing import Any, Final, TextIO
from urllib.parse import quote, quote_plus

import structlog

_BLOT: Final = "***"
_SECRET_WORDS: Final = ("token", "password", "secret", "authorization", "signature")
_SHORTEST_SECRET: Final = 6
_SHORTEST_KEY: Final = 20  # an access key id has 20 characters; secret keys and tokens have more
_MOST_KEPT: Final = 64  # a warm function gets new temporary keys for years, and old ones are of no use to anybody
_FOR_URLS: Final = str.maketrans("+/", "-_")


class Redactor:
    """Redacts secrets in events: by the name of the key, and by value wherever a known secret occurs."""

    def __init__(self) -> None:
        self._own: dict[str, None] = {}  # in the order of learning
        self._lent: dict[str, None] = {}
        self._lock = Lock()
        self._texts: tuple[str, ...] = ()
        self._keys: tuple[bytes, ...] = ()

    def learn(self, secrets: Iterable[str], *, lent: bool = False) -> None:
        """Remember secret values, except very short ones, which would redact ordinary text.

        Args:
            secrets: the values.
            lent: whether they are of another account; however many there are, the own ones stay known.
        """
        with self._lock:
            kept = self._lent if lent else self._own
            for secret in secrets:
                if len(secret) >= _SHORTEST_SECRET:
                    kept.pop(secret, None)
                    kept[secret] = None
            for old in [*kept][:-_MOST_KEPT]:
                del kept[old]
            values = [*self._own, *self._lent]
            keys = _longest_first(value for value in values if len(value) >= _SHORTEST_KEY)
            self._texts = _longest_first(values)
            self._keys = tuple(text.encode(errors="surrogatepass") for text in keys)

    def text(self, text: str) -> str:
        """Return a text without any known secret."""
        for secret in self._texts:
            text = text.replace(secret, _BLOT)
        return text

    def data(self, data: bytes) -> bytes:
        """Return bytes, such as a report, without any known key or token; passwords are kept, as they may be words."""
        for key in self._keys:
            data = data.replace(key, _BLOT.encode())
        return data

    def pieces(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Return in pieces what ``data`` returns for all of them together."""
        if not self._keys:
            yield from pieces
            return
        rest = b""
        for piece in pieces:
            rest += piece
            end = _before_secrets(rest, self._keys)
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


def _longest_first(secrets: Iterable[str]) -> tuple[str, ...]:
    """Return every spelling of secrets; one may start with another."""
    return tuple(sorted({text for secret in secrets for text in _spellings(secret)}, key=len, reverse=True))


def _spellings(secret: str) -> Iterator[str]:
    """Yield a secret as a text may spell it: as it is, escaped in JSON, encoded in a URL, or within base64."""
    plain = secret.encode(errors="surrogatepass")
    yield secret
    for escaped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield from (escaped, escaped.replace("/", "\\/"))
    for encoded in (quote(plain, safe=""), quote(plain), quote_plus(plain)):
        yield from (encoded, re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), encoded))
    for before in range(3):  # bytes in the same group of three, which share a character with the secret
        text = b64encode(bytes(before) + plain).decode()
        inner = text[-(-before * 8 // 6) : (before + len(plain)) * 8 // 6]
        yield from (inner, inner.translate(_FOR_URLS))


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
