import shutil
from pathlib import Path

import pytest
from jinja2 import Environment

from audit.report import index_page
from audit.report.formats import html_report
from audit.report.page import templates
from tests.report.test_html_report import GOLDEN, full
from tests.report.test_index_page import GOLDEN as GOLDEN_INDEX
from tests.report.test_index_page import full as an_index


def test_pages_come_from_templates_that_were_compiled_where_there_are_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / templates.COMPILED).mkdir()
    for page in (html_report, index_page):
        for name in page.TEMPLATES:
            place, text = templates.module(name, page.environment())
            (tmp_path / place).write_text(text, encoding="utf-8")
    shutil.copy(Path(templates.__file__).with_name("page.js"), tmp_path)

    def refuse(_environment: Environment, _source: object, *_names: object) -> None:
        raise AssertionError("a template was compiled")

    monkeypatch.setattr(templates, "_FOLDER", tmp_path)
    monkeypatch.setattr(Environment, "compile", refuse)
    for page in (html_report, index_page):
        monkeypatch.setattr(page, "environment", page.environment.__wrapped__)

    assert html_report.render(full()) == GOLDEN.read_bytes()
    assert index_page.render(an_index()) == GOLDEN_INDEX.read_bytes()
