"""One event, from the hint to the message: its trace is asked for, judged by what is there now, stored, and told."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
import structlog
from msgspec import Struct

from audit.app.connections import Connections, credentials_for, opened
from audit.app.request import Context, RunRequest, in_function, request_from_settings, variables_of_function
from audit.errors import NotConfirmedError, NotToldError, StoreError
from audit.evidence.signers import ready_signer
from audit.notify.channels import Channels
from audit.records.deeds import CBR, CTS
from audit.timestamps import shown
from audit.watch import change_call, change_message
from audit.watch.change_forms import ChangeReport
from audit.watch.change_store import StoredChange
from audit.watch.hints import Hint
from audit.watch.judge import ReadForChange, judge_change, trace_in
from audit.watch.reading import read_around, report_before, wait_for_trace

_LOG = structlog.get_logger()


def carry_out(
    hint: Hint, context: Context, environment: Mapping[str, str], wait: Callable[[float], None] = time.sleep
) -> dict[str, Any]:
    """Judge the change that an event tells of, store it, tell people, and return a small summary.

    An event that comes again changes nothing.

    Args:
        hint: what the event says.
        context: what the platform tells the function.
        environment: the environment of the function.
        wait: waits for a number of seconds, while CTS does not show the trace yet.

    Raises:
        NotConfirmedError: CTS does not show the trace, so the platform tries again.
        NotToldError: it is judged, and not everybody was told, so the platform tries again.
        AuditError: it could not be done, so the platform tries again.
    """
    request = in_function(request_from_settings(variables_of_function(context, environment)), context)
    settings = request.settings
    names = {"trace": hint.trace_id, "project_id": settings.project_id, "request_id": request.request_id}
    with structlog.contextvars.bound_contextvars(**names), opened(request) as connections:
        change = StoredChange(connections.store, settings.project_id, hint.trace_id)
        change.begin(_event(hint))
        channels = Channels(settings, partial(credentials_for, request), request.time_left)
        teller = Teller(change, channels, hint)
        judged = None if change.is_committed else _judged(hint, request, connections, change, teller, wait)
        report = change.report()
        is_new = report == judged  # another invocation may have been faster, and tells
        teller.tell(report, is_first=is_new)
        return _summary(report, change, is_new=is_new)


class Teller(Struct, frozen=True):
    """Tells people and programs of one change, and notes that it did."""

    change: StoredChange
    channels: Channels
    hint: Hint

    def tell(self, report: ChangeReport, *, is_first: bool) -> None:
        """Tell of what is alarming, unless whoever judged it has done so.

        Raises:
            NotToldError: a channel failed, or another invocation has not told yet, so the platform tries again.
        """
        now, url = datetime.now(UTC), self.change.url
        if not report.is_alarming or self.change.was_told:
            _LOG.info("notification.not_needed", cause="told before" if report.is_alarming else "no alarm")
            return
        if not (is_first or self.change.is_due_to_be_told(now)):
            raise NotToldError(f"another invocation judged the change under {url}, and has not told of it yet")
        is_published = self.channels.publish(
            lambda: change_message.subject(report), lambda: change_message.text(report, url)
        )
        is_called = self.channels.call(lambda: change_call.content(report, url))
        if not (is_published and is_called):
            raise NotToldError(
                f"the change under {url} is judged and stored, and not everybody could be told; see above"
            )
        with suppress(StoreError):  # told twice is better than an error after telling
            self.change.mark_told(now)

    def tell_unconfirmed(self) -> None:
        """Tell once that an event told of something that CTS does not show."""
        if self.change.was_told_unconfirmed:
            return
        project_id = self.change.project_id
        is_published = self.channels.publish(
            lambda: change_message.unconfirmed_subject(self.hint, project_id),
            lambda: change_message.unconfirmed_text(self.hint, project_id),
        )
        if is_published:
            with suppress(StoreError):
                self.change.mark_told_unconfirmed(datetime.now(UTC))


def _judged(  # what was asked, by whom, with what, and where it goes
    hint: Hint,
    request: RunRequest,
    connections: Connections,
    change: StoredChange,
    teller: Teller,
    wait: Callable[[float], None],
) -> ChangeReport:
    """Read what the change is judged by, commit the verdict, and return it.

    Raises:
        NotConfirmedError: CTS does not show the trace.
    """
    signer = ready_signer(request.settings, connections.kms)
    found = wait_for_trace(connections, hint.trace_id, wait, request.time_left)
    trace = trace_in((found,), hint.trace_id) if found else None
    if found is None or trace is None:
        teller.tell_unconfirmed()
        raise NotConfirmedError(
            f"Cloud Trace Service does not show the trace {hint.trace_id}, which an event tells of; if it never does, "
            "see who may invoke this function"
        )
    read = read_around(connections, trace)
    before = report_before(connections.store, request.settings.project_id, trace.at)
    pages = (found, *read.pages)
    evidence = ReadForChange(
        project_id=request.settings.project_id,
        region=request.settings.region or "",
        trace_id=hint.trace_id,
        judged_at=request.until,
        profile=request.profile,
        pages=pages,
        unread=read.unread,
        report=before.report,
        compared_with=before.link,
    )
    report = judge_change(evidence)
    for page in pages:
        change.keep(page)
    change.commit(report, request.profile.canonical, signer)
    _LOG.info("change.judged", outcome=report.outcome, severity=report.severity, deed=report.trace.deed)
    return report


def _event(hint: Hint) -> bytes:
    """Return the event as it is kept: without what was sent to another service, which may hold secrets."""
    if hint.service.upper() in {CBR, CTS}:
        return hint.raw
    told = {"trace_id": hint.trace_id, "trace_name": hint.operation, "service_type": hint.service}
    return orjson.dumps({**told, "time": shown(hint.at)})


def _summary(report: ChangeReport, change: StoredChange, *, is_new: bool) -> dict[str, Any]:
    return {
        "trace": report.trace.id,
        "deed": report.trace.deed.value,
        "outcome": report.outcome.value,
        "severity": report.severity.value,
        "unprotected": len(report.unprotected),
        "prefix": change.prefix,
        "new": is_new,
    }
