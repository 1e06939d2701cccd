"""Python looks for cycles of garbage whenever many objects were made; an audit makes few, and frees them at its end."""

import gc
from typing import Final

_NEW: Final = 200_000  # objects that were made and not freed since the last look: more than all imports make
_LOOKS: Final = 20  # looks at the young before one at the older


def look_rarely() -> None:
    """Look for cycles rarely from here on: for a process that does nothing but audit.

    A page of parsed JSON is thousands of objects and no cycle, and an audit keeps nearly everything that it makes. With
    Python's own 700, it would look in the middle of every page, and soon walk over every task that is kept. What nobody
    refers to any more is freed at once all the same.
    """
    gc.set_threshold(_NEW, _LOOKS, _LOOKS)


def sweep() -> None:
    """Free what a run left in cycles: the macros of a page hold its report, and a warm instance would grow."""
    gc.collect()
