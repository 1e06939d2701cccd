"""One browser for all tests of a process, and a page of its own for each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from audit.report.contents import Report
from audit.report.formats.html_report import render
from tests.browser.chromium import Watched, opened, started

Open = Callable[..., Watched]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with started() as running:
        yield running


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Write a report as a page and open it; the settings are those of a browser context."""
    path = tmp_path / "report.html"
    with ExitStack() as stack:

        def open_page(report: Report, **settings: Any) -> Watched:
            path.write_bytes(render(report))
            return stack.enter_context(opened(browser, path, **settings))

        yield open_page
