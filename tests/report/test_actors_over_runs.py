"""Who is named in one run stays named in the next, through report.json."""

from datetime import timedelta

import orjson
from msgspec import structs

from audit.controls import CONTROLS
from audit.judging.evaluate import evaluate
from audit.judging.witnesses import TOO_OLD
from audit.report.baseline import Baseline, recall
from audit.report.contents import Report, compose
from audit.report.formats.json_report import render
from audit.subjects import Trail
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    a_backup,
    a_collection,
    a_policy,
    a_trace,
    a_vault,
    arranged,
    requirements,
    run_facts,
)
from tests.report.estate import a_report, who_removed

PAIR = "CBR-111", "vault", "vault-1"


def next_report(previous: Baseline, trail: Trail) -> Report:
    """The run a day later, which sees the same removal."""
    removal = a_backup(2 * DAY, task_id="removal", operation="remove_resource", resource_id=None, removed=("left",))
    vaults = [a_vault("vault-1", "server-1")]
    subjects = arranged([removal], [a_policy()], vaults, a_collection(trail=trail))
    judged = requirements()
    facts = structs.replace(run_facts(), id="run-2", previous=previous)
    return compose(facts, subjects, CONTROLS, evaluate(subjects, CONTROLS, judged), judged)


def read_back(report: Report) -> Baseline:
    return recall(orjson.loads(render(report)))


def test_who_was_named_stays_named_with_the_run_that_saw_him() -> None:
    forgotten = Trail(since=NOW - HOUR)
    second = next_report(read_back(a_report()), forgotten)
    third = next_report(read_back(second), forgotten)

    first = a_report().attributions[PAIR]
    for report in (second, third):
        [named] = report.attributions[PAIR].named
        assert (named.trace.actor, named.run) == (who_removed().actor, first.named[0].run)
        assert report.attributions[PAIR].why_not == ""


def test_without_a_run_before_nobody_is_named_that_the_trail_has_forgotten() -> None:
    found = next_report(Baseline(), Trail(since=NOW - HOUR)).attributions[PAIR]

    assert (found.named, found.why_not) == ((), TOO_OLD)


def test_only_a_run_that_read_everything_saw_that_all_was_well() -> None:
    whole = read_back(next_report(Baseline(), Trail()))
    assert whole.trend[-1].complete
    whole = structs.replace(whole, as_of=NOW - DAY, failing={})
    partly = structs.replace(whole, trend=(structs.replace(whole.trend[-1], complete=False),))
    old = a_trace(deed=who_removed().deed, ids=frozenset({"vault-1"}), at=NOW - 2 * DAY - timedelta(hours=3))
    trail = Trail.of([old], NOW - 6 * DAY)
    vaults = [a_vault(resources=())]
    subjects = arranged((), [a_policy()], vaults, a_collection(trail=trail))
    judged = requirements()

    for previous, number in ((whole, 0), (partly, 1)):
        facts = structs.replace(run_facts(), id="run-2", previous=previous)
        report = compose(facts, subjects, CONTROLS, evaluate(subjects, CONTROLS, judged), judged)
        assert len(report.attributions["CBR-302", "vault", "vault-1"].named) == number


def test_what_was_unknown_and_had_not_failed_is_in_doubt() -> None:
    report = orjson.loads(render(a_report()))
    baseline = recall(report)
    unknown = {
        (each["control"], each["subject"]["kind"], each["subject"]["id"])
        for each in report["findings"]
        if each["outcome"] == "unknown"
    }

    assert baseline.doubted == unknown
    assert baseline.named.keys() >= {PAIR}


def test_a_report_from_before_says_nothing_of_actors() -> None:
    report = orjson.loads(render(a_report()))
    for part in (*report["findings"], *report["problems"]):
        part.pop("actors", None)

    assert recall(report).named == {}
