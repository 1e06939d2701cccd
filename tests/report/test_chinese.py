import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter
from typing import Final

import pytest
from msgspec import structs

from audit.judging.findings import Outcome, Severity
from audit.report import index_page
from audit.report.baseline import Baseline
from audit.report.contents import Report
from audit.report.formats.html_report import render
from audit.report.index_page import IndexPage
from audit.report.page.words import ENGLISH, Words, words_of
from audit.subjects import SubjectKind
from tests.report.labels import counts, optional, texts
from tests.report.test_html_report import (
    HOSTILE,
    VOID,
    Page,
    a_waived,
    collection,
    failing,
    finding,
    full,
    gap,
    line,
    problem,
    report,
    run,
    text,
    timeline,
    twins,
)
from tests.report.test_index_page import a_line, an_index
from tests.report.test_index_page import full as index_full

# To accept a wanted change: python -c "from tests.report.test_chinese import *; GOLDEN.write_bytes(render(full_zh()))"
GOLDEN: Final = Path(__file__).parent / "golden" / "report.zh.html"
CHINESE: Final = words_of("zh")
FOREIGN: Final = frozenset({"bdi", "code", "script", "style"})
SPOKEN: Final = frozenset({"aria-label", "title", "data-some", "data-every"})
NO_ENGLISH: Final = frozenset(
    {"API", "CBR", "CET", "Esc", "ID", "SHA", "UTC", "audit", "cbr", "json", "recent", "backup", "report", "eu", "de"}
    | {"findings", "ndjson", "gz"}
)


class Untold(HTMLParser):
    """The text of a page that is neither marked as English nor a name or an id."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.words: list[str] = []
        self._open: list[bool] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not any(self._open):
            for name, value in attrs:
                if name in SPOKEN and tag not in FOREIGN:
                    self.handle_data(value or "")
        if tag not in VOID:
            self._open.append(tag in FOREIGN or ("lang", "en") in attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nothing is in it."""

    def handle_endtag(self, _tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._open):
            self.words += re.findall(r"[A-Za-z]{2,}", data)


def in_chinese(shown: Report) -> Report:
    return replace(shown, run=structs.replace(shown.run, language="zh"))


def full_zh() -> Report:
    return in_chinese(full())


def test_the_page_is_the_golden_one_byte_for_byte() -> None:
    assert render(full_zh()) == GOLDEN.read_bytes()


def test_every_label_has_a_chinese_text() -> None:
    assert texts() - CHINESE.texts.keys() == set()
    assert counts() - CHINESE.counts.keys() == set()


def test_no_chinese_text_is_superfluous() -> None:
    assert CHINESE.texts.keys() - texts() - optional() == set()
    assert CHINESE.counts.keys() - counts() == set()


def test_labels_are_really_found() -> None:
    assert {"What to do now", "{day} {month}", "Server", "Missing: planned, but never started"} <= texts()
    assert {"difference", "policy", "problem needs action"} <= counts()


