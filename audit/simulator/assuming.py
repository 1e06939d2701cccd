"""STS and IAM, as far as one account becomes another: agencies are assumed, and callers are told who they are.

Sources: the API references of IAM 5 (AssumeAgency, GetCallerIdentity) and of IAM ("Obtaining an Agency Token",
"Obtaining Temporary Access Keys and Security Tokens of an Agency"), and the vendor's SDK. Programs of others know the
codes STS5.1001 (403, no policy allows it) and STS5.1106 (there is no such agency; they do not tell its status). Not
known: whether version 3 serves an agency that demands an external id; here it does not.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from audit.simulator.accounts import Accounts, MemberAccount, Principal, TrustAgency
from audit.simulator.answers import IdentityRefusedError, RequestRefusedError, good
from audit.simulator.messages import Request, Response
from audit.simulator.signatures import access_key

_URN: Final = re.compile(r"iam::(?P<account>[^:]+):agency:(?P<name>[^:/]+)")
_KNOWN: Final = {"agency_urn", "agency_session_name", "duration_seconds", "external_id"}
_SESSION: Final = range(2, 129)
_SECONDS: Final = range(900, 43201)
_SECONDS_V3: Final = range(900, 86401)
_MOST_IF_CHAINED: Final = 3600
_USUAL_V3: Final = 900


def assume_agency(accounts: Accounts, request: Request) -> Response:
    """Issue keys of an agency (version 5) to a caller whom its trust policy names."""
    member, pair = accounts.signer(request)
    asked = _asked(request.body)
    match, seconds = _URN.fullmatch(asked["agency_urn"]), asked.get("duration_seconds", _MOST_IF_CHAINED)
    owner = accounts.find(id=match["account"]) if match else None
    agency = owner.agencies.get(match["name"]) if match and owner else None
    if match is None or owner is None or agency is None:
        raise RequestRefusedError(HTTPStatus.NOT_FOUND, "STS5.1106", f"agency {asked['agency_urn']} cannot be found")
    if not _is_trusted(agency, member, asked.get("external_id", "")):
        action = "no identity-based policy allows sts:agencies:assume"
        raise RequestRefusedError(HTTPStatus.FORBIDDEN, "STS5.1001", f"access denied: {action}")
    most = min(agency.longest, timedelta(seconds=_MOST_IF_CHAINED)) if pair.end else agency.longest
    if seconds not in _SECONDS or timedelta(seconds=seconds) > most:
        raise _invalid("duration_seconds")
    who = _session(owner, match["name"], asked["agency_session_name"])
    now = accounts.clock()
    keys = owner.keys_for(who, now, timedelta(seconds=seconds))
    credentials = {
        "access_key_id": keys.ak,
        "secret_access_key": keys.sk,
        "security_token": keys.token,
        "expiration": _written(now + timedelta(seconds=seconds)),
    }
    return good({"assumed_agency": {"urn": who.urn, "id": who.id}, "credentials": credentials})


def show_caller(accounts: Accounts, request: Request) -> Response:
    """Say who the caller is."""
    member, _pair = accounts.signer(request)
    who = member.principal(access_key(request))
    return good({"account_id": who.account_id, "principal_urn": who.urn, "principal_id": who.id})


def list_domains(accounts: Accounts, request: Request) -> Response:
    """List the accounts that the caller may access: its own."""
    member = accounts.holder(request)
    return good({"domains": [{"id": member.id, "name": member.name, "enabled": True}], "links": {}})


def give_keys(accounts: Accounts, request: Request) -> Response:
    """Issue keys of an agency (version 3)."""
    caller = accounts.holder(request)
    _auth, asked = _assume_role(request.body)
    owner, name = _agency(accounts, caller, asked)
    seconds = asked.get("duration_seconds", _USUAL_V3)
    if seconds not in _SECONDS_V3:
        raise IdentityRefusedError(HTTPStatus.BAD_REQUEST, "The value of duration_seconds is invalid.")
    now = accounts.clock()
    keys = owner.keys_for(_session(owner, name, caller.name), now, timedelta(seconds=seconds))
    end = _written(now + timedelta(seconds=seconds))
    credential = {"access": keys.ak, "secret": keys.sk, "securitytoken": keys.token, "expires_at": end}
    return good({"credential": credential}, HTTPStatus.CREATED)


def give_agency_token(accounts: Accounts, request: Request) -> Response:
    """Issue a token of an agency for one of the projects of its account."""
    caller = accounts.holder(request)
    auth, asked = _assume_role(request.body)
    owner, name = _agency(accounts, caller, asked)
    scope = auth.get("scope", {}).get("project", {})
    places = owner.projects.items()
    found = [place for place in places if scope.get("id") == place[1].project_id or scope.get("name") == place[0]]
    if not found:
        raise IdentityRefusedError(HTTPStatus.UNAUTHORIZED, "The project in the scope is not known.")
    (project, simulator), domain = found[0], {"id": owner.id, "name": owner.name}
    token, end = simulator.give_token()
    body = {
        "methods": ["assume_role"],
        "issued_at": _written(accounts.clock()),
        "expires_at": _written(end),
        "project": {"id": simulator.project_id, "name": project, "domain": domain},
        "user": {"id": name, "name": f"{owner.name}/{name}", "domain": domain},
        "assumed_by": {"user": {"name": caller.login.user, "domain": {"id": caller.id, "name": caller.name}}},
    }
    answer = good({"token": body}, HTTPStatus.CREATED)
    return Response(answer.status, {**answer.headers, "X-Subject-Token": token}, answer.body)


def asks_for_agency(request: Request) -> bool:
    """Whether a request for a token wants that of an agency, and has no password."""
    return b'"assume_role"' in request.body


def _asked(body: bytes) -> dict[str, Any]:
    """Parse the body of AssumeAgency."""
    try:
        asked: dict[str, Any] = json.loads(body)
        session, urn = asked["agency_session_name"], asked["agency_urn"]
        is_sound = asked.keys() <= _KNOWN and isinstance(urn, str) and len(session) in _SESSION
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _invalid("body") from error
    if not is_sound:
        raise _invalid("agency_session_name")
    return asked


def _assume_role(body: bytes) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Parse a request to assume an agency in version 3: everything, and which agency."""
    try:
        auth = json.loads(body)["auth"]
        asked = auth["identity"]["assume_role"]
        is_sound = auth["identity"]["methods"] == ["assume_role"] and isinstance(asked["agency_name"], str)
        is_sound = is_sound and bool(asked.get("domain_id") or asked.get("domain_name"))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise IdentityRefusedError(HTTPStatus.BAD_REQUEST, "The request body is invalid.") from error
    if not is_sound:
        raise IdentityRefusedError(HTTPStatus.BAD_REQUEST, "The request body is invalid.")
    return auth, asked


