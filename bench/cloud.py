"""`python -m bench.cloud TASKS SECONDS…`: the simulator on a socket for each latency, until standard input ends.

It runs in a process of its own, so that its threads do not wait for the client's. Its answers to the task log are cut
out of rows that bench.pages made, of which a project has as many as its id says; everything else is the simulator's:
sockets, threads, latency, headers. The rows are one text, so that cutting out an answer takes next to no time: on a
machine of two cores, what is spent here is missing there.
"""

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Final
from urllib.parse import parse_qsl

import orjson

from audit.simulator import Request, Response, Simulator, build_estate, serve
from bench.pages import AS_OF, TASKS, first_rows

_DAYS: Final = 2
_JSON: Final = {"Content-Type": "application/json"}
_BETWEEN: Final = b", "


class Log:
    """Rows of the task log, newest first, where each begins, and how old it is."""

    def __init__(self, rows: list[bytes]) -> None:
        """Join the rows."""
        self._rows = memoryview(_BETWEEN.join(rows))
        self._begins = [0, *accumulate(len(row) + len(_BETWEEN) for row in rows)]
        self._ages = list(accumulate(map(_age, rows), max))

    def answer(self, number: int, asked: Mapping[str, str]) -> bytes:
        """Write an answer for a project that has so many rows."""
        oldest, newest = (AS_OF - datetime.fromisoformat(asked[name]) for name in ("start_time", "end_time"))
        first, last = bisect_left(self._ages, newest, 0, number), bisect_right(self._ages, oldest, 0, number)
        limit, offset, count = int(asked["limit"]), int(asked["offset"]), last - first
        begin, end = (self._begins[min(first + place, last)] for place in (offset, offset + limit))
        rows = self._rows[begin : max(begin, end - len(_BETWEEN))]
        tail = f'], "count": {count}, "limit": {limit}, "offset": {offset}}}'
        return b"".join((f'{{"{TASKS}": ['.encode(), rows, tail.encode()))


def _age(row: bytes) -> timedelta:
    """Return how long before AS_OF a task was created."""
    text = row.partition(b'"created_at":"')[2].partition(b'"')[0]
    return AS_OF - datetime.fromisoformat(text.decode()).replace(tzinfo=UTC)


def main(tasks: int, latencies: list[float]) -> None:
    """Serve, and print the addresses as one line of JSON."""
    log = Log(first_rows(tasks))
    estate = build_estate("healthy", resources=1, days=_DAYS, as_of=AS_OF)

    def tasks_of(request: Request, _number: int) -> Response | None:
        url = request.split()
        if not url.path.endswith("/operation-logs"):
            return None
        return Response(200, _JSON, log.answer(int(url.path.split("/")[2]), dict(parse_qsl(url.query))))

    with ExitStack() as served:
        urls = []
        for latency in latencies:
            simulator = Simulator(estate, latency=timedelta(seconds=latency))
            simulator.intercept = tasks_of
            urls.append(served.enter_context(serve(simulator)).url)
        sys.stdout.write(orjson.dumps(urls).decode() + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), [float(each) for each in sys.argv[2:]])
