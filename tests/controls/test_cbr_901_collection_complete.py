import pytest

from audit.collection import EXPLAINING, Kind
from audit.controls.cbr_901_collection_complete import judge
from audit.judging.findings import Outcome
from tests.builders import a_collection, a_reading, a_rejected, facts_of, limits


def test_a_collection_without_gaps_passes() -> None:
    verdict = judge(a_collection(), limits())

    assert verdict.outcome is Outcome.PASS
    assert facts_of(verdict) == {"tasks": 3, "stated": 3, "passes": 2, "gaps": 0}


@pytest.mark.parametrize("kind", sorted({*Kind} - EXPLAINING))
def test_a_gap_in_any_list_is_unknown(kind: Kind) -> None:
    verdict = judge(a_collection(kind), limits())

    assert verdict.outcome is Outcome.UNKNOWN
    assert facts_of(verdict)["gaps"] == 1


@pytest.mark.parametrize("kind", EXPLAINING)
def test_what_only_explains_may_be_missing(kind: Kind) -> None:
    assert judge(a_collection(kind), limits()).outcome is Outcome.PASS


@pytest.mark.parametrize("kind", [Kind.POLICIES, Kind.VAULTS])
def test_a_list_that_was_never_read_is_unknown(kind: Kind) -> None:
    readings = tuple(a_reading(other) for other in Kind if other is not kind)

    assert judge(a_collection(readings=readings), limits()).outcome is Outcome.UNKNOWN


def test_rejected_rows_are_the_matter_of_another_control() -> None:
    assert judge(a_collection(rejected=(a_rejected(),)), limits()).outcome is Outcome.PASS
