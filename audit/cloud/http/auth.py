"""Authentication of requests: a token, or access keys that sign each request.

Signing: "API Request Signing Guide", algorithm SDK-HMAC-SHA256.
"""

import hashlib
import hmac
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from audit.cloud.http.answer import Answer
from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.renewable import Fresh, Keys

DATE_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_ALGORITHM: Final = "SDK-HMAC-SHA256"


class TokenAuth(AuthBase):
    """An IAM token: given, from the platform, or obtained with a password."""

    def __init__(self, tokens: Fresh[str]) -> None:
        """Store where the token comes from."""
        self._tokens = tokens

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token, signing in first if there is none."""
        request.headers["X-Auth-Token"] = self._tokens.get()
        return request

    def renew(self, refused: PreparedRequest, answer: Answer) -> bool:
        """Request a new token; return whether there is one."""
        if answer.status != HTTPStatus.UNAUTHORIZED:
            return False
        return self._tokens.again(lambda token: token == refused.headers["X-Auth-Token"])


class SigningAuth(AuthBase):
    """Access keys that sign each request; subclasses define the format of the signature."""

    date_header = ""

    def __init__(self, keys: Fresh[Keys], clock: CloudClock) -> None:
        """Store where the keys come from, and the clock for signing."""
        self._keys = keys
        self._clock = clock

    def renew(self, refused: PreparedRequest, answer: Answer) -> bool:
        """Correct the clock, or else request new keys."""
        signed_at = datetime.strptime(refused.headers[self.date_header], DATE_FORMAT).replace(tzinfo=UTC)
        if self._clock.learn(signed_at, answer.cloud_time):
            return True
        return self._keys.again(lambda keys: keys.access_key in refused.headers["Authorization"])


class KeyAuth(SigningAuth):
    """Signs with SDK-HMAC-SHA256, as every service except OBS requires."""

    date_header = "X-Sdk-Date"

    def __init__(self, keys: Fresh[Keys], clock: CloudClock, *, project_id: str = "") -> None:
        """Store where the keys come from, the clock, and the project to send as X-Project-Id, if any."""
        super().__init__(keys, clock)
        self._project_id = project_id

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign the request exactly as it will be sent."""
        keys = self._keys.get()
        added = {"X-Project-Id": self._project_id, "X-Security-Token": keys.security_token}
        request.headers[self.date_header] = self._clock().strftime(DATE_FORMAT)
        request.headers["Host"] = urlsplit(str(request.url)).netloc
        request.headers.update({name: value for name, value in added.items() if value})
        signed = _signed_headers(request)
        canonical = _canonical(request, signed)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"{_ALGORITHM}\n{signed['x-sdk-date']}\n{digest}"
        signature = hmac.new(keys.secret_key.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        request.headers["Authorization"] = (
            f"{_ALGORITHM} Access={keys.access_key}, SignedHeaders={';'.join(signed)}, Signature={signature}"
        )
        return request


def _signed_headers(request: PreparedRequest) -> dict[str, str]:
    """Choose the headers to sign: those that this class adds, the host and the content type."""
    chosen = {"host", "x-sdk-date", "x-project-id", "x-security-token", "content-type"}
    named = {name.lower(): str(value).strip() for name, value in request.headers.items()}
    return {name: named[name] for name in sorted(chosen & named.keys())}


def _canonical(request: PreparedRequest, signed: dict[str, str]) -> str:
    """Return the canonical form of a request, to be hashed."""
    parts = urlsplit(str(request.url))
    path = quote(parts.path, safe="/~%")
    query = sorted(parse_qsl(parts.query, keep_blank_values=True))  # before encoding, as the vendor's signer does
    body = request.body or b""
    lines = [
        str(request.method),
        path if path.endswith("/") else f"{path}/",
        "&".join(f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in query),
        *(f"{name}:{value}" for name, value in signed.items()),
        "",
        ";".join(signed),
        hashlib.sha256(body if isinstance(body, bytes) else body.encode()).hexdigest(),
    ]
    return "\n".join(lines)
