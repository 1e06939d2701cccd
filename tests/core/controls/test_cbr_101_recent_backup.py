from datetime import timedelta

import pytest

from audit.controls.cbr_101_recent_backup import judge
from audit.findings import Outcome
from audit.records import Task
from tests.core.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_policy,
    a_policy_subject,
    a_resource,
    a_window,
    facts_of,
    limits,
)

LIMIT = 30 * HOUR


@pytest.mark.parametrize(
    ("age", "outcome"),
    [(HOUR, Outcome.PASS), (LIMIT, Outcome.PASS), (LIMIT + TICK, Outcome.FAIL), (20 * DAY, Outcome.FAIL)],
)
def test_the_newest_success_may_be_as_old_as_the_limit(age: timedelta, outcome: Outcome) -> None:
    last = a_backup(age)
    verdict = judge(a_resource(a_backup(25 * DAY), last), limits())

    assert (verdict.outcome, verdict.tasks) == (outcome, (last.id,))


def test_the_facts_give_whole_hours() -> None:
    verdict = judge(a_resource(a_backup(31 * HOUR - TICK)), limits())

    assert facts_of(verdict) == {"since": "2026-11-21T21:00:00Z", "age_hours": 30, "limit_hours": 30}


def test_the_age_counts_from_when_the_work_began() -> None:
    queued = a_backup(LIMIT + HOUR, started_at=NOW - LIMIT)

    assert judge(a_resource(queued), limits()).outcome is Outcome.PASS


@pytest.mark.parametrize("status", ["failed", "timeout", "skipped", "running", "waiting", "paused"])
def test_only_a_success_counts(status: str) -> None:
    tried = a_backup(HOUR, status)
    verdict = judge(a_resource(tried), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, (tried.id,))
    assert facts_of(verdict)["since"] == "2026-10-24T04:00:00Z"


@pytest.mark.parametrize("operation", ["restore", "replication", "copy", "sync", "delete"])
def test_only_a_backup_counts(operation: str) -> None:
    assert judge(a_resource(a_backup(HOUR, operation=operation)), limits()).outcome is Outcome.FAIL


def test_silence_in_a_complete_log_is_a_failure() -> None:
    assert judge(a_resource(), limits()).outcome is Outcome.FAIL


def test_silence_in_a_log_with_gaps_is_unknown() -> None:
    assert judge(a_resource(log_complete=False), limits()).outcome is Outcome.UNKNOWN


def test_an_old_success_in_a_log_with_gaps_is_unknown() -> None:
    assert judge(a_resource(a_backup(9 * DAY), log_complete=False), limits()).outcome is Outcome.UNKNOWN


def test_a_recent_success_is_enough_whatever_else_is_missing() -> None:
    assert judge(a_resource(a_backup(HOUR), log_complete=False), limits()).outcome is Outcome.PASS


@pytest.mark.parametrize(("limit", "outcome"), [(3 * DAY, Outcome.FAIL), (3 * DAY + TICK, Outcome.UNKNOWN)])
def test_silence_says_nothing_when_the_log_does_not_reach_back(limit: timedelta, outcome: Outcome) -> None:
    assert judge(a_resource(window=a_window(3)), limits(max_backup_age=limit)).outcome is outcome


@pytest.mark.parametrize(("age", "outcome"), [(LIMIT, Outcome.NOT_APPLICABLE), (LIMIT + TICK, Outcome.FAIL)])
def test_the_first_backup_of_a_new_vault_is_not_due(age: timedelta, outcome: Outcome) -> None:
    assert judge(a_resource(held_since=NOW - age), limits()).outcome is outcome


@pytest.mark.parametrize(("age", "outcome"), [(-TICK, Outcome.UNKNOWN), (timedelta(0), Outcome.NOT_APPLICABLE)])
def test_a_vault_from_after_the_time_of_judgement_is_unknown(age: timedelta, outcome: Outcome) -> None:
    assert judge(a_resource(held_since=NOW - age), limits()).outcome is outcome