def _agency(accounts: Accounts, caller: MemberAccount, asked: Mapping[str, Any]) -> tuple[MemberAccount, str]:
    """Find an agency that trusts the caller; version 3 knows no external id."""
    owner = accounts.find(id=asked.get("domain_id", ""), name=asked.get("domain_name", ""))
    agency = owner.agencies.get(asked["agency_name"]) if owner else None
    if owner is None or agency is None:
        raise IdentityRefusedError(HTTPStatus.NOT_FOUND, f"Could not find agency: {asked['agency_name']}.")
    if not _is_trusted(agency, caller, ""):
        message = "You are not authorized to perform the requested action."
        raise IdentityRefusedError(HTTPStatus.FORBIDDEN, message)
    return owner, asked["agency_name"]


def _is_trusted(agency: TrustAgency, caller: MemberAccount, external_id: str) -> bool:
    return caller.id in agency.trusts and agency.external_id in {"", external_id}


def _session(owner: MemberAccount, agency: str, session: str) -> Principal:
    """Name who assumed an agency; the documents' example of the URN has a doubled colon."""
    return Principal(owner.id, f"sts::{owner.id}::assumed-agency:{agency}/{session}", f"{agency}:{session}")


def _invalid(what: str) -> RequestRefusedError:
    return RequestRefusedError(HTTPStatus.BAD_REQUEST, "STS5.1000", f"invalid parameter: {what}")


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


Handler = Callable[[Accounts, Request], Response]
STS: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("POST", "/v5/agencies/assume", assume_agency),
    ("GET", "/v5/caller-identity", show_caller),
)
IAM: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("POST", "/v3.0/OS-CREDENTIAL/securitytokens", give_keys),
    ("GET", "/v3/auth/domains", list_domains),
)
