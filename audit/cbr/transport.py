"""One HTTP exchange with the cloud, done carefully.

Redirects are errors, the environment's proxies and .netrc are not trusted, certificates are always checked, every
answer has a size cap and every request a total deadline. GET is tried again on lost connections, 408, 429 and 5xx, with
full jitter, and honours Retry-After, all within one time budget for the whole run.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import orjson
import requests
import structlog
import urllib3

from audit.cbr.deadline import DeadlineAdapter
from audit.errors import SourceAnswerError, SourceError, SourceRefusedError, SourceUnreachableError
from audit.log import REDACTOR

_MEGABYTE: Final = 1024 * 1024
_CHUNK: Final = 256 * 1024
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 8.0
_LONGEST_MESSAGE: Final = 200
_RETRIED: Final = frozenset({408, 429, *range(500, 600)})
_REMEDIES: Final = {
    400: "the API did not accept the request; check project id and times",
    401: "sign in with valid credentials for this project",
    403: "give the user or agency read permission for CBR (CBR ReadOnlyAccess), and check the project id",
    404: "check the project id, the region and the endpoint",
}
_LOG = structlog.get_logger()


class Credentials(Protocol):
    """What authenticates requests: a requests auth class that may be able to sign in again."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add authentication to a request."""

    def renew(self, refused: requests.PreparedRequest) -> bool:
        """Sign in again after a 401; False where that cannot help.

        Several threads may be refused at once: only the first one whose token is still in use signs in.
        """


