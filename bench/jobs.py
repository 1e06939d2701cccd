"""`python -m bench.jobs JOB FOLDER [PAGES]`: one measured process; prints one line of JSON.

A job first imports what it needs, then works. CPU seconds are those of the work, all threads together; files are read
within it. Whoever starts the process can add what starting took.
"""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from audit.app.garbage import look_rarely
from bench.memory import peak_mb

Work = Callable[[Path], Mapping[str, Any]]


def orjson_alone() -> Work:
    """Parse every page and keep nothing: the floor for Python."""
    return lambda folder: {"rows": sum(_parsed(orjson.loads, file) for file in files(folder))}


def json_alone() -> Work:
    """Parse every page with the standard library."""
    import json  # noqa: PLC0415  # only this job needs it

    return lambda folder: {"rows": sum(_parsed(json.loads, file) for file in files(folder))}


def pipeline() -> Work:
    """From pages to rendered reports: parse, validate, rows, merge, arrange, evaluate, render."""
    from bench.pipeline import pipeline as work  # noqa: PLC0415  # parsing alone must not load it

    return work


def whole_run() -> Work:
    """The same, with evidence, history, manifest and digest in a folder."""
    from bench.pipeline import whole_run as work  # noqa: PLC0415  # as above

    return work


def evidence() -> Work:
    """Keep every page as evidence: compress, hash, write."""
    from bench.steps import evidence as work  # noqa: PLC0415  # as above

    return work


def steps() -> Work:
    """Measure each step of the pipeline by itself."""
    from bench.steps import steps as work  # noqa: PLC0415  # as above

    return work


def judging() -> Work:
    """Measure arranging, evaluating and rendering after everything was read."""
    from bench.steps import judging as work  # noqa: PLC0415  # as above

    return work


def jsonschema() -> Work:
    """The pipeline, with jsonschema on every row in place of the compiled validator."""
    from bench.peers.with_jsonschema import work  # noqa: PLC0415  # as above

    return work


def pydantic() -> Work:
    """The pipeline, with pydantic models in place of parser and validator."""
    from bench.peers.with_pydantic import work  # noqa: PLC0415  # as above

    return work


def sdk() -> Work:
    """Let the official SDK make its objects of every page, and nothing else."""
    from bench.peers.with_sdk import work  # noqa: PLC0415  # as above

    return work


JOBS: Final[Mapping[str, Callable[[], Work]]] = {
    "orjson": orjson_alone,
    "json": json_alone,
    "pipeline": pipeline,
    "run": whole_run,
    "evidence": evidence,
    "steps": steps,
    "judging": judging,
    "jsonschema": jsonschema,
    "pydantic": pydantic,
    "sdk": sdk,
}


def files(folder: Path) -> list[Path]:
    """Name the pages of every list."""
    return sorted(folder.glob("*.json"))


def _parsed(loads: Callable[[bytes], Any], file: Path) -> int:
    """Parse one page, which is freed before the next one."""
    return len(next(iter(loads(file.read_bytes()).values())))


def main(job: str, folder: str) -> None:
    """Carry out a job and print what it took."""
    work = JOBS[job]()
    look_rarely()  # as the function and the command do; the others are given the same help
    started = time.process_time()
    told = work(Path(folder))
    measured = {"cpu": time.process_time() - started, "peak_mb": peak_mb(), **told}
    sys.stdout.write(orjson.dumps(measured).decode() + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
