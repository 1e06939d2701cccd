import gc
from collections.abc import Iterator

import pytest

from audit.app.garbage import look_rarely, without_gc


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.enable()


def test_looks_are_rare_from_then_on() -> None:
    gc.set_threshold(700, 10, 10)
    look_rarely()

    assert all(many > few for many, few in zip(gc.get_threshold(), (700, 10, 10), strict=True))
    assert gc.isenabled()


@pytest.mark.parametrize("is_on", [True, False])
def test_nobody_looks_meanwhile_and_it_is_as_before_after_an_error(*, is_on: bool) -> None:
    def step() -> None:
        with without_gc():
            assert not gc.isenabled()
            raise ValueError("broken")

    if not is_on:
        gc.disable()
    with pytest.raises(ValueError, match="broken"):
        step()
    assert gc.isenabled() is is_on
