from datetime import timedelta
from typing import Any

import pytest

from audit.collection import Kind
from audit.controls.cbr_102_scheduled_run import CONTROL, judge
from audit.judging.findings import Outcome
from audit.records import Task
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_policy,
    a_policy_subject,
    a_protected,
    a_resource,
    a_vault,
    a_window,
    facts_of,
    limits,
)

WEEK = tuple(range(6, -1, -1))  # days before today, whose run was due two hours before NOW
COUNTS = ("due", "on_time", "late", "missing", "failed", "skipped", "overlap", "repaired", "unscheduled", "not_judged")
NO_GRACE = limits(grace=timedelta(0))


def a_run(day: int, status: str = "success", **changes: Any) -> Task:
    """The backup that was due so many days before today."""
    return a_backup(day * DAY + 2 * HOUR, status, **{"task_id": f"run-{day}", **changes})


def all_runs(*days: int, **changes: Any) -> list[Task]:
    return [a_run(day, **changes) for day in WEEK if day not in days]


def counts(verdict: Any) -> dict[str, Any]:
    """The counts that are not 0."""
    return {name: number for name in COUNTS if (number := facts_of(verdict)[name])}


def sorted_by_time(*tasks: Task) -> list[Task]:
    return sorted(tasks, key=lambda task: task.created_at)


def test_every_planned_backup_was_made() -> None:
    verdict = judge(a_resource(*all_runs()), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.PASS, ("run-0",))
    assert counts(verdict) == {"due": 7, "on_time": 7}


@pytest.mark.parametrize(
    ("status", "state"),
    [("failed", "failed"), ("timeout", "failed"), ("skipped", "skipped")],
)
def test_a_run_that_brought_no_backup_fails(status: str, state: str) -> None:
    resource = a_resource(*sorted_by_time(*all_runs(3), a_run(3, status)))
    verdict = judge(resource, limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("run-3",))
    assert counts(verdict) == {"due": 7, "on_time": 6, state: 1}
    assert facts_of(verdict)["since"] == "2026-11-20T02:00:00Z"


def test_a_run_without_a_task_fails() -> None:
    verdict = judge(a_resource(*all_runs(3, 5)), limits())

    assert (verdict.outcome, verdict.reason, verdict.tasks) == (Outcome.FAIL, "a planned backup left no task", ())
    assert counts(verdict) == {"due": 7, "on_time": 5, "missing": 2}
    assert facts_of(verdict)["since"] == "2026-11-18T02:00:00Z"


def test_a_run_that_was_left_out_for_an_earlier_one_fails() -> None:
    slow = a_run(4, ended_at=NOW - 3 * DAY)
    verdict = judge(a_resource(*sorted_by_time(*all_runs(4, 3), slow)), limits())

    assert (verdict.outcome, "still ran" in verdict.reason) == (Outcome.FAIL, True)
    assert counts(verdict) == {"due": 7, "on_time": 6, "overlap": 1}


def test_a_resource_that_never_ran_fails() -> None:
    verdict = judge(a_resource(), NO_GRACE)

    assert (verdict.outcome, counts(verdict)) == (Outcome.FAIL, {"due": 7, "missing": 7})


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        (["failed", None], "left no task"),
        (["skipped", "failed"], "failed"),
        (["skipped", "skipped"], "skipped"),
    ],
)
def test_the_reason_names_the_worst(statuses: list[str | None], words: str) -> None:
    bad = [a_run(day, status) for day, status in enumerate(statuses, start=2) if status]

    assert words in judge(a_resource(*sorted_by_time(*all_runs(2, 3), *bad)), limits()).reason


@pytest.mark.parametrize("bad", [[], [a_run(3, "failed")], [a_run(3, "skipped")]])
def test_a_success_before_the_next_run_was_due_repairs_it(bad: list[Task]) -> None:
    in_time, too_late = (a_backup(age, task_id="repair") for age in (2 * DAY + 3 * HOUR, 2 * DAY + HOUR))
    verdict = judge(a_resource(*sorted_by_time(*all_runs(3), *bad, in_time)), limits())

    assert (verdict.outcome, facts_of(verdict)["repaired"]) == (Outcome.PASS, 1)
    assert judge(a_resource(*sorted_by_time(*all_runs(3), *bad, too_late)), limits()).outcome is Outcome.FAIL


def test_three_failed_runs_that_were_repaired_are_no_alarm() -> None:
    bad = [a_run(day, "failed") for day in (2, 3, 4)]
    repairs = [a_backup(day * DAY - HOUR, task_id=f"again-{day}") for day in (2, 3, 4)]
    verdict = judge(a_resource(*sorted_by_time(*all_runs(2, 3, 4), *bad, *repairs)), limits())

    assert verdict.outcome is Outcome.PASS
    assert counts(verdict) == {"due": 7, "on_time": 4, "failed": 3, "repaired": 3, "unscheduled": 3}


