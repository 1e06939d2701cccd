"""What a verification says of changes, and what it must not claim."""

import pytest

from audit.evidence.verify import Verification
from audit.watch.change_verify import replay_changes, verify_changes
from audit.watch.change_words import proven_of_changes, unproven_of_changes
from tests.evidence.chains import Shelf
from tests.watch.stored import PROJECT, judged


@pytest.fixture
def verified() -> Verification:
    store = Shelf()
    judged(store, "t-1")
    result = verify_changes(store, PROJECT)
    for _ in replay_changes(store, result, lambda change: change.report().dump()):
        pass
    return result


def test_nothing_is_said_of_changes_where_there_are_none() -> None:
    nothing = Verification(f"{PROJECT}/changes")

    assert [*proven_of_changes(nothing), *unproven_of_changes(nothing, has_anchor=False)] == []


def test_what_was_judged_again_is_proven(verified: Verification) -> None:
    assert "Changes judged again from the evidence, to the same bytes: 1." in [*proven_of_changes(verified)]
    assert [*unproven_of_changes(verified, has_anchor=True)] == []


def test_what_another_version_judged_is_not_proven(verified: Verification) -> None:
    verified.others = 2

    assert [*unproven_of_changes(verified, has_anchor=True)] == [
        "That 2 changes follow from the evidence: another version of cbr-audit judged them."
    ]


def test_nothing_is_proven_of_changes_with_a_fault(verified: Verification) -> None:
    verified.fault("an object", "it was changed")

    assert [*proven_of_changes(verified)] == []
