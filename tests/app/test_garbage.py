import gc
import weakref
from collections.abc import Iterator

import pytest

from audit.answers.intake import Intake
from audit.app.garbage import look_rarely, sweep


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)


def test_looks_are_rare_from_then_on() -> None:
    gc.set_threshold(700, 10, 10)
    look_rarely()

    assert all(many > few for many, few in zip(gc.get_threshold(), (700, 10, 10), strict=True))


class Cycle:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.itself = self


def test_what_a_run_left_in_cycles_is_freed_at_its_end() -> None:
    look_rarely()
    held = weakref.ref(Cycle())

    assert held() is not None
    sweep()
    assert held() is None


def test_what_was_read_is_freed_without_looking_for_cycles() -> None:
    gc.collect()
    gc.disable()
    try:
        read = weakref.ref(Intake())
        assert read() is None
    finally:
        gc.enable()
