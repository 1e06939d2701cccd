"""The entry of the FunctionGraph function: ``handler.initializer`` and ``handler.handler``."""

import os
from typing import Any

from audit import log
from audit.errors import IncompleteError
from audit.report.contents import Conclusion
from audit.wiring import Context, carry_out, order_from_event, summary


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
    order = order_from_event(event, context, os.environ)
    done = carry_out(order, lambda _progress: None)
    if order.on_timer and done.report.conclusion is Conclusion.INCOMPLETE:
        raise IncompleteError(f"the audit is incomplete; its report is stored under {done.prefix}")
    return {**summary(done), "keys": list(done.keys)}
