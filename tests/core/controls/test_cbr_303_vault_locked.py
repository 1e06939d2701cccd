import pytest

from audit.controls.cbr_303_vault_locked import judge
from audit.findings import Outcome
from tests.core.builders import a_vault, a_vault_subject, facts_of, limits


@pytest.mark.parametrize("protect_type", ["backup", "replication"])
@pytest.mark.parametrize(("locked", "outcome"), [(True, Outcome.PASS), (False, Outcome.FAIL), (None, Outcome.UNKNOWN)])
def test_backups_must_be_locked(protect_type: str, locked: bool | None, outcome: Outcome) -> None:  # noqa: FBT001  # the field in question
    verdict = judge(a_vault_subject(vault=a_vault(locked=locked, protect_type=protect_type)), limits())

    assert verdict.outcome is outcome
    assert facts_of(verdict) == ({} if locked is None else {"locked": locked})


def test_a_vault_that_is_being_enlarged_is_not_locked() -> None:
    assert judge(a_vault_subject(vault=a_vault(locked=False, status="lock")), limits()).outcome is Outcome.FAIL


def test_a_vault_that_may_still_be_there_is_unknown_and_one_that_is_gone_is_not_judged() -> None:
    assert judge(a_vault_subject(vault=None, vaults_complete=False), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_vault_subject(vault=None), limits()).outcome is Outcome.NOT_APPLICABLE
