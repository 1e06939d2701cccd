"""The table in docs/performance.md."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

_BEGIN: Final = "<!-- figures: make bench writes them -->\n"
_END: Final = "<!-- end of figures -->"


def put(path: Path, lines: Iterable[str]) -> None:
    """Write the table between its two marks.

    Raises:
        ValueError: the marks are not there.
    """
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{path} has no place for the figures")
    table = "".join(f"    {line}".rstrip() + "\n" for line in lines)
    path.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")
