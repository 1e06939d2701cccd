"""The credentials of requests: the first way to sign in that is available.

    1 the temporary keys of the function's agency     2 access keys, temporary ones with their token
    3 a token: given, or of the function's agency     4 a user and a password

Credentials of the agency expire after 24 hours, and a run may take longer. They are read at every invocation, and again
after they were refused or held longer than the platform itself holds them.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, Protocol

from msgspec import Struct
from pydantic import SecretStr

from audit.cloud.http.auth import KeyAuth, TokenAuth
from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.renewable import Fresh, Keys
from audit.cloud.http.sign_in import Person, sign_in, unless_refused
from audit.cloud.http.transport import Credentials, Transport
from audit.log import REDACTOR
from audit.settings import Settings, SignIn

HELD_BY_THE_PLATFORM: Final = timedelta(minutes=10)


class Agency(Protocol):
    """The agency that FunctionGraph gives a function; empty strings if there is none."""

    def getToken(self) -> str: ...  # noqa: D102, N802  # named by the platform
    def getSecurityAccessKey(self) -> str: ...  # noqa: D102, N802  # named by the platform
    def getSecuritySecretKey(self) -> str: ...  # noqa: D102, N802  # named by the platform
    def getSecurityToken(self) -> str: ...  # noqa: D102, N802  # named by the platform


class SignedIn(Struct, frozen=True):
    """The credentials of requests.

    Attributes:
        way: the name of the way to sign in, for the log.
        credentials: for every service except OBS.
        keys: for OBS, which does not accept tokens; None if there are none.
    """

    way: SignIn
    credentials: Credentials
    keys: Fresh[Keys] | None


def agency_variables(agency: Agency) -> dict[str, str]:
    """Return the agency's credentials as settings."""
    keys, token = _agency_keys(agency), agency.getToken()
    found = {"CBR_AUDIT_TOKEN": token} if token else {}
    if keys:
        found["HUAWEICLOUD_SDK_AK"] = keys.access_key
        found["HUAWEICLOUD_SDK_SK"] = keys.secret_key
        found["HUAWEICLOUD_SDK_SECURITY_TOKEN"] = keys.security_token
    return found


def way_of(settings: Settings, agency: Agency | None) -> SignIn:
    """Return the way to sign in that settings and agency allow."""
    if agency and settings.sign_in in {SignIn.KEYS, SignIn.TEMPORARY_KEYS} and _agency_keys(agency):
        return SignIn.FUNCTION_KEYS
    if agency and settings.sign_in == SignIn.TOKEN and agency.getToken() == _text(settings.token):
        return SignIn.FUNCTION_TOKEN
    return settings.sign_in


def signed_in(settings: Settings, agency: Agency | None, transport: Transport, clock: CloudClock) -> SignedIn:
    """Prepare the credentials; nothing is sent yet."""
    way = way_of(settings, agency)
    keys = _keys(settings, agency if way == SignIn.FUNCTION_KEYS else None)
    if keys:
        return SignedIn(way, KeyAuth(keys, clock, project_id=settings.project_id), keys)
    return SignedIn(
        way, TokenAuth(_tokens(settings, agency if way == SignIn.FUNCTION_TOKEN else None, transport)), None
    )


def _tokens(settings: Settings, agency: Agency | None, transport: Transport) -> Fresh[str]:
    token = _text(settings.token)
    if agency:
        return Fresh(_learnt(lambda: agency.getToken() or token), keep=HELD_BY_THE_PLATFORM)
    if token:
        return Fresh(lambda: token)
    return Fresh(unless_refused(_learnt(lambda: _sign_in(settings, transport))))


def _keys(settings: Settings, agency: Agency | None) -> Fresh[Keys] | None:
    if not (settings.access_key and settings.secret_key):
        return None
    known = Keys(_text(settings.access_key), _text(settings.secret_key), _text(settings.security_token))
    if agency is None:
        return Fresh(lambda: known)

    def ask() -> Keys:
        keys = _agency_keys(agency) or known
        REDACTOR.learn([keys.access_key, keys.secret_key, keys.security_token])
        return keys

    return Fresh(ask, keep=HELD_BY_THE_PLATFORM)


def _agency_keys(agency: Agency) -> Keys | None:
    access_key, secret_key = agency.getSecurityAccessKey(), agency.getSecuritySecretKey()
    return Keys(access_key, secret_key, agency.getSecurityToken()) if access_key and secret_key else None


def _sign_in(settings: Settings, transport: Transport) -> str:
    domain = {"id": settings.domain_id} if settings.domain_id else {"name": settings.domain or settings.user or ""}
    person = Person(settings.user or "", _text(settings.password), domain)
    return sign_in(transport, settings.sign_in_endpoint, settings.project_id, person)


def _learnt(obtain: Callable[[], str]) -> Callable[[], str]:
    """Register each new token with the log, so that it is never printed."""

    def obtain_and_tell() -> str:
        token = obtain()
        REDACTOR.learn([token])
        return token

    return obtain_and_tell


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
