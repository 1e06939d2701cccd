"""Events in the shapes of the platform's sample events: those that tell of a trace, and those of other triggers."""

from typing import Any, Final

Event = dict[str, Any]

TRACE_ID: Final = "f828ab77-d993-11f0-b09f-35adcfa25f3b"
_USER: Final = {"name": "eve", "id": "user-1", "domain": {"name": "acme", "id": "account-1"}}


def a_trace_event(**changes: Any) -> Event:
    """A trace as the CTS trigger sends it now: times in milliseconds, request and response as objects."""
    trace: Event = {
        "api_version": "",
        "code": 204,
        "message": "",
        "operation_id": "DeleteVault",
        "project_id": "project-1",
        "read_only": False,
        "time": 1765788999507,
        "record_time": 1765788999507,
        "request": {},
        "response": {},
        "service_type": "CBR",
        "resource_type": "vault",
        "resource_name": "blue",
        "resource_id": "a51e1f6c-7e1d-4a1d-9a2f-5d6d0b8a0f01",
        "source_ip": "192.0.2.7",
        "trace_id": TRACE_ID,
        "trace_name": "deleteVault",
        "trace_rating": "normal",
        "trace_status": "normal",
        "trace_type": "ConsoleAction",
        "user": _USER,
    }
    return {key: value for key, value in (trace | changes).items() if value is not ...}


def of_cts(**changes: Any) -> Event:
    """The event of a CTS trigger."""
    return {"cts": a_trace_event(**changes)}


def of_eventgrid(**changes: Any) -> Event:
    """A CloudEvent of EventGrid whose data is a trace."""
    event: Event = {
        "id": "6ca2a8f1-6d0b-4f0b-8f4c-0cbb7c4e4d52",
        "specversion": "1.0",
        "source": "HC.CBR",
        "type": "CBR:CloudTrace:ConsoleAction",
        "datacontenttype": "application/json",
        "subject": "CBR:eu-west-101:account-1:vault",
        "time": "2025-12-15T08:56:39Z",
        "data": a_trace_event(),
    }
    return {key: value for key, value in (event | changes).items() if value is not ...}


BARE: Final[Event] = {
    "time": "2025/12/15 16:56:39 GMT+08:00",
    "user": _USER,
    "request": "",
    "response": "",
    "service_type": "CBR",
    "resource_type": "vault",
    "resource_name": "blue",
    "source_ip": "192.0.2.7",
    "trace_name": "deleteVault",
    "trace_rating": "normal",
    "trace_type": "ConsoleAction",
    "api_version": "1.0",
    "record_time": "2025/12/15 16:56:39 GMT+08:00",
    "trace_id": TRACE_ID,
}
"""The older form: no envelope, times as text, request and response as text, no code, no resource_id."""
