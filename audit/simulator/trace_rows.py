"""The rows of Cloud Trace Service."""

from datetime import UTC, datetime, timedelta
from typing import Final

from audit.simulator.messages import Row

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def milliseconds(moment: datetime) -> int:
    """Return the milliseconds since 1970."""
    return (moment - _EPOCH) // _MILLISECOND


def trace_row(trace_id: str, at: datetime, operation: str, **values: object) -> Row:
    """Return a trace of CBR as the list has it: somebody did something to a vault in the console.

    Args:
        trace_id: its id.
        at: when it happened.
        operation: its name, such as ``deleteVault``.
        values: whatever else differs, such as ``user``, ``resource_id`` or ``service_type``.
    """
    since = milliseconds(at)
    row = {
        "trace_id": trace_id,
        "trace_name": operation,
        "trace_rating": "normal",
        "trace_type": "ConsoleAction",
        "service_type": "CBR",
        "resource_type": "vault",
        "resource_id": None,
        "resource_name": None,
        "time": since,
        "record_time": since,
        "code": "200",
        "api_version": "v3",
        "request": "",
        "response": "",
        "source_ip": "192.0.2.7",
        "user": {"id": "user-1", "name": "operator", "domain": {"id": "account-1", "name": "company"}},
    }
    return row | values
