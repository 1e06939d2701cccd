"""``make bench``: prints one table and writes bench/results.json."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import orjson

from audit import __version__
from bench.pages import make

TASKS: Final = 20_000 if os.environ.get("QUICK") else 100_000
ROUNDS: Final = 5
STARTS: Final = 11
_RESULTS: Final = Path(__file__).with_name("results.json")


def main() -> None:
    """Measure, print, and keep."""
    with tempfile.TemporaryDirectory() as folder:
        write_pages(Path(folder), TASKS)
        rounds = [{job: _job(job, folder) for job in ("parse", "pipeline")} for _ in range(ROUNDS)]
    starts = [{name: _start(name) for name in ("pass", "requests", "handler")} for _ in range(STARTS)]
    results = _results(rounds, starts)
    for name, value in results.items():
        print(f"{name:<32}{value}")
    _RESULTS.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def write_pages(folder: Path, tasks: int) -> None:
    """Write the answers of an estate with so many tasks."""
    pages, policies, vaults = make(tasks)
    for number, page in enumerate(pages):
        (folder / f"{number:05d}.json").write_bytes(page)
    (folder / "policies.json").write_bytes(policies)
    (folder / "vaults.json").write_bytes(vaults)


def _job(job: str, folder: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.pipeline", job, folder]
    done = subprocess.run(command, check=True, capture_output=True)
    measured: dict[str, Any] = orjson.loads(done.stdout)
    return measured


def _start(name: str) -> float:
    """Wall seconds of a fresh interpreter that imports a module."""
    code = "pass" if name == "pass" else f"import {name}"
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def _results(rounds: list[dict[str, dict[str, Any]]], starts: list[dict[str, float]]) -> dict[str, Any]:
    """Medians; every ratio is taken within one round."""
    pipeline = statistics.median(each["pipeline"]["cpu"] for each in rounds)
    tasks = rounds[0]["pipeline"]["tasks"]
    bare = [(each["handler"] - each["pass"]) / (each["requests"] - each["pass"]) for each in starts]
    return {
        "tool_version": __version__,
        "python": sys.version.split()[0],
        "tasks": tasks,
        "tasks_a_second": round(tasks / pipeline),
        "pipeline_over_orjson": round(
            statistics.median(each["pipeline"]["cpu"] / each["parse"]["cpu"] for each in rounds), 2
        ),
        "pipeline_peak_mb": round(max(each["pipeline"]["peak_mb"] for each in rounds)),
        "parse_peak_mb": round(max(each["parse"]["peak_mb"] for each in rounds)),
        "handler_import_over_requests": round(statistics.median(bare), 2),
        "handler_import_ms": round(statistics.median(each["handler"] - each["pass"] for each in starts) * 1000),
    }


if __name__ == "__main__":
    main()
