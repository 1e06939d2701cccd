"""Who one is to the cloud: the account and the principal of credentials, as STS or IAM names them.

Sources: "Obtaining Caller Identity" of the IAM 5 API reference, and the vendor's SDK, which signs
``GET /v3/auth/domains`` to find the account of keys. Not proven: whether an agency may ask for that list.
"""

from contextlib import suppress
from enum import StrEnum
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from audit.cloud.http.answer import Answer
from audit.cloud.http.auth import KeyAuth
from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.renewable import Fresh, Keys
from audit.cloud.http.transport import Credentials, Transport
from audit.errors import RefusedError, SourceAnswerError, SourceRefusedError, UnknownHostError

T = TypeVar("T")
_NOT_SERVED: Final = "STS5.1007"  # "this API is not supported in this region", as programs of others know it


class Way(StrEnum):
    """How one came to read."""

    OWN = "own"
    STS_V5 = "sts-v5"
    V3_KEYS = "v3-keys"
    V3_TOKEN = "v3-token"  # noqa: S105  # the name of a way


class Identity(Struct, frozen=True):
    """Who reads, and how that came about; empty where the cloud did not say."""

    way: Way
    account_id: str = ""
    account_name: str = ""
    principal_urn: str = ""
    principal_id: str = ""

    def __str__(self) -> str:
        """Name account and principal for people."""
        name = f" ({self.account_name})" if self.account_name else ""
        account = f"account {self.account_id}{name}" if self.account_id else "an account that the cloud does not name"
        return f"{account}, {self.principal_urn}" if self.principal_urn else account


class Domain(Struct, frozen=True):
    """An account, in the words of IAM."""

    id: str = ""
    name: str = ""


class _Domains(Struct, frozen=True):
    domains: list[Domain]


class _CallerIdentity(Struct, frozen=True):
    account_id: str
    principal_urn: str = ""
    principal_id: str = ""


def identity_by_sts(transport: Transport, endpoint: str, keys: Fresh[Keys], clock: CloudClock, way: Way) -> Identity:
    """Ask STS who signs with keys.

    Raises:
        SourceError: it did not say.
    """
    answer = transport.get(f"{endpoint}/v5/caller-identity", (), KeyAuth(keys, clock))
    told = parsed(answer, _CallerIdentity, "STS")
    if not told.account_id:
        raise SourceAnswerError("STS does not name the account of the credentials; check the endpoint")
    return Identity(way, told.account_id, "", told.principal_urn, told.principal_id)


def identity_by_iam(transport: Transport, endpoint: str, credentials: Credentials, way: Way) -> Identity:
    """Ask IAM which account credentials are of; it may refuse to say, and never names the principal.

    Raises:
        SourceError: it did not respond as documented.
    """
    with suppress(SourceRefusedError):
        answer = transport.get(f"{endpoint}/v3/auth/domains", (), credentials)
        if domains := parsed(answer, _Domains, "IAM").domains:
            return Identity(way, domains[0].id, domains[0].name)
    return Identity(way)


def is_not_served(error: Exception) -> bool:
    """Whether an error says that there is no such API here: no host, no path, or not in this region."""
    if isinstance(error, RefusedError):
        is_no_path = error.status == HTTPStatus.NOT_FOUND and (not error.code or error.code.startswith("APIG"))
        return is_no_path or error.code == _NOT_SERVED
    return isinstance(error, UnknownHostError)


def parsed(answer: Answer, form: type[T], service: str) -> T:
    """Read a response.

    Raises:
        SourceAnswerError: it has another form.
    """
    try:
        return msgspec.json.decode(answer.body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError):  # without its text, which may quote a secret
        raise SourceAnswerError(
            f"{service} answered {answer.status}, but not as documented; check the endpoint"
        ) from None
