import html
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import orjson
import pytest
from msgspec import structs

from audit.report.baseline import Baseline, TrendLine
from audit.report.formats import json_report
from audit.report.index_page import IndexPage, index_of, render, stored_index
from audit.report.page.trend_charts import HEIGHT, WIDTH, age_words, charts
from audit.report.page.words import ENGLISH
from audit.timestamps import shown
from tests.builders import DAY, HOUR, NOW, run_facts
from tests.report.estate import a_report

GOLDEN: Final = Path(__file__).parent / "golden" / "index.html"


def a_line(age: timedelta = timedelta(0), **changes: object) -> TrendLine:
    moment = NOW - age
    line = TrendLine(
        run=f"{moment:%Y%m%dT%H%M%SZ}-7f3a9c21",
        as_of=moment,
        conclusion="compliant",
        complete=True,
        passed=9,
        judged=10,
        problems=0,
        oldest_backup=moment - 20 * HOUR,
        without_backup=0,
    )
    return structs.replace(line, **changes)


def an_index(*lines: TrendLine, **changes: object) -> IndexPage:
    index = IndexPage(
        project_id="p1",
        region="eu-west-101",
        timezone="Europe/Berlin",
        language="en",
        lines=lines or (a_line(),),
        trouble=None,
    )
    return replace(index, **changes)  # type: ignore[arg-type]


def full() -> IndexPage:
    return an_index(
        a_line(40 * DAY, conclusion="incomplete", complete=False, passed=0, judged=0, oldest_backup=None),
        a_line(3 * DAY, conclusion="non_compliant", problems=1203, oldest_backup=NOW - 9 * DAY, without_backup=2),
        a_line(DAY),
        a_line(),
    )


def text(index: IndexPage) -> str:
    page = re.sub(r"<style>.*?</style>|<[^>]*>", " ", render(index).decode(), flags=re.DOTALL)
    return re.sub(r" ([,.])", r"\1", re.sub(r"\s+", " ", html.unescape(page)))


def test_the_bytes_are_those_of_the_golden_file() -> None:
    assert render(full()) == GOLDEN.read_bytes()


def test_the_page_follows_from_the_report_that_is_stored() -> None:
    previous = Baseline(run="r0", as_of=NOW - DAY, trend=(a_line(2 * DAY), a_line(DAY, problems=3)))
    report = replace(a_report(), run=run_facts(previous=previous, timezone="Asia/Shanghai"))
    report = replace(report, trend=(*previous.trend, *report.trend))

    assert render(stored_index(orjson.loads(json_report.render(report)))) == render(index_of(report))


@pytest.mark.parametrize("report", [{}, {"run": None}, {"run": {"project_id": "p"}}])
def test_what_is_no_report_has_no_page(report: dict[str, object]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        stored_index(report)


def test_the_newest_run_comes_first_and_every_run_leads_to_its_report() -> None:
    links = re.findall(r'<th scope="row"><a href="([^"]*)">', render(full()).decode())

    assert links[0] == "2026/11/23/20261123T040000Z-7f3a9c21/report.html"
    assert links == sorted(links, reverse=True)
    assert len(links) == 4


def test_the_latest_run_is_summed_up() -> None:
    line = a_line(problems=2, conclusion="non_compliant", complete=False, without_backup=1)
    shown_text = text(an_index(line))

    assert (
        "Not compliant 2 problems open. 90.0 % of what was judged passed, and the evidence is not complete"
        in shown_text
    )
    assert "newest backup from 22 Nov 2026, 08:00 UTC (09:00 CET), 20 hours before the run" in shown_text
    assert "Of 1 resource no backup is known." in shown_text


def test_what_is_not_known_is_not_said() -> None:
    shown_text = text(an_index(a_line(oldest_backup=None, judged=0, passed=0), region=""))

    assert "worst off" not in shown_text
    assert "no backup is known" not in shown_text
    assert "none of what was judged passed" in shown_text
    assert "Region" not in shown_text


def test_earlier_runs_that_are_lost_are_told() -> None:
    assert "Earlier runs are not known here: <b>damaged</b>." in text(an_index(trouble="<b>damaged</b>"))
    assert "not known here" not in text(an_index())


def test_names_stay_text() -> None:
    payload = '"><img src=x onerror=alert(1)>'

    assert payload not in render(an_index(project_id=payload, region=payload, trouble=payload)).decode()


def test_the_page_asks_nothing_of_the_network() -> None:
    page = render(full()).decode()

    assert "default-src 'none'" in page
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?!data:|#|20)', page)


def test_a_chart_spans_its_box_from_the_first_run_to_the_last() -> None:
    problems = charts((a_line(4 * DAY), a_line(DAY, problems=1), a_line(problems=4)), ENGLISH)[1]

    assert (problems.top, problems.newest) == ("4", "4")
    assert problems.paths == (f"M0 {HEIGHT}L{WIDTH * 3 // 4} {HEIGHT * 3 // 4}L{WIDTH} 0",)
    assert problems.dots == (f"M{WIDTH} 0h0",)


def test_a_run_without_a_value_breaks_the_course() -> None:
    lines = (a_line(4 * DAY), a_line(3 * DAY, oldest_backup=None), a_line(2 * DAY), a_line(DAY))
    ages = charts(lines, ENGLISH)[2]

    assert ages.paths == (f"M{WIDTH * 2 // 3} {HEIGHT - HEIGHT * 20 // 24}L{WIDTH} {HEIGHT - HEIGHT * 20 // 24}",)
    assert [dot.split()[0] for dot in ages.dots] == ["M0", f"M{WIDTH}"]


def test_a_single_run_is_a_dot_on_the_right() -> None:
    rate, _, ages = charts((a_line(oldest_backup=None),), ENGLISH)

    assert (rate.paths, rate.dots, rate.newest, rate.top) == ((), (f"M{WIDTH} 10h0",), "90.0 %", "100.0 %")
    assert (ages.paths, ages.dots, ages.newest) == ((), (), "none")


@pytest.mark.parametrize(("hours", "words"), [(1, "1 hour"), (47, "47 hours"), (48, "2 days"), (2400, "100 days")])
def test_ages_are_said_in_hours_then_in_days(hours: int, words: str) -> None:
    assert age_words(hours, ENGLISH) == words


def test_times_are_those_of_the_run() -> None:
    assert f'datetime="{shown(NOW).replace("Z", "+00:00")}"' in render(an_index()).decode()
