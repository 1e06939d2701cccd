"""The entry of the FunctionGraph function: ``handler.initializer`` and ``handler.handler``."""
# ruff: noqa: E402  # the imports come after what makes them quicker

import gc

gc.disable()  # whatever is imported stays, and looking for garbage in it is a twentieth of a cold start

import logging
import os
import warnings
from typing import Any

from audit.app.unused import absent, idle

os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"  # it would look for some in every package there is
# structlog has loggers to be awaited, and nobody waits here. requests spells names of hosts, which are plain here, and
# guesses encodings, which are UTF-8; for that it would take the platform's old chardet. So with its simplejson.
vars(logging)["logAsyncioTasks"] = False  # new in Python 3.12, where each record asks asyncio otherwise
warnings.filterwarnings("ignore", "Unable to find acceptable character detection")
with idle("asyncio", "idna"), absent("chardet", "charset_normalizer", "simplejson"):
    import structlog

    from audit import log
    from audit.app.garbage import look_rarely
    from audit.app.order import Context, order_from_event
    from audit.app.wiring import carry_out, summary
    from audit.errors import AuditError, IncompleteError
    from audit.report.facts import Conclusion

gc.freeze()  # nor is it looked through again later
gc.enable()
look_rarely()
_LOG = structlog.get_logger()


def initializer(_context: Context) -> None:
    """Load everything once for each instance; credentials are read later, they do not outlive an invocation."""
    log.set_up()


def handler(event: object, context: Context) -> dict[str, Any]:
    """Carry out one audit and return a small summary.

    Raises:
        AuditError: the run could not be carried out; or the timer started it and it could not see everything,
            in which case its report is stored all the same. The platform's failure destination then fires.
    """
    log.set_up()
    try:
        order = order_from_event(event, context, os.environ)
    except AuditError as error:
        _LOG.error("run.failed", cause=f"{type(error).__name__}: {error}", request_id=context.getRequestID())
        raise
    done = carry_out(order, lambda _progress: None)
    if order.on_timer and done.report.conclusion == Conclusion.INCOMPLETE:
        raise IncompleteError(f"the audit is incomplete; its report is stored under {done.prefix}")
    return {**summary(done), "keys": list(done.keys)}
