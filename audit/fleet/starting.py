"""Begins a fleet run: finds the accounts and projects, plans, and stores the plan before anything is audited."""

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from audit import __version__
from audit.app.connections import Connections
from audit.app.request import RunRequest
from audit.cloud.assuming import DIALECT, reader_in_agency
from audit.cloud.credentials import SignedIn
from audit.cloud.http.auth import KeyAuth
from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.transport import Credentials, RequestLimits, Transport
from audit.errors import SettingsError
from audit.fleet import inquiry
from audit.fleet.configuration import FleetFile, load_fleet
from audit.fleet.discovery import Informants, InTheCloud, discover
from audit.fleet.finishing import notifier
from audit.fleet.forms import SCOPE, FleetPlan
from audit.fleet.found import Everything, FoundAccount
from audit.fleet.planning import PlanFrame, plan, stored_answers
from audit.fleet.publication import ComparedFleetRun, FleetRun, begin, begun_run, previous_run
from audit.settings import Settings, agency_named

_FOR_AN_ANSWER: Final = timedelta(seconds=20)


def run_id(fleet: str, as_of: datetime, nonce: str) -> str:
    """Name a fleet run: the same event of a fleet gives the same run, however often it comes."""
    return f"{as_of:%Y%m%dT%H%M%SZ}-{hashlib.sha256(f'{fleet}|{nonce}'.encode()).hexdigest()[:12]}"


def begun_fleet(fleet: FleetFile, request: RunRequest, connections: Connections, nonce: str) -> FleetRun:
    """Begin a fleet run, and tell the dead-man switch.

    Raises:
        StoreError: as for ``start``.
    """
    run = start(fleet, request, connections, nonce)
    if run.waiting():
        notifier(request).started(run.plan.run)
    return run


def start(fleet: FleetFile, request: RunRequest, connections: Connections, nonce: str) -> FleetRun:
    """Plan a fleet run and store the plan; if it was begun before, go on with that.

    Args:
        fleet: the configuration.
        request: as for an audit of the home project; its end is the time of judgement.
        connections: what it needs of the world.
        nonce: sets this run apart from others of the same time, but not from a repetition of itself.

    Raises:
        StoreError: the plan could not be stored.
    """
    name, as_of = fleet.configuration.name, request.until
    run = run_id(name, as_of, nonce)
    if begun := begun_run(connections.store, f"{SCOPE}{name}/{as_of:%Y/%m/%d}/{run}"):
        return begun
    made, found = planned(fleet, request, connections, run)
    profiles = {profile.sha256: profile.canonical for profile in fleet.profiles.values()}
    return begin(connections.store, made, profiles, stored_answers(found))


def planned(
    fleet: FleetFile, request: RunRequest, connections: Connections, run: str, *, is_continued: bool = True
) -> tuple[FleetPlan, Everything]:
    """Find out what there is, and plan; nothing is stored.

    Args:
        fleet: the configuration.
        request: as for ``start``.
        connections: as for ``start``.
        run: the id of the run.
        is_continued: whether the run before counts, which is read from the store.
    """
    name, as_of = fleet.configuration.name, request.until
    before = previous_run(connections.store, name, as_of) if is_continued else ComparedFleetRun()
    with _informants(request, connections) as informants:
        found = discover(fleet.configuration, informants)
    frame = PlanFrame(
        run=run,
        as_of=as_of,
        tool_version=__version__,
        configuration_sha256=hashlib.sha256(fleet.content).hexdigest(),
        profiles=fleet.profiles,
        previous=before.plan,
        link=before.link,
        lost=before.lost,
        begun_at=datetime.now(UTC).replace(microsecond=0),
    )
    return plan(fleet.configuration, found, frame), found


def load_configured(settings: Settings) -> FleetFile:
    """Read the fleet file that the settings name.

    Raises:
        SettingsError: none is named, or it cannot be used.
    """
    if not settings.fleet:
        raise SettingsError("set CBR_AUDIT_FLEET to the fleet file: its path, or its text")
    return load_fleet(settings.fleet)


@contextmanager
def _informants(request: RunRequest, connections: Connections) -> Iterator[Informants]:
    """Prepare to ask Organizations and IAM: as oneself, and in each account as its agency."""
    settings, who, clock = request.settings, connections.who, CloudClock()
    limits = RequestLimits(request=_FOR_AN_ANSWER, budget=request.budget)
    with (
        closing(Transport(limits=limits, dialect=inquiry.DIALECT, route=settings.route)) as asking,
        closing(Transport(limits=limits, dialect=DIALECT, route=settings.route)) as assuming,
    ):
        own = KeyAuth(who.keys, clock) if who.keys else who.credentials
        yield InTheCloud(
            asking,
            own,
            partial(_keys_for, settings, who, own, assuming, f"cbr-audit-{request.run_id}"),
            organizations=settings.organizations_endpoint or settings.usual_endpoint("organizations"),
            iam=settings.sign_in_endpoint,
        )


def _keys_for(
    settings: Settings, who: SignedIn, own: Credentials, transport: Transport, session: str, account: FoundAccount
) -> Credentials:
    """Return the credentials to ask for the projects of an account with: those of its agency, for no project."""
    if not account.agency:
        return own
    agency = agency_named(account.agency)
    if agency is None:
        raise SettingsError(f"{account.agency} names no agency")
    nowhere = settings.model_copy(update={"project_id": ""})
    reader = reader_in_agency(nowhere, agency, who, settings.session_name or session, transport, CloudClock())
    reader.caller()
    return reader.credentials
