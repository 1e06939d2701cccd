"""Python looks for cycles of garbage whenever many objects were made: as long as parsing or judging itself takes."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_NEW: Final = 50_000  # objects that were made and not freed since the last look: several pages of a thousand rows
_LOOKS: Final = 20  # looks at the young before one at the older


@contextmanager
def without_gc() -> Iterator[None]:
    """Look for no cycles meanwhile; a context or a decorator.

    For steps that keep nearly everything that they make, and make no cycles: judging and rendering take a sixth less.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def look_rarely() -> None:
    """Look for cycles rarely from here on: for a process that does nothing but audit.

    A page of parsed JSON is thousands of objects and no cycle, and an audit keeps nearly everything that it makes. With
    Python's own 700, it would look in the middle of every page, and soon walk over every task that is kept. What nobody
    refers to any more is freed at once all the same.
    """
    gc.set_threshold(_NEW, _LOOKS, _LOOKS)
