"""Ends a fleet run: rolls it up, renders the result, and tells once what changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

import structlog

from audit.app.connections import Connections, credentials_for
from audit.app.request import RunRequest
from audit.errors import IncompleteError, StoreError
from audit.evidence.signers import ready_signer
from audit.fleet import fleet_page, fleet_tables
from audit.fleet.fleet_notifier import tell_fleet
from audit.fleet.forms import FleetPlan
from audit.fleet.publication import FleetRun, Rendered, begun_prefixes, begun_run, former, latest_run
from audit.fleet.roll_up import FleetReport
from audit.notify import Notifier
from audit.report import INDEX

PAGE = "fleet.html"
_UP = "../../../../../"
"""From the folder of a run to the top of the store."""
_LOG = structlog.get_logger()


class LateRuns(NamedTuple):
    """The runs whose time has ended: the roll-ups of some, and why others have none."""

    reports: tuple[FleetReport, ...]
    troubles: tuple[str, ...]


def render(plan: FleetPlan, report: FleetReport) -> Rendered:
    """Return the files of a roll-up besides fleet.json."""
    page = partial(fleet_page.render, report, timezone=plan.timezone, language=plan.language)
    return {
        PAGE: page(_UP),
        "fleet.csv": fleet_tables.render_csv(report),
        "fleet.prom": fleet_tables.render_metrics(report),
        INDEX: page("../"),
    }


@contextmanager
def telling_failures(request: RunRequest) -> Iterator[None]:
    """Tell the dead-man switch if what is done here fails; that a fleet is incomplete was told with its roll-up."""
    try:
        yield
    except IncompleteError:
        raise
    except Exception as error:
        notifier(request).failed(error)
        raise


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
    latest = latest_run(connections.store, run.plan.fleet)
    if not was_done and latest and latest.plan.run == report.run:  # what is older than the latest run is no news
        before, url = former(connections.store, run.plan.previous).report, f"{run.url}/{PAGE}"
        tell_fleet(report, before, url, settings, partial(credentials_for, request), request.time_left)
    return report


def finish_late(fleet: str, request: RunRequest, connections: Connections) -> LateRuns:
    """Roll up the runs of a fleet whose time has ended; one that is damaged hinders no other, and no new one.

    Raises:
        SigningError: a digest could not be signed.
        StoreError: the store cannot be listed.
    """
    store, now = connections.store, datetime.now(UTC)
    reports, troubles = list[FleetReport](), list[str]()
    for prefix in begun_prefixes(store, fleet, now):
        try:
            run = begun_run(store, prefix)
            if run and run.is_late(now):
                reports.append(finish(run, request, connections))
        except StoreError as error:
            _LOG.error("fleet.not_finished", prefix=prefix, cause=str(error))
            troubles.append(f"{prefix} could not be rolled up: {error}")
    return LateRuns(tuple(reports), tuple(troubles))


def notifier(request: RunRequest) -> Notifier:
    """Prepare to tell the dead-man switch."""
    return Notifier(request.settings, partial(credentials_for, request), request.time_left)
