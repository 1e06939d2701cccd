"""What surrounds an audit: its connections, whoever is told of it, and the line of the log that sums it up.

A run asks the store first. Its steps take longer to import than `requests`, and are imported after that.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from audit.app.connections import Connections, credentials_for, opened
from audit.app.request import RunRequest
from audit.app.summary import summary
from audit.errors import ChainError, RefusedError
from audit.evidence.store import LATEST
from audit.notify import Notifier
from audit.report.facts import Conclusion, RunFacts

if TYPE_CHECKING:
    from audit.app.collect import Watch
    from audit.app.run import Done

_LEVELS: Final = {
    Conclusion.COMPLIANT: logging.INFO,
    Conclusion.NON_COMPLIANT: logging.WARNING,
    Conclusion.INCOMPLETE: logging.WARNING,
}
_LOG = structlog.get_logger()


def execute(request: RunRequest, watch: "Watch") -> "Done":
    """Carry out a run, tell whoever wants to know, and log one line about how it ended.

    Raises:
        AuditError: the run could not be carried out.
    """
    settings = request.settings
    names = {"run_id": request.run_id, "project_id": settings.project_id, "request_id": request.request_id}
    with structlog.contextvars.bound_contextvars(**names):
        notifier = Notifier(settings, partial(credentials_for, request), request.time_left)
        has_begun = False

        def begin(facts: RunFacts) -> None:
            nonlocal has_begun
            if not facts.is_what_if:
                has_begun = True
                notifier.started(facts.id)

        try:
            with opened(request) as connections:
                done, before = _run(request, connections, watch, begin)
        except Exception as error:
            _LOG.error("run.failed", cause=f"{type(error).__name__}: {error}")
            if has_begun or not request.may_be_what_if:
                notifier.failed(error)
            raise
        _LOG.log(_LEVELS[done.report.conclusion], "run.finished", **summary(done))
        if not done.report.run.is_what_if:
            is_latest = f"{settings.project_id}/{LATEST}" in done.keys
            url = f"{connections.store.url}/{done.prefix}/report.html"
            notifier.finished(done.report, before, url, is_latest=is_latest)
    return done


def _run(
    request: RunRequest, connections: Connections, watch: "Watch", begin: Callable[[RunFacts], None]
) -> "tuple[Done, Mapping[str, Any] | None]":
    """Ask for the run before, and carry out this one; a refusal says how it signed in."""
    try:
        pointer = None
        with suppress(ChainError):  # a damaged one is mended by this run
            pointer = connections.store.read(f"{request.settings.project_id}/{LATEST}")
        from audit.app.run import run  # noqa: PLC0415  # see above

        return run(request, connections, pointer, watch, begin)
    except RefusedError as error:
        told = f"{error} (signed in with {connections.signed_in_with})"
        raise type(error)(told, status=error.status, code=error.code) from error
