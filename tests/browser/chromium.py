"""A real Chromium for the pages of people, and everything that one of them does while it is open."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS: Final = (
    "--no-sandbox",  # it refuses to run as root otherwise, and containers are root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass  # without slots: playwright leaves a mark on whose method listens
class Watched:
    """An open page.

    Attributes:
        requests: addresses that it asked for, its own one first.
        noise: messages of the console, errors of the script, dialogs: everything that should not be there.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    noise: list[str] = field(default_factory=list)

    def dismiss(self, dialog: Dialog) -> None:
        """Note that the page asked something, and answer no."""
        self.noise.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def texts(self, selector: str) -> list[str]:
        """Return the whole text of each element that is shown."""
        shown: Sequence[Any] = self.page.eval_on_selector_all(
            selector, "all => all.filter(each => each.checkVisibility()).map(each => each.textContent.trim())"
        )
        return [str(text) for text in shown]


def find_chromium() -> str:
    """Return the path of Chromium; a test is skipped where there is none, and fails in CI."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    reason = f"there is no Chromium here (none of {', '.join(_NAMES)}): apt-get install chromium"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def started() -> Iterator[Browser]:
    """Start Chromium, and stop it at the end."""
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_ARGUMENTS])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, path: Path, **settings: Any) -> Iterator[Watched]:
    """Open a file as its readers do; the settings are those of a browser context, such as ``viewport``."""
    context = browser.new_context(**settings)
    try:
        page = context.new_page()
        watched = Watched(page)
        context.on("request", lambda request: watched.requests.append(request.url))
        page.on("console", lambda message: watched.noise.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: watched.noise.append(f"error: {error}"))
        page.on("dialog", watched.dismiss)
        page.goto(path.as_uri())
        yield watched
    finally:
        context.close()
