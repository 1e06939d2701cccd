"""The simulated cloud with its two front ends: a socket server and a mock use the same ``dispatch``."""

import gzip
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Lock
from typing import Final

from audit.simulator import routes
from audit.simulator.cloud import Account, Function, SimulatedCloud
from audit.simulator.estate import Estate
from audit.simulator.functions import urn_of
from audit.simulator.inbox import Inbox
from audit.simulator.invocations import Invocations
from audit.simulator.messages import Request, Response
from audit.simulator.notices import topic_of
from audit.simulator.quirks import Quirks
from audit.simulator.signing_key import Key, key_of
from audit.simulator.task_log import TaskLog
from audit.simulator.temporary import Pair, Pairs
from audit.simulator.tokens import Tokens

Intercept = Callable[[Request, int], Response | None]
_NONE: Final = timedelta(0)
_DAY: Final = timedelta(hours=24)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Simulator:
    """Responds for one estate as CBR and IAM would.

    Args:
        estate: the estate to serve.
        latency: the minimum duration of every response.
        token_lifetime: how long a token is valid, by ``clock``.
        clock: the time in UTC, for tokens, signatures and the Date header.
        gzip: whether to compress responses for clients that accept it.
        denied: IAM actions that the user may not perform, such as ``cbr:backups:list``; they get a 403.

    Attributes:
        tasks: the task log; ``add``, ``replace`` and ``remove`` change it at any time, even during a walk.
        intercept: called with each request and its number, counted from 0. A response that it returns is sent instead
            of the real one; a connection error that it raises drops the connection.
    """

    intercept: Intercept | None

    def __init__(
        self,
        estate: Estate,
        *,
        latency: timedelta = _NONE,
        token_lifetime: timedelta = _DAY,
        clock: Callable[[], datetime] = _utc_now,
        gzip: bool = False,
        denied: Iterable[str] = (),
    ) -> None:
        estate = estate.delivered
        projects = {vault["id"]: vault["enterprise_project_id"] for vault in estate.vaults}
        self.tasks = TaskLog(estate.tasks, estate.hidden, projects)
        self.intercept = None
        key = key_of(estate.project_id)
        self._cloud = SimulatedCloud(
            estate, self.tasks, Tokens(token_lifetime), Account(), clock, key, denied=set(denied)
        )
        self._latency = latency
        self._gzip = gzip
        self._lock = Lock()
        self._received = 0
        self._answered = 0
        self._token = ""

    @property
    def project_id(self) -> str:
        """The id of the only project."""
        return self._cloud.estate.project_id

    @property
    def user(self) -> str:
        """The name of the only user."""
        return self._cloud.account.user

    @property
    def password(self) -> str:
        """The password of the only user."""
        return self._cloud.account.password

    @property
    def domain(self) -> str:
        """The name of the user's account."""
        return self._cloud.account.domain

    @property
    def ak(self) -> str:
        """The access key of the only user."""
        return self._cloud.account.ak

    @property
    def sk(self) -> str:
        """The secret key of the only user."""
        return self._cloud.account.sk

    @property
    def token(self) -> str:
        """A token that is valid now; the same one as long as it stays valid."""
        now = self._cloud.clock()
        with self._lock:
            if not self._cloud.tokens.valid(self._token, now):
                self._token, _ = self._cloud.tokens.issue(now)
            return self._token

    @property
    def topic(self) -> str:
        """The URN of the only SMN topic."""
        return topic_of(self.project_id)

    @property
    def inbox(self) -> Inbox:
        """What arrived at the topic, at ``/webhook`` and at ``/ping/ID``, where ID is hexadecimal."""
        return self._cloud.inbox

    @property
    def quirks(self) -> Quirks:
        """The undocumented behaviour of the service; change it to see how a client copes."""
        return self._cloud.quirks

    @property
    def key(self) -> Key:
        """The only key of KMS; change its state to see what a disabled key does."""
        return self._cloud.key

    @property
    def function_urn(self) -> str:
        """The URN of the only function of FunctionGraph."""
        return urn_of(self.project_id)

    def plug_in(self, function: Function) -> None:
        """Let FunctionGraph run this function, which takes an event and returns a result for JSON."""
        self._cloud.function = function

    def invoke_later(self) -> Invocations:
        """Let FunctionGraph keep asynchronous invocations until they are run."""
        self._cloud.invocations = self._cloud.invocations or Invocations()
        return self._cloud.invocations

    @property
    def requests(self) -> int:
        """The number of requests so far."""
        return self._answered

    def belong_to(self, account: Account, pairs: Pairs) -> None:
        """Let the user of an account sign in, and take the temporary keys that were issued in it."""
        self._cloud.account = account
        self._cloud.pairs = pairs

    def give_token(self) -> tuple[str, datetime]:
        """Issue a new token for the project; return it with its expiry."""
        return self._cloud.tokens.issue(self._cloud.clock())

    def takes_token(self, token: str) -> bool:
        """Whether a token was issued here and has not expired."""
        return self._cloud.tokens.valid(token, self._cloud.clock())

    def expire_tokens(self) -> None:
        """Invalidate every token issued so far."""
        self._cloud.tokens.expire()

    def temporary_keys(self, lifetime: timedelta = _DAY) -> Pair:
        """Issue a new temporary key pair, valid from now on by ``clock``."""
        return self._cloud.pairs.issue(self._cloud.clock(), lifetime)

    def expire_keys(self) -> None:
        """Invalidate every temporary key pair issued so far."""
        self._cloud.pairs.expire(self._cloud.clock())

    def deny(self, *actions: str) -> None:
        """Deny these permissions, such as ``cbr:vaults:list``, and allow all others."""
        self._cloud.denied.clear()
        self._cloud.denied.update(actions)

    def dispatch(self, request: Request) -> Response:
        """Respond to one request, from any thread."""
        with self._lock:
            number = self._received
            self._received += 1
        if self._latency:
            time.sleep(self._latency.total_seconds())
        odd = None if self.intercept is None else self.intercept(request, number)
        response = self._finish(request, number, routes.answer(self._cloud, request)) if odd is None else odd
        with self._lock:
            self._answered += 1
        return response

    def _finish(self, request: Request, number: int, response: Response) -> Response:
        """Add what every response of the gateway has."""
        headers = {
            **response.headers,
            "Date": format_datetime(self._cloud.clock(), usegmt=True),
            "Server": "api-gateway",
            "X-Request-Id": f"{number:032x}",
        }
        body = response.body
        if self._gzip and "gzip" in (request.header("Accept-Encoding") or ""):
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, compresslevel=1, mtime=0)
        return Response(response.status, headers, body)
