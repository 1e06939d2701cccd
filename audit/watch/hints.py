"""Reads the events that tell of a trace of Cloud Trace Service: those of a CTS trigger, and those of EventGrid.

Sources: "Using a CTS Trigger" of the FunctionGraph user guide, and the sample events of its Python runtime, which have
two forms; for EventGrid, "CloudEvents" of its user guide. That ``data`` is the trace is inferred from other services.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from audit.answers.strict_json import FaultError, load
from audit.app.event import tells_of_trace
from audit.errors import EventError
from audit.records.deeds import CBR, CTS, FUNCTIONGRAPH
from audit.records.fields import object_in
from audit.records.trace import moment_of
from audit.timestamps import instant

_MOST_BYTES: Final = 256 * 1024  # what the platform accepts of an asynchronous event
_LONGEST_NAME: Final = 128
_ID: Final = re.compile(r"(?!digest$)[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What is safe as a part of a key; "digest" is the folder of the chain."""
_WATCHED: Final = frozenset(service.lower() for service in (CBR, CTS, FUNCTIONGRAPH))


class Form(StrEnum):
    """How an event holds its trace: under ``cts``, as the event itself, or as the data of a CloudEvent."""

    CTS = "cts"
    BARE = "bare"
    EVENTGRID = "eventgrid"


class Hint(Struct, frozen=True, kw_only=True):
    """What an event says about a trace.

    Attributes:
        trace_id: safe as a part of a key.
        at: when it happened.
        operation: trace_name, as written.
        service: service_type, as written.
        form: how the event holds the trace.
        raw: the event, as it was received.
    """

    trace_id: str
    at: datetime
    operation: str
    service: str
    form: Form
    raw: bytes


def read_hint(event: Mapping[str, Any]) -> Hint:
    """Read an event that tells of a trace.

    Raises:
        EventError: it tells of none, or of one that the watch cannot take.
    """
    raw = _as_received(event)
    form, trace = _trace_of(event)
    trace_id, operation, service = (_name(trace, key) for key in ("trace_id", "trace_name", "service_type"))
    at = next(_moments(trace, event), None)
    if at is None:
        raise EventError("the trace in the event has no time that can be read")
    if not _ID.fullmatch(trace_id):
        raise EventError(f"the trace_id in the event, {trace_id!r}, is none: it has letters, digits, - and _, up to 64")
    if service.lower() not in _WATCHED:
        raise EventError(
            f"the event is a trace of {service!r}, and the audit watches {CBR}, {CTS} and {FUNCTIONGRAPH}: take other "
            "services out of the trigger's operations"
        )
    return Hint(trace_id=trace_id, at=at, operation=operation, service=service, form=form, raw=raw)


def _as_received(event: Mapping[str, Any]) -> bytes:
    """Write an event as the JSON text that it was; half a character, which UTF-8 lacks, as its escape.

    Raises:
        EventError: it is larger than any event, or nested deeper than anything that is stored.
    """
    try:
        raw = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace")
        if len(raw) > _MOST_BYTES:
            raise EventError(f"the event has {len(raw):,} bytes, and one that tells of a trace {_MOST_BYTES:,} at most")
        load(raw)
    except RecursionError as error:
        raise EventError("the event cannot be stored: it has too many levels") from error
    except FaultError as error:
        raise EventError(f"the event cannot be stored: it {error}") from error
    return raw


def _trace_of(event: Mapping[str, Any]) -> tuple[Form, Mapping[str, Any]]:
    if "specversion" in event:
        trace = object_in(event.get("data"))
        if not tells_of_trace(trace):
            told = ", ".join(f"{key} {str(event.get(key))[:_LONGEST_NAME]!r}" for key in ("source", "type"))
            raise EventError(
                f"the event comes from EventGrid ({told}), and its data is no trace of Cloud Trace Service: subscribe "
                "the function to events of the source HC.CBR, and let EventGrid pass them on as they are"
            )
        return Form.EVENTGRID, trace
    if "cts" not in event:
        return Form.BARE, event
    if trace := object_in(event["cts"]):
        return Form.CTS, trace
    raise EventError("the event of the CTS trigger holds no trace: its cts is no JSON object with anything in it")


def _name(trace: Mapping[str, Any], key: str) -> str:
    value = trace.get(key)
    if isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST_NAME:
        return value
    raise EventError(f"the trace in the event has no {key} that can be read")


def _moments(trace: Mapping[str, Any], event: Mapping[str, Any]) -> Iterator[datetime]:
    """Yield the times that can be read: when it happened, when it was recorded, when the event was sent."""
    for value in (trace.get("time"), trace.get("record_time"), event.get("time")):
        for read in (moment_of, _instant):
            try:
                yield read(value)
            except ValueError:
                continue


def _instant(value: object) -> datetime:
    return instant(value if isinstance(value, str) else "")
