"""`python -m bench.fleet`: a fleet on this machine, beside the same audits one after the other, and what kills it.

Wall times are compared within one run: `fleet run`, two targets at a time, and `run` for each target. The simulated
cloud is a process of its own and needs a core at times, so that a machine of two cores cannot do all at once.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

import orjson

from audit.evidence.store import open_store
from audit.evidence.verify import verify
from audit.fleet.forms import Status
from audit.fleet.publication import begun_run
from audit.fleet.roll_up import FleetReport
from audit.fleet.target_run import variables_of
from audit.fleet.verify import targets_of, verify_fleet
from bench.fleet_events import try_schedules
from bench.processes import ROOT

_CLI: Final = (sys.executable, "-m", "audit.cli.commands")
_AGAIN: Final = (sys.executable, "-m", "bench.fleet_again")
_LOOK: Final = 0.05
_TO_KILL: Final = (8, 5)  # targets and resources of a fleet whose coordinator is killed


@dataclass(frozen=True, slots=True)
class Took:
    """What a process took."""

    seconds: float
    peak: float
    output: str


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.fleet", description=__doc__)
    for name, usual in (("targets", 100), ("resources", 50), ("singles", 100), ("kills", 10), ("schedules", 1000)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cbr-audit-bench-") as place:
        with cloud(asked.targets, asked.resources) as own:
            for line in _measure_walls(own, Path(place), asked.singles):
                print(line, flush=True)
        with cloud(*_TO_KILL) as own:
            for line in _measure_kills(own, Path(place), asked.kills):
                print(line, flush=True)
    found = try_schedules(asked.schedules)
    print(f"{found.tried:,} schedules of events: {found.events['run']:,} run, {found.events['doubled']:,} doubled,")
    print(f"  {found.events['discarded']:,} discarded, {found.killed:,} coordinators killed: {len(found.wrong)} wrong")
    sys.exit(1 if found.wrong else 0)


@contextmanager
def cloud(targets: int, resources: int) -> Iterator[dict[str, str]]:
    """Start the company in a process of its own, and return the settings of the account that audits it."""
    command = [sys.executable, "-m", "bench.fleet_cloud", str(targets), str(resources)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("pipes were asked for")
        try:
            yield orjson.loads(process.stdout.readline())
        finally:
            process.stdin.close()


def _measure_walls(own: Mapping[str, str], place: Path, singles: int) -> Iterator[str]:
    """Audit the fleet, and then targets one after the other."""
    together = _run([*_CLI, "fleet", "run"], {**own, "CBR_AUDIT_STORE": str(place / "fleet")})
    report, store = _report(place / "fleet"), str(place / "alone")
    run = begun_run(open_store(str(place / "fleet")), _prefix(place / "fleet"))
    if run is None or not report.complete:
        raise RuntimeError(f"the fleet was not audited completely: {together.output}")
    alone = [
        _run([*_CLI, "run"], variables_of(target, run.plan, {**own, "CBR_AUDIT_STORE": store}))
        for target in run.plan.targets[:singles]
    ]
    sum_of_all = sum(each.seconds for each in alone) / len(alone) * len(report.targets)
    yield f"{len(report.targets)} targets, {report.summary.resources:,} resources, {os.cpu_count()} cores"
    yield f"  fleet run, two at a time: {together.seconds:.0f} s; its coordinator: {together.peak:.0f} MB"
    yield f"  the sum of the single runs ({len(alone)} measured): {sum_of_all:.0f} s; each up to {_peak(alone):.0f} MB"
    yield f"  ratio: {together.seconds / sum_of_all:.2f}"


def _measure_kills(own: Mapping[str, str], place: Path, kills: int) -> Iterator[str]:
    """Kill the coordinator at a random moment, let the same event come again, and count what is lost."""
    rng, lost, faults, seconds = Random(1), 0, 0, 0.0  # noqa: S311  # the moments
    targets = 0
    for number in range(kills + 1):
        store = place / f"killed-{number}"
        variables = {**own, "CBR_AUDIT_STORE": str(store)}
        event = [*_AGAIN, datetime.now(UTC).replace(microsecond=0).isoformat(), f"event-{number}"]
        if number:
            _run(event, variables, kill_after=rng.random() * seconds)
        took = _run(event, variables)
        if not (store / "fleet-bench" / "latest.json").is_file():
            raise RuntimeError(f"the fleet was not rolled up: {took.output}")
        seconds = seconds or took.seconds
        report = _report(store)
        targets += len(report.targets) if number else 0
        lost += sum(line.status != Status.AUDITED for line in report.targets) if number else 0
        opened = open_store(str(store))
        verified = verify_fleet(opened, "bench")
        chains = targets_of(opened, verified.head) if verified.head else ()
        faults += len(verified.faults) + sum(len(verify(opened, project).faults) for project in chains)
    yield f"{kills} coordinators killed with SIGKILL and started again: {lost} of {targets:,} targets lost,"
    yield f"  {faults} faults in what they stored"


def _run(command: list[str], variables: Mapping[str, str], kill_after: float | None = None) -> Took:
    """Run a process to its end, or kill it; its memory is that of itself alone."""
    begun, peak = time.monotonic(), 0
    environment = {**{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}, **variables}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            peak = max(peak, _high_water(process.pid))
            if kill_after is not None and time.monotonic() - begun > kill_after:
                process.send_signal(signal.SIGKILL)
            time.sleep(_LOOK)
        output.seek(0)
        return Took(time.monotonic() - begun, peak / 1024, output.read().decode())


def _high_water(pid: int) -> int:
    """The most memory that a process had so far, in KB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def _peak(all_of_them: list[Took]) -> float:
    return max(each.peak for each in all_of_them)


def _prefix(store: Path) -> str:
    pointer = orjson.loads((store / "fleet-bench" / "latest.json").read_bytes())
    return str(pointer["prefix"])


def _report(store: Path) -> FleetReport:
    data = (store / _prefix(store) / "fleet.json").read_bytes()
    return FleetReport.load(data, "fleet.json")


if __name__ == "__main__":
    main()
