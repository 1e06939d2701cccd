from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.controls.cbr_116_planned_time import judge
from audit.judging.findings import Outcome
from audit.subjects import KeptPlan, PolicySubject, Shift
from audit.subjects.kept_plan import plan_of
from audit.subjects.time_shift import Rhythm
from tests.builders import DAY, HOUR, NOW, TICK, a_policy, a_policy_subject, facts_of, limits

NEWEST = NOW - 3 * HOUR
FIRST = NOW - 20 * DAY


def a_shift(by: timedelta = 8 * HOUR, **changes: Any) -> Shift:
    return Shift(by=by, runs=20, first=FIRST, last=NEWEST, begins=None, ends=None)._replace(**changes)


def a_rhythm(*shifts: Shift, planned: datetime | None = None) -> Rhythm:
    return Rhythm(newest=NEWEST, planned=planned, proven=None, is_doubtful=False, shifts=shifts)


def seen(at: datetime) -> tuple[KeptPlan, ...]:
    return (plan_of(a_policy(), at),)


def a_subject(rhythm: Rhythm | None, at: datetime = NOW - 9 * DAY, **changes: Any) -> PolicySubject:
    return replace(a_policy_subject(a_policy(**changes)), rhythm=rhythm, plans=seen(at))


@pytest.mark.parametrize(
    ("by", "hours", "reason"),
    [
        (8 * HOUR, 8, "every run begins 8 h later than planned"),
        (-5.5 * HOUR, -5, "every run begins 5 h 30 min before it is planned"),
        (0.75 * HOUR, 0, "every run begins 45 min later than planned"),
    ],
)
def test_a_shift_that_lasts_fails_once_for_the_policy(by: timedelta, hours: int, reason: str) -> None:
    verdict = judge(a_subject(a_rhythm(a_shift(by))), limits())

    assert (verdict.outcome, verdict.reason) == (Outcome.FAIL, reason)
    assert facts_of(verdict) == {
        "since": "2026-11-03T04:00:00Z",
        "or_earlier": True,
        "shift_hours": hours,
        "shift_minutes": int(by / timedelta(minutes=1)),
        "runs": 20,
        "newest_run": "2026-11-23T01:00:00Z",
    }


def test_one_that_began_after_runs_as_planned_is_not_older() -> None:
    verdict = judge(a_subject(a_rhythm(a_shift(begins=FIRST), planned=FIRST - DAY)), limits())

    assert (verdict.outcome, facts_of(verdict)["or_earlier"]) == (Outcome.FAIL, False)


@pytest.mark.parametrize(("before", "outcome"), [(TICK, Outcome.FAIL), (timedelta(0), Outcome.UNKNOWN)])
def test_it_fails_only_where_the_policy_ran_after_it_was_seen(before: timedelta, outcome: Outcome) -> None:
    assert judge(a_subject(a_rhythm(a_shift()), NEWEST - before), limits()).outcome is outcome


def test_where_nobody_kept_the_plan_it_is_unknown() -> None:
    assert judge(replace(a_subject(a_rhythm(a_shift())), plans=()), limits()).outcome is Outcome.UNKNOWN


def test_a_shift_that_ended_passes() -> None:
    verdict = judge(a_subject(a_rhythm(a_shift(ends=NOW - DAY), planned=NOW - 2 * HOUR)), limits())

    assert verdict.outcome is Outcome.PASS
    assert facts_of(verdict) == {"newest_run": "2026-11-23T01:00:00Z", "planned": "2026-11-23T02:00:00Z"}


@pytest.mark.parametrize(("at", "outcome"), [(NOW, Outcome.UNKNOWN), (NOW - DAY, Outcome.NOT_APPLICABLE)])
def test_runs_at_various_other_times_are_no_shift(at: datetime, outcome: Outcome) -> None:
    assert judge(a_subject(a_rhythm(), at), limits()).outcome is outcome


@pytest.mark.parametrize("changes", [{"enabled": False}, {"operation": "replication"}, {"vault_ids": frozenset()}])
def test_it_does_not_apply_to_a_policy_that_makes_no_backups(changes: dict[str, Any]) -> None:
    assert judge(a_subject(a_rhythm(a_shift()), **changes), limits()).outcome is Outcome.NOT_APPLICABLE


def test_it_does_not_apply_where_the_policy_never_ran() -> None:
    assert judge(a_subject(None), limits()).outcome is Outcome.NOT_APPLICABLE


def test_a_schedule_that_cannot_be_read_is_unknown() -> None:
    verdict = judge(a_policy_subject(schedule=None, unreadable="an odd rule"), limits())

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.UNKNOWN, {"problem": "an odd rule"})
