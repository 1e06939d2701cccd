"""A pretended cloud that answers from a script, and keeps what it was asked."""

from collections.abc import Callable
from typing import Any, cast

import msgspec

from audit.cloud.http.answer import Answer
from audit.cloud.http.transport import Credentials, Transport
from audit.fleet.inquiry import Inquiry
from tests.fleet.builders import AS_OF

Script = dict[str, Any]
"""What is answered, by path and query without the limit; bytes as they are, errors are raised, all else as JSON."""


class Scripted:
    """Stands for a transport."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[str] = []

    def get(self, url: str, params: tuple[tuple[str, str], ...], *_: Any, **__: Any) -> Answer:
        query = "&".join(f"{name}={value}" for name, value in params if name not in {"limit", "per_page"})
        place = url.removeprefix("https://cloud") + (f"?{query}" if query else "")
        self.asked.append(place)
        said = self.script[place]
        if isinstance(said, Exception):
            raise said
        return Answer(said if isinstance(said, bytes) else msgspec.json.encode(said), {}, 200, AS_OF)


def an_inquiry(script: Script, account: str = "") -> Inquiry:
    credentials = cast("Credentials", None)
    return Inquiry(cast("Transport", Scripted(script)), credentials, "https://cloud", account)


def a_page(name: str, *rows: Any, marker: str | None = None, count: int | None = None) -> dict[str, Any]:
    info = {"next_marker": marker, "current_count": len(rows) if count is None else count}
    return {name: list(rows), "page_info": info}


def changed(script: Script, change: Callable[[Script], Any]) -> Script:
    copy = dict(script)
    change(copy)
    return copy
