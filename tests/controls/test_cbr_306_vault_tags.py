import pytest

from audit.controls.cbr_306_vault_tags import judge
from audit.judging.findings import Outcome
from tests.builders import a_vault, a_vault_subject, facts_of, limits

DEMANDED = limits(required_tags=("owner", "cost"))
OWNER, COST = ("owner", "red"), ("cost", "4711")


@pytest.mark.parametrize(
    ("tags", "missing"),
    [
        ((OWNER, COST), None),
        ((COST, OWNER, ("other", "")), None),
        ((OWNER,), "cost"),
        ((OWNER, ("cost", "")), "cost"),
        ((("Owner", "red"), COST), "owner"),
        ((), "owner, cost"),
        ((("owner", ""), OWNER, COST), None),
    ],
)
def test_each_demanded_tag_must_be_there_with_a_value(tags: tuple[tuple[str, str], ...], missing: str | None) -> None:
    verdict = judge(a_vault_subject(vault=a_vault(tags=tags)), DEMANDED)

    assert verdict.outcome is (Outcome.FAIL if missing else Outcome.PASS)
    assert facts_of(verdict).get("missing") == missing
    assert facts_of(verdict)["demanded"] == "owner, cost"


def test_it_does_not_apply_without_a_demand() -> None:
    for subject in (a_vault_subject(), a_vault_subject(vault=None, vaults_complete=False)):
        assert judge(subject, limits()).outcome is Outcome.NOT_APPLICABLE


def test_a_vault_that_may_still_be_there_is_unknown_and_one_that_is_gone_is_not_judged() -> None:
    assert judge(a_vault_subject(vault=None, vaults_complete=False), DEMANDED).outcome is Outcome.UNKNOWN
    assert judge(a_vault_subject(vault=None), DEMANDED).outcome is Outcome.NOT_APPLICABLE


def test_without_a_list_of_tags_nobody_knows() -> None:
    assert judge(a_vault_subject(vault=a_vault(tags=None)), DEMANDED).outcome is Outcome.UNKNOWN
