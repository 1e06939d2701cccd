"""One audit that is to be carried out: what was asked for by hand or by an event, with the settings and the profile."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from audit import __version__
from audit.app.event import ManualEvent, TimerEvent, read_event, read_time, read_user_event
from audit.cloud.credentials import Agency, agency_variables
from audit.errors import EventError, SettingsError
from audit.log import REDACTOR
from audit.profile import PRESETS, Profile, build_profile, load_profile, parse_profile
from audit.settings import ANY_ACCOUNT, VARIABLES, Settings
from audit.timestamps import shown

_HOUR: Final = timedelta(hours=1)
_AHEAD: Final = timedelta(days=1)  # clocks differ, and a date may be that of another zone
_RESERVE: Final = timedelta(seconds=5)
_SHARE_FOR_READING: Final = 0.75  # the rest is for judging, rendering and storing


class RunRequest(Struct, frozen=True, kw_only=True):
    """One audit that is to be carried out.

    Attributes:
        since: from when on the log is read; None to go on where the run before ended.
        until: the time of judgement.
        nonce: sets this run apart from others over the same window, a repeated event included.
        request_id: what the platform calls the invocation, or an empty text.
        budget: time for reading from the cloud.
        storing: time until everything must be stored.
        on_timer: nobody waits for the answer, so trouble must be raised.
        asked: the profile was given by hand, in place of the configured one.
        configured_sha256: the hash of the configured profile, None where none is configured.
        official: whatever profile was given by hand, its report becomes the latest one.
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
    asked: bool = False
    configured_sha256: str | None = None
    official: bool = False
    time_left: Callable[[], timedelta] = lambda: _HOUR
    agency: Agency | None = None

    @property
    def may_be_what_if(self) -> bool:
        """A profile was given by hand that the configured one does not confirm."""
        return self.asked and not self.official and self.configured_sha256 != self.profile.sha256

    @property
    def run_id(self) -> str:
        """The time that is judged, and a hash that sets the run apart."""
        since = shown(self.since) if self.since else ""
        parts = (self.settings.project_id, since, self.profile.sha256, __version__, self.nonce)
        return f"{self.until:%Y%m%dT%H%M%SZ}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}"


class Context(Agency, Protocol):
    """What FunctionGraph tells a function; the parts that the audit uses."""

    def getRequestID(self) -> str: ...  # noqa: D102, N802  # named by the platform
    def getRemainingTimeInMilliSeconds(self) -> int: ...  # noqa: D102, N802  # named by the platform
    def getUserData(self, key: str) -> str | None: ...  # noqa: D102, N802  # named by the platform


def request_from_settings(
    variables: Mapping[str, str],
    *,
    since: str | None = None,
    as_of: str | None = None,
    profile: Profile | None = None,
    official: bool = False,
) -> RunRequest:
    """Make a request from the settings and from what was asked for by hand.

    Args:
        variables: settings by name, such as HUAWEICLOUD_SDK_REGION.
        since: start of the window as people write it; what the profile looks back from its end unless told.
        as_of: end of the window; now unless told.
        profile: instead of the configured one.
        official: the report becomes the latest one even if its profile is not the configured one.

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
    return RunRequest(
        settings=settings,
        profile=demanded,
        since=start,
        until=until,
        nonce=secrets.token_hex(8),
        asked=profile is not None,
        configured_sha256=_configured(settings) if profile else demanded.sha256,
        official=official,
    )


def _configured(settings: Settings) -> str | None:
    """Hash the configured profile; an empty text, which no profile has, where it cannot be used."""
    if settings.profile is None:
        return None
    try:
        return load_profile(settings.profile).sha256
    except SettingsError:
        return ""


def request_from_event(event: object, context: Context, environment: Mapping[str, str]) -> RunRequest:
    """Make a request from an event of the function; credentials are read at every invocation.

    Raises:
        SettingsError: naming everything that is missing or wrong, in the event or the settings.
    """
    read = read_event(event)
    variables = variables_of_function(context, environment)
    made = _request_on_timer(read, variables) if isinstance(read, TimerEvent) else _request_by_hand(read, variables)
    return replace(in_function(made, context), on_timer=isinstance(read, TimerEvent))


def in_function(request: RunRequest, context: Context) -> RunRequest:
    """Complete a request by what surrounds it in a function: who it is, and how much time it has."""

    def time_left() -> timedelta:
        return timedelta(milliseconds=context.getRemainingTimeInMilliSeconds())

    return replace(
        request,
        request_id=context.getRequestID(),
        budget=min(max(time_left() * _SHARE_FOR_READING - _RESERVE, timedelta(0)), _HOUR),
        storing=min(max(time_left() - _RESERVE, timedelta(0)), 2 * _HOUR),
        agency=context,
        time_left=time_left,
    )


def variables_of_function(context: Context, environment: Mapping[str, str]) -> dict[str, str]:
    """Collect the settings of a function: its user data before the environment, its agency's keys before both."""
    found = {name: value for name in VARIABLES if (value := context.getUserData(name) or environment.get(name))}
    if "HUAWEICLOUD_SDK_PROJECT_ID" not in found and (project := own_project(context, environment)):
        found["HUAWEICLOUD_SDK_PROJECT_ID"] = project
    given = agency_variables(context)
    if "CBR_AUDIT_TOKEN" in found:
        given.pop("CBR_AUDIT_TOKEN", None)
    return found | given


