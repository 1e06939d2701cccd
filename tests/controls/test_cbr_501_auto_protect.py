from typing import Any

import pytest

from audit.controls.cbr_501_auto_protect import judge
from audit.judging.findings import Outcome, Verdict
from audit.records import Vault
from tests.builders import a_policy, a_policy_subject, a_protected, a_resource, a_vault, facts_of, limits


def holding(vault_id: str = "vault-1", *, follows: bool | None, **changes: Any) -> Vault:
    return a_vault(vault_id, resources=(a_protected(auto_protect=follows),), **changes)


def judged(*vaults: Vault, **changes: Any) -> Verdict:
    policies = (a_policy_subject(a_policy(vault_ids=frozenset({"vault-1", "vault-2"}))),)
    return judge(a_resource(**{"vaults": vaults, "policies": policies, **changes}), limits())


@pytest.mark.parametrize(("follows", "outcome"), [(True, Outcome.PASS), (False, Outcome.FAIL), (None, Outcome.UNKNOWN)])
def test_a_resource_must_follow_the_policy_of_its_vault(follows: bool | None, outcome: Outcome) -> None:  # noqa: FBT001  # the field in question
    verdict = judged(holding(follows=follows))

    assert (verdict.outcome, facts_of(verdict)) == (outcome, {"vaults": "vault-1"})


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        (True, False, Outcome.PASS),
        (None, True, Outcome.PASS),
        (False, False, Outcome.FAIL),
        (None, False, Outcome.UNKNOWN),
    ],
)
def test_of_two_vaults_one_is_enough(first: bool | None, second: bool | None, outcome: Outcome) -> None:  # noqa: FBT001  # the fields in question
    verdict = judged(holding(follows=first), holding("vault-2", follows=second))

    assert (verdict.outcome, facts_of(verdict)) == (outcome, {"vaults": "vault-1, vault-2"})


@pytest.mark.parametrize(
    "other", [holding("vault-3", follows=True), holding("vault-2", follows=True, protect_type="replication")]
)
def test_a_vault_without_a_policy_or_for_copies_only_does_not_count(other: Vault) -> None:
    assert judged(holding(follows=False), other).outcome is Outcome.FAIL
    assert judged(other).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("changes", [{"enabled": False}, {"operation": "replication"}, {"vault_ids": frozenset()}])
def test_it_does_not_apply_where_no_enabled_backup_policy_is_applied(changes: dict[str, Any]) -> None:
    verdict = judged(holding(follows=False), policies=(a_policy_subject(a_policy(**changes)),))

    assert verdict.outcome is Outcome.NOT_APPLICABLE


def test_policies_that_were_not_read_completely_are_unknown() -> None:
    for follows in (True, False, None):
        assert judged(holding(follows=follows), policies=None).outcome is Outcome.UNKNOWN


def test_a_vault_that_was_not_read_may_be_followed() -> None:
    assert judged(holding(follows=True), vaults_complete=False).outcome is Outcome.PASS
    assert judged(holding(follows=False), vaults_complete=False).outcome is Outcome.UNKNOWN
    assert judged(vaults_complete=False).outcome is Outcome.UNKNOWN
