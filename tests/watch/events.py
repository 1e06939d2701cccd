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

APIG: Final[Event] = {
    "body": "",
    "requestContext": {"apiId": "caf65eeb83a44b98", "requestId": "a31d3d7041521429", "stage": "RELEASE"},
    "queryStringParameters": {},
    "httpMethod": "GET",
    "pathParameters": {},
    "headers": {"host": "api.example.com", "x-forwarded-for": "192.0.2.7"},
    "path": "/cbr-audit",
    "isBase64Encoded": True,
}

KAFKA: Final[Event] = {
    "event_version": "v1.0",
    "event_time": 1576737962,
    "trigger_type": "KAFKA",
    "region": "eu-west-101",
    "instance_id": "81335d56-b9fe-4679-ba95-7030949cc76b",
    "records": [{"messages": ["kafka message1"], "topic_id": "topic"}],
}

SMN: Final[Event] = {
    "record": [
        {
            "event_version": "1.0",
            "smn": {"topic_urn": "urn:smn:…", "message": "text", "subject": "text", "type": "notification"},
            "event_subscription_urn": "urn:fss:…",
            "event_source": "smn",
        }
    ],
    "functionname": "cbr-audit",
    "requestId": "7c307f6a-cf68-4e65-8be0-4c77405a1b2c",
    "timestamp": "Tue Jan 09 2018 15:11:40 GMT+0800 (CST)",
}

OBS: Final[Event] = {
    "Records": [
        {
            "eventVersion": "2.0",
            "eventTime": "2018-01-09T07:50:50.028Z",
            "eventName": "ObjectCreated:Post",
            "awsRegion": "eu-west-101",
            "s3": {"bucket": {"name": "my-bucket"}, "object": {"key": "report.json", "size": 1}},
        }
    ]
}

LTS: Final[Event] = {"lts": {"data": "eyJsb2dzIjogIltdIn0="}}

DIS: Final[Event] = {
    "ShardID": "shardId-0000000000",
    "Message": {"next_partition_cursor": "…", "records": [{"partition_key": "1", "data": "d2Vs"}]},
    "Tag": "latest",
    "StreamName": "dis-swtest",
}

DDS: Final[Event] = {
    "records": [{"event_source": "dds", "event_name": "insert", "dds": {"ns": "{}"}, "event_source_id": "e6065860"}]
}

GAUSSDB: Final[Event] = {
    "records": [{"event_source": "gaussmongo", "event_name": "insert", "gaussmongo": {"ns": "{}"}}]
}

WEBSOCKET: Final[Event] = {"requestContext": {"apiId": "caf65eeb83a44b98", "stage": "RELEASE"}, "body": "hello"}

OUTCOME: Final[Event] = {
    "timestamp": "2025-12-15T08:56:39Z+00:00",
    "request_context": {"request_id": "1", "function_urn": "urn:fss:…", "condition": "RetriesExhausted"},
    "request_payload": "",
    "response_context": {"status_code": 500, "function_error": ""},
    "response_payload": "",
}
