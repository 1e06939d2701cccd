from dataclasses import replace
from typing import Final

import pytest

from audit.judging.findings import Outcome, Severity
from audit.report.contents import Report
from audit.subjects import VaultTrace
from tests.browser.chromium import Watched
from tests.browser.conftest import Open
from tests.report.test_html_report import (
    NOW,
    control,
    failing,
    finding,
    line,
    planned,
    problem,
    report,
    timeline,
    twins,
    unmet,
)  # fmt: skip

WEB: Final = "6f1d2c3b-0000-4000-8000-000000000001"
ROWS: Final = ".calendar tbody tr:not(:has(.group)) .who bdi"


def an_estate() -> Report:
    hurt = problem(id=WEB, name="ecs-web-1")
    low = problem(id="db", name="evs-db", severity=Severity.LOW, reason="it is nearly full")
    lines = (
        line(id=WEB, name="ecs-web-1", last_success=None, planned=planned(unmet(2))),
        line(id="db", name="evs-db", planned=planned(unmet(2))),
        line(id="a", name="ECS-Web-10"),
        line(id="b", name="ecs-web-9", last_success=NOW.replace(month=1)),
        line(id="odd", name="sfs-odd"),
    )
    found = (finding(id="a"), finding(id="b"), finding(Outcome.UNKNOWN, id="odd"))
    base = failing(hurt, low)
    controls = (control(), control(102, name="all-runs"), control(103, name="other"))
    return failing(hurt, low, *twins(), resources=lines, findings=(*base.findings, *found), controls=controls)


def find(watched: Watched, words: str) -> None:
    watched.page.get_by_label("Find").fill(words)


def status(watched: Watched, words: str) -> None:
    """Wait until the number shown is announced."""
    watched.page.get_by_role("status").filter(has_text=words).wait_for()


def test_words_filter_problems_resources_and_what_is_folded_below_the_calendar(show: Open) -> None:
    watched = show(an_estate())
    watched.page.locator("#calendar summary").last.press("Enter")
    find(watched, "EVS")

    assert watched.texts(".problems h3") == ["evs-db"]
    assert watched.texts(ROWS) == ["evs-db"]
    assert [text[:6] for text in watched.texts("#calendar .found li")] == ["evs-db"]
    assert watched.texts(".calendar .group") == ["2 resources with a problem"]
    status(watched, "Filter: “EVS”. Problems shown: 1 of 4. Resources shown: 1 of 5.")
    find(watched, "web-9")
    assert watched.texts("#calendar summary") == []
    assert watched.noise == []


def test_all_words_must_occur_and_wide_letters_count_as_narrow_ones(show: Open) -> None:
    watched = show(an_estate())

    find(watched, "web 1")
    assert watched.texts(ROWS) == ["ecs-web-1", "ECS-Web-10"]
    find(watched, "ｗｅｂ-10")  # noqa: RUF001 - as an input method may leave it
    assert watched.texts(ROWS) == ["ECS-Web-10"]


def test_a_whole_id_is_found_by_the_part_that_is_shown(show: Open) -> None:
    watched = show(an_estate())
    find(watched, WEB)

    assert watched.texts(ROWS) == ["ecs-web-1"]
    assert watched.texts(".problems h3") == ["ecs-web-1"]


def test_of_alike_problems_only_those_that_fit_stay(show: Open) -> None:
    watched = show(an_estate())

    find(watched, "second")
    assert [text[:6] for text in watched.texts(".alike > li")] == ["second"]
    status(watched, "Problems shown: 1 of 4")
    find(watched, "too old high")
    assert len(watched.texts(".alike > li")) == 2
    status(watched, "Problems shown: 2 of 4")


