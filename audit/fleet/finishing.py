"""Ends a fleet run: rolls it up, renders the result, and tells once what changed."""

from datetime import UTC, datetime
from functools import partial

import structlog

from audit.app.connections import Connections, credentials_for
from audit.app.request import RunRequest
from audit.evidence.signers import ready_signer
from audit.fleet import fleet_page, fleet_tables
from audit.fleet.fleet_notifier import tell_fleet
from audit.fleet.forms import FleetPlan
from audit.fleet.publication import FleetRun, Rendered, former, unfinished
from audit.fleet.roll_up import FleetReport
from audit.report import INDEX

PAGE = "fleet.html"
_UP = "../../../../../"
"""From the folder of a run to the top of the store."""
_LOG = structlog.get_logger()


def render(plan: FleetPlan, report: FleetReport) -> Rendered:
    """Return the files of a roll-up besides fleet.json."""
    page = partial(fleet_page.render, report, timezone=plan.timezone, language=plan.language)
    return {
        PAGE: page(_UP),
        "fleet.csv": fleet_tables.render_csv(report),
        "fleet.prom": fleet_tables.render_metrics(report),
        INDEX: page("../"),
    }


def finish(run: FleetRun, request: RunRequest, connections: Connections) -> FleetReport:
    """Roll a run up, and tell what changed, unless that was done.

    Raises:
        SigningError: the digest could not be signed.
        StoreError: something could not be written, or what is stored was changed.
    """
    settings = request.settings
    was_done = run.is_rolled_up
    report = run.roll_up(ready_signer(settings, connections.kms), partial(render, run.plan))
    _LOG.info(
        "fleet.finished",
        fleet_run=report.run,
        conclusion=report.conclusion.value,
        complete=report.complete,
        targets=report.summary.by_status,
    )
    if not was_done:
        before, url = former(connections.store, run.plan.previous).report, f"{run.url}/{PAGE}"
        tell_fleet(report, before, url, settings, partial(credentials_for, request), request.time_left)
    return report


def finish_late(fleet: str, request: RunRequest, connections: Connections) -> tuple[FleetReport, ...]:
    """Roll up the runs of a fleet whose time has ended.

    Raises:
        SigningError, StoreError: as for ``finish``.
    """
    late = unfinished(connections.store, fleet, datetime.now(UTC))
    return tuple(finish(run, request, connections) for run in late)
