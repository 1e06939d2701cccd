import gc
from collections.abc import Iterator

import pytest

from audit.garbage import without_gc


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_nobody_looks_for_cycles_meanwhile() -> None:
    with without_gc():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_step_within_a_step_turns_nothing_on() -> None:
    with without_gc():
        with without_gc():
            pass
        assert not gc.isenabled()


def test_it_is_turned_on_again_after_an_error() -> None:
    @without_gc()
    def step() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        step()
    assert gc.isenabled()
