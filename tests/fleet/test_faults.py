"""Whatever fails in a fleet run: nothing but everything makes it compliant, and no trouble hides another."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from audit.errors import StoreError
from audit.evidence.chain import Unsigned
from audit.evidence.store import ProbedStore, open_store
from audit.fleet.forms import Discovery, FleetPlan, Receipt, Status, Target
from audit.fleet.here import HereLimits, audit_here
from audit.fleet.publication import FleetRun, begin
from audit.fleet.roll_up import FleetBefore, FleetReport, roll_up
from audit.fleet.target_run import audit_target
from audit.fleet.verify import verify_fleet
from audit.report.facts import Conclusion
from audit.simulator import Company, Response, build_company, serve
from audit.simulator.company_of_accounts import AGENCY
from audit.simulator.messages import Request
from tests.fleet import test_discovery_of_a_company
from tests.fleet.builders import AS_OF, PROFILES, SHA, a_plan, a_receipt, a_target, stored
from tests.fleet.test_publication import FOUND, RESPONSE, KilledError, killing, rendered
from tests.fleet.turns import InTurns
from tests.pretend import without_waiting

ONE, TWO, THREE = (a_target(number) for number in (1, 2, 3))
FAKE = "the digest of its audit is missing"  # receipts of these tests name audits that nobody made
WORKER = f"""
import json, os, signal, sys
from pathlib import Path
given = json.loads(sys.stdin.readline())
if given["target"] == {ONE.key!r}:
    signal.pause()
if given["target"] == {TWO.key!r}:
    os.kill(os.getpid(), signal.SIGKILL)
