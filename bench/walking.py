"""`python -m bench.walking URL TASKS WORKERS`: one measured process that reads a log over HTTP; prints a line."""

import sys
import time
from contextlib import closing
from datetime import timedelta

import orjson

from audit.app.garbage import look_rarely
from audit.cloud.cbr.client import CbrClient
from audit.cloud.http.auth import TokenAuth
from audit.cloud.http.renewable import Fresh
from audit.cloud.http.transport import Transport
from audit.collection import Kind, Window
from bench.memory import peak_mb
from bench.pages import AS_OF, DAYS


def main(url: str, tasks: str, workers: int) -> None:
    """Read every page, and let go of it."""
    look_rarely()  # as the function and the command do
    with closing(Transport(connections=workers)) as transport:
        credentials = TokenAuth(Fresh(lambda: "bench"))
        client = CbrClient(transport, credentials, endpoint=url, project_id=tasks, workers=workers)
        walk = client.read(Kind.TASKS, Window(AS_OF - timedelta(days=DAYS), AS_OF))
        wall, cpu = time.perf_counter(), time.process_time()
        for page in walk:
            del page
        measured = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "peak_mb": peak_mb()}
    reading = walk.reading()
    if not reading.complete:
        raise SystemExit(f"the task log was not read completely: {reading.gaps}")
    sys.stdout.write(orjson.dumps({**measured, "pages": reading.pages}).decode() + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
