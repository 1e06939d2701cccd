"""docs/controls.md is what the controls say of themselves."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from audit.collection import Kind
from audit.controls import CONTROLS
from audit.generators import handbook as module
from audit.generators.handbook import handbook

DOCS = Path(__file__).parents[2] / "docs" / "controls.md"
BY_ID = {control.id: control for control in CONTROLS}
DOC = """CBR-101 recent-backup: x.

How it is judged
    pass  it is no older than `max_backup_age_hours`, or `unknown_key`, and a|b
    More of `restore_test_days`.
How to fix it
    Run `cbr-audit check`.
"""


def test_the_page_in_the_repository_is_written_from_the_controls() -> None:
    assert DOCS.read_bytes() == handbook(), "make docs writes it anew"


def test_every_control_has_a_chapter_and_a_link_to_it() -> None:
    page = handbook().decode()

    for control in CONTROLS:
        chapter = f"{control.id.lower()}-{control.name}"
        assert f"](#{chapter})" in page
        assert f"\n## {control.id} {control.name}\n" in page


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> str:
    """A page about one control, which needs the backups and names two limits."""
    control = replace(BY_ID["CBR-101"], doc=DOC, needs=frozenset({Kind.BACKUPS, Kind.PROTECTABLES, Kind.VAULTS}))
    waived = replace(control, id="CBR-904", name="waiver-valid")
    monkeypatch.setattr(module, "CONTROLS", (control, waived))
    return handbook().decode()


def test_a_chapter_says_what_the_control_needs_beyond_every_run(page: str) -> None:
    assert "Needs the backups (`cbr:backups:list`) and protectable resources (`cbr:vaults:listProtectables`)." in page


def test_a_chapter_lists_the_limits_that_the_documentation_names(page: str) -> None:
    chapter = page.split("## CBR-101")[1].split("## CBR-904", maxsplit=1)[0]

    assert re.findall(r"^\| `(\w+)` \| (\w+) \|", chapter, re.MULTILINE) == [
        ("max_backup_age_hours", "none"),
        ("restore_test_days", "90"),
    ]
    assert "| CIS Controls 11.5: test recovery every quarter, or more often. |" in chapter


def test_a_chapter_shows_the_documentation(page: str) -> None:
    assert r"| pass | it is no older than `max_backup_age_hours`, or `unknown_key`, and a\|b |" in page
    assert "\n\nMore of `restore_test_days`.\n\n### How to fix it\n\nRun `cbr-audit check`.\n" in page


def test_a_chapter_lists_the_requirements_that_the_control_serves_or_says_why_there_is_none(page: str) -> None:
    served, none = page.split("## CBR-904")

    assert (
        "| CIS Controls v8.1 | 11.2: Back up in-scope assets automatically, weekly or more often | supports |" in served
    )
    assert "### Standards\n\nNone: waivers belong to this audit;" in none
