from dataclasses import replace

import pytest
from msgspec import structs

from audit.report.contents import Report
from audit.report.page.names import readable
from audit.subjects import SubjectKind
from tests.browser.conftest import Open
from tests.report.page.test_changes_on_the_page import against, change
from tests.report.payloads import PAYLOADS
from tests.report.test_html_report import a_waived, failing, line, problem

EXPECTED = [str(readable(name)) for name in PAYLOADS]
CONTENTS = "all => all.map(each => each.textContent)"


def an_estate() -> Report:
    """Every payload as the name of a problem, of a resource, of its vault and its type, of a waiver and of a change."""
    problems = [problem(id=f"p-{number}", name=name, error=name, task=name, reason=name, todo=name)
                for number, name in enumerate(PAYLOADS)]  # fmt: skip
    vaults = [problem(id=f"v-{number}", name=name, kind=SubjectKind.VAULT) for number, name in enumerate(PAYLOADS)]
    base = failing(*problems)
    return failing(
        *problems,
        *vaults,
        resources=tuple(line(id=f"p-{place}", name=name, vaults=(name,), type=name)
                        for place, name in enumerate(PAYLOADS)),
        findings=(*base.findings, *(a_waived(owner=name, reason=name, ticket=name) for name in PAYLOADS)),
        changes=against(new=tuple(change(id=f"c-{place}", name=name) for place, name in enumerate(PAYLOADS))),
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_hostile_name_stays_text_wherever_it_stands(show: Open, language: str) -> None:
    shown = an_estate()
    watched = show(replace(shown, run=structs.replace(shown.run, language=language)))
    page = watched.page

    for place in (
        ".problems > li:not(:has(.alike)) h3 bdi",
        ".problems > li:not(:has(.alike)) .refs span:first-child code",
        ".calendar .who bdi",
        "#changes .names bdi",
    ):
        assert sorted(page.eval_on_selector_all(place, CONTENTS)) == sorted(EXPECTED), place
    assert sorted(page.eval_on_selector_all(".alike > li > bdi:first-child", CONTENTS)) == sorted(EXPECTED)
    assert page.eval_on_selector_all("img, base, iframe, script, style, b > bdi", "all => all.length") == 2
    assert watched.noise == []
    assert len(watched.requests) == 1


def test_a_hostile_word_in_the_filter_stays_a_word(show: Open) -> None:
    watched = show(an_estate())
    find = watched.page.get_by_label("Find", exact=True)
    for name in PAYLOADS:
        find.fill(name)
        watched.page.wait_for_timeout(0)

    find.fill("<img src=x onerror=alert(1)>")
    watched.page.get_by_role("status").filter(has_text="“<img src=x onerror=alert(1)>”").wait_for()
    assert watched.texts(".calendar .who bdi") == ["<img src=x onerror=alert(1)>"]
    assert watched.page.query_selector_all("img") == []
    assert watched.noise == []
    assert len(watched.requests) == 1
