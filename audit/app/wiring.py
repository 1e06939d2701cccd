"""The one place that joins settings, clients, stores and the run."""

import logging
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import structlog

from audit.app.connections import Connections, credentials_for, opened
from audit.app.order import Order
from audit.errors import RefusedError
from audit.evidence.store import LATEST
from audit.report.facts import Conclusion

if TYPE_CHECKING:
    from audit.app.run import Done, Watch
    from audit.notify import Notifier
    from audit.report.facts import RunFacts

_LEVELS: Final = {
    Conclusion.COMPLIANT: logging.INFO,
    Conclusion.NON_COMPLIANT: logging.WARNING,
    Conclusion.INCOMPLETE: logging.WARNING,
}
_LOG = structlog.get_logger()


def carry_out(order: Order, watch: "Watch") -> "Done":
    """Run an order, tell whoever wants to know, and log one line about how it ended.

    Raises:
        AuditError: the run could not be carried out.
    """
    settings = order.settings
    names = {"run_id": order.run_id, "project_id": settings.project_id, "request_id": order.request_id}
    with structlog.contextvars.bound_contextvars(**names):
        notifier = _notifier(order)

        def begin(facts: "RunFacts") -> None:
            if notifier and not facts.is_what_if:
                notifier.started(facts.id)

        try:
            with opened(order) as connections:
                done, before = _run(order, connections, watch, begin)
        except Exception as error:
            _LOG.error("run.failed", cause=f"{type(error).__name__}: {error}")
            if notifier and not order.may_be_what_if:
                notifier.failed(error)
            raise
        _LOG.log(_LEVELS[done.report.conclusion], "run.finished", **summary(done))
        if notifier and not done.report.run.is_what_if:
            is_latest = f"{settings.project_id}/{LATEST}" in done.keys
            url = f"{connections.store.url}/{done.prefix}/report.html"
            notifier.finished(done.report, before, url, is_latest=is_latest)
    return done


def summary(done: "Done") -> dict[str, Any]:
    """Say in a few values how a run ended: what the function returns and what its last log line holds."""
    report = done.report
    return {
        "run": report.run.id,
        "conclusion": report.conclusion.value,
        "what_if": report.run.is_what_if,
        "profile_changes": list(report.run.profile_changes),
        "controls": len(report.controls),
        "controls_left_out": len(report.summary.controls_left_out),
        "problems": report.summary.problems,
        "worst": report.problems[0].severity.value if report.problems else None,
        "resources": report.summary.resources,
        "resources_failing": report.summary.resources_failing,
        "findings": {outcome.value: count for outcome, count in sorted(report.summary.outcomes.items())},
        "complete": report.collection.complete,
        "gaps": list(report.collection.gaps),
        "rejected": len(report.collection.rejected),
        "kinds_of_drift": len(report.collection.drift),
        "new_drift": sum(not report.run.previous.knows(drift) for drift in report.collection.drift),
        "prefix": done.prefix,
        "digest_sha256": done.digest_sha256,
    }


def _run(
    order: Order, connections: Connections, watch: "Watch", begin: "Callable[[RunFacts], None]"
) -> "tuple[Done, Mapping[str, Any] | None]":
    """Go on where the run before ended; also return what that one reported.

    While the answer to the first request is on its way, what goes on with it is imported; both take some time.
    """
    meanwhile = Thread(target=import_module, args=["audit.app.continued_run"], daemon=True)
    try:
        with connections.storing.telling(cache(meanwhile.start)):
            pointer = connections.store.read(f"{order.settings.project_id}/{LATEST}")
        from audit.app.continued_run import continue_run  # noqa: PLC0415  # see above

        return continue_run(order, connections, pointer, watch, begin)
    except RefusedError as error:
        told = f"{error} (signed in with {connections.who.way})"
        raise type(error)(told, status=error.status, code=error.code) from error


def _notifier(order: Order) -> "Notifier | None":
    """Prepare to tell of a run, None where the settings name nobody."""
    settings = order.settings
    if not (settings.smn_topic or settings.webhook_url or settings.ping_url):
        return None
    from audit.notify import Notifier  # noqa: PLC0415  # most runs tell nobody

    return Notifier(settings, partial(credentials_for, order), order.time_left)
