"""The progress of collecting: a live bar on a terminal, plain lines elsewhere."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from audit.app.collect import Progress, Watch
from audit.collection import Kind

_NAMES: Final = {kind: "tasks" if kind == Kind.TASKS else kind.words for kind in Kind}
_PAGES_BETWEEN_LINES: Final = 50


@contextmanager
def watching(stream: TextIO) -> Iterator[Watch]:
    """Yield a function that shows progress until the block ends."""
    if not stream.isatty():
        yield _lines(stream)
        return
    columns = (TextColumn("Reading {task.description}"), BarColumn(bar_width=24), TextColumn("{task.fields[text]}"))
    with Bar(*columns, console=Console(file=stream), transient=True) as bar:
        yield _live(bar)


def _lines(stream: TextIO) -> Watch:
    """Write a line for the first and the last page of each pass, and for every fiftieth page between them."""
    started = time.monotonic()

    def watch(progress: Progress) -> None:
        is_last = progress.pages > 1 and progress.rows >= progress.expected
        if progress.pages == 1 or is_last or progress.pages % _PAGES_BETWEEN_LINES == 0:
            stream.write(f"Reading {_NAMES[progress.kind]}: {_text(progress, time.monotonic() - started)}\n")

    return watch


def _live(bar: Bar) -> Watch:
    started = time.monotonic()
    rows = {kind: bar.add_task(name, total=None, text="", visible=False) for kind, name in _NAMES.items()}

    def watch(progress: Progress) -> None:
        bar.update(
            rows[progress.kind],
            completed=min(progress.rows, progress.expected),
            total=progress.expected,
            text=_text(progress, time.monotonic() - started),
            visible=True,
        )

    return watch


def _text(progress: Progress, seconds: float) -> str:
    """Describe pages and rows as so many of those expected, and the rate."""
    rows_per_page = progress.rows / progress.pages
    pages = max(progress.pages, math.ceil(progress.expected / rows_per_page) if rows_per_page else 1)
    rate = f", {progress.rows / seconds:,.0f} a second" if seconds > 1 else ""
    again = f" (pass {progress.passes})" if progress.passes > 1 else ""
    rows = min(progress.rows, progress.expected)  # pages overlap
    return f"page {progress.pages} of {pages}, {rows:,} of {progress.expected:,}{rate}{again}"
