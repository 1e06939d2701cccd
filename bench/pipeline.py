"""One measured process: parse only, or the whole pipeline from pages to rendered reports. Prints one line of JSON."""

import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import orjson

from audit.collection import Kind, Page, Reading, Window
from audit.profile import Profile
from audit.report import FORMATS
from audit.report.contents import Report, RunFacts
from audit.run import assess
from audit.validate import Intake, read_envelope
from bench.pages import AS_OF, DAYS

_KINDS: Final = {"policies.json": Kind.POLICIES, "vaults.json": Kind.VAULTS}


def parse_only(files: Sequence[Path]) -> int:
    """Parse every page and keep nothing: the floor for Python."""
    return sum(_parse(file) for file in files)


def whole(files: Sequence[Path]) -> int:
    """Parse, validate, remember, arrange, evaluate and render."""
    tasks, report = judged(files)
    for render in FORMATS.values():
        render(report)
    return tasks


def judged(files: Sequence[Path]) -> tuple[int, Report]:
    """Parse, validate, remember, arrange and evaluate."""
    intake = Intake()
    for file in files:
        _accept(intake, file)
    tasks = len(intake.tasks)
    counts = {Kind.TASKS: tasks, Kind.POLICIES: len(intake.policies), Kind.VAULTS: len(intake.vaults)}
    readings = tuple(Reading(kind, 1, 2, count, count, count, 0, ()) for kind, count in counts.items())
    profile = Profile()
    window = Window(AS_OF - timedelta(days=DAYS), AS_OF)
    facts = RunFacts(
        id="bench",
        as_of=AS_OF,
        window=window,
        read=window,
        project_id="bench",
        region="",
        tool_version="",
        profile_sha256=profile.sha256,
        timezone="UTC",
    )
    return tasks, assess(facts, profile, intake, readings)


def _parse(file: Path) -> int:
    answer = orjson.loads(file.read_bytes())
    return len(answer.get("operation_logs", ()))


def _accept(intake: Intake, file: Path) -> None:
    """Take one page; it is freed before the next one is parsed."""
    kind = _KINDS.get(file.name, Kind.TASKS)
    body = file.read_bytes()
    rows, envelope = read_envelope(kind, body)
    intake.accept(Page(kind, "", (), body, "", datetime.fromtimestamp(0, UTC), rows, envelope))


JOBS: Final[dict[str, Callable[[Sequence[Path]], int]]] = {"parse": parse_only, "pipeline": whole}


def main(job: str, folder: str) -> None:
    """Run a job over the pages of a folder and print CPU seconds, tasks and the peak of memory in MB."""
    files = sorted(Path(folder).iterdir())
    started = time.process_time()
    tasks = JOBS[job](files)
    cpu = time.process_time() - started
    sys.stdout.write(orjson.dumps({"cpu": cpu, "tasks": tasks, "peak_mb": _peak_mb()}).decode() + "\n")


def _peak_mb() -> float:
    """Peak of resident memory; getrusage would count what the parent held when it forked."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this machine does not tell the peak of memory")


if __name__ == "__main__":
    main(*sys.argv[1:])
