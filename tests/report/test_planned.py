import pytest

from audit.report.planned import planned
from audit.schedule.matching import RunState
from audit.subjects import Presence
from tests.builders import DAY, HOUR, NOW, a_backup, a_policy_subject, a_resource, a_window, limits

DUE = NOW - 2 * HOUR


def test_every_run_of_the_window_is_counted_under_what_became_of_it() -> None:
    tasks = [
        a_backup(4 * DAY + 2 * HOUR, task_id="old"),
        a_backup(3 * DAY + 2 * HOUR, "failed", task_id="failed", ended_at=DUE - 3 * DAY),
        a_backup(3 * DAY + HOUR, task_id="by hand", ended_at=DUE - 3 * DAY + 2 * HOUR),
        a_backup(2 * DAY + 2 * HOUR, "skipped", task_id="skipped"),
    ]
    found = planned(a_resource(*tasks, window=a_window(5)), limits())

    assert found is not None
    assert found.states == {
        RunState.ON_TIME: 1,
        RunState.FAILED: 1,
        RunState.SKIPPED: 1,
        RunState.MISSING: 1,
        RunState.PENDING: 1,
    }
    assert (found.judged, found.repaired, found.unscheduled) == (4, 1, 1)
    assert [(run.due, run.state) for run in found.unmet] == [
        (DUE - 2 * DAY, RunState.SKIPPED),
        (DUE - DAY, RunState.MISSING),
    ]
    assert [run.task for run in found.unmet] == [None, None]


@pytest.mark.parametrize("presence", [each for each in Presence if each is not Presence.PROTECTED])
def test_nothing_is_planned_for_what_no_backup_vault_holds(presence: Presence) -> None:
    found = planned(a_resource(a_backup(DAY), presence=presence, policies=None), limits())

    assert found is not None
    assert (found.states, found.judged, found.unscheduled, found.unmet) == ({}, 0, 0, ())


@pytest.mark.parametrize("policies", [None, (a_policy_subject(schedule=None),)])
def test_without_a_known_schedule_nobody_can_count(policies: object) -> None:
    assert planned(a_resource(policies=policies), limits()) is None
