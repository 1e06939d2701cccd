"""SMN: publish a message to a topic, whose subscribers get it as mail, SMS, chat message or call.

Source: "Publishing Messages in the Text Format" of the SMN API: a subject of at most 512 characters (the service's page
of limits says bytes), a message of at most 256 KB.
"""

from typing import Final

import requests
from msgspec import Struct

ACTION: Final = "smn:topic:publish"
_LONGEST_SUBJECT: Final = 512
_LONGEST_MESSAGE: Final = 256 * 1024


class Topic(Struct, frozen=True):
    """A topic by its URN, which contains its region and project."""

    urn: str
    region: str
    project_id: str

    @classmethod
    def of(cls, urn: str) -> "Topic":
        """Parse a URN that the settings have validated."""
        _, _, region, project_id, _ = urn.split(":")
        return cls(urn, region, project_id)


def publish(topic: Topic, endpoint: str, subject: str, text: str) -> requests.Request:
    """Return the request that publishes a message; subject and message are truncated if too long."""
    url = f"{endpoint}/v2/{topic.project_id}/notifications/topics/{topic.urn}/publish"
    body = {"subject": _cut(subject, _LONGEST_SUBJECT), "message": _cut(text, _LONGEST_MESSAGE)}
    return requests.Request("POST", url, json=body)


def _cut(text: str, most: int) -> str:
    """Truncate to a number of bytes without splitting a character."""
    return text.encode()[:most].decode(errors="ignore")
