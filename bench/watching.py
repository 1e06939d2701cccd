"""The watch: how long an event takes to become a message, and events that come twice, early, in any order, or die.

`python -m bench.watching [SCHEDULES]` prints both.
"""

import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final, NamedTuple
from unittest import mock

import structlog
import time_machine

from audit.errors import NotConfirmedError, NotToldError
from audit.evidence.store import open_store
from audit.simulator import Estate, Simulator, build_estate, serve
from audit.simulator.deliveries import deliveries, of_trigger
from audit.simulator.trace_rows import trace_row
from audit.watch import watching
from audit.watch.change_store import StoredChange
from audit.watch.change_verify import verify_changes
from audit.watch.hints import Hint, read_hint

_AS_OF: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
_LATENCIES: Final = (50, 150)  # milliseconds
_ROUNDS: Final = 5
_TRACES: Final = 3
_SHARE: Final = 0.6
_LATER: Final = timedelta(minutes=5)
_STEPS: Final = ("begin", "keep", "commit", "report", "mark_told")


class KilledError(BaseException):
    """Ends an invocation, as the platform does: nothing can catch it."""


class _Context(NamedTuple):
    """What FunctionGraph tells the function."""

    data: Mapping[str, str]
    token: str

    def getRequestID(self) -> str:  # noqa: N802  # named by the platform
        return "0123-4567"

    def getRemainingTimeInMilliSeconds(self) -> int:  # noqa: N802  # named by the platform
        return 300_000

    def getUserData(self, key: str) -> str | None:  # noqa: N802  # named by the platform
        return self.data.get(key)

    def getToken(self) -> str:  # noqa: N802  # named by the platform
        return self.token

    def getSecurityAccessKey(self) -> str:  # noqa: N802  # named by the platform
        return ""

    def getSecuritySecretKey(self) -> str:  # noqa: N802  # named by the platform
        return ""

    def getSecurityToken(self) -> str:  # noqa: N802  # named by the platform
        return ""


@dataclass(frozen=True)
class Scene:
    """A project whose vaults somebody deletes, and a store."""

    estate: Estate
    simulator: Simulator
    folder: Path

    def deletion(self, number: int) -> dict[str, Any]:
        """Return the trace of a deletion."""
        vault = self.estate.vaults[number % len(self.estate.vaults)]
        at = _AS_OF + timedelta(minutes=number)
        return trace_row(f"trace-{number}", at, "deleteVault", resource_id=vault["id"], resource_name=vault["name"])

    def watch(self, hint: Hint, url: str) -> dict[str, Any]:
        """Start the function with an event."""
        data = {
            "CBR_AUDIT_ENDPOINT": url,
            "CBR_AUDIT_SMN_TOPIC": self.simulator.topic,
            "CBR_AUDIT_SMN_ENDPOINT": url,
            "HUAWEICLOUD_SDK_PROJECT_ID": self.simulator.project_id,
            "CBR_AUDIT_STORE": str(self.folder),
        }
        return watching.carry_out(hint, _Context(data, self.simulator.token), {}, lambda _seconds: None)


def latencies(tried: Sequence[int] = _LATENCIES) -> dict[int, float]:
    """Return how long an event takes until the message arrives, as a multiple of the latency of one response of CBR."""
    return {latency: median(_once(latency) for _ in range(_ROUNDS)) for latency in tried}


def _once(latency: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        scene = _scene(Path(folder), timedelta(milliseconds=latency))
        row = scene.deletion(0)
        hint = read_hint(of_trigger(row))
        scene.estate.traces.append(row)
        with serve(scene.simulator) as served:
            began = time.perf_counter()
            scene.watch(hint, served.url)
            taken = time.perf_counter() - began
    return taken / (latency / 1000)


def schedules(number: int, seed: int = 1) -> Counter[str]:
    """Run schedules of events, and count what became of them."""
    found = Counter[str]()
    for each in range(number):
        with tempfile.TemporaryDirectory() as folder:
            found += _schedule(_scene(Path(folder)), Random(f"{seed}/{each}"))  # noqa: S311  # not for secrets
    return found


def _schedule(scene: Scene, rng: Random) -> Counter[str]:
    """Deliver the events of some traces in any order, each at least twice; some before their trace is listed."""
    found = Counter(schedules=1)
    rows = {row["trace_id"]: row for row in map(scene.deletion, range(_TRACES))}
    with serve(scene.simulator) as served:
        for event, trace_id, is_listed in deliveries(rng, [*rows.values()]):
            if is_listed and rows[trace_id] not in scene.estate.traces:
                scene.estate.traces.append(rows[trace_id])
            found += _deliver(scene, read_hint(event), served.url, None if rng.random() < _SHARE else rng)
        scene.estate.traces[:] = rows.values()
        with time_machine.travel(datetime.now(UTC) + _LATER):  # the platform tries again what failed
            for row in rows.values():
                found += _deliver(scene, read_hint(of_trigger(row)), served.url, None)
    return found + _judged(scene, [*rows])


def _deliver(scene: Scene, hint: Hint, url: str, killer: Random | None) -> Counter[str]:
    try:
        if killer is None:
            scene.watch(hint, url)
        else:
            with mock.patch.object(StoredChange, killer.choice(_STEPS), side_effect=KilledError):
                scene.watch(hint, url)
    except (NotConfirmedError, NotToldError):
        return Counter(events=1, unconfirmed=1)
    except KilledError:
        return Counter(events=1, killed=1)
    return Counter(events=1)


def _judged(scene: Scene, traces: Sequence[str]) -> Counter[str]:
    result = verify_changes(open_store(str(scene.folder)), scene.simulator.project_id)
    runs = Counter(digest.run for digest in result.runs)
    wrong = sum(runs[each] != 1 for each in traces) + len(result.faults)
    told = [sum(each in message.text for message in scene.simulator.inbox.messages) for each in traces]
    return Counter(verdicts=len(runs), wrong=wrong, untold=told.count(0))


def _scene(folder: Path, latency: timedelta = timedelta(0)) -> Scene:
    estate = build_estate("healthy", seed=1, resources=4, days=2, as_of=_AS_OF)
    return Scene(estate, Simulator(estate, latency=latency), folder)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    for latency, ratio in latencies().items():
        print(f"{latency} ms: {ratio:.2f} x the latency of one response")  # a program
    found = schedules(number)
    print(f"{dict(found)}, {found['wrong']} wrong, {found['untold']} untold")  # likewise
