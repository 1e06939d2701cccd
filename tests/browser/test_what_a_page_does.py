from typing import Literal

import pytest

from tests.browser.conftest import Open
from tests.report.test_html_report import failing, full, line, problem, report

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_open_page_asks_for_nothing_and_the_browser_blocks_nothing(show: Open, scheme: str) -> None:
    watched = show(full(), color_scheme=scheme)
    watched.page.keyboard.press("Tab")
    watched.page.emulate_media(media="print")

    assert [address.rpartition("/")[2] for address in watched.requests] == ["report.html"]
    assert watched.noise == []
    assert watched.page.evaluate("document.styleSheets.length") == 1
    assert watched.page.evaluate("getComputedStyle(document.querySelector('.verdict')).borderLeftStyle") == "solid"


def test_a_name_that_is_markup_stays_text(show: Open) -> None:
    watched = show(failing(problem(name=HOSTILE), resources=(line(name=HOSTILE),)))

    assert HOSTILE in watched.texts(".problems h3")
    assert HOSTILE in watched.texts(".calendar bdi")
    assert watched.page.query_selector_all("img") == []
    assert watched.noise == []
    assert len(watched.requests) == 1


@pytest.mark.parametrize("media", ["screen", "print"])
def test_a_run_of_days_is_as_wide_as_they_are_and_shows_the_glyph_on_each(
    show: Open, media: Literal["screen", "print"]
) -> None:
    watched = show(report(resources=(line(),)))
    watched.page.emulate_media(media=media)

    across, end, day = watched.page.evaluate(
        """() => {
          const run = document.querySelector("td[colspan]");
          const last = document.querySelector("thead tr + tr > :last-child");
          const width = parseFloat(getComputedStyle(run, "::before").width);
          const day = last.getBoundingClientRect();
          return [width / run.colSpan, run.getBoundingClientRect().right - day.right, day.width];
        }"""
    )
    assert (across, end) == pytest.approx((day, 0), abs=0.5)


def test_the_watch_sees_what_a_page_does(show: Open) -> None:
    watched = show(report())
    watched.page.evaluate("document.body.append(Object.assign(document.createElement('img'), {src: 'http://x.test/'}))")
    watched.page.evaluate("console.log('seen'); alert('asked')")

    assert any("seen" in noise for noise in watched.noise)
    assert any("asked" in noise for noise in watched.noise)
    assert any("violates" in noise for noise in watched.noise)
