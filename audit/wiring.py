"""The one place that joins settings, clients, stores and the run."""

import hashlib
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from audit import __version__
from audit.cbr.client import CbrClient, actions
from audit.chain import Head
from audit.collection import Window, shown
from audit.errors import EventError, RefusedError, SettingsError
from audit.event import ManualEvent, TimerEvent, read_event, read_time
from audit.kms import KmsSigner
from audit.kms.dialect import KMS
from audit.log import REDACTOR
from audit.notify import Notifier
from audit.predecessor import Predecessor, read_predecessor, recalled
from audit.profile import PRESETS, Profile, build_profile, load_profile, parse_profile
from audit.publish import LATEST, Publication, newest
from audit.report.facts import Conclusion, RunFacts
from audit.run import Done, Watch, run
from audit.settings import VARIABLES, Settings, SignIn, StoreSettings
from audit.signers import ready_signer
from audit.signing_in import Agency, agency_variables, signed_in
from audit.store import ProbedStore, Store, open_store
from audit.store.obs import LOCK, Obs, Seal
from audit.store.obs_auth import ObsAuth
from audit.store.obs_dialect import OBS
from audit.store.obs_place import SCHEME, place
from audit.web.cloud_clock import CloudClock
from audit.web.fresh import Fresh, Keys
from audit.web.transport import Credentials, Limits, Transport

if TYPE_CHECKING:
    from audit.doctor import Check

FIRST_READING: Final = timedelta(days=30)  # what CBR still shows
_HOUR: Final = timedelta(hours=1)
_AHEAD: Final = timedelta(days=1)  # clocks differ, and a date may be that of another zone
_RESERVE: Final = timedelta(seconds=5)
_SHARE_FOR_READING: Final = 0.75  # the rest is for judging, rendering and storing
_FOR_TRYING: Final = timedelta(minutes=1)
_FOR_SIGNING: Final = timedelta(seconds=20)
_MOST_BYTES: Final = 512 * 1024 * 1024
_LEVELS: Final = {
    Conclusion.COMPLIANT: logging.INFO,
    Conclusion.NON_COMPLIANT: logging.WARNING,
    Conclusion.INCOMPLETE: logging.WARNING,
}
_LOG = structlog.get_logger()


class Order(Struct, frozen=True, kw_only=True):
    """One audit that is to be carried out.

    Attributes:
        since: from when on the log is read; None to go on where the run before ended.
        until: the time of judgement.
        nonce: sets this run apart from others over the same window, a repeated event included.
        request_id: what the platform calls the invocation, or an empty text.
        budget: time for reading from the cloud.
        storing: time until everything must be stored.
        on_timer: nobody waits for the answer, so trouble must be raised.
        time_left: how long the run may still take.
        agency: who the function is, None on the command line.
    """

    settings: Settings
    profile: Profile
    since: datetime | None
    until: datetime
    nonce: str
    request_id: str = ""
    budget: timedelta = _HOUR
    storing: timedelta = 2 * _HOUR
    on_timer: bool = False
    time_left: Callable[[], timedelta] = lambda: _HOUR
    agency: Agency | None = None


class Context(Agency, Protocol):
    """What FunctionGraph tells a function; the parts that the audit uses."""

    def getRequestID(self) -> str: ...  # noqa: D102, N802  # named by the platform
    def getRemainingTimeInMilliSeconds(self) -> int: ...  # noqa: D102, N802  # named by the platform
    def getUserData(self, key: str) -> str | None: ...  # noqa: D102, N802  # named by the platform


