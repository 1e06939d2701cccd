from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_115_destructive_change import CONTROL, judge
from audit.judging.evaluate import evaluate
from audit.judging.findings import Outcome, Severity, Verdict
from audit.records import Actor, Deed, Trace
from audit.subjects import Memory, Subjects, Trail
from tests.builders import DAY, HOUR, NOW, TICK, a_collection, a_trace, a_window, facts_of, limits, requirements

MINUTE = timedelta(minutes=1)
READ = NOW - 6 * DAY


def judged(*traces: Trace, since: Any = READ, why_not: str = "", allowed: Any = None, **changes: Any) -> Verdict:
    collection = a_collection(trail=Trail.of(traces, since, why_not), **changes)
    return judge(collection, limits(**(allowed or {})))


def a_memory(until: Any) -> Memory:
    return Memory(run="run-1", until=until, policies={}, resources={})


def test_what_nobody_excuses_fails_and_says_what_else_was_done() -> None:
    by_cloud = a_trace("t2", deed=Deed.DELETE_BACKUP, actor=Actor(is_cloud=True))
    left_out, ours = a_trace("t3", resource_id="VAULT-9"), a_trace("t4", actor=Actor(name="ci"))
    verdict = judged(
        a_trace(), by_cloud, left_out, ours, out_of_scope=frozenset({"vault-9"}), allowed={"trusted_actors": {"ci"}}
    )

    assert (verdict.outcome, verdict.severity) == (Outcome.FAIL, Severity.HIGH)
    assert verdict.reason == "somebody who is not trusted took backups or protection away"
    assert facts_of(verdict) == {
        "since": "2026-11-23T03:00:00Z",
        "operations": 1,
        "actors": 1,
        "most_deletions_in_an_hour": 1,
        "by_trusted": 1,
        "in_maintenance": 0,
        "out_of_scope": 1,
        "by_cloud": 1,
    }


def test_a_trace_without_a_resource_is_in_scope() -> None:
    assert judged(a_trace(resource_id=None), out_of_scope=frozenset({""})).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        (Deed.TOUCH_TRAIL, "somebody who is not trusted touched the trail of Cloud Trace Service"),
        (Deed.TOUCH_WATCH, "somebody who is not trusted touched a function or its trigger, which may be the watch"),
        (Deed.UNLOCK_VAULT, "somebody who is not trusted switched the lock of a vault off"),
    ],
)
def test_who_blinds_the_guards_is_named_before_what_else_is_done(deed: Deed, reason: str) -> None:
    verdict = judged(a_trace(), a_trace("t2", deed=deed, resource_name=None))

    assert (verdict.reason, verdict.severity) == (reason, Severity.CRITICAL)


def test_other_functions_are_nobody_s_business_but_counted() -> None:
    verdict = judged(a_trace(deed=Deed.TOUCH_WATCH, operation="deleteFunction", resource_name="thumbnails"))

    assert (verdict.outcome, dict(verdict.facts)["out_of_scope"]) == (Outcome.PASS, 1)


@pytest.mark.parametrize(("apart", "severity"), [(15 * MINUTE, Severity.CRITICAL), (16 * MINUTE, Severity.HIGH)])
def test_many_deletions_within_an_hour_are_critical(apart: timedelta, severity: Severity) -> None:
    verdict = judged(*(a_trace(f"t{each}", at=NOW - 2 * HOUR + each * apart) for each in range(5)))

    assert verdict.severity is severity
    assert verdict.reason.endswith("many backups or vaults within an hour") == (severity == Severity.CRITICAL)


def test_the_finding_has_the_severity_of_what_was_done() -> None:
    trail = Trail.of([a_trace(deed=Deed.UNLOCK_VAULT)], READ)
    subjects = Subjects(resources=(), policies=(), vaults=(), collection=a_collection(trail=trail))
    (finding,) = evaluate(subjects, [CONTROL], requirements())

    assert (CONTROL.severity, finding.severity) == (Severity.HIGH, Severity.CRITICAL)


def test_maintenance_excuses_what_is_done_in_it() -> None:
    verdict = judged(a_trace(), allowed={"maintenance": lambda moment: "patches" if moment == NOW - HOUR else ""})

    assert (verdict.outcome, facts_of(verdict)["in_maintenance"]) == (Outcome.PASS, 1)


def test_what_is_older_than_the_window_is_not_judged() -> None:
    window = a_window(1)

    assert judged(a_trace(at=window.since), window=window).outcome is Outcome.FAIL
    assert judged(a_trace(at=window.since - TICK), window=window).outcome is Outcome.PASS


@pytest.mark.parametrize("memory", [None, a_memory(NOW - DAY), a_memory(READ)])
@pytest.mark.parametrize(("late", "outcome"), [(timedelta(0), Outcome.PASS), (TICK, Outcome.UNKNOWN)])
def test_traces_are_needed_of_six_days(memory: Any, late: timedelta, outcome: Outcome) -> None:
    assert judged(since=READ + late, memory=memory).outcome is outcome


def test_traces_are_needed_since_the_run_before_but_not_from_before_the_window() -> None:
    verdict = judged(since=READ, memory=a_memory(READ - TICK))

    assert verdict.outcome is Outcome.UNKNOWN
    assert str(facts_of(verdict)["why"]).startswith("the traces begin at 2026-11-17T04:00:00Z, and are needed from ")
    assert judged(since=NOW - DAY, memory=a_memory(READ), window=a_window(1)).outcome is Outcome.PASS


def test_traces_that_could_not_be_read_are_unknown_unless_those_that_are_there_fail() -> None:
    verdict = judged(why_not="cts:trace:list is not granted")

    assert (verdict.outcome, facts_of(verdict)["why"]) == (Outcome.UNKNOWN, "cts:trace:list is not granted")
    assert judged(a_trace(), why_not="cts:trace:list is not granted").outcome is Outcome.FAIL


def test_traces_of_no_known_time_are_unknown() -> None:
    assert facts_of(judged(since=None))["why"] == (
        "the traces are not there, and are needed from 2026-11-17T04:00:00Z on"
    )
