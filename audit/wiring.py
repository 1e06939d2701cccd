"""The one place that joins settings, clients, stores and the run."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from audit import __version__
from audit.cbr.auth import KeyAuth, PasswordAuth, TokenAuth, sign_in
from audit.cbr.client import CbrClient
from audit.cbr.transport import Credentials, Limits, Transport
from audit.chain import Unsigned
from audit.collection import Window, shown
from audit.errors import EventError, ProfileError, SettingsError, SourceRefusedError
from audit.event import ManualEvent, TimerEvent, read_event, read_time
from audit.log import REDACTOR
from audit.predecessor import Predecessor, read_predecessor
from audit.profile import Profile, build_profile, parse_profile
from audit.publish import Publication, newest
from audit.report.contents import RunFacts
from audit.run import Done, Watch, run
from audit.settings import VARIABLES, Settings, SignIn
from audit.store import open_store

LOOK_BACK: Final = timedelta(days=30)  # what CBR still shows
LONGEST_LOOK_BACK: Final = timedelta(days=90)  # of the history of earlier runs
_HOUR: Final = timedelta(hours=1)
_RESERVE: Final = timedelta(seconds=5)
_SHARE_FOR_READING: Final = 0.75  # the rest is for judging, rendering and storing
_LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One audit that is to be carried out.

    Attributes:
        since: from when on the log is read; None to go on where the run before ended.
        until: the time of judgement.
        nonce: sets this run apart from others over the same window, a repeated event included.
        request_id: what the platform calls the invocation, or an empty text.
        budget: time for reading from the cloud.
        on_timer: nobody waits for the answer, so trouble must be raised.
    """

    settings: Settings
    profile: Profile
    since: datetime | None
    until: datetime
    nonce: str
    request_id: str = ""
    budget: timedelta = _HOUR
    on_timer: bool = False


class Context(Protocol):
    """What FunctionGraph tells a function; the parts that the audit uses."""

    def getRequestID(self) -> str: ...  # noqa: D102, N802  # named by the platform
    def getRemainingTimeInMilliSeconds(self) -> int: ...  # noqa: D102, N802  # named by the platform
    def getUserData(self, key: str) -> str | None: ...  # noqa: D102, N802  # named by the platform
    def getToken(self) -> str: ...  # noqa: D102, N802  # named by the platform
    def getSecurityAccessKey(self) -> str: ...  # noqa: D102, N802  # named by the platform
    def getSecuritySecretKey(self) -> str: ...  # noqa: D102, N802  # named by the platform
    def getSecurityToken(self) -> str: ...  # noqa: D102, N802  # named by the platform


def order(
    variables: Mapping[str, str], *, since: str | None = None, as_of: str | None = None, profile: Profile | None = None
) -> Order:
    """Make an order from variables and from what was asked for by hand.

    Args:
        variables: settings by name, such as HUAWEICLOUD_SDK_REGION.
        since: start of the window as people write it; 30 days before its end unless told.
        as_of: end of the window; now unless told.
        profile: instead of the configured one.

    Raises:
        SettingsError: naming everything that is missing or wrong.
    """
    settings = Settings.read(variables)
    REDACTOR.learn(settings.secrets)
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        until = read_time(as_of, now).replace(microsecond=0) if as_of else now
        start = read_time(since, until).replace(microsecond=0) if since else None
    except ValueError as error:
        raise SettingsError(str(error)) from error
    if start is not None and start >= until:
        raise SettingsError(f"the window is empty: it starts at {shown(start)} and ends at {shown(until)}")
    return Order(
        settings=settings,
        profile=profile or load_profile(settings.profile),
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
    remaining = timedelta(milliseconds=context.getRemainingTimeInMilliSeconds())
    made = _order_on_timer(read, variables) if isinstance(read, TimerEvent) else _order_by_hand(read, variables)
    return Order(
        settings=made.settings,
        profile=made.profile,
        since=made.since,
        until=made.until,
        nonce=made.nonce,
        request_id=context.getRequestID(),
        budget=min(max(remaining * _SHARE_FOR_READING - _RESERVE, timedelta(0)), _HOUR),
        on_timer=isinstance(read, TimerEvent),
    )


def carry_out(order: Order, watch: Watch) -> Done:
    """Run an order and log one line about how it ended.

    Raises:
        AuditError: the run could not be carried out.
    """
    settings = order.settings
    store = open_store(settings.store)
    head = newest(store, settings.project_id)
    previous = read_predecessor(store, head, until=order.until, look_back=LONGEST_LOOK_BACK)
    facts = _facts(order, previous)
    publication = Publication(store, facts, head=head, signer=Unsigned())
    names = {"run_id": facts.id, "project_id": settings.project_id, "request_id": order.request_id}
    with structlog.contextvars.bound_contextvars(**names):
        _LOG.info(
            "run.started",
            sign_in=settings.sign_in,
            store=store.url,
            since=shown(facts.read.since),
            until=shown(facts.as_of),
            previous=previous.run if previous else None,
        )
        for note in previous.notes if previous else ():
            _LOG.warning("history.doubted", problem=note)
        try:
            with _client(order) as client:
                done = run(facts, order.profile, client, publication, watch, previous)
        except SourceRefusedError as error:
            raise SourceRefusedError(
                f"{error} (signed in with {settings.sign_in})", status=error.status, code=error.code
            ) from error
        _LOG.info("run.finished", **summary(done))
    return done


def summary(done: Done) -> dict[str, Any]:
    """Say in a few values how a run ended: what the function returns and what its last log line holds."""
    report = done.report
    return {
        "run": report.run.id,
        "conclusion": report.conclusion.value,
        "problems": report.summary.problems,
        "findings": {outcome.value: count for outcome, count in sorted(report.summary.outcomes.items())},
        "complete": report.collection.complete,
        "gaps": list(report.collection.gaps),
        "rejected": len(report.collection.rejected),
        "kinds_of_drift": len(report.collection.drift),
        "prefix": done.prefix,
    }


def _facts(order: Order, previous: Predecessor | None) -> RunFacts:
    """Decide what is read, and what is judged: as far back as the history of earlier runs goes on without a gap."""
    until = order.until
    since = order.since or (previous.reading_from(until) if previous else until - LOOK_BACK)
    judged = since
    if previous and previous.covered and previous.covers(since):
        judged = max(min(previous.covered.since, since), min(until - LONGEST_LOOK_BACK, since))
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
        origin=previous.origin if previous else None,
    )


