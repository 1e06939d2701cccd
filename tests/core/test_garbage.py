import gc

import pytest

from audit.garbage import rare_gc, without_gc


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


@pytest.mark.parametrize("is_on", [True, False])
def test_nobody_looks_meanwhile_and_it_is_as_before_after_an_error(*, is_on: bool) -> None:
    def step() -> None:
        with without_gc():
            assert not gc.isenabled()
            raise ValueError("broken")

    try:
        if not is_on:
            gc.disable()
        with pytest.raises(ValueError, match="broken"):
            step()
        assert gc.isenabled() is is_on
    finally:
        gc.enable()
