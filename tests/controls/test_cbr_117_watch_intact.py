from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_117_watch_intact import judge
from audit.judging.findings import Outcome, Verdict
from audit.records import Actor, Deed, Trace
from audit.subjects import Trail
from tests.builders import DAY, HOUR, NOW, TICK, a_collection, a_trace, a_window, facts_of, limits

OLD = NOW - 2 * HOUR


def judged(*traces: Trace, watched: Any = (), why_not: str = "", **changes: Any) -> Verdict:
    seen = None if watched is None else frozenset(watched)
    trail = Trail.of(traces, NOW - 6 * DAY, why_not)
    return judge(a_collection(trail=trail, watched=seen, **changes), limits())


def test_an_operation_without_an_event_means_that_the_watch_was_off() -> None:
    verdict = judged(a_trace("t1", at=OLD), a_trace("t2", at=OLD + TICK), watched={"t1"})

    assert verdict.outcome is Outcome.FAIL
    assert facts_of(verdict) == {"since": "2026-11-23T02:00:00Z", "operations": 2, "without_event": 1}


def test_the_watch_saw_what_it_committed() -> None:
    verdict = judged(a_trace("t1", at=OLD), watched={"t1", "t2"})

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.PASS, {"operations": 1})


@pytest.mark.parametrize(("early", "outcome"), [(timedelta(0), Outcome.NOT_APPLICABLE), (TICK, Outcome.FAIL)])
def test_an_event_may_be_on_its_way_for_an_hour(early: timedelta, outcome: Outcome) -> None:
    assert judged(a_trace(at=NOW - HOUR - early)).outcome is outcome


@pytest.mark.parametrize(
    "changes",
    [
        {"succeeded": False},
        {"actor": Actor(is_cloud=True)},
        *({"deed": deed} for deed in (Deed.OTHER, Deed.CHANGE_POLICY, Deed.TOUCH_TRAIL, Deed.TOUCH_WATCH)),
    ],
)
def test_what_needs_no_event_shows_nothing(changes: dict[str, Any]) -> None:
    assert judged(a_trace(at=OLD, **changes)).outcome is Outcome.NOT_APPLICABLE


def test_an_operation_of_which_the_success_is_unknown_needs_an_event() -> None:
    assert judged(a_trace(at=OLD, succeeded=None)).outcome is Outcome.FAIL


def test_what_is_older_than_the_window_is_not_judged() -> None:
    window = a_window(1)

    assert judged(a_trace(at=window.since), window=window).outcome is Outcome.FAIL
    assert judged(a_trace(at=window.since - TICK), window=window).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(("traces", "operations"), [((), 0), ((a_trace("t1", at=OLD),), 1)])
def test_missing_traces_are_unknown(traces: tuple[Trace, ...], operations: int) -> None:
    verdict = judged(*traces, watched={"t1"}, why_not="cts:trace:list is not granted")

    assert verdict.outcome is Outcome.UNKNOWN
    assert facts_of(verdict) == {"why": "cts:trace:list is not granted", "operations": operations}


def test_events_that_could_not_be_listed_are_unknown_if_there_should_be_some() -> None:
    verdict = judged(a_trace(at=OLD), watched=None)

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.UNKNOWN, {"operations": 1})
    assert judged(watched=None).outcome is Outcome.NOT_APPLICABLE
