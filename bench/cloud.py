"""`python -m bench.cloud TASKS SECONDS…`: the simulator on a socket for each latency, until standard input ends.

It runs in a process of its own, so that its threads do not wait for the client's. Its answers to the task log are cut
out of rows that bench.pages made, of which a project has as many as its id says; everything else is the simulator's:
sockets, threads, latency, headers. The rows are one text, so that cutting out an answer takes next to no time: on a
machine of two cores, what is spent here is missing there.
"""

import sys
from contextlib import ExitStack
from datetime import timedelta
from itertools import accumulate
from typing import Final
from urllib.parse import parse_qs

import orjson

from audit.simulator import Request, Response, Simulator, build_estate, serve
from bench.pages import AS_OF, TASKS, first_rows

_DAYS: Final = 2
_JSON: Final = {"Content-Type": "application/json"}
_BETWEEN: Final = b", "


class Log:
    """Rows of the task log, and where each begins."""

    def __init__(self, rows: list[bytes]) -> None:
        """Join the rows."""
        self._rows = memoryview(_BETWEEN.join(rows))
        self._begins = [0, *accumulate(len(row) + len(_BETWEEN) for row in rows)]

    def answer(self, count: int, limit: int, offset: int) -> bytes:
        """Write an answer with the rows from an offset on, of a project that has so many."""
        begin, end = (self._begins[min(place, count)] for place in (offset, offset + limit))
        rows = self._rows[begin : max(begin, end - len(_BETWEEN))]
        tail = f'], "count": {count}, "limit": {limit}, "offset": {offset}}}'
        return b"".join((f'{{"{TASKS}": ['.encode(), rows, tail.encode()))


def main(tasks: int, latencies: list[float]) -> None:
    """Serve, and print the addresses as one line of JSON."""
    log = Log(first_rows(tasks))
    estate = build_estate("healthy", resources=1, days=_DAYS, as_of=AS_OF)

    def tasks_of(request: Request, _number: int) -> Response | None:
        url = request.split()
        if not url.path.endswith("/operation-logs"):
            return None
        asked, count = parse_qs(url.query), int(url.path.split("/")[2])
        return Response(200, _JSON, log.answer(count, int(asked["limit"][0]), int(asked["offset"][0])))

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
