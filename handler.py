"""The entry of the FunctionGraph function: ``handler.initializer`` and ``handler.handler``."""
# ruff: noqa: E402  # the imports come after what makes them quicker

from audit.app.garbage import look_rarely, sweep

look_rarely()  # whatever is imported stays, and looking for garbage in it is a twentieth of a cold start

import os
import sys
import warnings
from collections.abc import Mapping
from typing import Any, cast

os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"  # it would look for some in every package there is
# requests guesses encodings, which are UTF-8 here; the zip has none of these, and those of the platform are old
_hidden = {"chardet", "charset_normalizer", "simplejson"} - sys.modules.keys()
vars(sys)["modules"].update(dict.fromkeys(_hidden))
warnings.filterwarnings("ignore", "Unable to find acceptable character detection")

import structlog

from audit import log
from audit.app.event import AskedOfFleet, asked_of_fleet, is_http_request, tells_of_trace
from audit.app.execute import execute
from audit.app.request import Context, request_from_event
from audit.app.summary import summary
from audit.errors import AuditError, IncompleteError
from audit.report.facts import Conclusion

for _name in _hidden:
    del sys.modules[_name]
_LOG = structlog.get_logger()


def initializer(_context: Context) -> None:
    """Load everything once for each instance; credentials are read later, they do not outlive an invocation."""
    log.set_up()


def handler(event: object, context: Context) -> dict[str, Any]:
    """Carry out one audit, what the event asks of a fleet, or what a trace demands; or answer an HTTP request.

    Raises:
        AuditError: the run could not be carried out; or the timer started it and it could not see everything,
            in which case its report is stored all the same. The platform's failure destination then fires.
    """
    log.set_up()
    if is_http_request(event):
        return _over_http(event, context)
    try:
        if tells_of_trace(event):
            return _watch(event, context)
        if asked := asked_of_fleet(event):
            return _of_fleet(asked, context)
        request = request_from_event(event, context, os.environ)
    except AuditError as error:
        _LOG.error("run.failed", cause=f"{type(error).__name__}: {error}", request_id=context.getRequestID())
        raise
    try:
        done = execute(request, lambda _progress: None)
    finally:
        sweep()
    if request.on_timer and done.report.conclusion == Conclusion.INCOMPLETE:
        raise IncompleteError(f"the audit is incomplete; its report is stored under {done.prefix}")
    return {**summary(done), "keys": list(done.keys)}


def _over_http(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    from audit.app.http_event import answer  # noqa: PLC0415  # a timer starts without it

    return answer(event, context, os.environ)


def _watch(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    from audit.watch.hints import read_hint  # noqa: PLC0415  # a timer starts without it
    from audit.watch.watching import carry_out  # noqa: PLC0415  # as above

    return carry_out(read_hint(event), context, os.environ)


def _of_fleet(asked: AskedOfFleet, context: Context) -> dict[str, Any]:
    from audit.app.itself import FunctionContext  # noqa: PLC0415  # a single audit starts without it
    from audit.fleet.function import carry_out  # noqa: PLC0415  # as above

    return carry_out(asked, cast(FunctionContext, context), os.environ)