def test_a_pass_names_the_repair_of_the_newest_run() -> None:
    tasks = [*all_runs(0), a_run(0, "failed"), a_backup(HOUR, task_id="repair")]

    assert judge(a_resource(*tasks), limits()).tasks == ("repair",)


@pytest.mark.parametrize(("late", "state"), [(6 * HOUR, "on_time"), (6 * HOUR + TICK, "late")])
def test_a_late_backup_is_a_backup(late: timedelta, state: str) -> None:
    task = a_run(3, policy_id="policy-1", started_at=NOW - 3 * DAY - 2 * HOUR + late)
    verdict = judge(a_resource(*sorted_by_time(*all_runs(3), task)), limits())

    assert verdict.outcome is Outcome.PASS
    assert counts(verdict) == {"due": 7, "on_time": 6 + (state == "on_time")} | ({"late": 1} if state == "late" else {})


@pytest.mark.parametrize(("late", "outcome"), [(timedelta(0), Outcome.FAIL), (TICK, Outcome.PASS)])
def test_only_runs_of_the_period_count(late: timedelta, outcome: Outcome) -> None:
    period = 6 * DAY + 2 * HOUR

    assert judge(a_resource(*all_runs(6)), limits(scheduled_run_period=period - late)).outcome is outcome


@pytest.mark.parametrize(("grace", "outcome"), [(2 * HOUR, Outcome.FAIL), (2 * HOUR + TICK, Outcome.PASS)])
def test_a_run_fails_when_its_grace_has_passed(grace: timedelta, outcome: Outcome) -> None:
    verdict = judge(a_resource(*all_runs(0)), limits(grace=grace))

    assert verdict.outcome is outcome
    assert facts_of(verdict).get("not_judged_because") == (None if outcome is Outcome.FAIL else "pending")


def test_a_weekly_policy_is_not_six_daily_failures() -> None:
    weekly = a_policy_subject(a_policy(patterns=("FREQ=WEEKLY;BYDAY=TU;BYHOUR=2;BYMINUTE=0",)))
    verdict = judge(a_resource(a_run(6), policies=(weekly,)), limits())

    assert (verdict.outcome, counts(verdict)) == (Outcome.PASS, {"due": 1, "on_time": 1})


def test_a_backup_by_hand_is_counted_and_changes_nothing() -> None:
    by_hand = [a_backup(12 * HOUR, "failed", task_id="by hand"), a_backup(8 * DAY, task_id="long ago")]
    verdict = judge(a_resource(*sorted_by_time(*all_runs(), *by_hand)), limits())

    assert (verdict.outcome, counts(verdict)) == (Outcome.PASS, {"due": 7, "on_time": 7, "unscheduled": 1})


class TestWhatIsNotJudged:
    def test_it_is_counted_with_its_reasons(self) -> None:
        known = a_resource(*all_runs(6, 0), known_since=NOW - 5 * DAY - 2 * HOUR)
        verdict = judge(known, limits())

        assert (verdict.outcome, counts(verdict)) == (Outcome.PASS, {"due": 7, "on_time": 5, "not_judged": 2})
        why = "before the resource was known as it is now, pending"
        assert facts_of(verdict)["not_judged_because"] == why

    def test_a_maintenance_window_excuses_a_run(self) -> None:
        def maintenance(due: Any) -> str:
            return "moving house" if due == NOW - 3 * DAY - 2 * HOUR else ""

        verdict = judge(a_resource(*all_runs(3)), limits(maintenance=maintenance))

        assert (verdict.outcome, facts_of(verdict)["not_judged_because"]) == (Outcome.PASS, "moving house")

    @pytest.mark.parametrize("status", ["running", "waiting"])
    def test_a_run_that_goes_on_is_not_judged(self, status: str) -> None:
        verdict = judge(a_resource(*all_runs(0), a_run(0, status)), limits())

        assert (verdict.outcome, facts_of(verdict)["not_judged_because"]) == (Outcome.PASS, "open")

    @pytest.mark.parametrize(
        "changes",
        [
            {"known_since": NOW},
            {"held_since": NOW},
            {"policies": (a_policy_subject(known_since=NOW),)},
            {"policies": (a_policy_subject(a_policy(patterns=("FREQ=WEEKLY;BYDAY=MO;BYHOUR=2;BYMINUTE=0",))),)},
        ],
    )
    def test_it_does_not_apply_where_no_run_is_judged_yet(self, changes: dict[str, Any]) -> None:
        verdict = judge(a_resource(**changes), limits())

        assert verdict.outcome is Outcome.NOT_APPLICABLE
        assert facts_of(verdict)["not_judged"] == facts_of(verdict)["due"] != 0


