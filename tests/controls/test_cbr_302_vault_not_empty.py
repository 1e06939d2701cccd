import pytest

from audit.controls.cbr_302_vault_not_empty import judge
from audit.judging.findings import Outcome
from audit.subjects import PolicySubject
from tests.builders import a_policy, a_policy_subject, a_vault, a_vault_subject, facts_of, limits

ENABLED = a_policy_subject()
EMPTY = a_vault(resources=())


def test_a_vault_that_holds_something_passes() -> None:
    verdict = judge(a_vault_subject(vault=a_vault("vault-1", "a", "b")), limits())

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.PASS, {"policy": "policy-1", "resources": 2})


def test_an_empty_vault_with_a_policy_fails() -> None:
    verdict = judge(a_vault_subject(vault=EMPTY), limits())

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.FAIL, {"policy": "policy-1", "resources": 0})


def test_one_resource_is_enough() -> None:
    assert judge(a_vault_subject(vault=a_vault("vault-1", "a")), limits()).outcome is Outcome.PASS


@pytest.mark.parametrize("vault", [EMPTY, a_vault()])
def test_it_is_unknown_where_the_policies_were_not_read_completely(vault: object) -> None:
    assert judge(a_vault_subject(vault=vault, policies=None), limits()).outcome is Outcome.UNKNOWN


def test_a_vault_that_may_still_be_there_is_unknown() -> None:
    assert judge(a_vault_subject(vault=None, vaults_complete=False), limits()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "policies",
    [
        (),
        (a_policy_subject(a_policy(enabled=False)),),
        (a_policy_subject(a_policy(operation="replication")),),
    ],
)
def test_it_does_not_apply_without_an_enabled_backup_policy(policies: tuple[PolicySubject, ...]) -> None:
    assert judge(a_vault_subject(vault=EMPTY, policies=policies), limits()).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("vault", [a_vault(resources=(), protect_type="replication"), None])
@pytest.mark.parametrize("policies", [(ENABLED,), None])
def test_it_does_not_apply_to_a_vault_that_only_receives_copies_or_is_gone(vault: object, policies: object) -> None:
    assert judge(a_vault_subject(vault=vault, policies=policies), limits()).outcome is Outcome.NOT_APPLICABLE
