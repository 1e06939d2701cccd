"""Answers a request that API Gateway passes on: the latest result, or an audit that is started.

The gateway authenticates the caller, and the settings say whose APIs are served. Whatever happens is an HTTP answer:
the gateway would turn anything else into an error of its own, which says nothing.

Source: the sample event of API Gateway in the FunctionGraph Python runtime, and the FAQ on its error code 500.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast

import structlog

from audit.app.connections import opened
from audit.app.event import read_request
from audit.app.execute import execute
from audit.app.garbage import sweep
from audit.app.itself import FunctionContext, start_itself
from audit.app.request import (
    Context,
    RunRequest,
    in_function,
    request_from_event,
    request_from_settings,
    variables_of_function,
)
from audit.app.summary import summary
from audit.errors import AuditError, EventError, SettingsError, SigningError, SourceError, StoreError
from audit.evidence.reader import read_report
from audit.log import REDACTOR
from audit.records.fields import block, truth
from audit.settings import names_in

_MOST_BYTES: Final = 256 * 1024
_OUR_SIDE: Final = 500
_STATUSES: Final = (
    (EventError, 400),
    (SettingsError, _OUR_SIDE),
    ((SourceError, StoreError, SigningError), 502),
)
_NOT_SERVED: Final = "this API is not served: name its id, {api}, in CBR_AUDIT_HTTP_CALLERS of the function"
_LOG = structlog.get_logger()


class _Reply(NamedTuple):
    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = {}


def answer(event: Mapping[str, Any], context: Context, environment: Mapping[str, str]) -> dict[str, Any]:
    """Do what a request asks for, and return what the gateway makes an HTTP answer of."""
    try:
        reply = _reply(event, context, environment)
    except Exception as error:  # noqa: BLE001  # whatever it is, the caller is told
        reply = _failed(error, context.getRequestID())
    return {
        "statusCode": reply.status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", **reply.headers},
        "isBase64Encoded": False,
        "body": REDACTOR.text(json.dumps(reply.body)),
    }


def _failed(error: Exception, request_id: str) -> _Reply:
    """Log what went wrong, as an error unless it is the caller's, and tell the caller what was written for people."""
    status = next((status for kinds, status in _STATUSES if isinstance(error, kinds)), _OUR_SIDE)
    log, name = (_LOG.error, "request.failed") if status >= _OUR_SIDE else (_LOG.warning, "request.refused")
    log(name, cause=f"{type(error).__name__}: {error}", request_id=request_id)
    told = str(error) if isinstance(error, AuditError) else "internal error; the log of the function says more"
    return _Reply(status, {"error": told, "request_id": request_id})


def _reply(event: Mapping[str, Any], context: Context, environment: Mapping[str, str]) -> _Reply:
    variables = variables_of_function(context, environment)
    api = str(block(event, "requestContext").get("apiId") or "")
    if api not in names_in(variables.get("CBR_AUDIT_HTTP_CALLERS", "")):
        _LOG.warning("request.refused", api=api, request_id=context.getRequestID())
        return _Reply(403, {"error": _NOT_SERVED.format(api=api or "which the event does not say")})
    method = event.get("httpMethod")
    if method == "GET":
        return _latest(in_function(request_from_settings(variables), context))
    if method != "POST":
        return _Reply(405, {"error": f"{method} is not served: GET or POST"}, {"Allow": "GET, POST"})
    asked = read_request(_body(event))
    request = request_from_event(asked, context, environment)
    if truth(block(event, "queryStringParameters").get("wait")):
        return _Reply(200, _audited(request))
    started = start_itself(cast(FunctionContext, context), environment, variables, asked)
    return _Reply(202, {"request_id": started.request_id})


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    try:
        data = base64.b64decode(body, validate=True) if truth(event.get("isBase64Encoded")) else body.encode()
    except (AttributeError, TypeError, ValueError) as error:
        raise EventError("the body is no text, or not in Base64 as the event says") from error
    if len(data) > _MOST_BYTES:
        raise EventError(f"the body has {len(data):,} bytes, and may have {_MOST_BYTES:,}")
    return bytes(data)


def _audited(request: RunRequest) -> Mapping[str, Any]:
    try:
        return summary(execute(request, lambda _progress: None))
    finally:
        sweep()


def _latest(request: RunRequest) -> _Reply:
    project = request.settings.project_id
    with opened(request) as connections:
        if project not in connections.store.projects():
            return _Reply(404, {"error": f"there is no report of the project {project} yet: start an audit with POST"})
        stored = read_report(connections.store, project)
    report = stored.report
    return _Reply(
        200,
        {
            "run": report["run"]["id"],
            "as_of": report["run"]["as_of"],
            "conclusion": report["conclusion"],
            "complete": report["collection"]["complete"],
            "problems": len(report["problems"]),
            "summary": report["summary"],
            "report": f"{stored.url}/report.html",
            "note": stored.note,
        },
    )