def test_severity_and_state_are_chosen_from_those_that_there_are(show: Open) -> None:
    watched = show(an_estate())
    severity, state = watched.page.get_by_label("Problems"), watched.page.get_by_label("Resources")

    assert severity.locator("option").all_text_contents() == ["All severities", "Critical", "High", "Low"]
    assert state.locator("option").all_text_contents() == [
        *("All", "With a problem", "That could not be judged completely", "Without a problem"),
    ]
    severity.select_option("Low")
    state.select_option("Without a problem")
    assert watched.texts(".problems h3") == ["evs-db"]
    assert watched.texts(ROWS) == ["ECS-Web-10", "ecs-web-9"]
    status(watched, "Filter: Low, Without a problem. Problems shown: 1 of 4. Resources shown: 2 of 5.")


@pytest.mark.parametrize("way", ["Escape", "Clear"])
def test_the_filter_is_cleared_by_key_and_by_button(show: Open, way: str) -> None:
    watched = show(an_estate())
    watched.page.get_by_label("Problems").select_option("Low")
    find(watched, "nothing like this")
    status(watched, "Problems shown: 0 of 4. Resources shown: 0 of 5.")
    if way == "Escape":
        watched.page.keyboard.press("Escape")
    else:
        watched.page.get_by_role("button", name="Clear").click()

    status(watched, "Every problem and every resource is shown.")
    assert watched.page.get_by_label("Find").input_value() == ""
    assert (len(watched.texts(".problems > li")), len(watched.texts(ROWS))) == (3, 5)
    assert watched.page.get_by_role("button", name="Clear").is_disabled()


def test_resources_are_ordered_by_name_by_last_success_and_by_state(show: Open) -> None:
    watched = show(an_estate())
    order = watched.page.get_by_label("Order")
    by_state = watched.texts(ROWS)

    order.select_option("Name")
    assert watched.texts(ROWS) == ["ecs-web-1", "ecs-web-9", "ECS-Web-10", "evs-db", "sfs-odd"]
    assert watched.texts(".calendar .group") == []
    order.select_option("Oldest success first")
    assert watched.texts(ROWS)[:2] == ["ecs-web-1", "ecs-web-9"]
    order.select_option("Worst first")
    assert watched.texts(ROWS) == by_state
    assert len(watched.texts(".calendar .group")) == 3


def test_column_heads_of_the_calendar_order_it_too(show: Open) -> None:
    watched = show(an_estate())
    head = watched.page.locator(".calendar thead .who")

    assert head.get_attribute("aria-sort") == "none"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert watched.page.get_by_label("Order").input_value() == "name"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert watched.texts(ROWS)[0] == "sfs-odd"
    watched.page.locator(".calendar thead .last button").click()
    assert head.get_attribute("aria-sort") == "none"
    assert watched.texts(ROWS)[0] == "ecs-web-1"


def test_a_filter_holds_in_every_order(show: Open) -> None:
    watched = show(an_estate())
    find(watched, "ecs")
    watched.page.get_by_label("Order").select_option("Name")

    assert watched.texts(ROWS) == ["ecs-web-1", "ecs-web-9", "ECS-Web-10"]
    watched.page.get_by_label("Order").select_option("Worst first")
    assert watched.texts(ROWS) == ["ecs-web-1", "ECS-Web-10", "ecs-web-9"]


def test_other_tables_are_ordered_by_their_column_heads(show: Open) -> None:
    watched = show(an_estate())
    rows = "#controls table tbody th"
    head = watched.page.locator("#controls thead th", has_text="Fail")

    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert watched.texts(rows)[0].startswith("CBR-101")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert watched.texts(rows)[-1].startswith("CBR-101")
    watched.page.locator("#controls thead th").first.get_by_role("button").click()
    assert [text[:7] for text in watched.texts(rows)] == ["CBR-101", "CBR-102", "CBR-103"]
    assert head.get_attribute("aria-sort") == "none"


def test_a_link_to_a_control_unfolds_it(show: Open) -> None:
    watched = show(an_estate())
    watched.page.locator(".refs a").first.click()

    assert watched.page.locator("#CBR-101").evaluate("it => it.open") is True


