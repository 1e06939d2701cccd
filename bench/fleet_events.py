"""Events of a fleet that come twice, late, in any order or never, and coordinators that die: what is rolled up then.

Each schedule is a fleet run of the real function, with a simulated cloud and a store of its own. Its targets leave
receipts without an audit. What is rolled up is compared with what the schedule let happen.
"""

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final
from unittest import mock

import time_machine

import handler
from audit import log
from audit.errors import IncompleteError
from audit.evidence.chain import Link
from audit.evidence.store import open_store
from audit.fleet import function
from audit.fleet.forms import Audited, Caller, Receipt, Status, Target
from audit.fleet.publication import FleetRun, begun_run
from audit.fleet.verify import verify_fleet
from audit.report.facts import Conclusion
from audit.simulator import Company, serve
from bench.fleet_cloud import company_of, settings_of

_LATER: Final = timedelta(hours=3)
_NO_DIGEST: Final = "digest of its audit"  # the only fault: nothing was audited
_TARGETS: Final = 6
_DAYS: Final = 2


class KilledError(BaseException):
    """Ends a coordinator, as the platform does: nothing can catch it."""


@dataclass
class _Context:
    """What FunctionGraph tells the function."""

    data: Mapping[str, str]
    keys: tuple[str, str]
    names: Mapping[str, str] = field(
        default_factory=lambda: {
            "RequestID": "0123-4567",
            "Token": "",
            "SecurityToken": "",
            "Package": "default",
            "FunctionName": "cbr-audit",
            "Version": "latest",
        }
    )

    def __getattr__(self, name: str) -> Any:
        """Return a method by its name."""
        given = {"SecurityAccessKey": self.keys[0], "SecuritySecretKey": self.keys[1], **self.names}
        if name == "getUserData":
            return self.data.get
        if name == "getRemainingTimeInMilliSeconds":
            return lambda: 300_000
        if (value := given.get(name.removeprefix("get"))) is None:
            raise AttributeError(name)
        return lambda: value


@dataclass
class Schedules:
    """What was tried, and what came of it."""

    tried: int = 0
    events: Counter[str] = field(default_factory=Counter)
    killed: int = 0
    incomplete: int = 0
    wrong: list[int] = field(default_factory=list)


def try_schedules(number: int, first: int = 0) -> Schedules:
    """Try schedules, each by its seed."""
    log.silence()
    found = Schedules()
    company = company_of(_TARGETS, 1, datetime.now(UTC), _DAYS)
    with serve(company) as served, mock.patch.object(log, "set_up"):
        for seed in range(first, first + number):
            with tempfile.TemporaryDirectory(prefix="cbr-audit-bench-") as folder:
                variables = {**settings_of(company, served.url), "CBR_AUDIT_STORE": folder}
                is_right = _Schedule(company, variables, Path(folder), Random(seed), found).carry_out()  # noqa: S311
            found.tried += 1
            found.wrong += () if is_right else (seed,)
    return found


class _Schedule:
    """One fleet run, and what happens to its events."""

    def __init__(
        self, company: Company, variables: Mapping[str, str], folder: Path, rng: Random, found: Schedules
    ) -> None:
        self._company, self._store, self._rng, self._found = company, open_store(str(folder)), rng, found
        login = company.auditor.login
        own = ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK")
        data = {name: value for name, value in variables.items() if name not in own}
        self._context = _Context(data, (login.ak, login.sk))
        self._audited: set[str] = set()
        self._time = datetime.now(UTC).replace(microsecond=0)

    def carry_out(self) -> bool:
        """Let it happen; return whether the roll-up says what did."""
        queue = self._company.home.invoke_later()
        rng, found = self._rng, self._found
        self._company.home.plug_in(self._call)
        with mock.patch.object(function, "audit_target", self._leave):
            for _ in range(rng.choice((1, 2, 3))):
                self._start()
            found.events += queue.run(self._call, rng, doubled=0.6 * rng.random(), discarded=0.5 * rng.random())
            with time_machine.travel(self._time + _LATER, tick=True):
                for _ in range(rng.choice((1, 2))):
                    self._roll_up()
        return self._is_right()

    def _call(self, event: object) -> dict[str, Any]:
        return handler.handler(event, self._context)

    def _start(self) -> None:
        """Let the timer start the fleet; the coordinator may die meanwhile, and the event comes again."""
        dies_after = self._rng.choice((None, None, *range(_TARGETS)))
        begin = function._begin  # noqa: SLF001  # where it dies
        begun = []

        def begin_or_die(run: FleetRun, invoke: function.Invoke, target: Target) -> bool:
            begun.append(target)
            if dies_after is not None and len(begun) > dies_after:
                raise KilledError
            return begin(run, invoke, target)

        try:
            with mock.patch.object(function, "_begin", begin_or_die):
                self._call(self._timer("start"))
        except KilledError:
            self._found.killed += 1
            self._call(self._timer("start"))

    def _roll_up(self) -> None:
        try:
            self._call(self._timer("roll_up"))
        except IncompleteError:
            self._found.incomplete += 1

    def _timer(self, asked: str) -> dict[str, str]:
        event = f'{{"fleet": "{asked}"}}'
        return {
            "version": "v1.0",
            "time": self._time.isoformat(),
            "trigger_type": "TIMER",
            "trigger_name": "fleet",
            "user_event": event,
        }

    def _leave(self, run: FleetRun, target: Target, _variables: object, _prepare: object) -> Receipt:
        """Leave the receipt of an audit that found nothing wrong."""
        self._audited.add(target.key)
        receipt = _receipt(run, target)
        return receipt if run.leave(receipt) else run.receipt_of(target.key) or receipt

    def _is_right(self) -> bool:
        (key,) = [key for key in self._store.keys("fleet-bench/") if key.endswith("/plan.json")]
        run = begun_run(self._store, key.removesuffix("/plan.json"))
        if run is None or not run.is_rolled_up:
            return False
        report, lost = run.report(), {target.key for target in run.plan.targets} - self._audited
        never = {line.target.key for line in report.targets if line.status == Status.NEVER}
        verified = verify_fleet(self._store, "bench")
        faults = [fault for fault in verified.faults if _NO_DIGEST not in fault.problem]
        return (
            len(report.targets) == _TARGETS
            and never == lost
            and (report.conclusion == Conclusion.COMPLIANT) == report.complete == (not lost)
            and verified.digests == 1
            and not faults
        )


def _receipt(run: FleetRun, target: Target) -> Receipt:
    now = datetime.now(UTC).replace(microsecond=0)
    audited = Audited(
        conclusion=Conclusion.COMPLIANT,
        complete=True,
        run=run.plan.run,
        prefix=f"{target.project_id}/{run.plan.as_of:%Y/%m/%d}/{run.plan.run}",
        digest=Link(object=f"{target.project_id}/digest/0000000001-{run.plan.run}.json", sha256="0" * 64),
        resources=1,
        failing=0,
        without_backup=0,
        problems=0,
        by_severity={},
        findings={},
    )
    return Receipt(
        fleet_run=run.plan.run,
        target=target.key,
        status=Status.AUDITED,
        caller=Caller(way="sts-v5" if target.agency else "own", account_id=target.account),
        started_at=now,
        ended_at=now,
        tool_version=run.plan.tool_version,
        audited=audited,
    )
