"""What a cold start imports, how long each package takes, and why it is needed."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

_LINE: Final = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|(\s+)(\S+)")
_SLOW: Final = 5.0

REASONS: Final[Mapping[str, str]] = {
    "audit": "our own modules; those of one format, store or way to sign in are loaded when they are used",
    "requests": "the HTTP client that was asked for; brings urllib3",
    "urllib3": "part of requests: connections, TLS, decoding",
    "http": "http.client and cookies, below urllib3",
    "email": "reads the headers of answers, for http.client",
    "ssl": "TLS",
    "pydantic": "settings, profile and event are pydantic models, as was asked for",
    "pydantic_core": "the compiled part of pydantic",
    "typing_extensions": "part of pydantic",
    "annotated_types": "part of pydantic",
    "structlog": "the log that was asked for",
    "jsonschema_rs": "decides on every row",
    "orjson": "parses every page",
    "asyncio": "part of structlog, which has loggers to be awaited",
    "xml": "reads lists and refusals of OBS",
    "yaml": "reads profiles",
    "dateutil": "reads the schedules of policies",
    "jinja2": "writes report.html",
    "markupsafe": "part of jinja2",
    "typing": "type hints, which pydantic reads at run time",
    "dataclasses": "makes records of pydantic, structlog and a few of ours",
    "inspect": "part of dataclasses and pydantic",
    "msgspec": "makes the records; parses the task log later",
    "re": "patterns",
    "datetime": "times",
    "decimal": "part of pydantic",
    "logging": "below structlog and urllib3",
    "importlib": "part of urllib3 and certifi, which look for their version and their file",
    "zoneinfo": "the time zone that people are shown",
    "json": "part of requests",
    "idna": "part of requests: names of hosts",
    "certifi": "part of requests: the authorities that certificates are checked against",
    "random": "jitter of retries",
    "hashlib": "hashes of evidence",
    "requests_aws4auth": "signs requests to OBS",
    "encodings": "Python itself",
    "site": "Python itself",
}


@dataclass(frozen=True, slots=True)
class Imported:
    """One top-level package.

    Attributes:
        own: milliseconds of its modules alone.
        whole: milliseconds of the longest of its imports, with everything that was imported first in it.
        modules: how many.
    """

    name: str
    own: float
    whole: float
    modules: int

    @property
    def is_slow(self) -> bool:
        """It needs a reason."""
        return self.own > _SLOW

    @property
    def reason(self) -> str:
        """Why it is imported, or an empty text where nobody said so."""
        return REASONS.get(self.name, "")


def quietest(runs: Iterable[Sequence[Imported]]) -> Sequence[Imported]:
    """Take the least that each package took in several runs, those that take longest first."""
    least: dict[str, Imported] = {}
    for each in chain.from_iterable(runs):
        known = least.setdefault(each.name, each)
        least[each.name] = replace(each, own=min(each.own, known.own), whole=min(each.whole, known.whole))
    return sorted(least.values(), key=lambda each: -each.own)


def read_import_times(text: str) -> Sequence[Imported]:
    """Read what ``python -X importtime`` wrote, packages that take longest first."""
    own: dict[str, float] = defaultdict(float)
    whole: dict[str, float] = defaultdict(float)
    modules: dict[str, int] = defaultdict(int)
    for found in _lines(text):
        package = found[4].partition(".")[0]
        own[package] += int(found[1]) / 1000
        whole[package] = max(whole[package], int(found[2]) / 1000)
        modules[package] += 1
    made = (Imported(name, own[name], whole[name], modules[name]) for name in own)
    return sorted(made, key=lambda each: -each.own)


def _lines(text: str) -> Iterable[re.Match[str]]:
    return (found for line in text.splitlines() if (found := _LINE.fullmatch(line)))
