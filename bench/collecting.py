"""Collecting over HTTP: the time that it takes, against pages x latency / workers."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson

from bench.processes import ROOT, measured

DEFAULT: Final = (50, 4)  # a latency that is usual within a region, and the workers that are the default
LATENCIES: Final = (20, 50, 150)
WORKERS: Final = (1, 2, 4, 8, 16)
_TASKS_A_WORKER: Final = 50_000
_MOST_TASKS: Final = 400_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One reading of a task log.

    Attributes:
        latency: milliseconds that every answer takes at least.
        over_ideal: seconds taken, as a multiple of pages x latency / workers.
        cpu_a_page: milliseconds of CPU; where this comes near latency / workers, the processor is the limit.
    """

    latency: int
    workers: int
    pages: int
    over_ideal: float
    cpu_a_page: float
    peak_mb: float


def collect(cells: Sequence[tuple[int, int]], *, tasks_a_worker: int = _TASKS_A_WORKER) -> list[Cell]:
    """Read a log for each pair of latency and workers, as long as pages need to fill them."""
    with _cloud(_tasks(max(workers for _, workers in cells), tasks_a_worker), LATENCIES) as urls:
        return [_walk(urls[latency], latency, workers, _tasks(workers, tasks_a_worker)) for latency, workers in cells]


def _tasks(workers: int, tasks_a_worker: int) -> int:
    return min(workers * tasks_a_worker, _MOST_TASKS)


def _walk(url: str, latency: int, workers: int, tasks: int) -> Cell:
    told: dict[str, Any] = measured([sys.executable, "-m", "bench.walking", url, str(tasks), str(workers)])
    ideal = told["pages"] * latency / 1000 / workers
    return Cell(
        latency=latency,
        workers=workers,
        pages=told["pages"],
        over_ideal=told["seconds"] / ideal,
        cpu_a_page=1000 * told["cpu"] / told["pages"],
        peak_mb=told["peak_mb"],
    )


@contextmanager
def _cloud(tasks: int, latencies: Sequence[int]) -> Iterator[dict[int, str]]:
    """Start the simulator in a process of its own."""
    seconds = [str(each / 1000) for each in latencies]
    command = [sys.executable, "-m", "bench.cloud", str(tasks), *seconds]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cloud:
        if cloud.stdin is None or cloud.stdout is None:
            raise RuntimeError("pipes were asked for")
        try:
            yield dict(zip(latencies, orjson.loads(cloud.stdout.readline()), strict=True))
        finally:
            cloud.stdin.close()
