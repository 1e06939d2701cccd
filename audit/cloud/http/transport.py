"""One HTTP exchange with the cloud, with limits on everything.

Redirects are errors, the environment's proxies and .netrc are ignored, and certificates are always checked. Every
response has a size limit and every request a total deadline. A request is retried after lost connections, 408, 429 and
5xx, with full jitter and respect for Retry-After, all within one time budget for the whole run. After too many
requests, no thread contacts the host until it may. Before a write is retried, the transport checks whether it already
arrived.
"""

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

import requests
import structlog
import urllib3
from msgspec import Struct

from audit.cloud.http.answer import Answer, TooMuchError, read_body
from audit.cloud.http.deadline import DeadlineAdapter
from audit.cloud.http.dialect import JSON, Dialect
from audit.cloud.http.upload import Upload
from audit.errors import AuditError
from audit.log import REDACTOR
from audit.settings import Route

_MEGABYTE: Final = 1024 * 1024
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 8.0
_LONGEST_MESSAGE: Final = 200
_MARGIN: Final = 64
_GOOD: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT})
_NOT_LET_IN: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
)  # 400: an outdated date, in some stores
_RETRIED: Final = frozenset({408, 429, *range(500, 600)})
_CAUSES: Final = {
    requests.exceptions.ProxyError: "the proxy of CBR_AUDIT_PROXY did not let it through",
    requests.exceptions.ConnectTimeout: "no connection in time",
    requests.exceptions.ReadTimeout: "too slow",
    urllib3.exceptions.ReadTimeoutError: "too slow",
    urllib3.exceptions.IncompleteRead: "the answer broke off",
    urllib3.exceptions.ProtocolError: "the connection was lost",
    urllib3.exceptions.DecodeError: "the answer is damaged",
    requests.exceptions.ConnectionError: "no connection",
}
_NOT_ITS_OWN: Final = (
    "{} answered {}, but not as the service does: a proxy may have answered, or the answer broke off; check the "
    "endpoint and what is between"
)
_LOG = structlog.get_logger()


class Credentials(Protocol):
    """The credentials of requests: a requests auth class that may be able to sign in again."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add authentication to a request."""

    def renew(self, refused: requests.PreparedRequest, answer: Answer) -> bool:
        """Sign in again after a 400, 401 or 403; return False if that cannot help.

        Several threads may be refused at once: only the first one whose token is still in use signs in.
        """