def test_a_vault_from_after_the_time_of_judgement_takes_nothing_from_a_success() -> None:
    assert judge(a_resource(a_backup(HOUR), held_since=NOW + DAY), limits()).outcome is Outcome.PASS


@pytest.mark.parametrize(("late", "outcome"), [(timedelta(0), Outcome.PASS), (TICK, Outcome.FAIL)])
def test_a_success_that_began_after_the_window_is_no_evidence(late: timedelta, outcome: Outcome) -> None:
    resource = a_resource(a_backup(HOUR, started_at=NOW + late))

    assert judge(resource, limits()).outcome is outcome
    assert judge(a_resource(a_backup(9 * DAY), *resource.tasks), limits()).outcome is outcome


def test_a_vault_that_does_not_say_since_when_it_is_there_excuses_nothing() -> None:
    assert judge(a_resource(held_since=None), limits()).outcome is Outcome.FAIL


WEEKLY = a_policy_subject(a_policy(patterns=("FREQ=WEEKLY;BYDAY=MO;BYHOUR=1;BYMINUTE=0",)))


@pytest.mark.parametrize(
    ("age", "outcome"), [(7 * DAY + 6 * HOUR, Outcome.PASS), (7 * DAY + 6 * HOUR + TICK, Outcome.FAIL)]
)
def test_without_a_limit_the_interval_of_the_policy_and_grace_is_the_limit(age: timedelta, outcome: Outcome) -> None:
    resource = a_resource(a_backup(age), policies=(WEEKLY,))

    assert judge(resource, limits(max_backup_age=None)).outcome is outcome


@pytest.mark.parametrize(
    ("age", "outcome"), [(31 * DAY + 6 * HOUR, Outcome.PASS), (31 * DAY + 6 * HOUR + TICK, Outcome.FAIL)]
)
def test_a_policy_that_hardly_ever_runs_gives_a_limit_of_31_days_and_grace(age: timedelta, outcome: Outcome) -> None:
    rare = a_policy_subject(a_policy(patterns=("FREQ=DAILY;INTERVAL=40",), start_time=NOW))
    resource = a_resource(a_backup(age), policies=(rare,), window=a_window(60))

    assert judge(resource, limits(max_backup_age=None)).outcome is outcome


def test_without_a_limit_and_a_policy_one_day_and_grace_is_the_limit() -> None:
    assert judge(a_resource(a_backup(30 * HOUR), policies=()), limits(max_backup_age=None)).outcome is Outcome.PASS
    assert judge(a_resource(a_backup(31 * HOUR), policies=()), limits(max_backup_age=None)).outcome is Outcome.FAIL


@pytest.mark.parametrize("policies", [None, (a_policy_subject(schedule=None),)])
def test_without_any_limit_it_is_unknown(policies: object) -> None:
    resource = a_resource(a_backup(HOUR), policies=policies)

    assert judge(resource, limits(max_backup_age=None)).outcome is Outcome.UNKNOWN
    assert judge(resource, limits()).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("tasks", "seen"),
    [
        ([], "the task log shows no backup at all"),
        ([a_backup(2 * DAY, "failed")], "the task log shows no successful backup"),
        ([a_backup(9 * DAY)], "no successful backup within the limit"),
    ],
)
def test_the_reason_names_the_cause_where_it_is_plain(tasks: list[Task], seen: str) -> None:
    planless = judge(a_resource(*tasks, policies=()), limits())

    assert judge(a_resource(*tasks), limits()).reason == seen
    assert planless.reason == f"{seen}, and no enabled policy makes any"


def test_where_no_success_was_ever_seen_the_problem_may_be_older_than_the_log() -> None:
    never = facts_of(judge(a_resource(window=a_window(90), covered_since=NOW - 31 * DAY), limits()))
    once = facts_of(judge(a_resource(a_backup(9 * DAY)), limits()))

    assert (never["since"], never["or_earlier"]) == ("2026-10-23T04:00:00Z", True)
    assert "or_earlier" not in once
