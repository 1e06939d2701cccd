import pytest

from audit.controls.cbr_201_policy_enabled import judge
from audit.judging.findings import Outcome
from tests.builders import a_policy, a_policy_subject, facts_of, limits

NONE: frozenset[str] = frozenset()
SOME = frozenset({"vault-1", "vault-2"})


@pytest.mark.parametrize("operation", ["backup", "replication"])
@pytest.mark.parametrize(
    ("enabled", "vaults", "outcome"),
    [
        (True, SOME, Outcome.PASS),
        (True, NONE, Outcome.PASS),
        (False, SOME, Outcome.FAIL),
        (False, NONE, Outcome.NOT_APPLICABLE),
    ],
)
def test_a_policy_that_vaults_rely_on_must_be_enabled(
    operation: str,
    enabled: bool,  # noqa: FBT001  # the field in question
    vaults: frozenset[str],
    outcome: Outcome,
) -> None:
    subject = a_policy_subject(a_policy(operation=operation, enabled=enabled, vault_ids=vaults))
    verdict = judge(subject, limits())

    assert verdict.outcome is outcome
    assert facts_of(verdict) == {"operation": operation, "vaults": len(vaults)}


@pytest.mark.parametrize("policy_type", [None, "custom_policy"])
def test_an_own_policy_is_not_called_an_organisations(policy_type: str | None) -> None:
    verdict = judge(a_policy_subject(a_policy(policy_type=policy_type)), limits())

    assert "policy_type" not in facts_of(verdict)


@pytest.mark.parametrize("policy_type", ["organization_policy_v1", "organization_policy_removed"])
def test_a_policy_of_an_organisation_is_named_as_one(policy_type: str) -> None:
    verdict = judge(a_policy_subject(a_policy(policy_type=policy_type)), limits())

    assert facts_of(verdict)["policy_type"] == policy_type