receipt = Path(given["variables"]["CBR_AUDIT_STORE"], given["prefix"], "receipts", given["target"] + ".json")
receipt.parent.mkdir(parents=True, exist_ok=True)
receipt.write_bytes({a_receipt(THREE).dump()!r})
"""


@pytest.fixture
def store(tmp_path: Path) -> ProbedStore:
    return open_store(str(tmp_path / "store"))


def faults(store: ProbedStore) -> list[str]:
    return [each.problem for each in verify_fleet(store, "all").faults if FAKE not in each.problem]


def test_one_that_hangs_and_one_that_is_killed_hide_no_other(store: ProbedStore, tmp_path: Path) -> None:
    run = begin(store, a_plan(ONE, TWO, THREE), PROFILES)
    limits = HereLimits(parallel=3, each=timedelta(seconds=2))
    variables = {"CBR_AUDIT_STORE": str(tmp_path / "store")}
    left = {target.key: receipt for target, receipt in audit_here(run, variables, limits, worker=("-c", WORKER))}
    report = run.roll_up(Unsigned(), rendered)

    assert [left[each.key].status for each in (ONE, TWO, THREE)] == [
        Status.OUT_OF_TIME,
        Status.FAILED,
        Status.AUDITED,
    ]
    assert [line.status for line in report.targets] == [left[each.key].status for each in (ONE, TWO, THREE)]
    assert report.conclusion == Conclusion.INCOMPLETE


def test_a_receipt_that_cannot_be_stored_hides_no_other(store: ProbedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(store, a_plan(ONE, TWO), PROFILES)
    create = store.create

    def refusing(key: str, data: bytes) -> None:
        if ONE.key in key:
            raise StoreError("the store is full")
        create(key, data)

    with monkeypatch.context() as patched:
        patched.setattr(store, "create", refusing)
        left = {target.key: receipt for target, receipt in audit_here(run, {}, worker=("-c", "exit(1)"))}
    report = run.roll_up(Unsigned(), rendered)

    assert left[ONE.key].reason == "its receipt could not be read or stored: the store is full"
    assert [line.status for line in report.targets] == [Status.NEVER, Status.FAILED]


@pytest.fixture
def company() -> Iterator[Company]:
    company = build_company(("audit", "shop", "bank"), resources=1, days=2, as_of=AS_OF)
    with without_waiting():
        yield company


def audited(company: Company, folder: Path) -> FleetReport:
    """Audit every account of a company, one after the other, and roll the receipts up."""
    targets = [
        a_target(
            account=member.id,
            region="sim-1",
            project_id=member.projects["sim-1"].project_id,
            agency="" if member is company.auditor else f"iam::{member.id}:agency:{AGENCY}",
        )
        for member in company.accounts.members
    ]
    run = begin(open_store(str(folder)), a_plan(*targets, as_of=AS_OF), PROFILES)
    with serve(company) as served:
        variables = {
            "HUAWEICLOUD_SDK_REGION": "sim-1",
            "HUAWEICLOUD_SDK_PROJECT_ID": company.home.project_id,
            "HUAWEICLOUD_SDK_AK": company.auditor.login.ak,
            "HUAWEICLOUD_SDK_SK": company.auditor.login.sk,
            "CBR_AUDIT_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_IAM_ENDPOINT": served.url,
            "CBR_AUDIT_STS_ENDPOINT": served.url,
            "CBR_AUDIT_STORE": str(folder),
        }
        for target in targets:
            audit_target(run, target, variables)
    return run.roll_up(Unsigned(), rendered)


def expiring(company: Company, times: int) -> Callable[[Request], Response | None]:
    """Let the keys of an account end before its vaults are read, so many times."""
    left = times

    def expire(request: Request) -> None:
        nonlocal left
        if "/vaults" in request.url and company["bank"].projects["sim-1"].project_id in request.url and left > 0:
            left -= 1
            company.expire_keys("bank")

    return expire


@pytest.mark.parametrize(("times", "is_renewed"), [(0, True), (1, True), (1000, False)])
def test_keys_that_end_during_an_audit_are_renewed_or_the_fleet_is_incomplete(
    times: int, company: Company, tmp_path: Path, *, is_renewed: bool
) -> None:
    company.intercept = expiring(company, times)
    report = audited(company, tmp_path)

    assert [line.audited is not None and line.audited.complete for line in report.targets] == [True, True, is_renewed]
    assert report.conclusion == (Conclusion.COMPLIANT if is_renewed else Conclusion.INCOMPLETE)


def test_an_account_that_denies_hides_no_other(company: Company, tmp_path: Path) -> None:
    company["shop"].agencies.clear()
    report = audited(company, tmp_path)

    assert [line.status for line in report.targets] == [Status.AUDITED, Status.DENIED, Status.AUDITED]
    assert report.conclusion == Conclusion.INCOMPLETE


@pytest.mark.parametrize("page", range(7))
def test_an_organisation_that_shrinks_while_it_is_read_is_not_compliant_without_what_it_lost(page: int) -> None:
    company = build_company(("audit", "shop", "bank"), resources=1, days=2, as_of=AS_OF, clock=lambda: AS_OF)
    company.directory.most_rows = 1
    before = test_discovery_of_a_company.planned(company)
    company.directory.meanwhile = [*([lambda: None] * page), lambda: company.directory.members.pop("bank")]
    plan = test_discovery_of_a_company.planned(company, previous=before)
    receipts = stored(*(a_receipt(target) for target in plan.targets))
    report = roll_up(plan, SHA, receipts, FleetBefore(before))
    expecting = roll_up(plan.model_copy(update={"min_accounts": 3}), SHA, receipts)

    named = {target.account_name for target in (*plan.targets, *report.gone)}
    assert named == {"audit", "shop", "bank"}
    is_planned = "bank" in {target.account_name for target in plan.targets}
    assert (expecting.conclusion == Conclusion.COMPLIANT) <= is_planned


def found(*targets: Target) -> FleetPlan:
    return a_plan(*targets, discovery=Discovery(accounts=len(targets), evidence=(FOUND,)))


def begun(store: ProbedStore, *targets: Target) -> FleetRun:
    return begin(store, found(*targets), PROFILES, {FOUND.name: RESPONSE})


@pytest.mark.parametrize("after", range(4))
def test_a_coordinator_that_is_killed_while_it_plans_is_followed_by_one_that_finds_something_else(
    after: int, store: ProbedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        killing(store, after, patched)
        try:
            begun(store, ONE, TWO)
        except KilledError:
            is_killed = True
        else:
            is_killed = False
    run = begun(store, ONE, THREE)
    run.leave(a_receipt(ONE))
    report = run.roll_up(Unsigned(), rendered)

    assert is_killed == (after < 3)
    assert run.plan.targets == ((ONE, THREE) if is_killed else (ONE, TWO))
    assert report.conclusion == Conclusion.INCOMPLETE
    assert faults(store) == []


def coordinator(*receipts: Receipt, sees: tuple[Target, ...]) -> Callable[[ProbedStore], FleetReport]:
    def work(store: ProbedStore) -> FleetReport:
        run = begun(store, *sees)
        for receipt in receipts:
            run.leave(receipt)
        return run.roll_up(Unsigned(), rendered)

    return work


@pytest.mark.parametrize("seed", range(30))
def test_two_coordinators_at_once_come_to_one_roll_up(seed: int, store: ProbedStore) -> None:
    results = InTurns(store, seed).run(
        coordinator(a_receipt(ONE), a_receipt(TWO), sees=(ONE, TWO)),
        coordinator(a_receipt(ONE, Status.DENIED), sees=(ONE, TWO, THREE)),
    )
    last = begun(store, ONE, TWO).roll_up(Unsigned(), rendered)

    assert [report for report in results if report != last] == []
    assert faults(store) == []
    assert verify_fleet(store, "all").digests == 1
    is_all = all(line.status == Status.AUDITED for line in last.targets)
    assert (last.conclusion == Conclusion.COMPLIANT) == is_all
