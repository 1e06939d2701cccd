"""The code in the pages of docs/, to be run as it stands there."""

from pathlib import Path

_DOCS = Path(__file__).parents[2] / "docs"


def code_of(page: str, heading: str) -> str:
    """The code below a heading of a page, without its indent."""
    section = (_DOCS / page).read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(line[4:] for line in section.split("\n") if line.startswith("    ") or not line)