class _PassingError(Exception):
    """An error for which a retry may help.

    Attributes:
        error: the error to raise if no time or try is left.
        retry_after: the seconds that the cloud asks to wait, or None.
    """

    def __init__(self, error: AuditError, retry_after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry_after = retry_after


class RequestLimits(Struct, frozen=True):
    """The limits of one exchange.

    Attributes:
        connect: the time to connect.
        silence: the time without a single byte.
        request: the time to send a request and to receive its response.
        budget: the time for all requests of one transport, including waits.
        tries: the tries of one request.
        wire: the largest size of a response as received; ``decoded``: after decompression. In bytes.
    """

    connect: timedelta = timedelta(seconds=5)
    silence: timedelta = timedelta(seconds=20)
    request: timedelta = timedelta(seconds=60)
    budget: timedelta = timedelta(minutes=10)
    tries: int = 5
    wire: int = 32 * _MEGABYTE
    decoded: int = 64 * _MEGABYTE


class _Session(requests.Session):
    """A session that ignores redirects: requests would read the whole body of one, however large or slow."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002  # the parent defines the signature
        """Return None: nothing is followed."""
        return


class Transport:
    """A session with the cloud that several threads may use."""

    def __init__(
        self,
        *,
        limits: RequestLimits | None = None,
        dialect: Dialect = JSON,
        connections: int = 4,
        route: Route = Route(),  # noqa: B008  # it is a tuple
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open a session; nothing is sent yet.

        Args:
            limits: None for the defaults.
            dialect: how the service reports errors.
            connections: the number of connections to keep open.
            route: the proxy, and whose certificates are trusted.
            sleep: waits for seconds; tests replace it.
            clock: a monotonic clock in seconds; tests replace it.
        """
        self._limits = limits or RequestLimits()
        self._dialect = dialect
        self._sleep = sleep
        self._clock = clock
        self._give_up_at = clock() + self._limits.budget.total_seconds()
        self._not_before: dict[str, float] = {}  # by host
        self._session = _Session()
        self._session.trust_env = False
        self._session.proxies = {"https": route.proxy} if route.proxy else {}  # http is for this machine only
        self._session.verify = route.ca_bundle or True
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._adapter = DeadlineAdapter(connections=connections)
        self._session.mount("https://", self._adapter)
        self._session.mount("http://", self._adapter)

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def get(
        self,
        url: str,
        params: tuple[tuple[str, str], ...],
        credentials: Credentials,
        action: str = "",
        *,
        is_whole: Callable[[Answer], bool] = lambda _answer: True,
    ) -> Answer:
        """Read a URL, with retries.

        Args:
            url: the URL without its query.
            params: the query.
            credentials: authenticates the request.
            action: the IAM action, for the remedy in a refusal.
            is_whole: whether a good response is what the service writes, as for ask.

        Raises:
            AuditError: as the dialect defines: no response within the limits, a refusal, a redirect, or too large.
        """
        asked = requests.Request("GET", url, params=params)
        return self.ask(asked, credentials, action=action, is_whole=is_whole)

    def ask(
        self,
        asked: requests.Request,
        credentials: Credentials,
        *,
        action: str = "",
        arrived: Callable[[], Answer | None] = lambda: None,
        most: int | None = None,
        is_whole: Callable[[Answer], bool] = lambda _answer: True,
    ) -> Answer:
        """Send a request, with retries.

        Args:
            asked: the request; it is prepared and authenticated anew for each try.
            credentials: authenticates it.
            action: the IAM action, for the remedy in a refusal.
            arrived: checks whether a write arrived although no response came; called before each retry. If it returns a
                response, there is no retry.
            most: the largest size of the response in bytes, if it is less than the limits allow.
            is_whole: whether a good response is what the service writes; if not, something between may have answered in
                its place, and there is a retry.

        Raises:
            AuditError: as the dialect defines, as for get.
        """
        asked.auth = credentials
        attempt, renewed = 1, False
        while True:
            try:
                request = self._prepare(asked)
                self._leave_alone(str(request.url))
                answer = self._exchange(request, most)
                if answer.status in _NOT_LET_IN and not renewed and credentials.renew(request, answer):
                    renewed = True
                    continue
                return self._its_own(self._good(answer, str(request.url), action), str(request.url), is_whole)
            except _PassingError as trouble:
                self._wait(attempt, trouble)
                attempt += 1
            if there := arrived():
                return there

    def post(self, url: str, body: Mapping[str, Any]) -> Answer:
        """Send JSON once, without authentication.

        Raises:
            AuditError: as the dialect defines, as for get.
        """
        try:
            request = self._prepare(requests.Request("POST", url, json=body))
            return self._good(self._exchange(request), str(request.url))
        except _PassingError as trouble:
            raise trouble.error from None

    def probe(self, url: str) -> Answer:
        """Send an unauthenticated request and accept any response: is the host up, and what is its time?

        Raises:
            AuditError: as the dialect defines: there was no response.
        """
        return self.once(requests.Request("GET", url))

    def once(self, asked: requests.Request) -> Answer:
        """Send a request once, and return any response.

        Raises:
            AuditError: as the dialect defines: there was no response.
        """
        try:
            return self._exchange(self._prepare(asked))
        except _PassingError as trouble:
            raise trouble.error from None

    def _wait(self, attempt: int, trouble: _PassingError) -> None:
        """Wait before the next try, or give up."""
        ceiling = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
        pause = trouble.retry_after if trouble.retry_after is not None else random.uniform(0, ceiling)  # noqa: S311  # jitter is not a secret
        if attempt >= self._limits.tries or self._clock() + pause >= self._give_up_at:
            raise trouble.error
        _LOG.info("request.retried", attempt=attempt, pause_seconds=round(pause, 2), cause=str(trouble.error))
        self._sleep(pause)

    def _leave_alone(self, url: str) -> None:
        """Wait as long as the host asked any thread to wait after too many requests."""
        pause = self._not_before.get(urlsplit(url).netloc, 0.0) - self._clock()
        if pause <= 0:
            return
        if self._clock() + pause >= self._give_up_at:
            raise self._dialect.unreachable(f"{_place(url)} was not asked: it had too many requests; try again later")
        self._sleep(pause)

    def _prepare(self, request: requests.Request) -> requests.PreparedRequest:
        try:
            return self._session.prepare_request(request)
        except requests.RequestException as error:
            raise self._dialect.failed(f"{request.url} cannot be asked: {error}; check the endpoint") from error

    def _exchange(self, request: requests.PreparedRequest, most: int | None = None) -> Answer:
        """Send a request once and return the response, whatever its status."""
        limits, words, place = self._limits, self._dialect, _place(str(request.url))
        left = min(limits.request.total_seconds(), self._give_up_at - self._clock())
        if left <= 0:
            raise words.unreachable(f"{place} was not asked: the time for it is used up")
        if isinstance(request.body, bytes | memoryview):
            cast("Any", request).body = Upload(request.body, seconds=left, clock=self._clock)
        timeout = (min(limits.connect.total_seconds(), left), min(limits.silence.total_seconds(), left))
        try:
            self._adapter.allow(left)
            with self._session.send(request, timeout=timeout, stream=True, allow_redirects=False) as response:
                wire, decoded = (min(limit, most or limit) for limit in (limits.wire, limits.decoded))
                body = read_body(response, wire=wire, decoded=decoded)
        except requests.exceptions.SSLError as error:
            raise words.unreachable(
                f"{place} shows a certificate that cannot be trusted; check the endpoint, or give its authority's "
                "certificates in CBR_AUDIT_CA_BUNDLE"
            ) from error
        except TooMuchError as error:
            raise words.oversized(f"{place} sent too much in one answer: {error}") from error
        except ValueError:  # its text and its cause may contain the token
            raise words.failed(
                f"{place} cannot be asked: the endpoint or the credentials have what cannot be sent; check both"
            ) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if self._clock() >= self._give_up_at:
                raise words.unreachable(f"{place} did not answer: the time for it is used up") from error
            kind = words.unknown_host if words.unknown_host and _has_no_host(error) else words.unreachable
            trouble = kind(f"{place} did not answer: {_cause(error)}; check the endpoint, the region and the network")
            raise _PassingError(trouble) from error
        return Answer(body=body, headers=response.headers, status=response.status_code)

    def _its_own(self, answer: Answer, url: str, is_whole: Callable[[Answer], bool]) -> Answer:
        """Return a response that the service wrote; another one may be the last of its kind."""
        if not is_whole(answer):
            raise _PassingError(self._dialect.unusable(_NOT_ITS_OWN.format(_place(url), answer.status)))
        return answer

    def _good(self, answer: Answer, url: str, action: str = "") -> Answer:
        """Return a successful response, and raise every other one as an error."""
        if answer.status in _GOOD:
            return answer
        code, message = self._dialect.read(answer.body)
        said = REDACTOR.text(f"{code} {message}".strip())  # some services quote what they refuse
        told = f"{_place(url)} answered {answer.status}{f' ({said[:_LONGEST_MESSAGE]})' if said else ''}"
        if answer.status in _RETRIED:
            pause = _retry_after(answer.headers.get("Retry-After"))
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS and pause is not None:
                host, until = urlsplit(url).netloc, self._clock() + pause
                self._not_before[host] = max(
                    until, self._not_before.get(host, until)
                )  # responses may come in any order
            raise _PassingError(self._dialect.unreachable(told), pause)
        if answer.status < HTTPStatus.BAD_REQUEST and not code:
            raise self._dialect.unusable(f"{told}: a redirect, which is not followed; check the endpoint")
        remedy = self._dialect.remedy(answer.status, code, action)
        refusal = self._dialect.refused(f"{told}; {remedy}", status=answer.status, code=code)
        raise _PassingError(refusal) if code in self._dialect.passing else refusal


def is_json_object(answer: Answer) -> bool:
    """Whether a body begins and ends as a JSON object does; parsing it is left to those who need what is in it."""
    return answer.body[:_MARGIN].lstrip().startswith(b"{") and answer.body[-_MARGIN:].rstrip().endswith(b"}")


def _retry_after(value: str | None) -> float | None:
    """Parse Retry-After: seconds or a date."""
    if value is None:
        return None
    try:
        if value.strip().isdigit():
            return float(value)
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _place(url: str) -> str:
    """Return host and path, never the query."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"


def _has_no_host(error: Exception) -> bool:
    """Whether no response came because the name of the host is not known."""
    return isinstance(getattr(next(iter(error.args), None), "reason", None), urllib3.exceptions.NameResolutionError)


def _cause(error: Exception) -> str:
    """Describe why no response came."""
    if _has_no_host(error):
        return "its name is not known"
    return next((words for kind, words in _CAUSES.items() if isinstance(error, kind)), type(error).__name__)
