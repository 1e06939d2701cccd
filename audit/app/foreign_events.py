"""What an event of the platform is that no audit can be made of, so that whoever set up its trigger is told.

Sources: "Supported Trigger Events" of the FunctionGraph developer guide, and the sample events of its Python runtime.
"""

from collections.abc import Mapping
from typing import Any, Final

ACCEPTED: Final = (
    "the function takes a TIMER trigger, a CTS trigger or EventGrid for traces of CBR, API Gateway (docs/invoke.md), "
    "and events by hand such as {}"
)
_OF_RECORDS: Final = {
    "smn": "a message of Simple Message Notification (SMN)",
    "s3": "a notification of Object Storage Service (OBS)",
    "obs": "a notification of Object Storage Service (OBS)",
    "dds": "a change in Document Database Service (DDS)",
}
_OF_KEYS: Final = {
    "lts": "a batch of logs of Log Tank Service (LTS)",
    "ShardID": "a batch of records of Data Ingestion Service (DIS)",
    "requestContext": "an event of API Gateway without an HTTP method, such as one of a WebSocket",
    "request_context": "the outcome of an asynchronous invocation, sent to this function as its destination",
}
_LONGEST_NAME: Final = 40


def refusal(event: Mapping[str, Any]) -> str | None:
    """Return what an event is, what to do about it and what is accepted; None if it is of no known other kind."""
    what = _of_trigger(event.get("trigger_type")) or _of_records(event) or _of_keys(event)
    return f"the event is {what}: remove that trigger from the function; {ACCEPTED}" if what else None


def _of_trigger(kind: object) -> str | None:
    return None if kind in (None, "TIMER") else f"one of a trigger of the type {str(kind)[:_LONGEST_NAME]!r}"


def _of_records(event: Mapping[str, Any]) -> str | None:
    """Look at the first record: it holds an object under the name of its service, or names it as its source."""
    records = next((event[key] for key in ("record", "records", "Records") if key in event), None)
    first = records[0] if isinstance(records, list) and records else None
    if not isinstance(first, Mapping):
        return None
    source = str(first.get("event_source", ""))[:_LONGEST_NAME]
    known = next((what for key, what in _OF_RECORDS.items() if key in first or key == source), None)
    return known or (f"a change in the database {source!r}" if source else "a list of records")


def _of_keys(event: Mapping[str, Any]) -> str | None:
    return next((what for key, what in _OF_KEYS.items() if key in event), None)
