"""Answers that go wrong: at any request of an audit, once or from then on."""

import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from audit.errors import AuditError
from audit.simulator import Request, Response, Simulator
from tests.pretend import a_simulator, audit, json_response, whole_report

HTML: Final = Response(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>")


def truncated(answer: Response) -> Response:
    return Response(200, {**answer.headers, "Content-Length": str(len(answer.body) + 9)}, answer.body[:-9])


def without_the_list(answer: Response) -> Response:
    return json_response({"count": orjson.loads(answer.body).get("count", 0)})


def without_the_count(answer: Response) -> Response:
    content = orjson.loads(answer.body)
    content.pop("count", None)
    return json_response(content)


def counting(lie: Callable[[int, int], int]) -> Callable[[Response], Response]:
    def answer(right: Response) -> Response:
        content = orjson.loads(right.body)
        if "count" not in content:
            return right  # a token, not a list
        rows = next(len(value) for value in content.values() if isinstance(value, list))
        return json_response({**content, "count": lie(content["count"], rows)})

    return answer


def lost(_answer: Response) -> Response:
    raise ConnectionResetError


def respelled(old: bytes, new: bytes) -> Callable[[Response], Response]:
    """Write the first such piece of an answer in another way."""
    return lambda right: replace(right, body=right.body.replace(old, new, 1))


FAULTS: dict[str, Callable[[Response], Response]] = {
    "500": lambda _: Response(500),
    "401": lambda _: Response(401),
    "reset": lost,
    "truncated": truncated,
    "html": lambda _: HTML,
    "no list": without_the_list,
    "no count": without_the_count,
    "two equal keys": respelled(b'"id":', b'"id":"other","id":'),
    "half a character": respelled(b'"name":"', b'"name":"\\ud800'),
    "count too high": counting(lambda count, _: count + 1),
    "count too low": counting(lambda count, _: max(0, count - 1)),
    "count huge": counting(lambda _count, _rows: 10**12),
    "count zero": counting(lambda _count, _rows: 0),
    "count of the page": counting(lambda _count, rows: rows),
}


@dataclass
class Saboteur:
    """Spoils the answer to one request, or to every request from there on."""

    simulator: Simulator
    fault: Callable[[Response], Response]
    at: int
    persistently: bool
    seen: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _inside: threading.local = field(default_factory=threading.local)

    def __call__(self, request: Request, _number: int) -> Response | None:
        if getattr(self._inside, "asking", False):
            return None
        with self._lock:
            number, self.seen = self.seen, self.seen + 1
        if number != self.at and not (self.persistently and number > self.at):
            return None
        self._inside.asking = True
        try:
            right = self.simulator.dispatch(request)
        finally:
            self._inside.asking = False
        return self.fault(right)


LASTING: Final = ("500", "401", "html", "count of the page")
SWEEPS: Final = (
    *(("healthy", name, "once") for name in FAULTS),
    *(("healthy", name, "from then on") for name in LASTING),
    ("mixed", "500", "from then on"),
    ("mixed", "html", "once"),
    ("mixed", "count of the page", "once"),
)


def try_faults(
    scenario: str, fault: str, how_long: str, share: int = 0, shares: int = 1
) -> tuple[Counter[str], list[str]]:
    """Let an answer go wrong, each in an audit of its own, and tell where missing data looked good.

    Args:
        scenario: which project is audited.
        fault: one of ``FAULTS``.
        how_long: "once" or "from then on".
        share: which share of the requests is tried.
        shares: how many shares there are.
    """
    simulator, wrong, counts = a_simulator(scenario, resources=4, days=9), list[str](), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="cbr-audit-verdicts-") as folder, _pages_of_fifty():
        clean = _report(simulator, Path(folder, "clean"))
        for number in range(share, simulator.requests, shares):
            simulator.intercept = Saboteur(simulator, FAULTS[fault], number, how_long == "from then on")
            broken = _broken(simulator, clean, Path(folder, str(number)))
            counts += Counter(audits=1, broken=bool(broken))
            wrong += [f"{scenario}, {fault} {how_long} at request {number}: {each}" for each in broken]
    return counts, wrong


def _broken(simulator: Simulator, clean: Any, folder: Path) -> list[str]:
    """Say what one audit made of the fault that it should not."""
    try:
        report = _report(simulator, folder)
    except AuditError:
        return ["a report was published"] if list(folder.rglob("latest.json")) else []
    rules = {
        "other findings, and complete": _judged(report) == _judged(clean) or not report["collection"]["complete"],
        "other findings, and compliant": _judged(report) == _judged(clean) or report["conclusion"] != "compliant",
        "a failure that there is not": _failing(report) <= _failing(clean),
        "somebody named who was not": _named(report) <= _named(clean),
    }
    return [rule for rule, holds in rules.items() if not holds]


def _report(simulator: Simulator, folder: Path) -> Any:
    done = audit(simulator, folder)
    return whole_report(folder / done.prefix)


def _judged(report: Any) -> list[Any]:
    """The findings without who did it, but for those about the collection: they count passes and odd answers."""
    judged = (finding for finding in report["findings"] if finding["subject"]["kind"] != "collection")
    return [{key: value for key, value in finding.items() if key != "actors"} for finding in judged]


def _named(report: Any) -> set[tuple[str, str, str]]:
    """Who is named for what: the control, the subject and the trace."""
    return {
        (finding["control"], finding["subject"]["id"], each["trace"])
        for finding in report["findings"]
        for each in (finding.get("actors") or {"named": ()})["named"]
    }


def _failing(report: Any) -> set[tuple[str, str, str]]:
    failed = (finding for finding in report["findings"] if finding["outcome"] == "fail")
    return {(each["control"], each["subject"]["kind"], each["subject"]["id"]) for each in failed}


@contextmanager
def _pages_of_fifty() -> Iterator[None]:
    """Let lists come in several pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("audit.cloud.cbr.client.PAGE_SIZE", 50)
        yield
