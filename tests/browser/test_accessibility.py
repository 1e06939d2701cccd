from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec import structs
from playwright.sync_api import Browser

from audit.judging.findings import Outcome
from audit.report import index_page
from audit.report.contents import Report
from tests.browser.chromium import Watched, opened
from tests.browser.conftest import Open
from tests.report.test_html_report import a_waived, collection, finding, full, rejected, report
from tests.report.test_index_page import full as index_full

EMPTY: Final = report(resources=(), controls=(), findings=())
WAIVED: Final = report(findings=(a_waived(), finding(Outcome.UNKNOWN)), collection=collection(rejected=(rejected(),)))


def faults(watched: Watched) -> list[str]:
    """What axe-core finds when everything is unfolded."""
    watched.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    found = Axe().run(watched.page).response["violations"]
    return [f"{fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1300), ("dark", 390)])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_to_stumble_over(show: Open, language: str, scheme: str, width: int) -> None:
    shown = replace(full(), run=structs.replace(full().run, language=language))

    assert faults(show(shown, color_scheme=scheme, viewport={"width": width, "height": 900})) == []


@pytest.mark.parametrize("shown", [EMPTY, WAIVED], ids=["empty", "waived"])
def test_axe_finds_nothing_on_other_pages(show: Open, shown: Report) -> None:
    assert faults(show(shown)) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_on_the_page_of_the_last_runs(browser: Browser, tmp_path: Path, language: str) -> None:
    path = tmp_path / "index.html"
    path.write_bytes(index_page.render(replace(index_full(), language=language)))

    with opened(browser, path) as watched:
        assert faults(watched) == []
        assert watched.noise == []
        assert len(watched.requests) == 1


def test_axe_would_find_something(show: Open) -> None:
    watched = show(full())
    watched.page.evaluate("document.querySelector('label').remove()")

    assert any(fault.startswith("label") for fault in faults(watched))


def test_the_calendar_is_a_table_for_assistive_technology_although_it_is_laid_out_as_a_grid(show: Open) -> None:
    watched = show(full())
    table = watched.page.get_by_role("table", name="State of the backups of each resource")

    assert table.get_by_role("row").count() == 2 + 4 + 4
    assert table.get_by_role("rowheader", name="ecs-failing").count() == 1
    assert table.get_by_role("columnheader", name="Mon 23 Nov 2026").count() == 1
    cells = table.get_by_role("row", name="ecs-failing").get_by_role("cell").all()
    assert [cell.get_attribute("title") for cell in cells] == ["15 Nov: failed", "16 Nov to 23 Nov: failed", None]
