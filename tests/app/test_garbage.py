import gc
from collections.abc import Iterator

import pytest

from audit.app.garbage import look_rarely


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)


def test_looks_are_rare_from_then_on() -> None:
    gc.set_threshold(700, 10, 10)
    look_rarely()

    assert all(many > few for many, few in zip(gc.get_threshold(), (700, 10, 10), strict=True))
