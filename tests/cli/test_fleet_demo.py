"""`demo --fleet` and `simulate --fleet`: what the roll-up says is what the simulator knows to be true."""

import json
import signal
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from audit.cli import fleet
from audit.cli.commands import main
from audit.evidence.store import open_store
from audit.fleet.forms import Receipt, Target
from audit.fleet.here import HereLimits
from audit.fleet.publication import FleetRun
from audit.fleet.target_run import audit_target
from audit.fleet.verify import verify_fleet
from audit.simulator import build_staged_company

AS_OF = datetime(2026, 11, 23, 4, tzinfo=UTC)


def invoke(*args: object) -> Result:
    return CliRunner().invoke(main, [*map(str, args), "--as-of", AS_OF.isoformat()])


@pytest.fixture
def without_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Audit targets in this process; tests/fleet/test_here.py is about processes."""

    def audit_in_turn(
        run: FleetRun, variables: Mapping[str, str], _limits: HereLimits
    ) -> Iterator[tuple[Target, Receipt]]:
        return ((target, audit_target(run, target, variables)) for target in run.plan.targets)

    monkeypatch.setattr(fleet, "audit_here", audit_in_turn)


@pytest.mark.usefixtures("without_processes")
@pytest.mark.parametrize(("scenario", "seed"), [("mixed", 1), ("mixed", 2), ("healthy", 3), ("partial", 4)])
def test_the_roll_up_of_a_company_is_the_truth_about_it(scenario: str, seed: int, tmp_path: Path) -> None:
    told = invoke("demo", "--fleet", "--scenario", scenario, "--seed", seed, "--out", tmp_path)
    truth = build_staged_company(scenario, seed=seed, as_of=AS_OF).truth
    page = Path(told.stdout.rpartition("Page     ")[2].strip())
    report = orjson.loads(page.with_name("fleet.json").read_bytes())
    found = [
        {
            **{name: line["target"][name] for name in ("account", "region", "project_id")},
            "status": line["status"],
            "conclusion": line["audited"] and line["audited"]["conclusion"],
        }
        for line in report["targets"]
    ]

    assert told.exit_code == 0, told.output
    assert page.is_file()
    assert {
        "conclusion": report["conclusion"],
        "complete": report["complete"],
        "left_out": [out["account"] for out in report["left_out"]],
        "targets": found,
    } == truth
    assert not verify_fleet(open_store(str(tmp_path)), "demo").faults


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("demo", "--fleet", "--scenario", "failing"), "--fleet needs --scenario mixed, healthy or partial"),
        (("simulate", "--fleet", "--scenario", "failing"), "--fleet needs --scenario mixed, healthy or partial"),
        (("simulate", "--fleet", "--tampered", "--days", 3), "--fleet does not go with --days, --tampered"),
    ],
)
def test_a_company_says_what_it_cannot_be(args: tuple[object, ...], said: str) -> None:
    told = invoke(*args)

    assert told.exit_code == 2
    assert said in told.stderr


def test_a_served_company_says_what_to_set_and_what_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(threading.Event):
        """Is waited for, and gets the signal just then."""

        def wait(self, timeout: float | None = None) -> bool:
            signal.raise_signal(signal.SIGTERM)
            return super().wait(timeout)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with monkeypatch.context() as patch:
        patch.setattr("audit.cli.commands.threading.Event", Stopped)
        told = invoke("simulate", "--fleet", "--seed", 5, "--truth", tmp_path / "truth.json")
    for number, handler in before.items():
        signal.signal(number, handler)
    line = json.loads(told.stdout)

    assert told.exit_code == 0, told.output
    assert line["settings"]["CBR_AUDIT_ORGANIZATIONS_ENDPOINT"] == line["url"]
    assert "organization: true" in line["settings"]["CBR_AUDIT_FLEET"]
    assert json.loads((tmp_path / "truth.json").read_bytes()) == build_staged_company(seed=5, as_of=AS_OF).truth
