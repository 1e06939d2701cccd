from pathlib import Path

import pytest

from bench.document import put
from bench.processes import ROOT

PAGE = "before\n<!-- figures: make bench writes them -->\nold\n<!-- end of figures -->\nafter\n"


def test_the_table_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    for _ in range(2):
        put(path, ["a  1", "", "b  2"])

    assert path.read_text() == PAGE.replace("old\n", "\n    a  1\n\n    b  2\n\n")


def test_a_page_without_a_place_is_named(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("before")
    with pytest.raises(ValueError, match=r"page\.md has no place"):
        put(path, [])


def test_the_documents_have_a_place(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_bytes((ROOT / "docs" / "performance.md").read_bytes())
    put(path, ["here"])

    assert "\n    here\n" in path.read_text()
