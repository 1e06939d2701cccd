import re
from datetime import timedelta

import pytest

from audit.report.formats.html_report import render
from audit.report.page.calendar_strips import strips
from audit.schedule.matching import RunState
from tests.report.test_html_report import NOW, Page, gap, line, planned, report, text, timeline, unmet

HOUR = timedelta(hours=1)


def points(*hours_ago: int) -> tuple[object, ...]:
    return tuple(NOW - hours * HOUR for hours in hours_ago)


def test_the_axis_is_as_long_as_the_calendar() -> None:
    assert strips(report()).width == 9 * 24


def test_every_point_is_drawn_at_its_hour() -> None:
    drawn = strips(report(resources=(line(timeline=timeline(points=points(26, 2))),)))

    assert [drawing.points for drawing in drawn.drawings] == ["m170 0h2m22 0h2"]


def test_many_points_at_equal_distances_are_one_dashed_line() -> None:
    hours = (*range(190, 90, -12), 40, 3)
    page = report(resources=(line(timeline=timeline(points=points(*hours))),))

    [drawing] = strips(page).drawings
    starts = [196 - ago for ago in hours]
    assert (drawing.points, drawing.regular) == (
        f"m{starts[0]} 0h2m{starts[9] - starts[0] - 2} 0h2m35 0h2",
        ((f"M{starts[1]} 1H{starts[8] + 2}", "2 10"),),
    )
    assert Page(render(page)).tags("path")[-2:] == [
        {"d": f"M0 1{drawing.points}"},
        {"d": drawing.regular[0][0], "stroke-dasharray": "2 10"},
    ]


def test_points_of_every_hour_are_one_bar() -> None:
    drawn = strips(report(resources=(line(timeline=timeline(points=points(*range(100, -1, -1)))),)))

    assert [drawing.points for drawing in drawn.drawings] == ["m96 0h102"]


def test_points_outside_of_the_calendar_are_not_drawn_and_the_last_one_is_cut_at_its_end() -> None:
    drawn = strips(report(resources=(line(timeline=timeline(points=points(999, -19, -30))),)))

    assert [drawing.points for drawing in drawn.drawings] == ["m215 0h1"]


def test_time_beyond_the_limit_is_drawn_from_the_limit_on() -> None:
    drawn = strips(report(resources=(line(timeline=timeline(gap(100, 60), gap(31, 0), points=())),)))

    assert [drawing.beyond for drawing in drawn.drawings] == ["m126 0h10m59 0h1"]


def test_time_beyond_the_limit_that_began_before_the_calendar_is_cut() -> None:
    drawn = strips(report(resources=(line(timeline=timeline(gap(300, 100), points=())),)))

    assert [drawing.beyond for drawing in drawn.drawings] == ["m0 0h96"]


def test_resources_with_the_same_strip_share_its_drawing() -> None:
    lines = (
        line(id="a"),
        line(id="b"),
        line(id="c", timeline=timeline(points=points(3))),
        line(id="d", timeline=timeline(points=(), limit=None, longest=None)),
    )
    page = Page(render(report(resources=lines)))

    assert strips(report(resources=lines)).number == {"a": 0, "b": 0, "c": 1}
    assert [use["href"] for use in page.tags("use")] == ["#t0", "#t0", "#t1"]
    assert [symbol["id"] for symbol in page.tags("symbol")] == ["t0", "t1"]
    assert page.unbalanced == []


@pytest.mark.parametrize(
    ("shown", "style", "words"),
    [
        (timeline(), None, "24 h 5 min ≤ 30 h"),
        (timeline(gap(31, 0)), "z", "31 h > 30 h"),
        (timeline(gap(76, 0)), "z", "3 d 4 h > 30 h"),
        (timeline(gap(72, 0)), "z", "3 d > 30 h"),
        (timeline(gap(76, 0), is_sure=False), "y", "? 3 d 4 h > 30 h"),
    ],
)
def test_the_longest_gap_stands_beside_its_limit(shown: object, style: str | None, words: str) -> None:
    page = render(report(resources=(line(timeline=shown),))).decode()

    [cell] = re.findall(r"<td class=last>(.*)", page)
    attribute = f" class={style}" if style else ""
    assert cell.endswith(f" <small{attribute}>{words.replace('>', '&gt;')}</small>")
    assert ("was older than its limit" in page) is bool(style)


def test_without_a_limit_nothing_is_said_of_gaps() -> None:
    page = render(report(resources=(line(timeline=timeline(limit=None, longest=None)),))).decode()

    assert "<td class=last><time datetime=2026-11-23T02:00Z>23 Nov 02:00</time>\n" in page


def test_gaps_beyond_the_limit_are_told_in_words() -> None:
    shown = text(report(resources=(line(timeline=timeline(gap(100, 24), gap(31, 0))), line(id="b"))))

    assert (
        "1 resource went longer without a new backup than the limit allows From one successful backup to the next, "
        "the newest first, in UTC. ecs-steady 90a9e44b Longest gap 3 days 4 hours, limit 30 hours: "
        "21 Nov 21:00 to now; 19 Nov 00:00 to 22 Nov 04:00" in shown
    )
    assert "backups may be missing here" not in shown


def test_of_many_gaps_the_newest_are_named_and_those_in_doubt_say_so() -> None:
    many = (gap(hours, hours - 31) for hours in range(1400, 400, -50))
    shown = text(report(resources=(line(timeline=timeline(*many, is_sure=False)),)))

    assert shown.partition("Longest gap")[2].partition("and 8 more")[0].count("; ") == 11
    assert "and 8 more (the task log has gaps, so backups may be missing here)" in shown


def test_gaps_come_before_planned_runs_without_a_backup() -> None:
    both = line(timeline=timeline(gap(31, 0)), planned=planned(unmet(26, RunState.MISSING)))
    shown = text(report(resources=(both,)))

    assert 0 < shown.index("than the limit allows") < shown.index("1 planned run of 1 resource brought no backup")
