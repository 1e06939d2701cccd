"""Targets audited on this machine: each in a process of its own, and none hides another."""

from datetime import timedelta
from pathlib import Path

import pytest

from audit.evidence.chain import Unsigned
from audit.evidence.store import ProbedStore, open_store
from audit.evidence.verify import verify
from audit.fleet.forms import FleetPlan, Receipt, Status
from audit.fleet.here import HereLimits, audit_here
from audit.fleet.publication import FleetRun, begin
from audit.fleet.verify import verify_fleet
from audit.report.facts import Conclusion
from audit.simulator import build_company, serve
from tests.fleet.builders import AS_OF, PROFILES, a_plan, a_target

FOREVER = ("-c", "import signal; signal.pause()")
KILLED = ("-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
BROKEN = ("-c", "import sys; sys.exit('the worker is broken')")


@pytest.fixture
def store(tmp_path: Path) -> ProbedStore:
    return open_store(str(tmp_path / "store"))


def begun(store: ProbedStore, plan: FleetPlan) -> FleetRun:
    return begin(store, plan, PROFILES)


def audited(run: FleetRun, *worker: str, limits: HereLimits | None = None) -> dict[str, Receipt]:
    limits = limits or HereLimits(parallel=2, each=timedelta(minutes=2))
    return {target.key: receipt for target, receipt in audit_here(run, {}, limits, worker=worker)}


def test_targets_are_audited_and_the_roll_up_proves_them(store: ProbedStore, tmp_path: Path) -> None:
    company = build_company(("audit",), regions=("sim-1", "sim-2", "sim-3"), as_of=AS_OF, clock=lambda: AS_OF)
    company.auditor.projects["sim-3"].deny(
        *("cbr:tasks:list", "cbr:policies:list", "cbr:vaults:list", "cbr:backups:list"),
    )
    found = [
        a_target(
            account=company.auditor.id,
            region=region,
            project_id=project.project_id,
        )
        for region, project in company.auditor.projects.items()
    ]
    run = begun(store, a_plan(*found, as_of=AS_OF))
    with serve(company) as served:
        variables = {
            "HUAWEICLOUD_SDK_AK": company.auditor.login.ak,
            "HUAWEICLOUD_SDK_SK": company.auditor.login.sk,
            "CBR_AUDIT_ENDPOINT": served.url,
            "CBR_AUDIT_STORE": str(tmp_path / "store"),
        }
        receipts = {target.key: receipt for target, receipt in audit_here(run, variables)}
        again = company.auditor.projects["sim-1"].requests
        assert {target.key: receipt for target, receipt in audit_here(run, variables)} == receipts
        assert company.auditor.projects["sim-1"].requests == again  # a target with a receipt is not audited again
    report = run.roll_up(Unsigned(), lambda _report: {})

    assert [receipts[target.key].status for target in found] == [Status.AUDITED, Status.AUDITED, Status.DENIED]
    assert (report.conclusion, report.complete) == (Conclusion.INCOMPLETE, False)
    assert report.summary.resources == 12
    assert not verify_fleet(store, "all").faults
    assert not verify(store, found[0].project_id).faults


@pytest.mark.parametrize(
    ("worker", "status", "reason"),
    [
        (KILLED, Status.FAILED, "its process was ended by SIGKILL (its memory may have been too small)"),
        (BROKEN, Status.FAILED, "its process ended with 1 and no receipt: the worker is broken"),
    ],
)
def test_a_process_that_dies_leaves_a_receipt_all_the_same(
    worker: tuple[str, ...], status: Status, reason: str, store: ProbedStore
) -> None:
    run = begun(store, a_plan(a_target(1), a_target(2)))

    assert {(receipt.status, receipt.reason) for receipt in audited(run, *worker).values()} == {(status, reason)}
    assert not run.roll_up(Unsigned(), lambda _report: {}).complete


def test_a_target_that_hangs_is_ended(store: ProbedStore) -> None:
    run = begun(store, a_plan(a_target()))
    (receipt,) = audited(run, *FOREVER, limits=HereLimits(each=timedelta(milliseconds=300))).values()

    assert receipt.status == Status.OUT_OF_TIME
    assert "it was ended after" in receipt.reason


def test_targets_for_which_no_time_is_left_are_named_as_such(store: ProbedStore) -> None:
    run = begun(store, a_plan(a_target(1), a_target(2)))
    receipts = audited(run, *FOREVER, limits=HereLimits(all=timedelta(0)))

    assert {receipt.reason for receipt in receipts.values()} == {"the time for all targets had ended before it began"}
