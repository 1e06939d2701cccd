"""The receivers of notifications: an SMN topic, a webhook and a dead-man switch.

Source: "Publishing Messages in the Text Format" of the SMN API; its error codes are not published for every case.
"""

import json
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

from audit.simulator.answers import RequestRefusedError, good
from audit.simulator.cloud import SimulatedCloud
from audit.simulator.inbox import Message
from audit.simulator.messages import Request, Response

TOPIC: Final = "backups"
_LONGEST_SUBJECT: Final = 512
_LONGEST_MESSAGE: Final = 256 * 1024
_KNOWN: Final = {"subject", "message", "time_to_live"}


def topic_of(project_id: str) -> str:
    """Return the URN of the only topic of a project."""
    return f"urn:smn:sim-1:{project_id}:{TOPIC}"


def publish(cloud: SimulatedCloud, request: Request, urn: str) -> Response:
    """Publish a message to the topic."""
    if unquote(urn) != topic_of(cloud.estate.project_id):
        raise RequestRefusedError(HTTPStatus.NOT_FOUND, "SMN.0011", "Topic not found.")
    cloud.inbox.messages.append(_message(request.body))
    number = len(cloud.inbox.messages)
    return good({"message_id": f"{number:032x}", "request_id": f"{number:032x}"})


def call(cloud: SimulatedCloud, request: Request, _: str) -> Response:
    """Accept the call of a webhook."""
    cloud.inbox.calls.append(request)
    return Response(HTTPStatus.NO_CONTENT.value)


def ping(cloud: SimulatedCloud, request: Request, signal: str) -> Response:
    """Accept a ping: an empty signal is a success."""
    cloud.inbox.pings.append((signal or "success", request.body.decode()))
    return Response(HTTPStatus.OK.value, {"Content-Type": "text/plain"}, b"OK")


def _message(body: bytes) -> Message:
    try:
        sent: Any = json.loads(body)
        subject, text = sent.get("subject", ""), sent["message"]
        is_sound = sent.keys() <= _KNOWN and isinstance(subject, str) and isinstance(text, str) and bool(text)
    except (ValueError, LookupError, AttributeError) as error:
        raise _refused("The request body is not a message.") from error
    if not is_sound or "\n" in subject:
        raise _refused("The request body has an unknown or wrong parameter.")
    if len(subject.encode()) > _LONGEST_SUBJECT or len(text.encode()) > _LONGEST_MESSAGE:
        raise _refused("The subject or the message is too long.")
    return Message(subject, text)


def _refused(message: str) -> RequestRefusedError:
    return RequestRefusedError(HTTPStatus.BAD_REQUEST, "SMN.0001", message)
