"""Ways to authenticate requests: a token, a user with a password, or access keys that sign each request.

Signing: "API Request Signing Guide", algorithm SDK-HMAC-SHA256.
"""

import hashlib
import hmac
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from audit.errors import SourceAnswerError, SourceRefusedError
from audit.web.transport import Transport

_ALGORITHM: Final = "SDK-HMAC-SHA256"
_DATE_FORMAT: Final = "%Y%m%dT%H%M%SZ"


class TokenAuth(AuthBase):
    """A token that somebody else obtained; it cannot be renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token."""
        request.headers["X-Auth-Token"] = self._token
        return request

    def renew(self, refused: PreparedRequest) -> bool:  # noqa: ARG002  # the signature is the protocol's
        """A given token cannot be renewed."""
        return False


class PasswordAuth(AuthBase):
    """A user and a password that are exchanged for a token at IAM, and again when the token expires."""

    def __init__(self, sign_in: Callable[[], str]) -> None:
        """Take a function that signs in and returns a token; it is called when the first request needs one."""
        self._sign_in = sign_in
        self._refusal: SourceRefusedError | None = None
        self._token = ""
        self._lock = threading.Lock()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token, signing in first where there is none."""
        with self._lock:
            self._token = self._token or self._signed_in()
            request.headers["X-Auth-Token"] = self._token
        return request

    def renew(self, refused: PreparedRequest) -> bool:
        """Sign in again, unless another thread has done so since."""
        with self._lock:
            if refused.headers.get("X-Auth-Token") == self._token:
                self._token = self._signed_in()
        return True

    def _signed_in(self) -> str:
        """Sign in, but never again once IAM has refused: several threads could lock the account."""
        if self._refusal:
            raise self._refusal
        try:
            return self._sign_in()
        except SourceRefusedError as refusal:
            self._refusal = refusal
            raise


class KeyAuth(AuthBase):
    """Access keys that sign each request with SDK-HMAC-SHA256."""

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        *,
        project_id: str = "",
        security_token: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take the keys.

        Args:
            access_key: the access key id (AK).
            secret_key: the secret access key (SK).
            project_id: sent as X-Project-Id where given.
            security_token: sent as X-Security-Token where given; temporary keys need it.
            now: the time of signing; tests replace it.
        """
        self._access_key = access_key
        self._secret_key = secret_key
        self._headers = {"X-Project-Id": project_id, "X-Security-Token": security_token}
        self._now = now

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign the request exactly as it will be sent."""
        request.headers["X-Sdk-Date"] = self._now().strftime(_DATE_FORMAT)
        request.headers["Host"] = urlsplit(str(request.url)).netloc
        request.headers.update({name: value for name, value in self._headers.items() if value})
        signed = _signed_headers(request)
        canonical = _canonical(request, signed)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"{_ALGORITHM}\n{signed['x-sdk-date']}\n{digest}"
        signature = hmac.new(self._secret_key.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        request.headers["Authorization"] = (
            f"{_ALGORITHM} Access={self._access_key}, SignedHeaders={';'.join(signed)}, Signature={signature}"
        )
        return request

    def renew(self, refused: PreparedRequest) -> bool:  # noqa: ARG002  # the signature is the protocol's
        """Keys that were refused once will be refused again."""
        return False


def sign_in(
    transport: Transport, endpoint: str, *, project_id: str, user: str, password: str, domain: dict[str, str]
) -> str:
    """Exchange a user's password for a token of one project.

    Source: "Obtaining a User Token Through Password Authentication" in the IAM API reference.

    Args:
        transport: where requests go through.
        endpoint: of IAM, without a path.
        project_id: the token is good for this project.
        user: the user's name.
        password: the user's password.
        domain: the account, as ``{"name": …}`` or ``{"id": …}``.

    Raises:
        SourceError: IAM refused, did not answer, or sent no token.
    """
    identity = {"methods": ["password"], "password": {"user": {"name": user, "password": password, "domain": domain}}}
    body = {"auth": {"identity": identity, "scope": {"project": {"id": project_id}}}}
    answer = transport.post(f"{endpoint}/v3/auth/tokens?nocatalog=true", body)
    token = answer.headers.get("X-Subject-Token")
    if not token:
        raise SourceAnswerError("IAM answered without a token (X-Subject-Token); check the IAM endpoint")
    return token


def _signed_headers(request: PreparedRequest) -> dict[str, str]:
    """Choose the headers that are signed: what this class adds, the host and the type of the content."""
    chosen = {"host", "x-sdk-date", "x-project-id", "x-security-token", "content-type"}
    named = {name.lower(): str(value).strip() for name, value in request.headers.items()}
    return {name: named[name] for name in sorted(chosen & named.keys())}


def _canonical(request: PreparedRequest, signed: dict[str, str]) -> str:
    """Write a request in the form that is hashed."""
    parts = urlsplit(str(request.url))
    path = quote(parts.path, safe="/~%")
    query = sorted(
        (quote(key, safe="~"), quote(value, safe="~")) for key, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    body = request.body or b""
    lines = [
        str(request.method),
        path if path.endswith("/") else f"{path}/",
        "&".join(f"{key}={value}" for key, value in query),
        *(f"{name}:{value}" for name, value in signed.items()),
        "",
        ";".join(signed),
        hashlib.sha256(body if isinstance(body, bytes) else body.encode()).hexdigest(),
    ]
    return "\n".join(lines)