class TestNothingPlanned:
    @pytest.mark.parametrize(
        "changes",
        [
            {"policies": ()},
            {"policies": (a_policy_subject(a_policy(enabled=False)),)},
            {"policies": (a_policy_subject(a_policy(operation="replication")),)},
            {"policies": (a_policy_subject(a_policy(patterns=("FREQ=DAILY;INTERVAL=30;BYHOUR=2",), start_time=NOW)),)},
            {"vaults": (a_vault(resources=(a_protected(auto_protect=False),)),)},
        ],
    )
    def test_it_does_not_apply(self, changes: dict[str, Any]) -> None:
        verdict = judge(a_resource(a_backup(DAY), **changes), limits())

        assert (verdict.outcome, facts_of(verdict)["due"]) == (Outcome.NOT_APPLICABLE, 0)

    def test_nobody_knows_where_the_policies_are_not_known(self) -> None:
        verdict = judge(a_resource(*all_runs(), policies=None), limits())

        assert verdict.outcome is Outcome.UNKNOWN
        assert facts_of(verdict) == {"problem": "the policies could not be read completely"}

    def test_nobody_knows_where_a_schedule_cannot_be_read(self) -> None:
        unreadable = a_policy_subject(schedule=None, unreadable="FREQ is neither DAILY nor WEEKLY in 'FREQ=SECONDLY'")
        verdict = judge(a_resource(*all_runs(), policies=(a_policy_subject(), unreadable)), limits())

        assert (verdict.outcome, facts_of(verdict)) == (Outcome.UNKNOWN, {"problem": unreadable.unreadable})


class TestDoubt:
    @pytest.mark.parametrize("tasks", [[], all_runs(), all_runs(3)])
    def test_a_log_with_gaps_is_unknown(self, tasks: list[Task]) -> None:
        verdict = judge(a_resource(*tasks, log_complete=False), limits())

        assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, "the task log has gaps")

    @pytest.mark.parametrize(("days", "outcome"), [(7, Outcome.PASS), (6, Outcome.UNKNOWN)])
    def test_a_window_that_does_not_cover_the_period_is_unknown(self, days: int, outcome: Outcome) -> None:
        verdict = judge(a_resource(*all_runs(), window=a_window(days)), limits())

        assert (verdict.outcome, "cover" in verdict.reason) == (outcome, outcome is Outcome.UNKNOWN)

    def test_a_failure_in_a_window_that_does_not_cover_the_period_is_certain(self) -> None:
        assert judge(a_resource(*all_runs(1), window=a_window(3)), limits()).outcome is Outcome.FAIL

    def test_a_status_that_is_not_documented_is_unknown(self) -> None:
        odd = a_run(3, "paused")
        verdict = judge(a_resource(*sorted_by_time(*all_runs(3), odd)), limits())

        assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, (odd.id,))
        assert judge(a_resource(*sorted_by_time(*all_runs(3, 2), odd)), limits()).outcome is Outcome.FAIL


def test_it_needs_the_policies() -> None:
    assert CONTROL.needs == {Kind.POLICIES}


class TestASuccessThatNamesABackupAgain:
    def test_it_made_nothing_and_the_run_failed(self) -> None:
        again = a_run(2, backup_id="made by run-5")
        verdict = judge(a_resource(*sorted_by_time(*all_runs(2), again)), limits())

        assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("run-2",))
        assert verdict.reason == "a planned backup says success, and names one that was made before"
        assert counts(verdict) == {"due": 7, "on_time": 6, "failed": 1}

    def test_it_is_not_the_reason_where_another_run_is_missing_too(self) -> None:
        again = a_run(2, backup_id="made by run-5")
        verdict = judge(a_resource(*sorted_by_time(*all_runs(2, 4), again)), limits())

        assert verdict.reason == "a planned backup left no task"

    def test_it_makes_up_for_nothing(self) -> None:
        repeat = a_backup(2 * DAY - HOUR, task_id="repeat", backup_id="made by run-5")
        verdict = judge(a_resource(*sorted_by_time(*all_runs(2), a_run(2, "failed"), repeat)), limits())

        assert counts(verdict)["failed"] == 1
        assert verdict.outcome is Outcome.FAIL

    def test_a_success_makes_up_for_it(self) -> None:
        again, repair = a_run(2, backup_id="made by run-5"), a_backup(2 * DAY - HOUR, task_id="repair")
        verdict = judge(a_resource(*sorted_by_time(*all_runs(2), again, repair)), limits())

        assert verdict.outcome is Outcome.PASS
        assert counts(verdict) == {"due": 7, "on_time": 6, "failed": 1, "repaired": 1, "unscheduled": 1}
