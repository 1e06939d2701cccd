"""`python -m bench.continued [--resources N] [--days D]`: runs that go on from earlier ones, beside a first run.

A simulated project of N resources is audited over HTTP into a folder, each run in a process of its own: into one store
three times, thirty days apart, so that it knows ninety days; then an hour later, and a day after that. Into another
store once at the time of the third run, which is the first run that the others are compared with, and an hour later.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final

import orjson

from bench.pages import AS_OF, DAYS
from bench.processes import ROOT, measured

HISTORY_DAYS: Final = 90
_MOVING: Final = frozenset({"latest.json", "index.html"})
AN_HOUR: Final = timedelta(hours=1)
_A_DAY: Final = timedelta(days=1)
LAST: Final = AS_OF - _A_DAY - 2 * AN_HOUR  # of the runs that are gone on from
_MARGIN: Final = 2  # days of the estate before and after those that are looked at
_HOURLY_RUNS: Final = 23  # of a day; one more stands for what is read once a day
_DAYS_A_YEAR: Final = 365


@dataclass(frozen=True, slots=True)
class Cloud:
    """The process that stands for the cloud."""

    address: str
    asking: IO[bytes]
    answers: IO[bytes]

    def turn(self, moment: datetime) -> Mapping[str, int]:
        """Turn to a time, and say what was asked since the last turn."""
        self.asking.write(f"{moment.isoformat()}\n".encode())
        self.asking.flush()
        told: Mapping[str, int] = orjson.loads(self.answers.readline())
        return told

    def audit(self, store: Path, *moments: datetime, profile: str = "default") -> dict[str, Any]:
        """Carry out runs in one new process, and say what they took, and what they left in the store."""
        self.turn(moments[-1])
        before = _files(store)
        times = [moment.isoformat() for moment in moments]
        command = [sys.executable, "-W", "ignore", "-m", "bench.running", self.address, str(store), profile, *times]
        told = measured(command)
        stored = Counter[str]()
        for name, size in _files(store).items():
            if name not in before:
                stored[_sort(name)] += size
        return {**told, **self.turn(moments[-1]), "stored": stored.total(), "by_sort": dict(stored)}


@contextmanager
def growing(resources: int, days: int) -> Iterator[Cloud]:
    """Start the cloud in a process of its own."""
    command = [sys.executable, "-m", "bench.growing", str(resources), str(days)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cloud:
        if cloud.stdin is None or cloud.stdout is None:
            raise RuntimeError("pipes were asked for")
        try:
            yield Cloud(cloud.stdout.readline().decode().strip(), cloud.stdin, cloud.stdout)
        finally:
            cloud.stdin.close()


def continue_runs(resources: int, days: int = HISTORY_DAYS) -> dict[str, Any]:
    """Measure a first run of an estate, and runs that go on from a history of some days."""
    with tempfile.TemporaryDirectory(prefix="cbr-audit-bench-") as place, growing(resources, days + _MARGIN) as cloud:
        short, long = (Path(place) / name for name in ("short", "long"))
        runs = {"first": cloud.audit(short, LAST), "second": cloud.audit(short, LAST + AN_HOUR)}
        for back in range(days - DAYS, -1, -DAYS):
            cloud.audit(long, LAST - timedelta(days=back))
        runs["an hour later"] = cloud.audit(long, LAST + AN_HOUR)
        runs["a day later"] = cloud.audit(long, LAST + AN_HOUR + _A_DAY)
    return {"resources": resources, "days": days, "ratios": ratios(*runs.values()), "runs": runs}


def warm_growth(runs: int, resources: int = 10) -> float:
    """Run hour after hour in one process; say by how many MB it grew in the last two thirds of the runs.

    Each run forgets an hour and learns one, so that what is known does not grow.
    """
    days = -(-runs // 24) + _MARGIN
    with tempfile.TemporaryDirectory(prefix="cbr-audit-bench-") as place, growing(resources, DAYS + days) as cloud:
        moments = [AS_OF - (runs - number) * AN_HOUR for number in range(runs)]
        sizes: Sequence[float] = cloud.audit(Path(place), *moments, profile=f"{{look_back: {DAYS}d}}")["sizes_mb"]
    return sizes[-1] - max(sizes[: runs // 3])


def peak_mb(resources: int) -> Mapping[str, float]:
    """Take the peak of memory of a first run, and of the one an hour later."""
    with tempfile.TemporaryDirectory(prefix="cbr-audit-bench-") as place, growing(resources, DAYS + _MARGIN) as cloud:
        moments = {"first": LAST, "continued": LAST + AN_HOUR}
        return {name: round(cloud.audit(Path(place), moment)["peak_mb"]) for name, moment in moments.items()}


def lines(measured_runs: Mapping[str, Any]) -> Iterator[str]:
    """Write what was measured for people."""
    runs = measured_runs["runs"]
    yield f"{measured_runs['resources']:,} resources, {measured_runs['days']} days of history{_columns(runs)}"
    for name in ("requests", "received", "once", "packed", "stored", "peak_mb", "cpu"):
        yield _row(name, [run[name] for run in runs.values()])
    for stage in dict.fromkeys(stage for run in runs.values() for stage in run["stages"]):
        yield _row(f"  {stage}", [run["stages"].get(stage, 0.0) for run in runs.values()])
    for sort in sorted({sort for run in runs.values() for sort in run["by_sort"]}):
        yield _row(f"  stored: {sort}", [run["by_sort"].get(sort, 0) for run in runs.values()])
    for name, found in measured_runs["ratios"].items():
        yield f"{name:<44}{found:>16.2f}"


def _columns(runs: Mapping[str, Any]) -> str:
    return "".join(f"{name:>16}" for name in runs)


def _row(name: str, figures: Sequence[float]) -> str:
    told = (f"{figure:,.2f}" if figure % 1 else f"{figure:,.0f}" for figure in figures)
    return f"{name:<44}{''.join(f'{each:>16}' for each in told)}"


def ratios(
    first: Mapping[str, Any], second: Mapping[str, Any], hour: Mapping[str, Any], day: Mapping[str, Any]
) -> dict[str, float]:
    """Compare runs with the first one, with the second one, and what they store with the answers they rest on."""
    year = _a_year(hour["stored"], day["stored"])
    return {
        "cpu_over_first": hour["cpu"] / first["cpu"],
        "stored_over_first": hour["stored"] / first["stored"],
        "received_over_once": hour["received"] / hour["once"],
        "cpu_day_90_over_day_2": hour["cpu"] / second["cpu"],
        "stored_over_answers_a_year": year / _a_year(hour["packed"], day["packed"]),
        "stored_gb_a_year": year / 1e9,
    }


def _a_year(hour: float, day: float) -> float:
    """Scale up to hourly runs; one a day stores as much as a run that goes on a day after the one before."""
    return _DAYS_A_YEAR * (_HOURLY_RUNS * hour + day)


def _files(store: Path) -> dict[str, int]:
    """Sizes of what the store keeps; what each run replaces is not counted."""
    files = (path for path in store.rglob("*") if path.is_file() and path.name not in _MOVING)
    return {str(path.relative_to(store)): path.stat().st_size for path in files}


def _sort(name: str) -> str:
    """Name the sort of an object."""
    last = Path(name).name
    if "/raw/" in name or ("/shared/" in name and last.endswith(".json.gz")):
        return "answers"
    if last.endswith(".backups.gz"):
        return "packed backups"
    if "/digest/" in name:
        return "digest"
    return "history" if "history" in last else last


def main() -> None:
    """Measure one estate, and print it."""
    arguments = argparse.ArgumentParser(prog="python -m bench.continued", description=__doc__)
    arguments.add_argument("--resources", type=int, default=500, help="50, or a multiple of 100")
    arguments.add_argument("--days", type=int, default=HISTORY_DAYS, help="of history, a multiple of 30")
    given = arguments.parse_args()
    print("\n".join(lines(continue_runs(given.resources, given.days))))


if __name__ == "__main__":
    main()
