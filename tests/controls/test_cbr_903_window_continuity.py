from datetime import datetime, timedelta

import pytest

from audit.collection import Kind
from audit.controls.cbr_903_window_continuity import judge
from audit.judging.findings import Outcome
from audit.subjects import Memory
from tests.builders import DAY, NOW, TICK, a_collection, a_window, facts_of, limits


def a_memory(until: datetime) -> Memory:
    return Memory(run="run-1", until=until, policies={}, resources={})


@pytest.mark.parametrize(("early", "outcome"), [(timedelta(0), Outcome.PASS), (TICK, Outcome.UNKNOWN)])
def test_the_window_must_begin_where_the_one_before_ended(early: timedelta, outcome: Outcome) -> None:
    collection = a_collection(window=a_window(3), memory=a_memory(NOW - 3 * DAY - early))

    assert judge(collection, limits()).outcome is outcome


@pytest.mark.parametrize(("early", "outcome"), [(timedelta(0), Outcome.PASS), (TICK, Outcome.UNKNOWN)])
def test_a_window_that_is_longer_than_cbr_shows_joins_only_what_is_shown(early: timedelta, outcome: Outcome) -> None:
    collection = a_collection(window=a_window(90), memory=a_memory(NOW - 31 * DAY - early))

    assert judge(collection, limits()).outcome is outcome


def test_a_gap_names_the_time_that_was_not_read() -> None:
    verdict = judge(a_collection(window=a_window(3), memory=a_memory(NOW - 5 * DAY)), limits())

    assert facts_of(verdict) == {
        "run": "run-1",
        "known_until": "2026-11-18T04:00:00Z",
        "read_since": "2026-11-20T04:00:00Z",
    }


def test_it_does_not_apply_to_the_first_run() -> None:
    assert judge(a_collection(), limits()).outcome is Outcome.NOT_APPLICABLE


def test_a_run_before_that_was_damaged_is_unknown() -> None:
    verdict = judge(a_collection(lost="manifest.json was changed"), limits())

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.UNKNOWN, {"why": "manifest.json was changed"})


def test_a_log_with_gaps_is_unknown() -> None:
    memory = a_memory(NOW - DAY)

    assert judge(a_collection(Kind.TASKS, memory=memory), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_collection(Kind.VAULTS, memory=memory), limits()).outcome is Outcome.PASS
