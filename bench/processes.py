"""Measured processes: each starts anew, one after the other, and says what it took as a line of JSON."""

import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

ROOT: Final = Path(__file__).resolve().parents[1]
PEERS: Final = ROOT / "build" / "peers"


def job(name: str, folder: Path) -> dict[str, Any]:
    """Run a job of bench.jobs."""
    return measured([sys.executable, "-W", "ignore", "-m", "bench.jobs", name, str(folder)])


def measured(command: Sequence[str]) -> dict[str, Any]:
    """Run a program; add ``process``, the CPU seconds of the whole process with its start, to what it says."""
    before = _used()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    told = orjson.loads(done.stdout.splitlines()[-1])
    return {**(told if isinstance(told, dict) else {}), "process": _used() - before}


def ratio(rounds: Iterable[Mapping[str, Any]], above: Callable[[Any], float], below: Callable[[Any], float]) -> float:
    """The median of the ratios, each taken within one round: a machine that slows down slows both."""
    return statistics.median(above(each) / below(each) for each in rounds)


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
