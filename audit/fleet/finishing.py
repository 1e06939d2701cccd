"""Ends a fleet run: rolls it up, and renders the result."""

from datetime import UTC, datetime

import structlog

from audit.app.connections import Connections
from audit.app.request import RunRequest
from audit.evidence.signers import ready_signer
from audit.fleet import fleet_page, fleet_tables
from audit.fleet.publication import FleetRun, Rendered, unfinished
from audit.fleet.roll_up import FleetReport
from audit.report import INDEX

PAGE = "fleet.html"
_UP = "../../../../../"
"""From the folder of a run to the top of the store."""
_LOG = structlog.get_logger()


def render(report: FleetReport) -> Rendered:
    """Return the files of a roll-up besides fleet.json."""
    return {
        PAGE: fleet_page.render(report, _UP),
        "fleet.csv": fleet_tables.render_csv(report),
        "fleet.prom": fleet_tables.render_metrics(report),
        INDEX: fleet_page.render(report, "../"),
    }


def finish(run: FleetRun, request: RunRequest, connections: Connections) -> FleetReport:
    """Roll a run up, unless that was done.

    Raises:
        SigningError: the digest could not be signed.
        StoreError: something could not be written, or what is stored was changed.
    """
    report = run.roll_up(ready_signer(request.settings, connections.kms), render)
    _LOG.info(
        "fleet.finished",
        fleet_run=report.run,
        conclusion=report.conclusion.value,
        complete=report.complete,
        targets=report.summary.by_status,
    )
    return report


def finish_late(fleet: str, request: RunRequest, connections: Connections) -> tuple[FleetReport, ...]:
    """Roll up the runs of a fleet whose time has ended.

    Raises:
        SigningError, StoreError: as for ``finish``.
    """
    late = unfinished(connections.store, fleet, datetime.now(UTC))
    return tuple(finish(run, request, connections) for run in late)