@contextmanager
def _client(order: Order) -> Iterator[CbrClient]:
    settings = order.settings
    transport = Transport(limits=Limits(budget=order.budget), connections=settings.workers)
    try:
        yield CbrClient(
            transport,
            _credentials(settings, transport),
            endpoint=settings.cbr_endpoint,
            project_id=settings.project_id,
            workers=settings.workers,
        )
    finally:
        transport.close()


def _credentials(settings: Settings, transport: Transport) -> Credentials:
    if settings.sign_in is SignIn.KEYS and settings.access_key and settings.secret_key:
        return KeyAuth(
            settings.access_key.get_secret_value(),
            settings.secret_key.get_secret_value(),
            project_id=settings.project_id,
            security_token=settings.security_token.get_secret_value() if settings.security_token else "",
        )
    if settings.token:
        return TokenAuth(settings.token.get_secret_value())
    return PasswordAuth(lambda: _sign_in(settings, transport))


def _sign_in(settings: Settings, transport: Transport) -> str:
    domain = {"id": settings.domain_id} if settings.domain_id else {"name": settings.domain or settings.user or ""}
    token = sign_in(
        transport,
        settings.sign_in_endpoint,
        project_id=settings.project_id,
        user=settings.user or "",
        password=settings.password.get_secret_value() if settings.password else "",
        domain=domain,
    )
    REDACTOR.learn([token])
    return token


def load_profile(written: str | None) -> Profile:
    """Read a profile that is configured: YAML text, the path of a file, or nothing for the defaults.

    Raises:
        ProfileError: the file cannot be read, or the profile cannot be used.
    """
    if written is None:
        return Profile()
    if "\n" in written or written.rstrip().endswith("}") or ": " in written:
        return parse_profile(written, "the profile")
    try:
        return parse_profile(Path(written).read_bytes(), written)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ProfileError(f"the profile {written} cannot be read: {reason}") from error


def _variables(context: Context, environment: Mapping[str, str]) -> dict[str, str]:
    """Collect the settings of a function: its user data before the environment, its agency's keys before both."""
    found = {name: value for name in VARIABLES if (value := context.getUserData(name) or environment.get(name))}
    if "HUAWEICLOUD_SDK_PROJECT_ID" not in found and environment.get("RUNTIME_PROJECT_ID"):
        found["HUAWEICLOUD_SDK_PROJECT_ID"] = environment["RUNTIME_PROJECT_ID"]
    access_key, secret_key = context.getSecurityAccessKey(), context.getSecuritySecretKey()
    if access_key and secret_key:
        found |= {
            "HUAWEICLOUD_SDK_AK": access_key,
            "HUAWEICLOUD_SDK_SK": secret_key,
            "HUAWEICLOUD_SDK_SECURITY_TOKEN": context.getSecurityToken(),
        }
    if (token := context.getToken()) and "CBR_AUDIT_TOKEN" not in found:
        found["CBR_AUDIT_TOKEN"] = token
    return found


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
    """Read the profile of an event: text or an object, never the path of a file of ours."""
    if event.profile is None:
        return None
    if isinstance(event.profile, str):
        return parse_profile(event.profile, "the event's profile")
    return build_profile(event.profile, "the event's profile")


def _run_id(order: Order) -> str:
    """The time that is judged, and a hash that sets the run apart."""
    since = shown(order.since) if order.since else ""
    parts = (order.settings.project_id, since, order.profile.sha256, __version__, order.nonce)
    return f"{order.until:%Y%m%dT%H%M%SZ}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}"
