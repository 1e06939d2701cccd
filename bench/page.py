"""``python -m bench.page``: what report.html of 2,000 resources weighs, and how long Chromium takes with it.

Times are medians over fresh browser contexts: to the first paint, to the load event, and from a change of the filter
or the order until the next frame is drawn. They depend on the machine and on what else it does; the CPU time of the
page's main thread until it is drawn depends on it less.
"""

import gzip
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, sync_playwright

from audit.app.run import assess
from audit.report.formats.html_report import render
from bench.folder import facts_for, profile_for
from bench.pages import write_estate
from bench.pipeline import collected

RESOURCES: Final = 2000
ROUNDS: Final = 7
_DRAWN: Final = "new Promise(drawn => requestAnimationFrame(() => setTimeout(drawn)))"
_PAINTED: Final = """new Promise(painted => new PerformanceObserver(list => list.getEntries()
    .filter(entry => entry.name === 'first-contentful-paint').forEach(entry => painted(entry.startTime)))
    .observe({type: 'paint', buffered: true}))"""
_ACTS: Final = {
    "filter to few": "find.value = 'web-01'; find.dispatchEvent(new Event('input'))",
    "clear the filter": "find.value = ''; find.dispatchEvent(new Event('input'))",
    "sort by name": "order.value = 'name'; order.dispatchEvent(new Event('change'))",
}


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        pages = Path(folder) / "pages"
        write_estate(pages, RESOURCES)
        profile = profile_for(pages)
        report = assess(facts_for(profile), profile, *collected(pages))
        data = render(report)
        page = Path(folder) / "report.html"
        page.write_bytes(data)
        print(f"{'resources':<32}{len(report.resources):,}")
        print(f"{'bytes':<32}{len(data):,}")
        print(f"{'bytes, gzipped':<32}{len(gzip.compress(data)):,}")
        for name, milliseconds in _measured(page).items():
            print(f"{name:<32}{milliseconds:.0f} ms")


def _measured(page: Path) -> dict[str, float]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        rounds = [_round(browser, page) for _ in range(ROUNDS)]
        browser.close()
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def _round(browser: Browser, page: Path) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 1300, "height": 1000})
    tab = context.new_page()
    session = context.new_cdp_session(tab)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    tab.goto(page.as_uri())
    tab.evaluate(_DRAWN)
    metrics: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
    found = {
        "first paint": tab.evaluate(_PAINTED),
        "load event": tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"),
        "CPU until drawn": 1000 * next(each["value"] for each in metrics if each["name"] == "TaskDuration"),
    }
    for name, act in _ACTS.items():
        found[name] = tab.evaluate(f"""async () => {{
            const [find, order] = ['find', 'order'].map(id => document.getElementById(id));
            const began = performance.now();
            {act};
            await {_DRAWN};
            return performance.now() - began;
        }}""")
    context.close()
    return found


if __name__ == "__main__":
    main()
