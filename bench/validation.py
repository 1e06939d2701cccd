"""`python -m bench.validation [TASKS]`: from bytes to records on clean, drifting and bad pages, in rows a second."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from audit.collection import Kind, Page
from audit.validate import Intake, read_envelope
from bench.pages import make

_ROUNDS: Final = 5
_NO_TIME: Final = datetime.fromtimestamp(0, UTC)
_CHANGES: Final[dict[str, Callable[[int], dict[str, Any]]]] = {
    "clean": lambda _number: {},
    "drifting, each row": lambda _number: {"colour": "blue", "provider_id": None},
    "0.1 % bad": lambda number: {} if number % 1000 else {"status": 5},
    "10 % bad": lambda number: {} if number % 10 else {"status": 5},
}


def main(tasks: int = 20_000) -> None:
    """Print the best of some rounds for each kind of pages, beside parsing alone."""
    pages, _, _ = make(tasks)
    for name, change in _CHANGES.items():
        bodies = [_changed(body, change) for body in pages]
        floor, took = _best(bodies, lambda: orjson.loads), _best(bodies, _taker)
        print(
            f"{name:<20}{tasks / took:>10,.0f} rows/s {took / tasks * 1e6:>8.1f} µs a row {took / floor:>6.1f} x orjson"
        )


def _best(bodies: list[bytes], begin: Callable[[], Callable[[bytes], object]]) -> float:
    """CPU seconds of the quickest round; each begins anew."""
    best = float("inf")
    for _ in range(_ROUNDS):
        take = begin()
        started = time.process_time()
        for body in bodies:
            take(body)
        best = min(best, time.process_time() - started)
    return best


def _taker() -> Callable[[bytes], object]:
    """Give a function that takes pages into one new intake."""
    intake = Intake()

    def take(body: bytes) -> None:
        rows, envelope = read_envelope(Kind.TASKS, body)
        intake.accept(Page(Kind.TASKS, "", (), body, "", _NO_TIME, rows, envelope))

    return take


def _changed(body: bytes, change: Callable[[int], dict[str, Any]]) -> bytes:
    answer = orjson.loads(body)
    answer["operation_logs"] = [{**row, **change(number)} for number, row in enumerate(answer["operation_logs"])]
    return orjson.dumps(answer)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
