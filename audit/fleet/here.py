"""Audits the targets of a fleet run on this machine: some at a time, each in a process of its own.

A target that hangs is ended, and one whose process dies concerns no other: this process leaves the receipt then.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import orjson

from audit.errors import StoreError
from audit.fleet.forms import Receipt, Status, Target
from audit.fleet.publication import FleetRun
from audit.fleet.target_run import receipt_without_audit
from audit.log import REDACTOR

_WORKER: Final = ("-m", "audit.fleet.worker")
_LONGEST: Final = 300  # characters of what a process left behind
_KILLED: Final = " (its memory may have been too small)"


class HereLimits(NamedTuple):
    """How many targets at a time, and how long each and all of them may take."""

    parallel: int = 2
    each: timedelta = timedelta(minutes=15)
    all: timedelta = timedelta(hours=2)


USUAL: Final = HereLimits()


def audit_here(
    run: FleetRun,
    variables: Mapping[str, str],
    limits: HereLimits = USUAL,
    *,
    worker: tuple[str, ...] = _WORKER,
) -> Iterator[tuple[Target, Receipt]]:
    """Audit every target that has no receipt; yield each as it ends, also if its receipt could not be stored.

    Args:
        run: the fleet run.
        variables: the settings of the fleet, by name.
        limits: how many at a time, and how long.
        worker: what Python runs for a target; tests replace it.
    """
    end = time.monotonic() + limits.all.total_seconds()

    def audit(target: Target) -> tuple[Target, Receipt]:
        left = end - time.monotonic()
        given = orjson.dumps({"variables": variables, "prefix": run.plan.prefix, "target": target.key})
        started = datetime.now(UTC).replace(microsecond=0)
        try:
            return target, _audit(run, target, worker, given, min(left, limits.each.total_seconds()), started)
        except StoreError as error:
            reason = f"its receipt could not be read or stored: {error}"
            return target, receipt_without_audit(run, target, Status.FAILED, reason, started)

    with ThreadPoolExecutor(limits.parallel) as pool:
        waiting = [pool.submit(audit, target) for target in run.plan.targets]
        try:
            for done in as_completed(waiting):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _audit(
    run: FleetRun, target: Target, worker: tuple[str, ...], given: bytes, seconds: float, started: datetime
) -> Receipt:
    """Audit one target in a process, unless it has a receipt; if the process leaves none, say why."""
    if stored := run.receipt_of(target.key):
        return stored
    status, reason = Status.OUT_OF_TIME, "the time for all targets had ended before it began"
    if seconds > 0:
        status, reason = _outcome((sys.executable, *worker), given, seconds)
    if stored := run.receipt_of(target.key):
        return stored
    receipt = receipt_without_audit(run, target, status, reason, started)
    return receipt if run.leave(receipt) else run.receipt_of(target.key) or receipt


def _outcome(command: tuple[str, ...], given: bytes, seconds: float) -> tuple[Status, str]:
    """Run a process to its end or the end of its time; say what it means if it left no receipt."""
    try:
        ended = subprocess.run(  # noqa: S603  # this Python, with a module of ours
            command, input=given + b"\n", capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return Status.OUT_OF_TIME, f"it was ended after {seconds:,.0f} s: give it more time, or see what it waits for"
    if ended.returncode < 0:
        name = signal.Signals(-ended.returncode).name
        return Status.FAILED, f"its process was ended by {name}{_KILLED if name == 'SIGKILL' else ''}"
    last = ended.stderr.decode(errors="replace").strip().rpartition("\n")[2][:_LONGEST]
    return Status.FAILED, f"its process ended with {ended.returncode} and no receipt: {REDACTOR.text(last)}".strip(": ")
