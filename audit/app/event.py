"""What starts the function: a timer's event, or one that a person sends by hand."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final, Literal, NamedTuple, TypeGuard

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from audit.answers.strict_json import FaultError, load
from audit.app.foreign_events import ACCEPTED, refusal
from audit.errors import EventError

_AGO: Final = re.compile(r"([0-9]{1,4})([dh])")
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2999
_UNITS: Final = {"d": timedelta(days=1), "h": timedelta(hours=1)}


class TimerEvent(BaseModel):
    """The event of a FunctionGraph TIMER trigger; all its values are texts.

    Source: "Creating a Trigger" in the FunctionGraph API reference.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    version: str = Field(description="Version of the event, such as v1.0.")
    time: str = Field(description="When the timer fired, with the region's offset from UTC.")
    trigger_type: Literal["TIMER"] = Field(description="What kind of trigger fired.")
    trigger_name: str = Field(description="The name of the trigger.")
    user_event: str = Field(
        default="",
        description="What was entered with the trigger: a JSON object with the keys of an event by hand, or a note.",
    )


class ManualEvent(BaseModel):
    """The event that a person or a program sends; every key may be left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    project_id: str | None = Field(default=None, description="The project to audit, instead of the configured one.")
    region: str | None = Field(
        default=None, description="The region of that project, where it is not the configured one."
    )
    account: str | None = Field(
        default=None, description="The account of that project, whose agency CBR_AUDIT_AGENCY names with {account}."
    )
    since: str | None = Field(default=None, description="Start of the window: a time, a date, or 30d for 30 days ago.")
    as_of: str | None = Field(default=None, description="End of the window and the time of judgement; else now.")
    store: str | None = Field(default=None, description="Where the report goes, instead of the configured store.")
    profile: str | dict[str, Any] | None = Field(
        default=None, description="The profile, as a preset, YAML text or an object, instead of the configured one."
    )
    official: bool = Field(
        default=False,
        description="Let the report become the latest one even if its profile is not the configured one.",
    )


class FleetEvent(BaseModel):
    """The event that starts a part of a fleet run; a timer has it as its user_event."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    fleet: Literal["start", "target", "roll_up"] = Field(
        description="start plans a fleet run and starts the function for each target; target audits one; roll_up "
        "completes the runs whose time has ended."
    )
    as_of: str | None = Field(default=None, description="With start: the time of judgement; else now.")
    prefix: str | None = Field(
        default=None,
        pattern=r"^fleet-[a-z0-9-]{1,32}/[0-9]{4}/[0-9]{2}/[0-9]{2}/[A-Za-z0-9-]{1,100}$",
        description="With target: the start of the keys of the fleet run.",
    )
    target: str | None = Field(
        default=None, max_length=200, description="With target: which one, as ACCOUNT.REGION.PROJECT."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> "FleetEvent":
        if (self.fleet == "target") != (self.prefix is not None and self.target is not None):
            raise ValueError("prefix and target belong to an event with target, and to no other")
        return self


_LIKE_A_KEY: Final = re.compile(rf"\s*(?:{'|'.join((*ManualEvent.model_fields, 'fleet'))})\s*[:=]")
_OF_TRACES: Final = frozenset({"cts", "specversion", "trace_id", "trace_name", "service_type"})
_NOT_FOR_CALLERS: Final = frozenset({"store", "official"})
_MANY_KEYS: Final = 3
_LONGEST_KEY: Final = 40
_FORMS: Final = 'write {"since": "7d"}, or a note in plain words'


class AskedOfFleet(NamedTuple):
    """What an event asks of a fleet.

    Attributes:
        as_of: the time of judgement, as the event names it; None for now.
        on_timer: nobody waits for the answer, so trouble must be raised.
    """

    event: FleetEvent
    as_of: str | None
    on_timer: bool


def asked_of_fleet(event: object) -> AskedOfFleet | None:
    """Return what an event asks of a fleet, or None if it is about an audit of its own.

    Raises:
        EventError: naming every key that is unknown or wrong.
    """
    read = read_event(event) if isinstance(event, Mapping) and "trigger_type" in event else event
    if isinstance(read, TimerEvent):
        if not read.user_event.lstrip().startswith("{"):
            return None
        asked = _loaded(read.user_event)
        if not isinstance(asked, dict) or "fleet" not in asked:
            return None
        found = _fleet_event(asked, "the timer's user_event cannot be used")
        return AskedOfFleet(found, found.as_of or read.time, on_timer=True)
    if not isinstance(event, Mapping) or "fleet" not in event:
        return None
    found = _fleet_event(dict(event), "the event cannot be used")
    return AskedOfFleet(found, found.as_of, on_timer=False)


def _fleet_event(values: dict[str, Any], trouble: str) -> FleetEvent:
    try:
        return FleetEvent.model_validate(values)
    except ValidationError as error:
        raise EventError(f"{trouble}: {_faults(error, FleetEvent)}") from error


def read_event(event: object) -> TimerEvent | ManualEvent:
    """Tell a timer's event from one sent by hand.

    Raises:
        EventError: naming every key that is unknown or wrong.
    """
    if event is None:
        return ManualEvent()
    if not isinstance(event, Mapping):
        raise EventError(f"an event is a JSON object, not {type(event).__name__}")
    model = TimerEvent if "trigger_type" in event else ManualEvent
    try:
        return model.model_validate(dict(event))
    except ValidationError as error:
        fault = refusal(event) or _unknown(event) or f"the event cannot be used: {_faults(error)}"
        raise EventError(fault) from error


def _unknown(event: Mapping[str, Any]) -> str | None:
    """Return what to say of an event that is nothing like ours; None if it may be one with a mistake in it."""
    ours = {*ManualEvent.model_fields, *TimerEvent.model_fields}
    if len(event) < _MANY_KEYS or any(get_close_matches(str(key), ours, n=1) for key in event):
        return None
    keys = ", ".join(repr(str(key)[:_LONGEST_KEY]) for key in list(event)[:_MANY_KEYS])
    return f"the event is of no known kind, with keys such as {keys}; {ACCEPTED}"


def read_request(body: bytes) -> dict[str, Any]:
    """Read what an HTTP request asks for: the keys of an event by hand, but those that decide what counts and where.

    Raises:
        EventError: it is no JSON object, or has other keys.
    """
    try:
        asked = load(body or b"{}")[0]
    except FaultError as error:
        raise EventError(f"the body {error}") from error
    if not isinstance(asked, dict):
        raise EventError("the body is no JSON object")
    if refused := sorted(_NOT_FOR_CALLERS & asked.keys()):
        raise EventError(f"{' and '.join(refused)} cannot be chosen over HTTP: set it up with the function")
    try:
        ManualEvent.model_validate(asked)
    except ValidationError as error:
        raise EventError(f"the body cannot be used: {_faults(error)}") from error
    return asked


def tells_of_trace(event: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether an event tells of a trace of Cloud Trace Service, or is a broken one that should."""
    return isinstance(event, Mapping) and bool(event.keys() & _OF_TRACES)


def is_http_request(event: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether an event is a request that API Gateway passes on."""
    return isinstance(event, Mapping) and "httpMethod" in event


def read_user_event(text: str) -> ManualEvent:
    """Read what was entered with a timer's trigger; a note in plain words asks for nothing.

    Raises:
        EventError: it is meant to ask for something, and is no JSON object with known keys.
    """
    is_json = text.lstrip().startswith(("{", "["))
    if not is_json and not _LIKE_A_KEY.match(text):
        return ManualEvent()
    asked = _loaded(text)
    if not isinstance(asked, dict):
        raise EventError(f"the timer's user_event is a list; {_FORMS}")
    try:
        return ManualEvent.model_validate(asked)
    except ValidationError as error:
        raise EventError(f"the timer's user_event cannot be used: {_faults(error)}") from error


def _loaded(text: str) -> object:
    try:
        return load(text.encode())[0]
    except FaultError as error:
        raise EventError(f"the timer's user_event is not JSON: {error}; {_FORMS}") from error


def read_time(text: str, before: datetime) -> datetime:
    """Read a time as people write it: ISO 8601 with or without a zone (UTC), a date, or 30d or 12h for so long before.

    Raises:
        ValueError: it is none of these.
    """
    try:
        if ago := _AGO.fullmatch(text.strip()):
            moment = before - int(ago[1]) * _UNITS[ago[2]]
        else:
            moment = datetime.fromisoformat(text.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a time; write 2026-11-23T04:00:00Z, 2026-11-23 or 30d") from error
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"{text!r} lies in the year {moment.year}; the audit knows {_FIRST_YEAR} to {_LAST_YEAR}")
    return moment


def _faults(error: ValidationError, model: type[BaseModel] = ManualEvent) -> str:
    return "; ".join(
        _fault(str(next(iter(fault["loc"]), "")), fault["type"], fault["msg"], model) for fault in error.errors()
    )


def _fault(key: str, kind: str, message: str, model: type[BaseModel]) -> str:
    if kind != "extra_forbidden":
        return f"{key}: {message}".removeprefix(": ")
    known = tuple(model.model_fields)
    nearest = get_close_matches(key, known, n=1)
    return f"{key} is not a key of an event; " + (
        f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(known)}"
    )


def read_keys(text: bytes, name: str) -> Mapping[str, Any]:
    """Read an event before it is sent, so that a mistake is found here.

    Raises:
        EventError: it is not JSON, or has a key that no event has.
    """
    try:
        event = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise EventError(f"{name} is not JSON: {error}") from error
    if asked_of_fleet(event) is None:
        read_event(event)
    return event or {}