def test_everything_is_reached_by_keyboard_and_its_focus_is_seen(show: Open) -> None:
    watched = show(an_estate())
    seen: list[str] = []
    for _ in range(200):
        watched.page.keyboard.press("Tab")
        outline, name = watched.page.evaluate(
            "[getComputedStyle(document.activeElement).outlineStyle, document.activeElement.id "
            "|| document.activeElement.textContent.trim()]"
        )
        if document_end := watched.page.evaluate("document.activeElement === document.body"):
            break
        assert outline != "none", name
        seen.append(name)

    assert document_end
    reached = ("Skip to what to do", "find", "severity", "state", "order", "Resource", "Last success", "✗ Fail")
    assert [name for name in reached if name not in seen] == []
    assert watched.page.locator("summary, a[href], button:enabled, select, input").count() <= len(seen)


def test_paper_shows_what_is_filtered_and_says_so(show: Open) -> None:
    watched = show(an_estate())
    watched.page.emulate_media(media="print")
    assert watched.texts("#shown") == []
    watched.page.emulate_media(media="screen")
    find(watched, "evs")
    status(watched, "Problems shown: 1 of 4.")
    watched.page.emulate_media(media="print")

    assert watched.texts("#tools") == []
    assert watched.texts("#shown") == ["Filter: “evs”. Problems shown: 1 of 4. Resources shown: 1 of 5."]
    assert watched.texts(ROWS) == ["evs-db"]


def test_without_script_the_page_shows_everything_and_no_filter(show: Open) -> None:
    watched = show(an_estate(), java_script_enabled=False)

    assert not watched.page.locator("#tools").is_visible()
    assert watched.page.locator("th button").count() == 0
    assert watched.page.locator(".problems > li").count() == 3
    assert all(row.is_visible() for row in watched.page.locator(ROWS).all())


def test_two_thousand_resources_are_filtered_and_only_rows_in_sight_are_laid_out(show: Open) -> None:
    lines = tuple(line(id=f"r-{number}", name=f"ecs-{number:04}") for number in range(2000))
    watched = show(report(resources=lines, findings=tuple(finding(id=each.id) for each in lines)))
    row = watched.page.locator(".calendar tbody tr").last

    assert row.evaluate("it => getComputedStyle(it).contentVisibility") == "auto"
    find(watched, "ecs-1234")
    status(watched, "Resources shown: 1 of 2,000.")
    assert watched.texts(ROWS) == ["ecs-1234"]
    watched.page.keyboard.press("Escape")
    status(watched, "Every problem and every resource is shown.")
    assert watched.noise == []


@pytest.mark.parametrize("shown", [report(resources=()), report(resources=(line(timeline=timeline()),))])
def test_a_page_with_little_to_filter_works_as_well(show: Open, shown: Report) -> None:
    watched = show(shown)
    find(watched, "nothing like this")

    status(watched, f"Problems shown: 0 of 0. Resources shown: 0 of {len(shown.resources)}.")
    assert watched.page.get_by_label("Order").is_disabled() is (not shown.resources)
    assert watched.noise == []


def test_an_enterprise_project_filters_what_belongs_to_others(show: Open) -> None:
    base = an_estate()
    ids = {line.id for line in base.resources}
    held = {WEB: ("e1",), "db": ("0",), "a": ("0", "e1"), "b": ("0",)}
    lines = tuple(replace(line, enterprise_projects=held.get(line.id, ())) for line in base.resources)
    vaults = tuple(VaultTrace(id=each, name=each, enterprise_project_id=each, listed=True) for each in ("0", "e1"))
    watched = show(replace(base, resources=lines, vaults=vaults))
    watched.page.get_by_label("Enterprise project").select_option("e1")

    assert ids == {WEB, "db", "a", "b", "odd"}
    assert set(watched.texts(ROWS)) == {"ecs-web-1", "ECS-Web-10", "sfs-odd"}, "what belongs to none is shown"
    assert "evs-db" not in watched.texts(".problems h3")
    assert "ecs-web-1" in watched.texts(".problems h3")
    status(watched, "Filter: e1.")

    watched.page.get_by_role("button", name="Clear").click()
    assert len(watched.texts(ROWS)) == len(ids)