def order(
    variables: Mapping[str, str], *, since: str | None = None, as_of: str | None = None, profile: Profile | None = None
) -> Order:
    """Make an order from variables and from what was asked for by hand.

    Args:
        variables: settings by name, such as HUAWEICLOUD_SDK_REGION.
        since: start of the window as people write it; what the profile looks back from its end unless told.
        as_of: end of the window; now unless told.
        profile: instead of the configured one.

    Raises:
        SettingsError: naming everything that is missing or wrong.
    """
    settings = Settings.read(variables)
    REDACTOR.learn(settings.secrets)
    demanded = profile or load_profile(settings.profile)
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        until = read_time(as_of, now).replace(microsecond=0) if as_of else now
        start = read_time(since, until).replace(microsecond=0) if since else None
    except ValueError as error:
        raise SettingsError(str(error)) from error
    if until > now + _AHEAD:
        raise SettingsError(f"the time of judgement, {shown(until)}, lies in the future: it is {shown(now)} now")
    if start is not None and start >= until:
        raise SettingsError(f"the window is empty: it starts at {shown(start)} and ends at {shown(until)}")
    return Order(
        settings=settings,
        profile=demanded,
        since=start,
        until=until,
        nonce=secrets.token_hex(8),
    )


def order_from_event(event: object, context: Context, environment: Mapping[str, str]) -> Order:
    """Make an order as the function receives it; credentials are read at every invocation.

    Raises:
        SettingsError: naming everything that is missing or wrong, in the event or the settings.
    """
    read = read_event(event)
    variables = _variables(context, environment)

    def time_left() -> timedelta:
        return timedelta(milliseconds=context.getRemainingTimeInMilliSeconds())

    made = _order_on_timer(read, variables) if isinstance(read, TimerEvent) else _order_by_hand(read, variables)
    return Order(
        settings=made.settings,
        profile=made.profile,
        since=made.since,
        until=made.until,
        nonce=made.nonce,
        request_id=context.getRequestID(),
        budget=min(max(time_left() * _SHARE_FOR_READING - _RESERVE, timedelta(0)), _HOUR),
        storing=min(max(time_left() - _RESERVE, timedelta(0)), 2 * _HOUR),
        on_timer=isinstance(read, TimerEvent),
        agency=context,
        time_left=time_left,
    )


def carry_out(order: Order, watch: Watch) -> Done:
    """Run an order, tell whoever wants to know, and log one line about how it ended.

    Raises:
        AuditError: the run could not be carried out.
    """
    settings = order.settings
    run_id = _run_id(order)
    names = {"run_id": run_id, "project_id": settings.project_id, "request_id": order.request_id}
    with structlog.contextvars.bound_contextvars(**names):
        notifier = Notifier(settings, partial(_for_project, order), order.time_left)
        notifier.started(run_id)
        try:
            with opened(order) as edges:
                done, before = _run(order, edges, watch)
        except Exception as error:
            _LOG.error("run.failed", cause=f"{type(error).__name__}: {error}")
            notifier.failed(error)
            raise
        _LOG.log(_LEVELS[done.report.conclusion], "run.finished", **summary(done))
        is_latest = f"{settings.project_id}/{LATEST}" in done.keys
        url = f"{edges.store.url}/{done.prefix}/report.html"
        notifier.finished(done.report, before, url, is_latest=is_latest)
    return done


def examined(variables: Mapping[str, str]) -> Iterator["Check"]:
    """Try out everything that an audit with these settings needs; nothing is raised, and nothing stays behind."""
    from audit.doctor import (  # noqa: PLC0415  # the function has no use for it
        Check,
        Result,
        examine_cloud,
        examine_key,
        examine_store,
        is_let_in,
    )

    try:
        made = replace(order(variables), budget=_FOR_TRYING, storing=_FOR_TRYING)
        with opened(made) as edges:
            settings = made.settings
            yield Check("settings", Result.OK, f"project {settings.project_id} at {settings.cbr_endpoint}")
            checks = [*examine_cloud(edges.client, actions(made.profile.lists), edges.way)]
            yield from checks
            if settings.signing_key or edges.kms:
                yield from examine_key(
                    partial(ready_signer, settings, edges.kms), edges.kms, is_let_in=is_let_in(checks)
                )
            yield from examine_store(edges.store)
            if settings.obs_lock_days:
                yield Check("store lock", Result.UNTRIED, "a locked object could not be removed again", LOCK)
    except SettingsError as error:
        yield Check("settings", Result.MISSING, str(error))