def parts_of(sentence: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("english", sorted(CHINESE.texts))
def test_a_translation_has_the_parts_of_its_text(english: str) -> None:
    assert parts_of(CHINESE.texts[english]) == parts_of(english)
    assert re.findall(r"`[^`]+`", CHINESE.texts[english]) == re.findall(r"`[^`]+`", english)


@pytest.mark.parametrize("noun", sorted(CHINESE.counts))
def test_a_counted_noun_has_one_place_for_its_number(noun: str) -> None:
    assert CHINESE.count(1234, noun).count("1,234") == 1


@pytest.mark.parametrize(
    "shown",
    [
        report(),
        report(resources=(), findings=()),
        report(controls=(), findings=()),
        report(findings=(finding(), a_waived())),
        report(findings=(a_waived(), finding(Outcome.UNKNOWN)), out_of_scope=2),
        failing(problem(), *twins(or_earlier=True)),
        failing(*twins(), problem(kind=SubjectKind.POLICY, severity=Severity.LOW, since="")),
        report(resources=(line(timeline=timeline(gap(100, 0), is_sure=False)),)),
        report(run=run(previous=Baseline(trouble="it is lost")), collection=collection("lost")),
        report(run=run(timezone="Mars/Olympus")),
    ],
)
def test_no_english_word_is_left_that_is_not_marked(shown: Report) -> None:
    assert set(Untold(render(in_chinese(shown))).words) - NO_ENGLISH == set()


def test_the_watch_for_english_words_sees_them() -> None:
    page = render(report()).replace(b'<html lang="en">', b"<html>")

    assert {"Calendar", "Sections", "Mon", "shown", "Id"} - set(Untold(page).words) == {"Id"}


def test_the_page_says_its_language_and_marks_what_is_english() -> None:
    page = Page(render(full_zh()))

    assert page.tags("html") == [{"lang": "zh-Hans"}]
    assert {span["lang"] for span in page.tags("span") if "lang" in span} == {"en"}
    assert page.unbalanced == []
    assert not [True for span in Page(render(full())).tags("span") if "lang" in span]


@pytest.mark.parametrize("index", [index_full(), an_index(a_line(passed=0, judged=0), trouble="it is lost")])
def test_the_page_of_the_last_runs_is_chinese_too(index: IndexPage) -> None:
    page = index_page.render(replace(index, language="zh"))

    assert b'<html lang="zh-Hans">' in page
    assert set(Untold(page).words) - NO_ENGLISH - {"west"} == set()
    assert Page(page).unbalanced == []


def test_sentences_read_as_chinese_ones() -> None:
    shown = text(in_chinese(failing(problem(), collection=collection("a page is missing"))))

    assert "✗ 不合规 1 个问题需要处理：1 个资源中的 1 个不合规。可能还有更多：读取的数据有 1 处缺口。" in shown  # noqa: RUF001
    assert "5 天 自 2026年11月17日 23:17 UTC (11月18日 00:17 CET) 起" in shown
    assert "资源 3d11d099" in shown


def test_reasons_and_remedies_are_chinese_where_they_have_a_text() -> None:
    known = problem(reason="the vault is almost full", todo="Add the missing tags to the vault.")
    page = render(in_chinese(failing(known))).decode()

    assert '<p class="what">存储库即将用满。</p>\n<p>为存储库添加缺少的标签。</p>' in page
    other = render(in_chinese(failing(problem(reason="it is odd", todo="Look at `it`.")))).decode()
    assert '<p class="what"><span lang="en">It is odd.</span></p>' in other
    assert '<p><span lang="en">Look at <code>it</code>.</span></p>' in other


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text_in_every_language(name: str) -> None:
    wild = failing(
        problem(name=name, todo=name, error=name, task=name, reason=name),
        run=run(project_id=name, region=name, timezone=name, previous=Baseline(trouble=name)),
        resources=(line(name=name, type=name, vaults=(name,)),),
        findings=(a_waived(owner=name, reason=name, ticket=name), finding(Outcome.FAIL, id="x", name=name)),
        collection=collection(name),
    )
    page = Page(render(in_chinese(wild)))

    assert page.unbalanced == []
    assert not page.tags("img")
    assert page.text.count(name) >= 12


def test_english_is_the_language_without_a_table() -> None:
    assert words_of("en") is ENGLISH
    assert ENGLISH.knows("anything")
    assert not CHINESE.knows("anything")
    assert (ENGLISH.enumerate(["a"]), ENGLISH.enumerate(["a", "b", "c"])) == ("a", "a, b and c")
    assert (ENGLISH.sentences("a.", "", "b."), CHINESE.sentences("a。", "b。")) == ("a. b.", "a。b。")
    assert Words().count(1, "policy", "policies") == "1 policy"


def test_a_reason_with_numbers_is_found_by_its_pattern() -> None:
    told = CHINESE.text("every run begins 5 h 30 min before it is planned")

    assert (told, CHINESE.knows("every run begins 12 h later than planned")) == (
        "每次执行都比计划时间早 5 小时 30 分钟",
        True,
    )
    assert not CHINESE.knows("every run begins 12 d later than planned")
