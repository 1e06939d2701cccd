from typing import Any

import pytest

from audit.controls.cbr_304_vault_capacity import judge
from audit.judging.findings import Outcome, Verdict
from tests.builders import a_vault, a_vault_subject, facts_of, limits


def judged(used_mb: int | None = 0, size_gb: int | None = 100, **changes: Any) -> Verdict:
    allowed = limits(max_vault_usage=changes.pop("most", 80))
    values = {"status": "available", "used_mb": used_mb, "size_gb": size_gb, **changes}
    return judge(a_vault_subject(vault=a_vault(**values)), allowed)


@pytest.mark.parametrize(
    ("used_mb", "outcome"),
    [
        (0, Outcome.PASS),
        (80, Outcome.PASS),
        (80 * 1024 - 1, Outcome.PASS),
        (80 * 1024, Outcome.FAIL),
        (100 * 1024, Outcome.FAIL),
        (101 * 1024, Outcome.FAIL),
    ],
)
def test_use_in_mb_is_held_against_size_in_gb(used_mb: int, outcome: Outcome) -> None:
    assert judged(used_mb).outcome is outcome


@pytest.mark.parametrize(
    ("most", "used_mb", "outcome"),
    [(100, 1023, Outcome.PASS), (100, 1024, Outcome.FAIL), (33, 337, Outcome.PASS), (33, 338, Outcome.FAIL)],
)
def test_the_limit_is_exact_where_percents_are_no_whole_numbers(most: int, used_mb: int, outcome: Outcome) -> None:
    assert judged(used_mb, 1, most=most).outcome is outcome


def test_a_very_large_vault_is_judged_exactly() -> None:
    size = 10_485_760

    assert judged(size * 1024 * 80 // 100 - 1, size).outcome is Outcome.PASS
    assert judged(size * 1024 * 80 // 100, size).outcome is Outcome.FAIL


def test_a_replication_vault_fills_too() -> None:
    assert judged(90 * 1024, protect_type="replication").outcome is Outcome.FAIL


@pytest.mark.parametrize(("grows", "outcome"), [(True, Outcome.PASS), (False, Outcome.FAIL), (None, Outcome.FAIL)])
def test_a_vault_that_grows_by_itself_has_room(grows: bool | None, outcome: Outcome) -> None:  # noqa: FBT001  # the field in question
    assert judged(90 * 1024, auto_expand=grows).outcome is outcome


@pytest.mark.parametrize("grows", [True, False])
@pytest.mark.parametrize("status", ["frozen", "error", "deleting"])
def test_a_vault_that_is_out_of_use_fails_however_empty_it_is(status: str, grows: bool) -> None:  # noqa: FBT001  # the field in question
    assert judged(0, status=status, auto_expand=grows).outcome is Outcome.FAIL
    assert judged(None, status=status, auto_expand=grows).outcome is Outcome.FAIL


@pytest.mark.parametrize(("used_mb", "outcome"), [(0, Outcome.PASS), (80 * 1024, Outcome.FAIL)])
def test_a_vault_that_is_being_enlarged_is_judged_by_the_size_that_it_has(used_mb: int, outcome: Outcome) -> None:
    assert judged(used_mb, status="lock").outcome is outcome


@pytest.mark.parametrize(
    "changes",
    [
        {"used_mb": None},
        {"size_gb": None},
        {"size_gb": 0},
        {"size_gb": -1},
        {"used_mb": -1},
        {"status": None},
        {"status": "odd"},
        {"status": None, "auto_expand": True},
    ],
)
def test_it_is_unknown_where_the_answer_does_not_say(changes: dict[str, Any]) -> None:
    assert judged(**changes).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", [None, "odd"])
def test_a_full_vault_fails_whatever_its_state(status: str | None) -> None:
    assert judged(100 * 1024, status=status).outcome is Outcome.FAIL


@pytest.mark.parametrize("changes", [{"used_mb": None}, {"size_gb": 0}])
def test_one_that_grows_by_itself_need_not_say_how_full_it_is(changes: dict[str, Any]) -> None:
    assert judged(**changes, auto_expand=True).outcome is Outcome.PASS


def test_it_says_what_it_compared() -> None:
    assert facts_of(judged(90_000, auto_expand=False)) == {
        "status": "available",
        "used_mb": 90_000,
        "size_gb": 100,
        "limit_percent": 80,
        "grows_by_itself": False,
        "cloud_warns_at_percent": None,
        "cloud_sends_warnings": None,
    }


def test_it_says_whether_the_cloud_itself_would_warn() -> None:
    facts = facts_of(judged(90_000, threshold_percent=95, smn_notify=False))

    assert (facts["cloud_warns_at_percent"], facts["cloud_sends_warnings"]) == (95, False)


def test_a_vault_that_may_still_be_there_is_unknown_and_one_that_is_gone_is_not_judged() -> None:
    assert judge(a_vault_subject(vault=None, vaults_complete=False), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_vault_subject(vault=None), limits()).outcome is Outcome.NOT_APPLICABLE
