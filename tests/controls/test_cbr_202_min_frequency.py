from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_202_min_frequency import judge
from audit.judging.findings import Outcome
from tests.builders import DAILY, DAY, HOUR, TICK, a_policy, a_policy_subject, facts_of, limits

MONDAYS = "FREQ=WEEKLY;BYDAY=MO;BYHOUR=2;BYMINUTE=00"
WORKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=2;BYMINUTE=00"
CROWDED = "FREQ=WEEKLY;BYDAY=SU;BYHOUR=0,1,2,3,4,5,6;BYMINUTE=00"


@pytest.mark.parametrize(
    ("patterns", "longest"),
    [((DAILY,), DAY), ((MONDAYS,), 7 * DAY), ((WORKDAYS,), 3 * DAY), ((CROWDED,), 162 * HOUR), ((MONDAYS, DAILY), DAY)],
)
def test_the_longest_interval_and_not_the_average_is_held_against_the_limit(
    patterns: tuple[str, ...], longest: timedelta
) -> None:
    subject = a_policy_subject(a_policy(patterns=patterns))

    assert judge(subject, limits(max_interval=longest)).outcome is Outcome.PASS
    assert judge(subject, limits(max_interval=longest - TICK)).outcome is Outcome.FAIL


def test_it_says_how_long_the_interval_is() -> None:
    verdict = judge(a_policy_subject(a_policy(patterns=(WORKDAYS,))), limits(max_interval=24 * HOUR))

    assert facts_of(verdict) == {"longest_interval_hours": 72, "limit_hours": 24}


def test_a_schedule_that_cannot_be_read_is_unknown() -> None:
    verdict = judge(a_policy_subject(schedule=None, unreadable="an odd rule"), limits())

    assert (verdict.outcome, facts_of(verdict)) == (Outcome.UNKNOWN, {"problem": "an odd rule"})


@pytest.mark.parametrize("changes", [{"enabled": False}, {"operation": "replication"}, {"vault_ids": frozenset()}])
def test_it_does_not_apply_where_no_vault_has_its_backups_made_by_it(changes: dict[str, Any]) -> None:
    for schedule in (a_policy_subject().schedule, None):
        subject = a_policy_subject(a_policy(patterns=(MONDAYS,), **changes), schedule=schedule)
        assert judge(subject, limits(max_interval=DAY)).outcome is Outcome.NOT_APPLICABLE
