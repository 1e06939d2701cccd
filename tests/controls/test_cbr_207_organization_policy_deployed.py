from typing import Any

import pytest

from audit.collection import Kind
from audit.controls.cbr_207_organization_policy_deployed import CONTROL, judge
from audit.judging.control_catalogue import OPT_IN
from audit.judging.findings import Outcome, Verdict
from audit.records import Deployment
from tests.builders import a_collection, a_deployment, a_rejected, an_organization_policy, facts_of, limits


def judged(*deployments: Deployment, **changes: Any) -> Verdict:
    values: dict[str, Any] = {
        "organization_policies": (an_organization_policy(),),
        "deployments": {"given-1": deployments},
    }
    return judge(a_collection(**{**values, **changes}), limits())


def test_a_policy_that_is_available_everywhere_passes() -> None:
    verdict = judged(a_deployment(), a_deployment(domain_id="account-2"))

    assert verdict.outcome is Outcome.PASS
    assert facts_of(verdict) == {"policies": 1, "deployments": 2, "not_deployed": 0}


def test_one_that_did_not_reach_an_account_fails_and_the_account_is_named() -> None:
    verdict = judged(a_deployment(), a_deployment("error", domain_id="account-2"), a_deployment("syncing"))

    assert verdict.outcome is Outcome.FAIL
    assert facts_of(verdict)["not_deployed"] == 1
    assert facts_of(verdict)["where"] == "everywhere in account-2/project-1"


def test_of_many_accounts_the_first_are_named_in_order_and_the_others_counted() -> None:
    verdict = judged(*(a_deployment("error", domain_id=f"account-{number:02}") for number in reversed(range(23))))

    where = str(facts_of(verdict)["where"])
    assert where.startswith("everywhere in account-00/project-1, everywhere in account-01/project-1, ")
    assert where.endswith("account-19/project-1 and 3 more")


@pytest.mark.parametrize("status", ["syncing", "updating", "deleting", "lost"])
def test_a_state_that_is_no_end_is_unknown(status: str) -> None:
    verdict = judged(a_deployment(), a_deployment(status, domain_id="account-2"))

    assert verdict.outcome is Outcome.UNKNOWN
    assert facts_of(verdict)["where"] == f"everywhere in account-2/project-1: {status}"


@pytest.mark.parametrize("deployments", [{}, {"given-1": ()}])
def test_a_policy_of_which_no_deployment_is_known_is_unknown(deployments: dict[str, Any]) -> None:
    verdict = judged(deployments=deployments)

    assert (verdict.outcome, facts_of(verdict)["which"]) == (Outcome.UNKNOWN, "everywhere")


@pytest.mark.parametrize("policies", [(), (an_organization_policy(status="deleting"),)])
def test_without_a_policy_that_stays_there_is_nothing_to_judge(policies: Any) -> None:
    assert judged(organization_policies=policies).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("kind", [Kind.ORGANIZATION_POLICIES, Kind.DEPLOYMENTS])
@pytest.mark.parametrize("status", ["available", "error"])
def test_lists_that_were_not_read_completely_leave_it_unknown(kind: Kind, status: str) -> None:
    given, deployments = (an_organization_policy(),), {"given-1": (a_deployment(status),)}
    gap = a_collection(kind, organization_policies=given, deployments=deployments)
    lost = a_collection(rejected=(a_rejected(kind),), organization_policies=given, deployments=deployments)

    assert judge(gap, limits()).outcome is Outcome.UNKNOWN
    assert judge(lost, limits()).outcome is Outcome.UNKNOWN


def test_it_is_applied_only_where_a_profile_asks_for_it() -> None:
    assert CONTROL.id in OPT_IN
