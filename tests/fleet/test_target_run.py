"""Targets in other accounts: read as their agencies, and what became of each is told apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from audit.app.request import RunRequest
from audit.evidence.store import open_store
from audit.fleet.forms import Caller, Receipt, Status, Target
from audit.fleet.publication import begin
from audit.fleet.target_run import audit_target, variables_of
from audit.profile import build_profile
from audit.simulator import Company, Response, build_company, serve
from audit.simulator.company_of_accounts import AGENCY
from tests.fleet.builders import AS_OF, PROFILES, a_plan, a_target
from tests.pretend import a_simulator, json_response, variables, without_waiting

EXTERNAL_ID = "external-id-of-the-fleet"


@dataclass
class Fleet:
    """A company, and the settings of a fleet in it."""

    company: Company
    settings: dict[str, str]

    def target(self, name: str) -> Target:
        member = self.company[name]
        agency = "" if member is self.company.auditor else f"iam::{member.id}:agency:{AGENCY}"
        project = member.projects["sim-1"].project_id
        return a_target(account=member.id, region="sim-1", project_id=project, agency=agency)

    def audited(self, name: str, **changed: str) -> Receipt:
        run = begin(open_store(self.settings["CBR_AUDIT_STORE"]), a_plan(self.target(name), as_of=AS_OF), PROFILES)
        return audit_target(run, self.target(name), {**self.settings, **changed})


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    company = build_company(("audit", "shop"), resources=1, days=2, as_of=AS_OF)
    company["shop"].agencies[AGENCY].external_id = EXTERNAL_ID
    with serve(company) as served, without_waiting():
        settings = {
            "HUAWEICLOUD_SDK_REGION": "sim-1",
            "HUAWEICLOUD_SDK_PROJECT_ID": company.home.project_id,
            "HUAWEICLOUD_SDK_AK": company.auditor.login.ak,
            "HUAWEICLOUD_SDK_SK": company.auditor.login.sk,
            "CBR_AUDIT_AGENCY": "iam::{account}:agency:cbr-audit",
            "CBR_AUDIT_EXTERNAL_ID": EXTERNAL_ID,
            "CBR_AUDIT_ENDPOINT": served.url,
            "HUAWEICLOUD_SDK_IAM_ENDPOINT": served.url,
            "CBR_AUDIT_STS_ENDPOINT": served.url,
            "CBR_AUDIT_SIGNING_KMS_KEY": company.home.key.id,
            "CBR_AUDIT_KMS_ENDPOINT": served.url,
            "CBR_AUDIT_STORE": str(tmp_path / "store"),
        }
        yield Fleet(company, settings)


def test_each_receipt_says_as_whom_its_target_was_read(fleet: Fleet) -> None:
    shop = fleet.company["shop"].id
    there, here = fleet.audited("shop"), fleet.audited("audit")

    urn = f"sts::{shop}::assumed-agency:{AGENCY}/cbr-audit-{there.fleet_run}"
    assert (there.status, there.caller) == (
        Status.AUDITED,
        Caller(way="sts-v5", account_id=shop, principal_urn=urn),
    )
    assert (here.status, here.caller) == (Status.AUDITED, Caller(way="own"))


def test_the_endpoint_of_another_region_is_not_asked(fleet: Fleet) -> None:
    receipt = fleet.audited(
        "shop", HUAWEICLOUD_SDK_REGION="eu-west-101", CBR_AUDIT_ENDPOINT="https://cbr.eu-west-101.myhuaweicloud.com"
    )

    assert receipt.status == Status.FAILED
    assert receipt.reason == "CBR_AUDIT_ENDPOINT is that of eu-west-101: unset it, so that each region has its own"


def test_a_denial_is_not_a_failure(fleet: Fleet) -> None:
    receipt = fleet.audited("shop", CBR_AUDIT_EXTERNAL_ID="another-external-id")

    assert (receipt.status, receipt.caller) == (Status.DENIED, None)
    assert "the agency iam::" in receipt.reason


def test_an_own_identity_that_is_refused_is_a_failure_and_no_denial(fleet: Fleet) -> None:
    receipt = fleet.audited(
        "shop", HUAWEICLOUD_SDK_SK="AWrongSecretKey", CBR_AUDIT_SIGNING_KMS_KEY="", CBR_AUDIT_KMS_ENDPOINT=""
    )

    assert receipt.status == Status.FAILED
    assert "the own identity is not accepted here" in receipt.reason


def test_an_sts_that_does_not_respond_is_no_denial(fleet: Fleet) -> None:
    fleet.company.intercept = lambda request: Response(503) if "/v5/" in request.url else None

    assert fleet.audited("shop").status == Status.UNREACHABLE


def test_keys_of_another_account_are_a_failure(fleet: Fleet) -> None:
    fleet.company.intercept = lambda request: (
        json_response({"account_id": "another"}) if request.url.endswith("/caller-identity") else None
    )

    assert fleet.audited("shop").status == Status.FAILED


def test_a_fault_of_ours_is_a_failure_of_its_target_alone(fleet: Fleet) -> None:
    def broken(_request: RunRequest) -> RunRequest:
        raise RuntimeError("it is broken")

    target = fleet.target("audit")
    run = begin(open_store(fleet.settings["CBR_AUDIT_STORE"]), a_plan(target, as_of=AS_OF), PROFILES)
    receipt = audit_target(run, target, fleet.settings, broken)

    assert (receipt.status, receipt.reason) == (
        Status.FAILED,
        "internal error, please report it: RuntimeError: it is broken",
    )
    assert audit_target(run, target, fleet.settings) == receipt  # a target with a receipt is not audited again


def test_a_receipt_counts_what_fails_by_enterprise_project_and_names_the_worst(tmp_path: Path) -> None:
    simulator = a_simulator("failing", resources=12)
    waiver = {"control": "CBR-102", "subject": "*", "owner": "Ana", "reason": "known", "until": "2027-03-31"}
    profile = build_profile({"scope": {"exclude": [{"resources": ["*-01"]}]}, "waivers": [waiver]}, "a profile")
    target = a_target(project_id=simulator.project_id, profile_sha256=profile.sha256)
    run = begin(open_store(str(tmp_path)), a_plan(target, as_of=AS_OF), {profile.sha256: profile.canonical})
    with serve(simulator) as served, without_waiting():
        found = audit_target(run, target, variables(simulator, served.url, tmp_path)).audited

    assert found is not None
    assert len(found.worst) == min(20, found.problems) > 0
    assert {worst.control for worst in found.worst}.isdisjoint({"CBR-102"})
    assert sum(group.resources for group in found.groups) == found.resources > 0
    assert sum(group.failing for group in found.groups) == found.failing > 0


def test_the_endpoint_of_traces_is_that_of_one_region() -> None:
    target = a_target()
    traces = {"CBR_AUDIT_CTS_ENDPOINT": "https://cts.r1.myhuaweicloud.com"}

    for region, is_kept in ((target.region, True), ("", True), ("r1", False)):
        given = variables_of(target, a_plan(target), {**traces, "HUAWEICLOUD_SDK_REGION": region})
        assert ("CBR_AUDIT_CTS_ENDPOINT" in given) is is_kept


def test_a_target_is_told_whose_it_is_whatever_the_fleet_is_told() -> None:
    target = a_target(unit=("Root", "prod"))
    given = variables_of(target, a_plan(target), {"CBR_AUDIT_ACCOUNT_ID": "a0", "CBR_AUDIT_ACCOUNT_NAME": "home"})

    assert {name: value for name, value in given.items() if "_ACCOUNT_" in name} == {
        "CBR_AUDIT_ACCOUNT_ID": "account-1",
        "CBR_AUDIT_ACCOUNT_NAME": "company-1",
        "CBR_AUDIT_ACCOUNT_UNIT": "Root/prod",
    }
