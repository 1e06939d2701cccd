import pytest

from audit.controls.cbr_301_vault_has_policy import judge
from audit.judging.findings import Outcome
from audit.subjects import PolicySubject
from tests.builders import a_policy, a_policy_subject, a_vault, a_vault_subject, facts_of, limits

ENABLED = a_policy_subject()
DISABLED = a_policy_subject(a_policy("policy-2", enabled=False))
UNREADABLE = a_policy_subject(schedule=None, unreadable="an odd rule")
REPLICATING = a_policy_subject(a_policy("policy-3", operation="replication"))


@pytest.mark.parametrize(
    ("policies", "outcome"),
    [
        ((ENABLED,), Outcome.PASS),
        ((DISABLED, REPLICATING, ENABLED), Outcome.PASS),
        ((UNREADABLE,), Outcome.UNKNOWN),
        ((UNREADABLE, DISABLED), Outcome.UNKNOWN),
        ((UNREADABLE, ENABLED), Outcome.PASS),
        ((a_policy_subject(a_policy(enabled=False), schedule=None),), Outcome.FAIL),
        ((a_policy_subject(a_policy(operation="replication"), schedule=None),), Outcome.FAIL),
        ((DISABLED,), Outcome.FAIL),
        ((REPLICATING,), Outcome.FAIL),
        ((), Outcome.FAIL),
        (None, Outcome.UNKNOWN),
    ],
)
def test_a_backup_vault_needs_an_enabled_backup_policy(
    policies: tuple[PolicySubject, ...] | None, outcome: Outcome
) -> None:
    assert judge(a_vault_subject(policies=policies), limits()).outcome is outcome


def test_a_pass_names_the_policy() -> None:
    verdict = judge(a_vault_subject(policies=(DISABLED, ENABLED)), limits())

    assert facts_of(verdict) == {"policy": "policy-1", "policies": 1}


def test_a_schedule_that_cannot_be_read_says_why() -> None:
    assert facts_of(judge(a_vault_subject(policies=(UNREADABLE,)), limits())) == {"problem": "an odd rule"}


@pytest.mark.parametrize("policies", [(), (ENABLED,), None])
def test_a_vault_that_may_still_be_there_is_unknown(policies: object) -> None:
    subject = a_vault_subject(vault=None, vaults_complete=False, policies=policies)

    assert judge(subject, limits()).outcome is Outcome.UNKNOWN


def test_a_vault_that_was_read_is_judged_even_if_others_were_not() -> None:
    assert judge(a_vault_subject(vaults_complete=False), limits()).outcome is Outcome.PASS


def test_a_failure_says_what_is_at_stake() -> None:
    subject = a_vault_subject(vault=a_vault("vault-1", "a", "b"), policies=(DISABLED, REPLICATING))

    assert facts_of(judge(subject, limits())) == {"disabled_policies": 1, "resources": 2}


@pytest.mark.parametrize("vault", [a_vault(protect_type="replication"), None])
@pytest.mark.parametrize("policies", [(), None])
def test_it_does_not_apply_to_a_vault_that_only_receives_replicas_or_is_gone(vault: object, policies: object) -> None:
    assert judge(a_vault_subject(vault=vault, policies=policies), limits()).outcome is Outcome.NOT_APPLICABLE


def test_a_policy_that_an_organisation_left_behind_is_named_as_one() -> None:
    policy = a_policy_subject(a_policy(policy_type="organization_policy_removed"))
    verdict = judge(a_vault_subject(policies=(policy,)), limits())

    assert facts_of(verdict) == {"policy": "policy-1", "policies": 1, "policy_type": "organization_policy_removed"}


def test_a_hybrid_vault_needs_no_policy_of_cbr_and_may_have_one() -> None:
    hybrid = a_vault(protect_type="hybrid")

    assert judge(a_vault_subject(vault=hybrid, policies=()), limits()).outcome is Outcome.NOT_APPLICABLE
    assert judge(a_vault_subject(vault=hybrid), limits()).outcome is Outcome.PASS
    assert judge(a_vault_subject(vault=hybrid, policies=None), limits()).outcome is Outcome.UNKNOWN
