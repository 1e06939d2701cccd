from typing import Any

import pytest

from audit.collection import ALL_GRANTED
from audit.report.wording import count, lasting, notices, printable, scope_words, verdict


@pytest.mark.parametrize(
    ("conclusion", "waived", "left_out", "words"),
    [
        ("compliant", 0, (), "COMPLIANT: every backup that was checked is as it should be."),
        ("compliant", 1, (), "COMPLIANT: every backup that was checked is as it should be, or its failure is waived."),
        (
            "compliant",
            1,
            ("CBR-102",),
            "COMPLIANT BY 1 CONTROL ONLY: the profile leaves out 1 of the usual ones.",
        ),
        ("non_compliant", 1, ("CBR-102",), "NOT COMPLIANT: backups need attention."),
    ],
)
def test_the_verdict_claims_no_more_than_was_judged(
    conclusion: str, waived: int, left_out: tuple[str, ...], words: str
) -> None:
    summary = {"waived": waived, "controls_left_out": left_out}

    assert verdict({"conclusion": conclusion, "summary": summary, "controls": ["CBR-101"]}) == words


def test_another_profile_is_told_before_the_verdict() -> None:
    changed: dict[str, Any] = {"what_if": True, "profile_changes": ["a", "b", "c", "d", "e", "f"]}
    what_if, other = notices(changed)

    assert what_if.startswith("WHAT-IF: ")
    assert other.startswith("OTHER PROFILE than that of the run before (a, b, c, d and 2 more): ")
    (one,) = notices({"profile_changes": ["a"]})
    assert one.startswith("OTHER PROFILE than that of the run before (a): ")
    assert list(notices({})) == []


@pytest.mark.parametrize(
    ("since", "or_earlier", "words"),
    [
        (None, False, ""),
        ("2026-11-20T11:00:00Z", False, ", since 2026-11-20 11:00 UTC (3 days)"),
        ("2026-11-22T11:00:00Z", True, ", for at least 1 day"),
    ],
)
def test_a_problem_says_how_long_it_has_lasted(since: str | None, or_earlier: bool, words: str) -> None:  # noqa: FBT001  # as written
    assert lasting({"since": since, "or_earlier": or_earlier}, "2026-11-23T12:00:00Z") == words


def test_names_command_no_terminal_and_scopes_are_told() -> None:
    assert printable("a\x1b[2Jb") == "a?[2Jb"
    assert scope_words(ALL_GRANTED) == "every enterprise project that is granted"
    assert scope_words("e1") == "the enterprise project e1"
    assert (count(1, "run"), count(1234, "run")) == ("1 run", "1,234 runs")
