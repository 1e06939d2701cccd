from dataclasses import replace

import pytest

from audit.report.facts import Conclusion
from audit.report.page.sentences import notices, verdict_sentence
from audit.report.page.words import ENGLISH
from tests.builders import run_facts
from tests.report.test_html_report import report


@pytest.mark.parametrize(("changes", "keys"), [(("a",), "(a)"), (("a", "b", "c", "d", "e"), "(a, b, c, d and 1 more)")])
def test_another_profile_is_told_before_the_verdict(changes: tuple[str, ...], keys: str) -> None:
    what_if, other = notices(run_facts(is_what_if=True, profile_changes=changes), ENGLISH)

    assert what_if.startswith("What-if: ")
    assert keys in other
    assert list(notices(run_facts(), ENGLISH)) == []


def test_a_good_verdict_says_what_the_profile_leaves_out() -> None:
    good = report(conclusion=Conclusion.COMPLIANT)
    short = replace(good, summary=replace(good.summary, controls_left_out=("CBR-102", "CBR-103")))

    assert "leaves out" not in verdict_sentence(good, ENGLISH)
    assert "the profile leaves out 2 of the usual ones." in verdict_sentence(short, ENGLISH)