def summary(done: Done) -> dict[str, Any]:
    """Say in a few values how a run ended: what the function returns and what its last log line holds."""
    report = done.report
    return {
        "run": report.run.id,
        "conclusion": report.conclusion.value,
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


class Edges(Struct, frozen=True):
    """Everything that a run needs of the world, and the name of the way to sign in; kms where a key in KMS signs."""

    way: SignIn
    client: CbrClient
    store: ProbedStore
    kms: KmsSigner | None


def _facts(order: Order, store: Store, head: Head | None, before: Predecessor | None) -> RunFacts:
    """Decide what is read, and what is judged: as far back as the history of earlier runs goes on without a gap."""
    until, look_back = order.until, order.profile.remembered
    since = order.since or (before.reading_from(until) if before else until - min(look_back, FIRST_READING))
    judged = since
    if before and before.covered and before.covers(since):
        judged = max(min(before.covered.since, since), min(until - look_back, since))
    return RunFacts(
        id=_run_id(order),
        as_of=until,
        window=Window(judged, until),
        read=Window(since, until),
        project_id=order.settings.project_id,
        region=order.settings.region or "",
        tool_version=__version__,
        profile_sha256=order.profile.sha256,
        timezone=order.profile.timezone,
        language=order.profile.language,
        previous=recalled(store, head, before, until),
        origin=before.origin if before else None,
    )


@contextmanager
def opened(order: Order) -> Iterator[Edges]:
    """Prepare the edges of a run; nothing is sent yet.

    Raises:
        SettingsError: the store's address cannot be used.
    """
    settings = order.settings
    reading = Transport(limits=Limits(budget=order.budget), connections=settings.workers)
    storing = Transport(limits=_storing(order.storing), dialect=OBS)
    signing = Transport(limits=Limits(request=_FOR_SIGNING, budget=order.storing), dialect=KMS, connections=1)
    with closing(reading), closing(storing), closing(signing):
        who = signed_in(settings, order.agency, reading, CloudClock())
        client = CbrClient(
            reading,
            who.credentials,
            endpoint=settings.cbr_endpoint,
            project_id=settings.project_id,
            workers=settings.workers,
        )
        store = open_store(settings.store, _in_obs(settings, who.keys, storing))
        yield Edges(who.way, client, store, _in_kms(settings, order.agency, signing))


@contextmanager
def opened_store(url: str, variables: Mapping[str, str]) -> Iterator[Store]:
    """Open a store to look into it: one in OBS needs access keys, and no project.

    Raises:
        SettingsError: naming everything that is missing or wrong.
    """
    if not url.startswith(SCHEME):
        yield open_store(url)
        return
    settings = StoreSettings.read({**variables, "CBR_AUDIT_STORE": url})
    REDACTOR.learn(settings.secrets)
    with closing(Transport(limits=_storing(_HOUR), dialect=OBS)) as transport:
        keys = signed_in(settings, None, transport, CloudClock()).keys
        yield open_store(url, _in_obs(settings, keys, transport))


def _run(order: Order, edges: Edges, watch: Watch) -> tuple[Done, Mapping[str, Any] | None]:
    """Go on where the run before ended; also return what that one reported."""
    try:
        signer = ready_signer(order.settings, edges.kms)
        head = newest(edges.store, order.settings.project_id)
        before = read_predecessor(edges.store, head, until=order.until, look_back=order.profile.remembered)
        facts = _facts(order, edges.store, head, before)
        _tell(facts, edges)
        publication = Publication(edges.store, facts, head=head, signer=signer)
        done = run(facts, order.profile, edges.client, publication, watch, before)
    except RefusedError as error:
        raise type(error)(f"{error} (signed in with {edges.way})", status=error.status, code=error.code) from error
    return done, before.report if before else None


def _tell(facts: RunFacts, edges: Edges) -> None:
    """Log what is about to be read, and what of the run before cannot be used."""
    read = {"since": shown(facts.read.since), "until": shown(facts.as_of)}
    _LOG.info("run.started", sign_in=edges.way, store=edges.store.url, previous=facts.previous.run, **read)
    for trouble in (facts.previous.trouble, *facts.previous.notes):
        if trouble:
            _LOG.warning("previous.not_used", reason=trouble)


def _in_kms(settings: Settings, agency: Agency | None, transport: Transport) -> KmsSigner | None:
    """Prepare the key in KMS that signs digests, None where there is none."""
    if settings.signing_kms_key is None:
        return None
    return KmsSigner(
        transport,
        signed_in(settings, agency, transport, CloudClock()).credentials,
        endpoint=settings.signing_endpoint,
        project_id=settings.project_id,
        key=settings.signing_kms_key,
    )


def _storing(budget: timedelta) -> Limits:
    """Give objects more time and room than pages: a report of many resources is large, and a line may be slow."""
    minute = timedelta(minutes=1)
    return Limits(silence=minute, request=10 * minute, budget=budget, wire=_MOST_BYTES, decoded=_MOST_BYTES)


def _in_obs(settings: Settings, keys: Fresh[Keys] | None, transport: Transport) -> Callable[[str], ProbedStore] | None:
    """Say how a store in OBS is opened, None where there are no keys for it."""
    if keys is None:
        return None

    def in_obs(url: str) -> ProbedStore:
        where = place(url, settings.obs_endpoint, settings.region)
        seal = Seal(settings.obs_kms_key, settings.obs_lock_days)
        return Obs(where, transport, ObsAuth(keys, CloudClock(), region=where.region), seal)

    return in_obs


def _for_project(order: Order, transport: Transport, project_id: str) -> Credentials:
    settings = order.settings.model_copy(update={"project_id": project_id})
    return signed_in(settings, order.agency, transport, CloudClock()).credentials


def _variables(context: Context, environment: Mapping[str, str]) -> dict[str, str]:
    """Collect the settings of a function: its user data before the environment, its agency's keys before both."""
    found = {name: value for name in VARIABLES if (value := context.getUserData(name) or environment.get(name))}
    if "HUAWEICLOUD_SDK_PROJECT_ID" not in found and environment.get("RUNTIME_PROJECT_ID"):
        found["HUAWEICLOUD_SDK_PROJECT_ID"] = environment["RUNTIME_PROJECT_ID"]
    given = agency_variables(context)
    if "CBR_AUDIT_TOKEN" in found:
        given.pop("CBR_AUDIT_TOKEN", None)
    return found | given


def _order_on_timer(event: TimerEvent, variables: dict[str, str]) -> Order:
    """Judge at the time that the timer names, so that a retried event asks the same; but never in the future."""
    try:
        fired = min(read_time(event.time, datetime.now(UTC)), datetime.now(UTC))
    except ValueError as error:
        raise EventError(f"the timer's event cannot be used: {error}") from error
    return order(variables, as_of=fired.isoformat())


def _order_by_hand(event: ManualEvent, variables: dict[str, str]) -> Order:
    if event.project_id:
        variables["HUAWEICLOUD_SDK_PROJECT_ID"] = event.project_id
    if event.store:
        variables["CBR_AUDIT_STORE"] = event.store
    try:
        return order(variables, since=event.since, as_of=event.as_of, profile=_profile_of(event))
    except SettingsError as error:
        raise EventError(f"the event or the settings cannot be used: {error}") from error


def _profile_of(event: ManualEvent) -> Profile | None:
    """Read the profile of an event: a preset, text or an object, never the path of a file of ours."""
    if event.profile is None:
        return None
    if event.profile in PRESETS:
        return load_profile(str(event.profile))
    if isinstance(event.profile, str):
        return parse_profile(event.profile, "the event's profile")
    return build_profile(event.profile, "the event's profile")


def _run_id(order: Order) -> str:
    """The time that is judged, and a hash that sets the run apart."""
    since = shown(order.since) if order.since else ""
    parts = (order.settings.project_id, since, order.profile.sha256, __version__, order.nonce)
    return f"{order.until:%Y%m%dT%H%M%SZ}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}"
