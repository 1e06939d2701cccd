from audit.report import PAGE, index, index_page
from audit.report.formats import FORMATS
from tests.report.estate import GOLDEN, RENDERED, a_report
from tests.report.test_html_report import GOLDEN as GOLDEN_PAGE
from tests.report.test_html_report import full


def test_the_table_of_formats_leads_to_the_bytes_of_each() -> None:
    assert {*FORMATS} == {*RENDERED, PAGE}
    for name in RENDERED:
        assert b"".join(FORMATS[name](a_report())) == (GOLDEN / name).read_bytes(), name
    assert b"".join(FORMATS[PAGE](full())) == GOLDEN_PAGE.read_bytes()


def test_the_page_of_the_last_runs_is_made_of_the_report() -> None:
    assert index(a_report()) == index_page.render(index_page.index_of(a_report()))
