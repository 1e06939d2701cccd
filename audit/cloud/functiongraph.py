"""Starts the deployed function by hand through the FunctionGraph API.

Sources: "Executing a Function Synchronously" and "Executing a Function Asynchronously" of the FunctionGraph API. The
gateway in front of it stops waiting after 90 seconds; the function keeps running.
"""

import base64
import re
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import orjson
import requests
from msgspec.structs import replace

from audit.cloud.credentials import signed_in
from audit.cloud.http.answer import Answer
from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.dialect import JSON
from audit.cloud.http.transport import RequestLimits, Transport
from audit.cloud.permissions import INVOKE
from audit.errors import EventError, FunctionFailedError, SettingsError, SourceAnswerError, SourceUnreachableError
from audit.log import REDACTOR
from audit.settings import Settings, endpoint_of

GATEWAY: Final = timedelta(seconds=90)
_WAIT: Final = GATEWAY + timedelta(seconds=10)
_MOST_ASYNC_BYTES: Final = 256 * 1024
_ACTION, _ACTION_ASYNC = INVOKE
_URN: Final = re.compile(r"urn:fss:([a-z0-9-]+):([A-Za-z0-9_-]+):function:[A-Za-z0-9_-]+:[A-Za-z0-9_-]+(?::[\w.!-]+)?")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]")
_REMEDIES: Final = {
    400: "FunctionGraph did not accept the event",
    401: "sign in with valid credentials for the function's project, and check that this machine's clock is right",
    404: "check the function's name or URN (--function), the region and the project id",
    429: "the function is disabled, or too many are running",
}
_TOO_LONG: Final = (
    f"the gateway gives up after {GATEWAY.seconds} seconds, and the audit goes on without it: `cbr-audit show` shows "
    "its report as soon as it is stored; start long audits with --async"
)


@dataclass(frozen=True, slots=True)
class Invoked:
    """The result of an invocation: the platform's request id, and what the function returned if it was waited for."""

    request_id: str
    returned: Mapping[str, Any]


def target(function: str, variables: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the function's URN, and the settings with the region and project that the URN names.

    Raises:
        SettingsError: the function is neither a name nor a URN, or a name lacks the region or the project.
    """
    if match := _URN.fullmatch(function):
        return function, {**variables, "HUAWEICLOUD_SDK_REGION": match[1], "HUAWEICLOUD_SDK_PROJECT_ID": match[2]}
    if not _NAME.fullmatch(function):
        raise SettingsError(f"{function!r} is neither a function name nor a URN (urn:fss:REGION:PROJECT:…)")
    missing = [name for name in ("HUAWEICLOUD_SDK_REGION", "HUAWEICLOUD_SDK_PROJECT_ID") if not variables.get(name)]
    if missing:
        raise SettingsError(f"set {' and '.join(missing)}, or give the function's URN")
    region, project = variables["HUAWEICLOUD_SDK_REGION"], variables["HUAWEICLOUD_SDK_PROJECT_ID"]
    return f"urn:fss:{region}:{project}:function:default:{function}:latest", {**variables}


def invoke(
    urn: str,
    variables: Mapping[str, str],
    event: Mapping[str, Any],
    *,
    endpoint: str | None = None,
    wait: bool = True,
    patience: timedelta = _WAIT,
) -> Invoked:
    """Start the function and, by default, wait for its result.

    Args:
        urn: the URN of the function.
        variables: settings by name; only region, project and credentials are used.
        event: the event for the function.
        endpoint: the FunctionGraph endpoint, if it is not the region's usual one.
        wait: whether to wait for the result, or only until the event is accepted.
        patience: how long to wait for any response.

    Raises:
        AuditError: FunctionGraph refused, or the function failed or took too long.
    """
    settings = Settings.read({**variables, "CBR_AUDIT_STORE": "."})  # the function has its own store
    REDACTOR.learn(settings.secrets)
    body = orjson.dumps(event)
    if not wait and len(body) > _MOST_ASYNC_BYTES:
        raise EventError(f"the event has {len(body):,} bytes; with --async, at most {_MOST_ASYNC_BYTES:,} are allowed")
    place = endpoint_of(endpoint, settings) if endpoint else settings.usual_endpoint("functiongraph")
    url = f"{place}/v2/{settings.project_id}/fgs/functions/{urn}/invocations{'' if wait else '-async'}"
    headers = {"Content-Type": "application/json", "X-Cff-Log-Type": "tail", "X-CFF-Request-Version": "v1"}
    answer = _ask(settings, requests.Request("POST", url, data=body, headers=headers), wait=wait, patience=patience)
    return _returned(answer) if wait else Invoked(str(_object(answer).get("request_id", "")), {})


def _ask(settings: Settings, request: requests.Request, *, wait: bool, patience: timedelta) -> Answer:
    """Send the request once: a retry would start a second audit."""
    limits = RequestLimits(silence=patience, request=patience, budget=patience, tries=1)
    started = time.monotonic()
    dialect = replace(JSON, remedy=_remedy)
    with closing(Transport(limits=limits, dialect=dialect, route=settings.route)) as transport:
        credentials = signed_in(settings, None, transport, CloudClock()).credentials
        try:
            return transport.ask(request, credentials, action=_ACTION if wait else _ACTION_ASYNC)
        except SourceUnreachableError as error:
            took = timedelta(seconds=time.monotonic() - started)
            if wait and (took >= min(GATEWAY, patience) * 0.9 or "answered 504" in str(error)):
                raise FunctionFailedError(f"{error}: {_TOO_LONG}") from error
            raise


def _remedy(status: int, _code: str, action: str) -> str:
    if status == 403:  # noqa: PLR2004  # as in the table above
        policies = "deploy/iam/function-invoke.json; for the function itself, start-itself.json"
        return f"allow the action {action} ({policies}), and check the project id"
    return _REMEDIES.get(status, "see the error codes of FunctionGraph")


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        told = orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise SourceAnswerError("the FunctionGraph response is not JSON; check the endpoint") from error
    if not isinstance(told, dict):
        raise SourceAnswerError("the FunctionGraph response is not a JSON object; check the endpoint")
    return told


def _returned(answer: Answer) -> Invoked:
    """Extract the function's result from the platform's response.

    Raises:
        FunctionFailedError: the function raised, or returned something other than the summary of an audit.
    """
    told = _object(answer)
    try:
        result = orjson.loads(str(told.get("result", "")))
    except orjson.JSONDecodeError:
        result = told.get("result")
    failed = answer.headers.get("X-Is-Func-Err") == "true" or answer.headers.get("X-Func-Err-Code", "0") != "0"
    if failed or not isinstance(result, dict) or "conclusion" not in result:
        said = result.get("errorMessage", result) if isinstance(result, dict) else result
        raise FunctionFailedError(f"the function failed: {said}{_end_of_log(str(told.get('log') or ''))}")
    return Invoked(str(told.get("request_id", "")), result)


def _end_of_log(log: str) -> str:
    """Return the last line of the log; it is base64 or plain, since the documents say both."""
    with suppress(ValueError):
        log = base64.b64decode(log, validate=True).decode(errors="replace")
    lines = log.strip().splitlines()
    return f"; its log ends with: {lines[-1]}" if lines else ""
