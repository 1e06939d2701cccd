"""IAM: tokens for a password, and the check of a request's credentials."""

import json
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from audit.simulator import parameters, signatures
from audit.simulator.answers import IdentityRefusedError, RequestRefusedError, bad_parameter, good, not_signed_in
from audit.simulator.cloud import SimulatedCloud
from audit.simulator.messages import Request, Response

_FLAGS: Final = {"nocatalog": parameters.one_of("true", "false")}


def give_token(cloud: SimulatedCloud, request: Request, _: str) -> Response:
    """Issue a token for name, password and domain; the scope is the estate's project by id, or by any name."""
    try:
        parameters.read(request.split().query, _FLAGS)
        user, scope = _credentials(request.body)
    except RequestRefusedError as error:
        raise IdentityRefusedError(HTTPStatus.BAD_REQUEST, error.message) from error
    account, now = cloud.account, cloud.clock()
    if user != (account.user, account.password, account.domain):
        raise IdentityRefusedError(HTTPStatus.UNAUTHORIZED, "The username or password is wrong.")
    if scope.get("id", cloud.estate.project_id) != cloud.estate.project_id:
        raise IdentityRefusedError(HTTPStatus.UNAUTHORIZED, "The project in the scope is not known.")
    token, end = cloud.tokens.issue(now)
    body = {
        "methods": ["password"],
        "issued_at": _written(now),
        "expires_at": _written(end),
        "project": {"id": cloud.estate.project_id, "name": scope.get("name", "sim-1")},
        "user": {"name": account.user, "domain": {"name": account.domain}},
    }
    answer = good({"token": body}, HTTPStatus.CREATED)
    return Response(answer.status, {**answer.headers, "X-Subject-Token": token}, answer.body)


def check(cloud: SimulatedCloud, request: Request) -> None:
    """Refuse a request without a valid token or signature."""
    token = request.header("X-Auth-Token")
    if token is None:
        signatures.check(request, cloud.pair, cloud.clock())
    elif not cloud.tokens.valid(token, cloud.clock()):
        raise not_signed_in("decrypt token fail")


def _credentials(body: bytes) -> tuple[tuple[str, str, str], dict[str, str]]:
    """Parse a request for a token: (name, password, domain) and the project of its scope."""
    try:
        auth: Any = json.loads(body)["auth"]
        user = auth["identity"]["password"]["user"]
        found = (user["name"], user["password"], user["domain"]["name"])
        scope = auth["scope"]["project"]
        sound = auth["identity"]["methods"] == ["password"] and bool(scope.get("id") or scope.get("name"))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise bad_parameter("The body is not a password request for a project.") from error
    if not sound:
        raise bad_parameter("Only the method password with a project as scope is known.")
    return found, scope


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
