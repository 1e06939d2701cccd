"""A fleet in FunctionGraph: events come twice, late or never, and none of that changes what is true."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import time_machine

import handler
from audit.app.event import asked_of_fleet
from audit.errors import (
    EventError,
    IncompleteError,
    SettingsError,
    SourceRefusedError,
    SourceUnreachableError,
    StoreError,
)
from audit.evidence.publish import read_latest
from audit.evidence.store import ProbedStore, open_store
from audit.fleet import function
from audit.fleet.forms import Receipt, Status, Target
from audit.fleet.publication import FleetRun, begun_run
from audit.fleet.verify import verify_fleet
from audit.report.facts import Conclusion
from audit.simulator import Company, build_company, serve
from tests.fleet.builders import a_receipt
from tests.pretend import Context

AS_OF = datetime(2026, 11, 23, 4, tzinfo=UTC)
TIMER = {
    "version": "v1.0",
    "time": AS_OF.isoformat(),
    "trigger_type": "TIMER",
    "trigger_name": "Timer_001",
    "user_event": '{"fleet": "start"}',
}
ROLL_UP = {**TIMER, "user_event": '{"fleet": "roll_up"}', "time": (AS_OF + timedelta(hours=3)).isoformat()}


class FunctionContext(Context):
    """A context that names the function."""

    def getPackage(self) -> str:  # noqa: N802  # named by the platform
        return "default"

    def getFunctionName(self) -> str:  # noqa: N802  # named by the platform
        return "cbr-audit"

    def getVersion(self) -> str:  # noqa: N802  # named by the platform
        return "latest"


@dataclass
class Fleet:
    """A company whose first account has the function that audits all of it."""

    company: Company
    store: ProbedStore
    data: dict[str, str]
    returned: list[dict[str, Any]] = field(default_factory=list)

    def call(self, event: object) -> dict[str, Any]:
        """Let FunctionGraph run the function."""
        keys = self.company.auditor.login
        answer = handler.handler(event, FunctionContext(self.data, keys=(keys.ak, keys.sk, "")))
        self.returned.append(answer)
        return answer

    @property
    def run(self) -> FleetRun:
        """The only fleet run."""
        (key,) = [key for key in self.store.keys("fleet-all/") if key.endswith("/plan.json")]
        run = begun_run(self.store, key.removesuffix("/plan.json"))
        assert run is not None
        return run


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    company = build_company(
        ("audit", "shop"), regions=("sim-1", "sim-2"), resources=2, days=3, as_of=AS_OF, clock=lambda: datetime.now(UTC)
    )
    with time_machine.travel(AS_OF + timedelta(minutes=1), tick=True), serve(company) as served:
        data = {
            "CBR_AUDIT_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_IAM_ENDPOINT": served.url,
            "CBR_AUDIT_STS_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_REGION": "sim-1",
            "HUAWEICLOUD_SDK_PROJECT_ID": company.home.project_id,
            "CBR_AUDIT_STORE": str(tmp_path / "store"),
            "CBR_AUDIT_FLEET": configured(company),
            "CBR_AUDIT_FUNCTIONGRAPH_ENDPOINT": served.url,
        }
        yield Fleet(company, open_store(str(tmp_path / "store")), data)


def configured(company: Company) -> str:
    targets = "".join(
        f"  - {{account: {member.id}, region: {region}, project: {project.project_id}}}\n"
        for member in company.accounts.members
        for region, project in member.projects.items()
    )
    return (
        f"name: all\nhome: {company.auditor.id}\nagency: iam::{{account}}:agency:cbr-audit\n"
        f"discovery: {{projects: false}}\ntargets:\n{targets}"
    )


def audits(monkeypatch: pytest.MonkeyPatch, became: Callable[[Target], Receipt]) -> None:
    """Audit nothing, and leave a receipt at once: these tests are about events, not about audits."""

    def leave(run: FleetRun, target: Target, _variables: Mapping[str, str], _prepare: object) -> Receipt:
        receipt = became(target).model_copy(update={"fleet_run": run.plan.run})
        return receipt if run.leave(receipt) else run.receipt_of(target.key) or receipt

    monkeypatch.setattr(function, "audit_target", leave)


def test_a_fleet_is_planned_audited_and_rolled_up_by_events(fleet: Fleet) -> None:
    queue = fleet.company.home.invoke_later()
    fleet.company.home.plug_in(fleet.call)
    started = fleet.call(TIMER)
    assert (started["targets"], started["accepted"], queue.waiting) == (4, 4, 4)  # and none was waited for
    ran = queue.run(fleet.call, Random(1))  # noqa: S311  # the order of events
    report = fleet.run.report()

    assert (ran["run"], ran["failed"]) == (4, 0)
    assert (report.conclusion, report.complete) == (Conclusion.COMPLIANT, True)
    assert {line.status for line in report.targets} == {Status.AUDITED}
    assert not verify_fleet(fleet.store, "all").faults
    pointer = read_latest(fleet.store, "fleet-all")
    assert pointer is not None
    assert pointer.run == report.run == started["fleet_run"]


@pytest.mark.parametrize("seed", range(12))
def test_doubled_reordered_and_discarded_events_change_nothing_that_is_true(
    seed: int, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, audited = Random(seed), list[str]()  # noqa: S311  # the order of events

    def became(target: Target) -> Receipt:
        audited.append(target.key)
        return a_receipt(target)

    audits(monkeypatch, became)
    queue = fleet.company.home.invoke_later()
    fleet.company.home.plug_in(fleet.call)
    for _ in range(rng.choice((1, 2))):
        fleet.call(TIMER)
    ran = queue.run(fleet.call, rng, doubled=0.4, discarded=0.3)
    lost = {target.key for target in fleet.run.plan.targets} - {*audited}
    with time_machine.travel(AS_OF + timedelta(hours=3), tick=True):
        for _ in range(rng.choice((1, 2))):
            if lost:
                with pytest.raises(IncompleteError, match="the fleet is incomplete"):
                    fleet.call(ROLL_UP)
            else:
                fleet.call(ROLL_UP)
    report = fleet.run.report()

    assert ran["run"] > 0
    assert {line.target.key for line in report.targets if line.status == Status.NEVER} == lost
    assert (report.conclusion == Conclusion.COMPLIANT) == (not lost)
    result = verify_fleet(fleet.store, "all")
    assert result.digests == 1
    assert not [fault for fault in result.faults if "digest of its audit" not in fault.problem]  # none was audited


def test_the_timer_that_rolls_up_fails_where_the_last_target_rolled_up_an_incomplete_fleet(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = {"status": Status.DENIED, "reason": "answered 403", "audited": None}
    audits(monkeypatch, lambda target: a_receipt(target).model_copy(update=denied))
    queue = fleet.company.home.invoke_later()
    fleet.company.home.plug_in(fleet.call)
    fleet.call(TIMER)
    assert queue.run(fleet.call, Random(1))["failed"] == 0  # noqa: S311  # the order of events
    assert fleet.run.is_rolled_up

    with pytest.raises(IncompleteError, match=fleet.run.plan.run):
        fleet.call(ROLL_UP)


def test_a_coordinator_that_is_started_again_starts_only_what_has_no_receipt(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    audits(monkeypatch, a_receipt)
    queue = fleet.company.home.invoke_later()
    fleet.company.home.plug_in(fleet.call)
    fleet.call(TIMER)
    fleet.run.leave(a_receipt(fleet.run.plan.targets[0], fleet_run=fleet.run.plan.run))

    assert fleet.call(TIMER)["accepted"] == 3
    assert queue.waiting == 7


def test_a_target_whose_function_is_refused_is_named(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [SourceRefusedError("too many", status=429), SourceUnreachableError("no answer"), None, None]

    def invoked(*_: object) -> None:
        if error := answers.pop():
            raise error

    monkeypatch.setattr(function, "start_itself", invoked)
    assert fleet.call(TIMER)["accepted"] == 2
    receipts = [receipt for target in fleet.run.plan.targets if (receipt := fleet.run.receipt_of(target.key))]

    assert [(receipt.status, receipt.reason) for receipt in receipts] == [
        (Status.FAILED, "the function could not be started for it: too many")
    ]


def test_a_coordinator_that_can_start_nothing_rolls_up_at_once(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise SourceRefusedError("answered 403", status=403)

    monkeypatch.setattr(function, "start_itself", refuse)
    fleet.call(TIMER)

    assert (fleet.run.report().conclusion, fleet.run.report().complete) == (Conclusion.INCOMPLETE, False)


def test_who_rolls_up_by_hand_is_told_what_is_incomplete(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    audits(monkeypatch, a_receipt)
    fleet.company.home.invoke_later()
    fleet.company.home.plug_in(fleet.call)
    fleet.call(TIMER)
    with time_machine.travel(AS_OF + timedelta(hours=3), tick=True):
        answer = fleet.call({"fleet": "roll_up"})

    assert answer == {"rolled_up": [{"fleet_run": fleet.run.plan.run, "conclusion": "incomplete"}]}


def test_a_fleet_of_nothing_is_rolled_up_at_once_and_fails_at_the_second_timer(fleet: Fleet) -> None:
    fleet.data["CBR_AUDIT_FLEET"] = "accounts:\n  - id: somebody\ndiscovery: {projects: false}"
    fleet.call(TIMER)

    assert fleet.run.report().doubts[-1] == "there is nothing to audit: no target was found"
    with pytest.raises(IncompleteError, match="the fleet is incomplete"):
        fleet.call(ROLL_UP)


def test_a_run_that_is_damaged_hinders_no_other_and_is_named(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = "fleet-all/2026/11/22/20261122T040000Z-000000000000"
    fleet.store.create(f"{damaged}/plan.json", b"{}")
    audits(monkeypatch, a_receipt)
    fleet.company.home.invoke_later()
    fleet.company.home.plug_in(fleet.call)

    assert fleet.call(TIMER)["accepted"] == 4
    with (
        time_machine.travel(AS_OF + timedelta(hours=3), tick=True),
        pytest.raises(StoreError, match=f"{damaged} could not be rolled up: .* no known form"),
    ):
        fleet.call(ROLL_UP)
    pointer = read_latest(fleet.store, "fleet-all")
    assert pointer is not None  # the other one is rolled up all the same
    assert pointer.conclusion == "incomplete"


def test_a_target_that_no_plan_has_is_refused(fleet: Fleet) -> None:
    event = {"fleet": "target", "prefix": "fleet-all/2026/11/23/no-such-run", "target": "a.b.c"}

    with pytest.raises(EventError, match="start the fleet run first"):
        fleet.call(event)


def test_what_the_timer_starts_is_named_by_its_time_so_that_it_is_started_once() -> None:
    asked = asked_of_fleet(TIMER)

    assert asked is not None
    assert (asked.as_of, asked.on_timer) == (TIMER["time"], True)


def test_the_dead_man_switch_hears_of_the_start_and_of_the_end(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    audits(monkeypatch, a_receipt)
    url = fleet.data["CBR_AUDIT_ENDPOINT"]
    fleet.data["CBR_AUDIT_PING_URL"] = f"{url}/ping/0ff1ce-1"
    queue = fleet.company.home.invoke_later()
    fleet.company.home.plug_in(fleet.call)
    fleet.call(TIMER)
    queue.run(fleet.call, Random(1), doubled=0.5)  # noqa: S311  # the order of events

    assert [signal for signal, _ in fleet.company.home.inbox.pings] == ["start", "success"]


def test_the_dead_man_switch_hears_of_a_fleet_that_could_not_be_planned(fleet: Fleet) -> None:
    url = fleet.data["CBR_AUDIT_ENDPOINT"]
    fleet.data |= {"CBR_AUDIT_PING_URL": f"{url}/ping/0ff1ce-1", "CBR_AUDIT_FLEET": "name: all\nnot a key: 1\n"}

    with pytest.raises(SettingsError):
        fleet.call(TIMER)
    assert [signal for signal, _ in fleet.company.home.inbox.pings] == ["fail"]


def test_a_run_that_ends_after_a_later_one_is_no_news(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    audits(monkeypatch, a_receipt)
    fleet.data["CBR_AUDIT_PING_URL"] = f"{fleet.data['CBR_AUDIT_ENDPOINT']}/ping/0ff1ce-1"
    fleet.company.home.invoke_later()
    fleet.company.home.plug_in(fleet.call)
    fleet.call(TIMER)
    later = AS_OF + timedelta(minutes=30)
    with time_machine.travel(later, tick=True):
        queue = fleet.company.home.invoke_later()
        fleet.call({**TIMER, "time": later.isoformat()})
        queue.run(lambda event: fleet.call(event) if "T0430" in event["prefix"] else None, Random(1))  # noqa: S311
    with time_machine.travel(AS_OF + timedelta(hours=3), tick=True), pytest.raises(IncompleteError):
        fleet.call(ROLL_UP)

    assert [signal for signal, _ in fleet.company.home.inbox.pings] == ["start", "start", "success"]
