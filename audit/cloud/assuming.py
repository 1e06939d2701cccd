"""Reading another account: the own identity assumes its agency, for an hour at most, and again before that ends.

    the own identity has keys     STS v5, "AssumeAgency"; where that is not served, or the agency is given as
                                  ACCOUNT/NAME: IAM v3, "Obtaining Temporary Access Keys … of an Agency"
    it has a token or a password  IAM v3, "Obtaining an Agency Token"

Not proven: where STS is in Europe (the vendor's SDK lists no region there), and whether an agency, such as that of a
function, may assume another one by v3. Whoever is refused is told what to grant. What was assumed says who one is
then: nothing is read in another account than that of the agency.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import requests
import structlog
from msgspec import Struct
from msgspec.structs import replace

from audit.cloud.credentials import SignedIn
from audit.cloud.http.answer import Answer
from audit.cloud.http.auth import KeyAuth, TokenAuth
from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.dialect import JSON, Dialect
from audit.cloud.http.renewable import Fresh, Keys
from audit.cloud.http.sign_in import unless_refused
from audit.cloud.http.transport import Credentials, Transport
from audit.cloud.identity import Domain, Identity, Way, identity_by_iam, identity_by_sts, is_not_served, parsed
from audit.cloud.permissions import ASSUME
from audit.clouds import CLOUDS, Feature
from audit.errors import (
    AgencyDeniedError,
    SourceAnswerError,
    SourceRefusedError,
    SourceUnreachableError,
    UnknownHostError,
    WrongAccountError,
)
from audit.log import REDACTOR
from audit.settings import AgencyName, Settings

_SECONDS: Final = 3600  # the most that is granted to whoever has temporary keys
_KEPT: Final = timedelta(minutes=50)
_MARGIN: Final = timedelta(minutes=5)
_SHORTEST: Final = timedelta(minutes=1)
_NO_AGENCY: Final = "STS5.1106"  # as programs of others know it
_ACTION: Final = next(iter(ASSUME))
_LOG = structlog.get_logger()
_REMEDIES: Final = {
    400: "check CBR_AUDIT_AGENCY, CBR_AUDIT_EXTERNAL_ID and CBR_AUDIT_SESSION_NAME",
    401: "the own identity is not accepted here: check its credentials and this machine's clock; a token is accepted "
    "in its region only, unless it is of the global IAM (HUAWEICLOUD_SDK_IAM_ENDPOINT)",
    403: "in the other account, let the trust policy of the agency name this one, with the external id if it demands "
    f"one (v3 knows none); in this account, allow the own identity {_ACTION}, or the role Agent Operator for v3",
    404: "check the name of the agency, and the account that it is in",
}


def _remedy(status: int, _code: str, _action: str) -> str:
    return _REMEDIES.get(status, "see the error codes of STS and IAM")


DIALECT: Final[Dialect] = replace(JSON, remedy=_remedy, unknown_host=UnknownHostError)
"""How STS and IAM report errors."""


class ReadsAs(Struct, frozen=True):
    """As whom CBR is read: the credentials of requests, and who that is, which is asked for if it is not known yet."""

    credentials: Credentials
    caller: Callable[[], Identity]


class _Loan(Struct, frozen=True):
    access_key_id: str
    secret_access_key: str
    security_token: str
    expiration: datetime


class _Assumed(Struct, frozen=True):
    credentials: _Loan


class _LoanV3(Struct, frozen=True):
    access: str
    secret: str
    securitytoken: str
    expires_at: datetime


class _AssumedV3(Struct, frozen=True):
    credential: _LoanV3


class _User(Struct, frozen=True):
    domain: Domain
    id: str = ""


class _TokenBody(Struct, frozen=True):
    expires_at: datetime
    user: _User


class _Token(Struct, frozen=True):
    token: _TokenBody


def reader_as_oneself(own: SignedIn) -> ReadsAs:
    """Read with the own identity; the cloud is not asked who that is."""
    return ReadsAs(own.credentials, lambda: Identity(Way.OWN))


def own_identity(settings: Settings, own: SignedIn, transport: Transport, clock: CloudClock) -> Identity:
    """Ask who the own identity is.

    Raises:
        SourceError: the cloud did not respond, or refused the credentials.
    """
    if own.keys:
        try:
            return identity_by_sts(transport, settings.sts, own.keys, clock, Way.OWN)
        except (SourceRefusedError, SourceUnreachableError) as error:
            if not is_not_served(error):
                raise
    credentials = KeyAuth(own.keys, clock) if own.keys else own.credentials
    return identity_by_iam(transport, settings.sign_in_endpoint, credentials, Way.OWN)


def reader_in_agency(
    settings: Settings, agency: AgencyName, own: SignedIn, session: str, transport: Transport, clock: CloudClock
) -> ReadsAs:
    """Read with the identity of an agency; nothing is sent yet.

    Args:
        settings: say where STS and IAM are, and which project is read.
        agency: what is assumed.
        own: the own identity, which assumes it.
        session: the name by which the other account sees this run.
        transport: sends the requests; its dialect is DIALECT.
        clock: the cloud's time.
    """
    assumption = _Assumption(settings, agency, own, session, transport, clock)
    credentials: Credentials
    if own.keys:
        keys = Fresh(unless_refused(assumption.keys), keep=assumption.lasts)
        credentials = KeyAuth(keys, clock, project_id=settings.project_id)
        return ReadsAs(credentials, lambda: assumption.caller(keys))
    tokens = Fresh(unless_refused(assumption.token), keep=assumption.lasts)
    return ReadsAs(TokenAuth(tokens), lambda: assumption.caller(tokens))


class _Assumption:
    """Assumes an agency, and knows who one is since, and for how long."""

    def __init__(
        self,
        settings: Settings,
        agency: AgencyName,
        own: SignedIn,
        session: str,
        transport: Transport,
        clock: CloudClock,
    ) -> None:
        self._settings = settings
        self._agency = agency
        self._own: Credentials = KeyAuth(own.keys, clock) if own.keys else own.credentials
        self._session = session
        self._transport = transport
        self._clock = clock
        is_missing = Feature.STS in CLOUDS[settings.cloud].lacks and not settings.sts_endpoint
        self._has_sts = bool(agency.urn) and not is_missing
        self._identity: Identity | None = None
        self._lasts = _KEPT

    def lasts(self) -> timedelta:
        """Return how long what was assumed last may be held."""
        return self._lasts

    def caller(self, held: Fresh[Any]) -> Identity:
        """Return who one is, and assume the agency first if that has not happened."""
        while self._identity is None:
            held.get()
        return self._identity

    def keys(self) -> Keys:
        """Assume the agency for keys, by the newest way that is served."""
        try:
            return self._keys_by_sts() if self._has_sts else self._keys_by_iam()
        except (SourceRefusedError, SourceUnreachableError) as error:
            if not (self._has_sts and is_not_served(error)):
                raise self._told(error) from error
            _LOG.info("sts.not_served", cause=str(error))
        self._has_sts = False
        return self.keys()

    def token(self) -> str:
        """Assume the agency for a token of the project."""
        try:
            return self._token_by_iam()
        except (SourceRefusedError, SourceUnreachableError) as error:
            raise self._told(error) from error

    def _token_by_iam(self) -> str:
        scope = {"project": {"id": self._settings.project_id}}
        body = {"auth": {"identity": self._assume_role(), "scope": scope}}
        url = f"{self._settings.sign_in_endpoint}/v3/auth/tokens"
        answer = self._ask(f"{url}?nocatalog=true", body)
        token = answer.headers.get("X-Subject-Token", "")
        REDACTOR.learn([token], lent=True)
        told = parsed(answer, _Token, "IAM").token
        if not token:
            raise SourceAnswerError("IAM answered without a token (X-Subject-Token); check the IAM endpoint")
        self._become(Identity(Way.V3_TOKEN, told.user.domain.id, told.user.domain.name, "", told.user.id))
        self._keep_until(told.expires_at, answer)
        return token

    def _keys_by_sts(self) -> Keys:
        settings, secret = self._settings, self._settings.external_id
        body = {
            "agency_urn": self._agency.urn,
            "agency_session_name": self._session,
            "duration_seconds": _SECONDS,
            **({"external_id": secret.get_secret_value()} if secret else {}),
        }
        answer = self._ask(f"{settings.sts}/v5/agencies/assume", body)
        loan = parsed(answer, _Assumed, "STS").credentials
        keys = _learnt(Keys(loan.access_key_id, loan.secret_access_key, loan.security_token))
        held = Fresh(lambda: keys)
        self._become(identity_by_sts(self._transport, settings.sts, held, self._clock, Way.STS_V5))
        self._keep_until(loan.expiration, answer)
        return keys

    def _keys_by_iam(self) -> Keys:
        endpoint = self._settings.sign_in_endpoint
        identity = self._assume_role(duration_seconds=_SECONDS)
        answer = self._ask(f"{endpoint}/v3.0/OS-CREDENTIAL/securitytokens", {"auth": {"identity": identity}})
        loan = parsed(answer, _AssumedV3, "IAM").credential
        keys = _learnt(Keys(loan.access, loan.secret, loan.securitytoken))
        credentials = KeyAuth(Fresh(lambda: keys), self._clock)
        self._become(identity_by_iam(self._transport, endpoint, credentials, Way.V3_KEYS))
        self._keep_until(loan.expires_at, answer)
        return keys

    def _assume_role(self, **more: int) -> dict[str, Any]:
        agency = self._agency
        account = {"domain_id" if agency.is_by_id else "domain_name": agency.account}
        return {"methods": ["assume_role"], "assume_role": {"agency_name": agency.name, **account, **more}}

    def _ask(self, url: str, body: dict[str, Any]) -> Answer:
        """Send a request with the own identity; keys sign it for no project."""
        return self._transport.ask(requests.Request("POST", url, json=body), self._own, action=_ACTION)

    def _become(self, identity: Identity) -> None:
        """Take over the identity, unless it is of another account than the agency; one that is not named is taken.

        Raises:
            WrongAccountError: it is of another account.
        """
        found = {identity.account_id, identity.account_name} - {""}
        if found and self._agency.account not in found:
            raise WrongAccountError(
                f"the agency {self._agency} gave credentials of the {identity}: nothing is read with them; check "
                "CBR_AUDIT_AGENCY"
            )
        if identity != self._identity:
            _LOG.info("agency.assumed", agency=str(self._agency), way=identity.way, account=identity.account_id)
        self._identity = identity

    def _keep_until(self, end: datetime, answer: Answer) -> None:
        """Hold what was assumed until some minutes before it ends, by the clock of whoever issued it."""
        end = end.replace(tzinfo=end.tzinfo or UTC)
        left = end - (answer.cloud_time or self._clock()) - _MARGIN
        self._lasts = min(_KEPT, max(left, _SHORTEST))

    def _told(self, error: SourceRefusedError | SourceUnreachableError) -> SourceRefusedError | SourceUnreachableError:
        """Say which agency was not assumed, and tell whether the other account denies it."""
        told = f"the agency {self._agency} was not assumed: {error}"
        if not isinstance(error, SourceRefusedError):
            advice = "; where there is no STS, set CBR_AUDIT_AGENCY to ACCOUNT/NAME" if self._has_sts else ""
            return type(error)(f"{told}{advice}")
        is_missing = error.status == HTTPStatus.NOT_FOUND and not is_not_served(error)
        is_denied = is_missing or error.status == HTTPStatus.FORBIDDEN or error.code == _NO_AGENCY
        kind = AgencyDeniedError if is_denied else SourceRefusedError
        return kind(told, status=error.status, code=error.code)


def _learnt(keys: Keys) -> Keys:
    """Register keys with the log, so that they are never printed."""
    REDACTOR.learn([keys.access_key, keys.secret_key, keys.security_token], lent=True)
    return keys
