"""A fleet in FunctionGraph: one invocation plans, one audits each target, and one rolls up. None waits for another.

Events come late, twice or never. An event that comes again goes on with what is stored; one that never comes leaves a
target without a receipt, which the roll-up names.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import structlog

from audit.app.connections import Connections, opened
from audit.app.event import AskedOfFleet, FleetEvent
from audit.app.itself import FunctionContext, start_itself
from audit.app.request import Context, RunRequest, in_function, request_from_settings, variables_of_function
from audit.errors import EventError, IncompleteError, SourceError, SourceRefusedError, StoreError
from audit.fleet.finishing import finish, finish_late, telling_failures
from audit.fleet.forms import Status, Target
from audit.fleet.publication import FleetRun, begun_run, latest_run
from audit.fleet.roll_up import FleetReport
from audit.fleet.starting import begun_fleet, load_configured
from audit.fleet.target_run import audit_target, receipt_without_audit
from audit.report.facts import Conclusion

_AT_ONCE: Final = 8
_LOG = structlog.get_logger()


Invoke = Callable[[Mapping[str, Any]], object]
"""Starts this function with an event, and does not wait for it."""


def carry_out(asked: AskedOfFleet, context: FunctionContext, environment: Mapping[str, str]) -> dict[str, Any]:
    """Do what an event asks of a fleet, and return a small summary.

    Raises:
        AuditError: it could not be done, so the platform tries again; or nobody waits, and the fleet is incomplete.
    """
    variables = variables_of_function(context, environment)
    request = in_function(request_from_settings(variables, as_of=asked.as_of), context)
    with (
        structlog.contextvars.bound_contextvars(request_id=context.getRequestID()),
        opened(request) as connections,
    ):
        if asked.event.fleet == "target":
            return _audit(asked.event, request, connections, variables, context)
        with telling_failures(request):
            if asked.event.fleet == "roll_up":
                return _roll_up(request, connections, on_timer=asked.on_timer)
            nonce = str(asked.as_of) if asked.on_timer else context.getRequestID()
            return _start(request, connections, nonce, partial(start_itself, context, environment, variables))


def _start(request: RunRequest, connections: Connections, nonce: str, invoke: Invoke) -> dict[str, Any]:
    fleet = load_configured(request.settings)
    finish_late(fleet.configuration.name, request, connections)
    run = begun_fleet(fleet, request, connections, nonce)
    waiting = run.waiting()
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        accepted = sum(threads.map(partial(_begin, run, invoke), waiting))
    _LOG.info("fleet.started", fleet_run=run.plan.run, targets=len(run.plan.targets), accepted=accepted)
    if not run.waiting():
        finish(run, request, connections)
    return {
        "fleet_run": run.plan.run,
        "prefix": run.plan.prefix,
        "targets": len(run.plan.targets),
        "accepted": accepted,
    }


def _begin(run: FleetRun, invoke: Invoke, target: Target) -> bool:
    """Start the function for a target; a refusal is final, anything else may have been accepted."""
    try:
        invoke({"fleet": "target", "prefix": run.plan.prefix, "target": target.key})
    except SourceRefusedError as error:
        now = datetime.now(UTC).replace(microsecond=0)
        reason = f"the function could not be started for it: {error}"
        run.leave(receipt_without_audit(run, target, Status.FAILED, reason, now))
    except SourceError as error:
        _LOG.warning("target.not_started", target=target.key, cause=str(error))
    else:
        return True
    return False


def _audit(
    event: FleetEvent, request: RunRequest, connections: Connections, variables: Mapping[str, str], context: Context
) -> dict[str, Any]:
    run = begun_run(connections.store, event.prefix or "")
    target = next((each for each in run.plan.targets if each.key == event.target), None) if run else None
    if run is None or target is None:
        raise EventError(f"there is no target {event.target} in a plan under {event.prefix}: start the fleet run first")
    receipt = audit_target(run, target, variables, partial(in_function, context=context))
    if not run.waiting():
        finish(run, request, connections)
    conclusion = receipt.audited.conclusion.value if receipt.audited else None
    return {"fleet_run": run.plan.run, "target": target.key, "status": receipt.status.value, "conclusion": conclusion}


def _roll_up(request: RunRequest, connections: Connections, *, on_timer: bool) -> dict[str, Any]:
    fleet = load_configured(request.settings).configuration.name
    late = finish_late(fleet, request, connections)
    if late.troubles:
        raise StoreError("; ".join(late.troubles))
    if on_timer:
        latest = latest_run(connections.store, fleet)  # mostly rolled up by its last target, where nobody waits
        _raise_if_incomplete((*late.reports, latest.report()) if latest else late.reports)
    return {"rolled_up": [{"fleet_run": each.run, "conclusion": each.conclusion.value} for each in late.reports]}


def _raise_if_incomplete(reports: Iterable[FleetReport]) -> None:
    runs = {each.run for each in reports if each.conclusion == Conclusion.INCOMPLETE or not each.complete}
    if runs:
        raise IncompleteError(f"the fleet is incomplete; its report is stored: {', '.join(sorted(runs))}")