def own_project(context: Context, environment: Mapping[str, str]) -> str:
    """Return the id of the project that the function is in; the documents do not promise that the context names it."""
    return environment.get("RUNTIME_PROJECT_ID") or getattr(context, "getProjectID", str)() or ""


def _request_on_timer(event: TimerEvent, variables: dict[str, str]) -> RunRequest:
    """Judge at the time that the timer names, so that a retried event asks the same; but never in the future."""
    try:
        fired = min(read_time(event.time, datetime.now(UTC)), datetime.now(UTC))
    except ValueError as error:
        raise EventError(f"the timer's event cannot be used: {error}") from error
    asked = read_user_event(event.user_event)
    if asked == ManualEvent():
        return request_from_settings(variables, as_of=fired.isoformat())
    configured = asked.model_copy(update={"official": True})  # by whoever set up the trigger: no what-if
    return _request_by_hand(configured, variables, as_of=fired.isoformat())


def _request_by_hand(event: ManualEvent, variables: dict[str, str], *, as_of: str | None = None) -> RunRequest:
    """Let an event go before the settings; ``as_of`` is when it judges unless it says so."""
    if event.store:
        variables["CBR_AUDIT_STORE"] = event.store
    _stay_home(variables)
    if event.account:
        _enter(event, event.account, variables)
    if event.region:
        _move(event, event.region, variables)
    if event.project_id:
        variables["HUAWEICLOUD_SDK_PROJECT_ID"] = event.project_id
    try:
        profile = _profile_of(event)
        at = event.as_of or as_of
        return request_from_settings(variables, since=event.since, as_of=at, profile=profile, official=event.official)
    except SettingsError as error:
        raise EventError(f"the event or the settings cannot be used: {error}") from error


def _stay_home(variables: dict[str, str]) -> None:
    """Keep bucket and key where the settings have them, wherever an event has the audit read."""
    for name, home in (
        ("HUAWEICLOUD_SDK_PROJECT_ID", "CBR_AUDIT_HOME_PROJECT_ID"),
        ("HUAWEICLOUD_SDK_REGION", "CBR_AUDIT_HOME_REGION"),
    ):
        if variables.get(name):
            variables.setdefault(home, variables[name])


def _enter(event: ManualEvent, account: str, variables: dict[str, str]) -> None:
    """Audit in another account, as the agency that the settings name for all.

    Raises:
        EventError: the project of the settings is meant, which is in their account; or they name no such agency.
    """
    if not event.project_id:
        raise EventError(f"the event names the account {account} and no project_id: a project belongs to one account")
    agency = variables.get("CBR_AUDIT_AGENCY", "")
    if ANY_ACCOUNT not in agency:
        raise EventError(
            f"the event names the account {account}, and CBR_AUDIT_AGENCY does not say which agency it has: set it "
            f"with {ANY_ACCOUNT} in place of the account, such as iam::{ANY_ACCOUNT}:agency:cbr-audit"
        )
    variables["CBR_AUDIT_AGENCY"] = agency.replace(ANY_ACCOUNT, account)
    for name in ("CBR_AUDIT_ACCOUNT_ID", "CBR_AUDIT_ACCOUNT_NAME", "CBR_AUDIT_ACCOUNT_UNIT"):
        variables.pop(name, None)


def _move(event: ManualEvent, region: str, variables: dict[str, str]) -> None:
    """Audit in another region.

    Raises:
        EventError: the project of the settings is meant, which is in their region; or they name the endpoint of CBR.
    """
    home = variables.get("HUAWEICLOUD_SDK_REGION")
    if region == home:
        return
    if not event.project_id:
        raise EventError(f"the event names the region {region} and no project_id: a project belongs to one region")
    if "CBR_AUDIT_ENDPOINT" in variables:
        raise EventError(
            f"the event names the region {region}, and CBR_AUDIT_ENDPOINT is set to that of {home or 'another one'}: "
            "unset it, or set up a function in each region"
        )
    variables.pop("CBR_AUDIT_CTS_ENDPOINT", None)  # it is that of home
    variables["HUAWEICLOUD_SDK_REGION"] = region


def _profile_of(event: ManualEvent) -> Profile | None:
    """Read the profile of an event: a preset, text or an object, never the path of a file of ours."""
    if event.profile is None:
        return None
    if event.profile in PRESETS:
        return load_profile(str(event.profile))
    if isinstance(event.profile, str):
        return parse_profile(event.profile, "the event's profile")
    return build_profile(event.profile, "the event's profile")
