import pytest

from audit.controls.cbr_305_multi_az import judge
from audit.judging.findings import Outcome
from tests.builders import a_vault, a_vault_subject, facts_of, limits


@pytest.mark.parametrize(("several", "outcome"), [(True, Outcome.PASS), (False, Outcome.FAIL), (None, Outcome.UNKNOWN)])
def test_backups_must_be_stored_in_several_zones(several: bool | None, outcome: Outcome) -> None:  # noqa: FBT001  # the field in question
    verdict = judge(a_vault_subject(vault=a_vault(is_multi_az=several)), limits())

    assert verdict.outcome is outcome
    assert facts_of(verdict) == ({} if several is None else {"is_multi_az": several})


def test_a_vault_that_may_still_be_there_is_unknown_and_one_that_is_gone_is_not_judged() -> None:
    assert judge(a_vault_subject(vault=None, vaults_complete=False), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_vault_subject(vault=None), limits()).outcome is Outcome.NOT_APPLICABLE
