import gc

import pytest

from audit.garbage import rare_gc


def test_looks_are_rare_meanwhile_and_usual_again_afterwards() -> None:
    usual = gc.get_threshold()
    with rare_gc():
        rare = gc.get_threshold()
        with rare_gc():
            assert gc.get_threshold() == rare
        assert gc.get_threshold() == rare
    assert all(many > few for many, few in zip(rare, usual, strict=True))
    assert gc.get_threshold() == usual


def test_they_are_usual_again_after_an_error() -> None:
    usual = gc.get_threshold()

    @rare_gc()
    def step() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        step()
    assert gc.get_threshold() == usual
