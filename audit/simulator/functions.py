"""FunctionGraph, as far as functions are invoked by hand: it calls the function that was plugged in.

Sources: "Executing a Function Synchronously" and "Executing a Function Asynchronously" of the FunctionGraph API. Only
the headers of a failed function are documented; here its error is the result, as the runtime writes it.
"""

import base64
import json
import re
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

from audit.simulator.answers import RequestRefusedError, good
from audit.simulator.cloud import Function, SimulatedCloud
from audit.simulator.messages import Request, Response

NAME: Final = "cbr-audit"
_URN: Final = re.compile(r"urn:fss:sim-1:(?P<project>[^:]+):function:default:(?P<name>[^:]+)(?::latest)?")
_MOST_LOG: Final = 2000


def urn_of(project_id: str) -> str:
    """Return the URN of the only function of a project."""
    return f"urn:fss:sim-1:{project_id}:function:default:{NAME}:latest"


def invoke(cloud: SimulatedCloud, request: Request, urn: str) -> Response:
    """Call the function and respond with its result or error, and with the end of its log."""
    function, event = _function(cloud, urn), _event(request)
    try:
        result, code = function(event), "0"
    except Exception as error:  # noqa: BLE001 - the platform catches whatever a function raises
        result, code = {"errorMessage": str(error), "errorType": type(error).__name__}, "1"
    log = base64.b64encode(f"Start invoke request\nresult {result}"[-_MOST_LOG:].encode()).decode()
    body = {
        "request_id": "invocation-1",
        "result": json.dumps(result),
        "log": log,
        "status": 200 if code == "0" else 500,
    }
    answer = good(body)
    told = {"X-Cff-Request-Id": "invocation-1", "X-Func-Err-Code": code, "X-Is-Func-Err": str(code != "0").lower()}
    return Response(answer.status, {**answer.headers, **told}, answer.body)


def invoke_later(cloud: SimulatedCloud, request: Request, urn: str) -> Response:
    """Accept the event. A real function would run later; here it has run when the response arrives, unless told."""
    if cloud.invocations is None:
        invoke(cloud, request, urn)
        return good({"request_id": "invocation-1"}, HTTPStatus.ACCEPTED)
    _function(cloud, urn)
    return good({"request_id": cloud.invocations.accept(_event(request))}, HTTPStatus.ACCEPTED)


def _function(cloud: SimulatedCloud, urn: str) -> Function:
    match = _URN.fullmatch(unquote(urn))
    if cloud.function is None or match is None or match["project"] != cloud.estate.project_id or match["name"] != NAME:
        raise RequestRefusedError(HTTPStatus.NOT_FOUND, "FSS.1051", "Not found the function")
    return cloud.function


def _event(request: Request) -> Any:
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise RequestRefusedError(HTTPStatus.BAD_REQUEST, "FSS.0400", "Invalid request body.") from error
