from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_403_actual_retention import judge
from audit.findings import Outcome, Verdict
from audit.records import Backup
from tests.core.builders import DAY, HOUR, NOW, TICK, a_point, a_resource, facts_of, limits


def kept(time: timedelta | None, age: timedelta = DAY, **changes: Any) -> Backup:
    """A recovery point of this age that is to be kept for a time."""
    return a_point(age, **{"expired_at": time and NOW - age + time, **changes})


def judged(*points: Backup) -> Verdict:
    return judge(a_resource(recovery_points=points), limits(min_retention=7 * DAY))


@pytest.mark.parametrize(
    ("time", "outcome"),
    [
        (7 * DAY, Outcome.PASS),
        (7 * DAY - HOUR, Outcome.PASS),
        (7 * DAY - HOUR - TICK, Outcome.FAIL),
        (6 * DAY, Outcome.FAIL),
        (400 * DAY, Outcome.PASS),
        (None, Outcome.PASS),
    ],
)
def test_a_backup_must_be_kept_long_enough_give_or_take_an_hour(time: timedelta | None, outcome: Outcome) -> None:
    assert judged(kept(time)).outcome is outcome


def test_each_of_them_must() -> None:
    points = [kept(30 * DAY, 3 * DAY), kept(5 * DAY, 2 * DAY), kept(None), kept(4 * DAY, HOUR)]
    verdict = judged(*points)

    assert verdict.outcome is Outcome.FAIL
    assert facts_of(verdict) == {
        "since": "2026-11-21T04:00:00Z",
        "or_earlier": True,
        "backup": "point-48h",
        "too_short": 2,
        "backups": 4,
        "without_end": 1,
        "limit_days": 7,
        "shortest_days": 4,
    }


def test_a_pass_says_how_many_have_no_end() -> None:
    assert facts_of(judged(kept(None), kept(None))) == {"backups": 2, "without_end": 2, "limit_days": 7}
    assert facts_of(judged(kept(9 * DAY)))["shortest_days"] == 9


@pytest.mark.parametrize(
    "changes",
    [
        {"by_policy": False},
        {"by_policy": False, "expired_at": None},
        {"by_policy": None, "expired_at": None},
        {"image_type": "replication"},
        {"parent_id": "whole"},
        {"status": "error"},
        {"status": "protecting"},
        {"status": "deleting"},
    ],
)
def test_only_what_a_policy_made_and_is_there_counts(changes: dict[str, Any]) -> None:
    assert judged(kept(DAY, **changes)).outcome is Outcome.NOT_APPLICABLE
    assert judged(kept(DAY, **changes), kept(30 * DAY)).outcome is Outcome.PASS


def test_a_backup_with_an_end_counts_where_the_answer_does_not_say_who_made_it() -> None:
    assert judged(kept(DAY, by_policy=None)).outcome is Outcome.FAIL
    assert judged(kept(30 * DAY, by_policy=None)).outcome is Outcome.PASS


def test_it_does_not_apply_without_a_demand_or_without_backups() -> None:
    short = a_resource(recovery_points=(kept(DAY),))

    assert judge(short, limits(min_retention=None)).outcome is Outcome.NOT_APPLICABLE
    assert judged().outcome is Outcome.NOT_APPLICABLE


def test_backups_that_were_not_read_completely_are_unknown() -> None:
    assert judge(a_resource(recovery_points=None), limits()).outcome is Outcome.UNKNOWN
