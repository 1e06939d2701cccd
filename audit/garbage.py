"""Python looks for cycles of garbage whenever many objects were made: half the time of judging a large estate."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_gc() -> Iterator[None]:
    """Look for no cycles meanwhile; a context or a decorator.

    For steps that keep nearly everything that they make, and make no cycles: there is nothing to be found. Whatever
    nobody refers to any more is freed all the same.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
