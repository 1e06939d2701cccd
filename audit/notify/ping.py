"""A dead-man switch: a monitor that raises an alarm if it has not been pinged for too long.

It follows the convention of healthchecks.io: a request to the check's URL reports success; ``/start`` or ``/fail``
appended to the URL reports the start or the failure of a run.
"""

from enum import StrEnum

import requests


class Signal(StrEnum):
    """The signals, as suffixes of the URL."""

    START = "/start"
    SUCCESS = ""
    FAIL = "/fail"


def ping(url: str, signal: Signal, text: str) -> requests.Request:
    """Return the request that sends a signal; the monitor shows the text."""
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return requests.Request("POST", f"{url.rstrip('/')}{signal}", data=text.encode(), headers=headers)
