from typing import Any

import pytest

from audit.controls.cbr_206_replication_policy import judge
from audit.judging.findings import Outcome
from audit.subjects import PolicySubject
from tests.builders import a_policy, a_policy_subject, a_vault, a_vault_subject, facts_of, limits


def copying(policy_id: str = "copies", region: str | None = "eu-west-0", **changes: Any) -> PolicySubject:
    values: dict[str, Any] = {"operation": "replication", "destination_region": region, **changes}
    return a_policy_subject(a_policy(policy_id, **values))


UNREADABLE = a_policy_subject(
    a_policy("odd", operation="replication", destination_region="eu-west-0"), schedule=None, unreadable="an odd rule"
)


@pytest.mark.parametrize(
    ("policies", "regions", "outcome"),
    [
        ((copying(),), (), Outcome.PASS),
        ((copying(),), ("eu-west-0", "eu-west-9"), Outcome.PASS),
        ((copying(),), ("eu-west-9",), Outcome.FAIL),
        ((copying(), copying("other", "eu-west-9")), ("eu-west-9",), Outcome.PASS),
        ((copying(enabled=False),), (), Outcome.FAIL),
        ((a_policy_subject(),), (), Outcome.FAIL),
        ((), (), Outcome.FAIL),
        ((copying(region=None),), (), Outcome.UNKNOWN),
        ((copying(region=None),), ("eu-west-9",), Outcome.UNKNOWN),
        ((copying(region=None), copying("other")), ("eu-west-9",), Outcome.UNKNOWN),
        ((UNREADABLE,), (), Outcome.UNKNOWN),
        ((UNREADABLE,), ("eu-west-9",), Outcome.FAIL),
        ((UNREADABLE, copying()), (), Outcome.PASS),
        (None, (), Outcome.UNKNOWN),
    ],
)
def test_backups_must_be_copied_to_an_allowed_region(
    policies: tuple[PolicySubject, ...] | None, regions: tuple[str, ...], outcome: Outcome
) -> None:
    assert judge(a_vault_subject(policies=policies), limits(replication_regions=regions)).outcome is outcome


def test_it_names_the_policy_and_where_it_copies_to() -> None:
    allowed = limits(replication_regions=("eu-west-9", "eu-west-8"))

    assert facts_of(judge(a_vault_subject(policies=(copying(),)), limits())) == {
        "policy": "copies",
        "region": "eu-west-0",
    }
    assert facts_of(judge(a_vault_subject(policies=(copying(),)), allowed)) == {
        "policy": "copies",
        "region": "eu-west-0",
        "allowed": "eu-west-9, eu-west-8",
    }
    assert facts_of(judge(a_vault_subject(policies=(copying(enabled=False),)), limits())) == {"disabled_policies": 1}


@pytest.mark.parametrize("policies", [(), (copying(),), None])
def test_a_vault_that_may_still_be_there_is_unknown(policies: object) -> None:
    subject = a_vault_subject(vault=None, vaults_complete=False, policies=policies)

    assert judge(subject, limits()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("vault", [a_vault(protect_type="replication"), None])
@pytest.mark.parametrize("policies", [(), None])
def test_it_does_not_apply_to_a_vault_that_only_receives_copies_or_is_gone(vault: object, policies: object) -> None:
    assert judge(a_vault_subject(vault=vault, policies=policies), limits()).outcome is Outcome.NOT_APPLICABLE


def to_account(region: str | None = None, **changes: Any) -> PolicySubject:
    return copying("shared", region, cross_account_urn="cbr::other:vault:safe", **changes)


@pytest.mark.parametrize(
    ("policy", "regions", "outcome"),
    [
        (to_account(), (), Outcome.PASS),
        (to_account(), ("eu-west-0",), Outcome.UNKNOWN),  # its region is not stated
        (to_account("eu-west-0"), ("eu-west-0",), Outcome.PASS),
        (to_account("eu-west-9"), ("eu-west-0",), Outcome.FAIL),
        (to_account(enabled=False), (), Outcome.FAIL),
    ],
)
def test_a_copy_in_another_account_is_a_copy(policy: PolicySubject, regions: tuple[str, ...], outcome: Outcome) -> None:
    verdict = judge(a_vault_subject(policies=(policy,)), limits(replication_regions=regions))

    assert verdict.outcome is outcome
    if policy.policy.enabled:
        assert facts_of(verdict)["account_vault"] == "cbr::other:vault:safe"


def test_a_policy_for_another_account_with_an_odd_schedule_is_unknown() -> None:
    policy = a_policy_subject(to_account().policy, schedule=None, unreadable="an odd rule")

    assert judge(a_vault_subject(policies=(policy,)), limits()).outcome is Outcome.UNKNOWN
