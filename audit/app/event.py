"""What starts the function: a timer's event, or one that a person sends by hand."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from audit.answers.strict_json import FaultError, load
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


_LIKE_A_KEY: Final = re.compile(rf"\s*(?:{'|'.join(ManualEvent.model_fields)})\s*[:=]")
_FORMS: Final = 'write {"since": "7d"}, or a note in plain words'


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
        raise EventError(f"the event cannot be used: {_faults(error)}") from error


def read_user_event(text: str) -> ManualEvent:
    """Read what was entered with a timer's trigger; a note in plain words asks for nothing.

    Raises:
        EventError: it is meant to ask for something, and is no JSON object with known keys.
    """
    is_json = text.lstrip().startswith(("{", "["))
    if not is_json and not _LIKE_A_KEY.match(text):
        return ManualEvent()
    try:
        asked = load(text.encode())[0]
    except FaultError as error:
        raise EventError(f"the timer's user_event is not JSON: {error}; {_FORMS}") from error
    if not isinstance(asked, dict):
        raise EventError(f"the timer's user_event is a list; {_FORMS}")
    try:
        return ManualEvent.model_validate(asked)
    except ValidationError as error:
        raise EventError(f"the timer's user_event cannot be used: {_faults(error)}") from error


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


def _faults(error: ValidationError) -> str:
    return "; ".join(_fault(str(fault["loc"][0]), fault["type"], fault["msg"]) for fault in error.errors())


def _fault(key: str, kind: str, message: str) -> str:
    if kind != "extra_forbidden":
        return f"{key}: {message}"
    known = tuple(ManualEvent.model_fields)
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
    read_event(event)
    return event or {}
