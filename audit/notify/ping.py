"""A dead-man switch: a monitor that raises the alarm when nothing was heard for too long.

The convention is that of healthchecks.io: a request to the check's address says that all went well, and to the address
with ``/start`` or ``/fail`` behind it that a run began or failed.
"""

from enum import StrEnum

import requests


class Signal(StrEnum):
    """What is said, as it stands behind the address."""

    START = "/start"
    SUCCESS = ""
    FAIL = "/fail"


def ping(url: str, signal: Signal, text: str) -> requests.Request:
    """Make the request that gives a signal; the text is for those who look at the check."""
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return requests.Request("POST", f"{url.rstrip('/')}{signal}", data=text.encode(), headers=headers)