class _PassingError(Exception):
    """Trouble that another try may not meet.

    Attributes:
        error: what to raise when no time or try is left.
        retry_after: seconds that the cloud asks to wait, or None.
    """

    def __init__(self, error: SourceError, retry_after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much one exchange may take.

    Attributes:
        connect: time to connect.
        silence: time without a single byte.
        request: time for one try, from the first byte sent to the last received.
        budget: time for everything that goes through one transport, waits included.
        tries: tries of one request.
        wire: greatest size as received; ``decoded``: after decompression. In bytes.
    """

    connect: timedelta = timedelta(seconds=5)
    silence: timedelta = timedelta(seconds=20)
    request: timedelta = timedelta(seconds=60)
    budget: timedelta = timedelta(minutes=10)
    tries: int = 5
    wire: int = 32 * _MEGABYTE
    decoded: int = 64 * _MEGABYTE


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its bytes, decoded, its headers and its status."""

    body: bytes
    headers: Mapping[str, str]
    status: int = 200
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def request_id(self) -> str:
        """What the cloud calls the request, or an empty text."""
        return self.headers.get("X-Request-Id", "")


class _Session(requests.Session):
    """A session that leaves redirects alone: requests would read the whole body of one, however large or slow."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002  # the signature is the parent's
        """Find nothing to follow."""
        return


class Transport:
    """A session with the cloud that several threads may use."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        connections: int = 4,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open a session; nothing is sent yet.

        Args:
            limits: None for the defaults.
            connections: connections kept open at the same time.
            sleep: how to wait, in seconds; tests replace it.
            clock: seconds that only grow; tests replace it.
        """
        self._limits = limits or Limits()
        self._sleep = sleep
        self._clock = clock
        self._give_up_at = clock() + self._limits.budget.total_seconds()
        self._session = _Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        adapter = DeadlineAdapter(min(self._limits.request, self._limits.budget), connections=connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def get(self, url: str, params: tuple[tuple[str, str], ...], credentials: Credentials) -> Answer:
        """Read a URL, trying again where that may help.

        Raises:
            SourceUnreachableError: no answer within the limits.
            SourceRefusedError: the cloud answered no.
            SourceAnswerError: the answer is a redirect or too large.
        """
        attempt, renewed = 1, False
        while True:
            request = self._prepare(requests.Request("GET", url, params=params, auth=credentials))
            try:
                return _good(self._exchange(request), str(request.url))
            except SourceRefusedError as refusal:
                if refusal.status != HTTPStatus.UNAUTHORIZED or renewed or not credentials.renew(request):
                    raise
                renewed = True
            except _PassingError as trouble:
                self._wait(attempt, trouble)
                attempt += 1

    def post(self, url: str, body: Mapping[str, Any]) -> Answer:
        """Send JSON once, without authentication: only GET is tried again.

        Raises:
            SourceError: as for get.
        """
        try:
            return _good(self.once(requests.Request("POST", url, json=body)), url)
        except _PassingError as trouble:
            raise trouble.error from None

    def once(self, request: requests.Request) -> Answer:
        """Send a request once, and return the answer whatever its status is.

        Raises:
            SourceError: there was no answer within the limits.
        """
        try:
            return self._exchange(self._prepare(request))
        except _PassingError as trouble:
            raise trouble.error from None

    def _wait(self, attempt: int, trouble: _PassingError) -> None:
        """Wait before the next try, or give up."""
        ceiling = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
        pause = trouble.retry_after if trouble.retry_after is not None else random.uniform(0, ceiling)  # noqa: S311  # jitter is no secret
        if attempt >= self._limits.tries or self._clock() + pause >= self._give_up_at:
            raise trouble.error
        _LOG.info("request.retried", attempt=attempt, pause_seconds=round(pause, 2), cause=str(trouble.error))
        self._sleep(pause)

    def _prepare(self, request: requests.Request) -> requests.PreparedRequest:
        try:
            return self._session.prepare_request(request)
        except requests.RequestException as error:
            raise SourceError(f"{request.url} cannot be asked: {error}; check the endpoint") from error

    def _exchange(self, request: requests.PreparedRequest) -> Answer:
        url = str(request.url)
        left = min(self._limits.request.total_seconds(), self._give_up_at - self._clock())
        if left <= 0:
            raise SourceUnreachableError(f"{_place(url)} was not asked: the time for reading is used up")
        deadline = self._clock() + left
        timeout = (min(self._limits.connect.total_seconds(), left), min(self._limits.silence.total_seconds(), left))
        try:
            with self._session.send(request, timeout=timeout, stream=True, allow_redirects=False) as response:
                body = self._body(response, deadline)
        except requests.exceptions.SSLError as error:
            raise SourceUnreachableError(
                f"{_place(url)} shows a certificate that cannot be trusted; check the endpoint"
            ) from error
        except ValueError:  # its text and its cause may hold the token
            raise SourceError(
                f"{_place(url)} cannot be asked: the endpoint or the credentials have what cannot be sent; check both"
            ) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            trouble = SourceUnreachableError(
                f"{_place(url)} did not answer: {_cause(error)}; check the endpoint, the region and the network"
            )
            raise _PassingError(trouble) from error
        return Answer(body=body, headers=response.headers, status=response.status_code)

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        """Read and decode a body piece by piece, so that neither a bomb nor a trickle can hold the audit."""
        chunks: list[bytes] = []
        size = 0
        with _hanging_up(response.raw, deadline - self._clock()) as hung_up:
            while chunk := response.raw.read1(_CHUNK, decode_content=True):
                size += len(chunk)
                if size > self._limits.decoded or response.raw.tell() > self._limits.wire:
                    raise SourceAnswerError(f"{_place(response.url)} sent too much in one answer: {size:,} bytes")
                if self._clock() > deadline:
                    break
                chunks.append(chunk)
        if chunk or hung_up.is_set():  # an answer that was hung up on may pass for a whole one
            raise requests.exceptions.ReadTimeout("the answer trickled in until the time was up")
        return b"".join(chunks)


@contextmanager
def _hanging_up(raw: urllib3.HTTPResponse, seconds: float) -> Iterator[threading.Event]:
    """Hang up on an answer when its time is over, even while the reader waits for it or unpacks nothing from it."""
    hung_up = threading.Event()

    def hang_up() -> None:
        hung_up.set()
        with suppress(OSError, RuntimeError, ValueError):  # the answer is complete, or has no socket
            raw.shutdown()

    watchdog = threading.Timer(max(seconds, 0), hang_up)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield hung_up
    finally:
        watchdog.cancel()


def _good(answer: Answer, url: str) -> Answer:
    """Return a good answer, and turn every other one into an error."""
    status, body = answer.status, answer.body
    if status in {HTTPStatus.OK, HTTPStatus.CREATED}:
        return answer
    if status in _RETRIED:
        error = SourceUnreachableError(f"{_place(url)} answered {status}{said(body)}")
        raise _PassingError(error, _retry_after(answer.headers.get("Retry-After")))
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise SourceAnswerError(f"{_place(url)} answered with a redirect, which is not followed; check the endpoint")
    code, _ = _error(body)
    remedy = _REMEDIES.get(status, "see the error codes of the API")
    raise SourceRefusedError(f"{_place(url)} answered {status}{said(body)}; {remedy}", status=status, code=code)


def said(body: bytes) -> str:
    """Quote code and message of an error, without any secret."""
    words = REDACTOR.text(" ".join(part for part in _error(body) if part))  # some services quote what they refuse
    return f" ({words[:_LONGEST_MESSAGE]})" if words else ""


def _error(body: bytes) -> tuple[str, str]:
    """Find code and message in any of the error forms that Huawei's services use."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", ""
    inner = answer.get("error", answer) if isinstance(answer, dict) else None
    if not isinstance(inner, dict):
        return "", ""
    for code, message in (("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message")):
        if code in inner or message in inner:
            return str(inner.get(code, "")), str(inner.get(message, ""))
    return "", ""


def _retry_after(value: str | None) -> float | None:
    """Read Retry-After: seconds, or a date."""
    if value is None:
        return None
    try:
        if value.strip().isdigit():
            return float(value)
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _place(url: str) -> str:
    """Name host and path, never the query."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"


def _cause(error: Exception) -> str:
    """Say in words what kept an answer from coming."""
    causes = {
        requests.exceptions.ConnectTimeout: "no connection in time",
        requests.exceptions.ReadTimeout: "too slow",
        urllib3.exceptions.ReadTimeoutError: "too slow",
        urllib3.exceptions.IncompleteRead: "the answer broke off",
        urllib3.exceptions.ProtocolError: "the connection was lost",
        urllib3.exceptions.DecodeError: "the answer is damaged",
        requests.exceptions.ConnectionError: "no connection",
    }
    return next((words for kind, words in causes.items() if isinstance(error, kind)), type(error).__name__)
