import pytest

from audit.controls.cbr_301_vault_has_policy import judge
from audit.findings import Outcome
from audit.subjects import PolicySubject
from tests.core.builders import a_policy, a_policy_subject, a_vault, a_vault_subject, facts_of, limits

ENABLED = a_policy_subject()
DISABLED = a_policy_subject(a_policy("policy-2", enabled=False))
REPLICATING = a_policy_subject(a_policy("policy-3", operation="replication"))


@pytest.mark.parametrize(
    ("policies", "outcome"),
    [
        ((ENABLED,), Outcome.PASS),
        ((DISABLED, REPLICATING, ENABLED), Outcome.PASS),
        ((a_policy_subject(schedule=None),), Outcome.PASS),
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


def test_a_failure_says_what_is_at_stake() -> None:
    subject = a_vault_subject(vault=a_vault("vault-1", "a", "b"), policies=(DISABLED, REPLICATING))

    assert facts_of(judge(subject, limits())) == {"disabled_policies": 1, "resources": 2}


@pytest.mark.parametrize("vault", [a_vault(protect_type="replication"), None])
@pytest.mark.parametrize("policies", [(), None])
def test_it_does_not_apply_to_a_vault_that_only_receives_replicas_or_is_gone(vault: object, policies: object) -> None:
    assert judge(a_vault_subject(vault=vault, policies=policies), limits()).outcome is Outcome.NOT_APPLICABLE
