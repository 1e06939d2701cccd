"""Starting the deployed function by hand through the API of FunctionGraph.

Sources: "Executing a Function Synchronously" and "Executing a Function Asynchronously" of the FunctionGraph API. The
gateway in front of it answers no call that takes longer than 90 seconds; the function runs on all the same.
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
    "the gateway gives up after 90 seconds, and the audit goes on without it: `cbr-audit show` shows its report as "
    "soon as it is stored; start long audits with --async"
)


@dataclass(frozen=True, slots=True)
class Invoked:
    """What came back: what the platform calls the invocation, and what the function returned when it was waited for."""

    request_id: str
    returned: Mapping[str, Any]


def target(function: str, variables: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Name the function by its URN, and let a given URN say which region and project are meant.

    Raises:
        SettingsError: the function is not named by a name or a URN, or region or project are missing for its name.
    """
    if match := _URN.fullmatch(function):
        return function, {**variables, "HUAWEICLOUD_SDK_REGION": match[1], "HUAWEICLOUD_SDK_PROJECT_ID": match[2]}
    if not _NAME.fullmatch(function):
        raise SettingsError(f"{function!r} is neither the name of a function nor its URN (urn:fss:REGION:PROJECT:…)")
    missing = [name for name in ("HUAWEICLOUD_SDK_REGION", "HUAWEICLOUD_SDK_PROJECT_ID") if not variables.get(name)]
    if missing:
        raise SettingsError(f"{' and '.join(missing)} is not set; or name the function by its URN")
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
    """Start the function, and wait for what it returns unless told otherwise.

    Args:
        urn: of the function.
        variables: settings by name; region, project and credentials matter here.
        event: what the function is told.
        endpoint: of FunctionGraph, where the region does not give it.
        wait: for the answer, or only until the event is accepted.
        patience: how long to wait for any answer.

    Raises:
        AuditError: FunctionGraph refused, or the function failed or took too long.
    """
    settings = Settings.read({**variables, "CBR_AUDIT_STORE": "."})  # the function has a store of its own
    REDACTOR.learn(settings.secrets)
    body = orjson.dumps(event)
    if not wait and len(body) > _MOST_ASYNC_BYTES:
        raise EventError(f"the event has {len(body):,} bytes; an asynchronous one may have {_MOST_ASYNC_BYTES:,}")
    place = endpoint_of(endpoint) if endpoint else settings.usual_endpoint("functiongraph")
    url = f"{place}/v2/{settings.project_id}/fgs/functions/{urn}/invocations{'' if wait else '-async'}"
    headers = {"Content-Type": "application/json", "X-Cff-Log-Type": "tail", "X-CFF-Request-Version": "v1"}
    answer = _ask(settings, requests.Request("POST", url, data=body, headers=headers), wait=wait, patience=patience)
    return _returned(answer) if wait else Invoked(str(_object(answer).get("request_id", "")), {})


def _ask(settings: Settings, request: requests.Request, *, wait: bool, patience: timedelta) -> Answer:
    """Send the request once: a second one would start a second audit."""
    limits = RequestLimits(silence=patience, request=patience, budget=patience, tries=1)
    started = time.monotonic()
    with closing(Transport(limits=limits, dialect=replace(JSON, remedy=_remedy))) as transport:
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
        return f"allow the user the action {action} (deploy/iam/function-invoke.json), and check the project id"
    return _REMEDIES.get(status, "see the error codes of FunctionGraph")


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        told = orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise SourceAnswerError("FunctionGraph answered with something else than JSON; check the endpoint") from error
    if not isinstance(told, dict):
        raise SourceAnswerError("FunctionGraph answered with something else than a JSON object; check the endpoint")
    return told


def _returned(answer: Answer) -> Invoked:
    """Take the function's result out of the platform's answer.

    Raises:
        FunctionFailedError: the function raised, or returned something else than an audit's summary.
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
    """Show the last line of the log; it comes in Base64 or as it is, the documents say both."""
    with suppress(ValueError):
        log = base64.b64decode(log, validate=True).decode(errors="replace")
    lines = log.strip().splitlines()
    return f"; its log ends with: {lines[-1]}" if lines else ""
