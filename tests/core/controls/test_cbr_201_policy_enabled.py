import pytest

from audit.controls.cbr_201_policy_enabled import judge
from audit.findings import Outcome
from tests.core.builders import a_policy, a_policy_subject, facts_of, limits

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
