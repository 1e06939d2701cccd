"""Requests signed with a key pair: SDK-HMAC-SHA256, checked from the received request alone.

The canonical request consists of the method, the path (each segment encoded, always with a trailing slash), the sorted
query, the signed headers and the digest of the body. https://support.huaweicloud.com/intl/en-us/devg-apisign/
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from audit.simulator.answers import not_signed_in
from audit.simulator.messages import Request
from audit.simulator.temporary import Pair

ALGORITHM: Final = "SDK-HMAC-SHA256"
SKEW: Final = timedelta(minutes=15)
_AUTHORIZATION: Final = re.compile(
    rf"{ALGORITHM} Access=(?P<ak>[^,]+), SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]+)"
)


def check(request: Request, find: Callable[[str], Pair | None], now: datetime) -> None:
    """Refuse a request whose signature is missing, wrong, of another key, or more than 15 minutes off."""
    match = _AUTHORIZATION.fullmatch(request.header("Authorization") or "")
    if match is None:
        raise not_signed_in("neither a token nor a signature")
    pair = find(match["ak"])
    if pair is None:
        raise not_signed_in(f"ak {match['ak']} not exist")
    signed = match["headers"].split(";")
    if "x-sdk-date" not in signed or any(request.header(name) is None for name in signed):
        raise not_signed_in("a signed header is missing")
    if abs(_signed_at(request) - now) > SKEW:
        raise not_signed_in("the signature is expired")
    if not hmac.compare_digest(match["signature"], signature(request, signed, pair.sk)):
        raise not_signed_in("verify aksk signature fail")
    _check_token(pair, request.header("X-Security-Token"), signed, now)


def access_key(request: Request) -> str:
    """Return the access key that a request names; an empty text if it names none."""
    match = _AUTHORIZATION.fullmatch(request.header("Authorization") or "")
    return match["ak"] if match else ""


def _check_token(pair: Pair, sent: str | None, signed: list[str], now: datetime) -> None:
    """Refuse a temporary pair that has expired, or whose token is missing, different or unsigned.

    The meaning of a token with permanent keys is not documented; here it is ignored.
    """
    if pair.end is None:
        return
    if now >= pair.end:
        raise not_signed_in("the security token is expired")
    if sent != pair.token or "x-security-token" not in signed:
        raise not_signed_in("the security token is not that of the ak")


def signature(request: Request, signed: list[str], sk: str) -> str:
    """Compute the signature that a request must carry."""
    digest = hashlib.sha256(canonical(request, signed).encode()).hexdigest()
    text = f"{ALGORITHM}\n{request.header('X-Sdk-Date')}\n{digest}"
    return hmac.new(sk.encode(), text.encode(), hashlib.sha256).hexdigest()


def canonical(request: Request, signed: list[str]) -> str:
    """Return a request in the canonical form of both sides."""
    url = request.split()
    path = "/".join(_encode(unquote(segment)) for segment in url.path.split("/"))
    pairs = sorted(parse_qsl(url.query, keep_blank_values=True))
    lines = [
        request.method.upper(),
        path if path.endswith("/") else path + "/",
        "&".join(f"{_encode(key)}={_encode(value)}" for key, value in pairs),
        *(f"{name}:{(request.header(name) or '').strip()}" for name in signed),
        "",
        ";".join(signed),
        hashlib.sha256(request.body).hexdigest(),
    ]
    return "\n".join(lines)


def _signed_at(request: Request) -> datetime:
    try:
        return datetime.strptime(request.header("X-Sdk-Date") or "", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise not_signed_in("X-Sdk-Date is not a time") from error


def _encode(text: str) -> str:
    return quote(text, safe="~")
