from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_405_backup_overstaying import judge
from audit.judging.findings import Outcome, Verdict
from audit.records import Backup
from tests.builders import DAY, HOUR, NOW, TICK, a_point, a_vault_subject, facts_of, limits


def ended(ago: timedelta | None, point_id: str = "point", **changes: Any) -> Backup:
    """A recovery point whose retention ended this long ago."""
    return a_point(40 * DAY, id=point_id, expired_at=None if ago is None else NOW - ago, **changes)


def judged(*points: Backup) -> Verdict:
    return judge(a_vault_subject(recovery_points=points), limits(overstay=2 * DAY))


@pytest.mark.parametrize(
    ("ago", "outcome"),
    [
        (-5 * DAY, Outcome.PASS),
        (timedelta(0), Outcome.PASS),
        (30 * HOUR, Outcome.PASS),
        (2 * DAY, Outcome.PASS),
        (2 * DAY + TICK, Outcome.FAIL),
    ],
)
def test_a_backup_may_stay_for_a_while_after_its_end(ago: timedelta, outcome: Outcome) -> None:
    assert judged(ended(ago)).outcome is outcome


def test_it_names_the_one_that_has_stayed_longest() -> None:
    verdict = judged(ended(None), ended(3 * DAY, "b"), ended(9 * DAY, "a"), ended(-DAY))

    assert facts_of(verdict) == {
        "since": "2026-11-14T04:00:00Z",
        "backup": "a",
        "backups": 3,
        "overstaying": 2,
        "limit_days": 2,
    }


@pytest.mark.parametrize("changes", [{"image_type": "replication"}, {"status": "error"}, {"by_policy": False}])
def test_whatever_has_an_end_must_go(changes: dict[str, Any]) -> None:
    assert judged(ended(9 * DAY, **changes)).outcome is Outcome.FAIL


def test_a_part_of_the_backup_of_a_server_is_not_counted() -> None:
    assert judged(ended(9 * DAY, parent_id="whole")).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("points", [(), (ended(None),)])
def test_it_does_not_apply_where_nothing_has_an_end(points: tuple[Backup, ...]) -> None:
    assert judged(*points).outcome is Outcome.NOT_APPLICABLE


def test_backups_that_were_not_read_completely_are_unknown() -> None:
    assert judge(a_vault_subject(recovery_points=None), limits()).outcome is Outcome.UNKNOWN
