from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.history import plain
from audit.records import Task
from audit.schedule.matching import EVER, NEVER, Matcher, Plan, PlannedRun, RunState, Schedules, Timetable
from tests.builders import DAY, HOUR, NOW, TICK, a_task

MINUTE = timedelta(minutes=1)
FIRST = NOW.replace(hour=2) - 3 * DAY
DUE = (FIRST, FIRST + DAY, FIRST + 2 * DAY)  # the last one more than a day before NOW


def a_run(at: datetime, status: str = "success", **changes: Any) -> Task:
    """A backup of the daily policy that was created at a time and took ten minutes."""
    ended = None if status in {"running", "waiting"} else at + 10 * MINUTE
    values = {"task_id": f"{at:%d-%H:%M:%S}", "policy_id": "daily", "ended_at": ended, "updated_at": at}
    return a_task(**{**values, "created_at": at, "status": status, **changes})


def by_hand(at: datetime, status: str = "success", **changes: Any) -> Task:
    return a_run(at, status, **{"policy_id": None, **changes})


def a_plan(
    policy_id: str = "daily",
    due: Sequence[datetime] = DUE,
    maintenance: Callable[[datetime], str] = lambda _moment: "",
) -> Plan:
    return Plan(policy_id, frozenset({"vault-1"}), Timetable(due, 6 * HOUR, maintenance))


def matched(*tasks: Task, plans: Sequence[Plan] = (a_plan(),), **changes: Any) -> Schedules:
    values: dict[str, Any] = {"since": NOW - 30 * DAY, "now": NOW, "clear_since": EVER}
    in_order = sorted(tasks, key=lambda task: (task.created_at, task.id))
    return Matcher(plain(in_order), **{**values, **changes}).match(plans)


def first(*tasks: Task, **changes: Any) -> PlannedRun:
    return matched(*tasks, **changes).runs[0]


def states(found: Schedules) -> list[str]:
    return [run.state.value for run in found.runs]


class TestWhichTaskAnswers:
    def test_each_due_time_has_its_own_task(self) -> None:
        tasks = [a_run(due + 5 * MINUTE) for due in DUE]
        found = matched(*tasks)

        assert [(run.due, run.task) for run in found.runs] == list(zip(DUE, tasks, strict=True))
        assert states(found) == ["on_time"] * 3
        assert found.unscheduled == ()

    @pytest.mark.parametrize(("early", "state"), [(MINUTE, "on_time"), (MINUTE + TICK, "missing")])
    def test_it_may_be_noted_a_minute_before_it_was_due(self, early: timedelta, state: str) -> None:
        assert first(a_run(FIRST - early, ended_at=FIRST)).state.value == state

    def test_what_comes_less_than_a_minute_before_the_next_due_time_is_the_next_run(self) -> None:
        task = a_run(DUE[1] - MINUTE)

        assert [run.task for run in matched(task).runs] == [None, task, None]
        earlier = a_run(DUE[1] - MINUTE - TICK)
        assert [run.task for run in matched(earlier).runs] == [earlier, None, None]

    def test_the_first_that_names_the_policy_is_the_one(self) -> None:
        tasks = [by_hand(FIRST), a_run(FIRST + MINUTE, "failed"), a_run(FIRST + 2 * MINUTE)]

        assert first(*tasks).task == tasks[1]

    def test_one_that_names_the_policy_answers_however_late_it_is(self) -> None:
        assert first(a_run(DUE[1] - 2 * MINUTE)).state is RunState.LATE

    def test_the_first_without_policy_answers_where_none_names_it(self) -> None:
        tasks = [by_hand(FIRST + MINUTE), by_hand(FIRST + 2 * MINUTE)]

        assert first(*tasks).task == tasks[0]

    @pytest.mark.parametrize(("delay", "answers"), [(6 * HOUR, True), (6 * HOUR + TICK, False)])
    def test_one_without_policy_must_have_begun_within_the_grace(self, delay: timedelta, *, answers: bool) -> None:
        task = by_hand(FIRST, started_at=FIRST + delay)

        assert (first(task).task == task) is answers

    @pytest.mark.parametrize(("vault_id", "answers"), [("vault-1", True), (None, True), ("vault-2", False)])
    def test_one_without_policy_must_not_name_a_vault_of_another(self, vault_id: str | None, *, answers: bool) -> None:
        task = by_hand(FIRST, vault_id=vault_id)

        assert (first(task).task == task) is answers

    def test_one_that_names_the_policy_may_name_a_vault_that_held_the_resource_before(self) -> None:
        assert first(a_run(FIRST, vault_id="vault-9")).state is RunState.ON_TIME

    def test_one_of_another_policy_answers_nothing(self) -> None:
        found = matched(a_run(FIRST, "failed", policy_id="gone"))

        assert states(found) == ["missing"] * 3
        assert [task.policy_id for task in found.unscheduled] == ["gone"]

    def test_those_after_the_time_of_judgement_are_left_out(self) -> None:
        assert first(a_run(FIRST + TICK), now=FIRST).task is None
        assert first(a_run(FIRST), now=FIRST).task is not None


class TestSeveralPolicies:
    def test_the_runs_come_in_order_of_time_and_policy(self) -> None:
        plans = [a_plan("z"), a_plan("a"), a_plan("m", due=(FIRST + HOUR,))]
        found = [(run.due, run.policy_id) for run in matched(plans=plans).runs]

        assert found == sorted(found)
        assert len(found) == 7

    def test_no_task_answers_two(self) -> None:
        task = by_hand(FIRST + 5 * MINUTE)
        found = matched(task, plans=[a_plan("a", DUE[:1]), a_plan("b", DUE[:1])])

        assert [run.task for run in found.runs] == [None, task]
        assert states(found) == ["missing", "on_time"]

    @pytest.mark.parametrize("order", [1, -1])
    def test_one_without_policy_answers_the_last_due_time_before_it(self, order: int) -> None:
        plans = [a_plan("a", DUE[:1]), a_plan("b", (FIRST + 2 * HOUR,))][::order]

        assert states(matched(by_hand(FIRST + 2 * HOUR + MINUTE), plans=plans)) == ["missing", "on_time"]
        both = (by_hand(FIRST + MINUTE), by_hand(FIRST + 2 * HOUR + MINUTE))
        assert states(matched(*both, plans=plans)) == ["on_time", "on_time"]

    def test_one_that_names_its_policy_leaves_the_others_alone(self) -> None:
        plans = [a_plan("a", DUE[:1]), a_plan("b", DUE[:1])]

        assert states(matched(a_run(FIRST, policy_id="a"), plans=plans)) == ["on_time", "missing"]

    def test_a_success_of_one_policy_does_not_repair_the_run_of_another(self) -> None:
        plans = [a_plan("a", DUE[:1]), a_plan("b", (FIRST + HOUR,))]
        tasks = [a_run(FIRST, "failed", policy_id="a"), a_run(FIRST + HOUR, policy_id="b")]
        found = matched(*tasks, plans=plans)

        assert [(run.state.value, run.is_met) for run in found.runs] == [("failed", False), ("on_time", True)]


class TestWhatBecameOfIt:
    @pytest.mark.parametrize(
        ("status", "state"),
        [
            ("success", RunState.ON_TIME),
            ("failed", RunState.FAILED),
            ("timeout", RunState.FAILED),
            ("skipped", RunState.SKIPPED),
            ("running", RunState.OPEN),
            ("waiting", RunState.OPEN),
            ("paused", RunState.UNKNOWN),
        ],
    )
    def test_its_status_says_so(self, status: str, state: RunState) -> None:
        assert first(a_run(FIRST, status)).state is state

    @pytest.mark.parametrize(("delay", "state"), [(6 * HOUR, RunState.ON_TIME), (6 * HOUR + TICK, RunState.LATE)])
    def test_it_is_late_when_it_began_after_the_grace(self, delay: timedelta, state: RunState) -> None:
        assert first(a_run(FIRST, started_at=FIRST + delay)).state is state

    def test_without_a_task_it_is_missing(self) -> None:
        found = matched()

        assert states(found) == ["missing"] * 3
        assert [run.task for run in found.runs] == [None] * 3

    @pytest.mark.parametrize(("took", "state"), [(DAY, RunState.MISSING), (DAY + TICK, RunState.OVERLAP)])
    def test_it_overlaps_when_the_run_before_was_still_going(self, took: timedelta, state: RunState) -> None:
        assert matched(a_run(FIRST, ended_at=FIRST + took)).runs[1].state is state

    @pytest.mark.parametrize("status", ["running", "waiting", "paused"])
    def test_it_overlaps_when_an_earlier_task_never_ended(self, status: str) -> None:
        found = matched(a_run(FIRST, status, ended_at=None), a_run(DUE[1] + MINUTE))

        assert states(found)[1:] == ["on_time", "overlap"]

    def test_it_overlaps_whatever_ended_in_between(self) -> None:
        found = matched(a_run(FIRST, ended_at=FIRST + 3 * DAY), by_hand(FIRST + 2 * HOUR, "failed"))

        assert states(found) == ["on_time", "overlap", "overlap"]

    def test_a_task_that_does_not_say_when_it_ended_keeps_nothing_waiting(self) -> None:
        assert matched(a_run(FIRST, ended_at=None)).runs[1].state is RunState.MISSING

    def test_a_task_that_began_with_it_is_no_earlier_run(self) -> None:
        assert first(by_hand(FIRST - MINUTE, "running", policy_id="gone")).state is RunState.MISSING
        assert first(by_hand(FIRST - MINUTE - TICK, "running", policy_id="gone")).state is RunState.OVERLAP


class TestRepair:
    @pytest.mark.parametrize("status", ["failed", "timeout", "skipped"])
    @pytest.mark.parametrize("policy_id", [None, "daily", "gone"])
    def test_a_success_of_the_period_repairs_a_run(self, status: str, policy_id: str | None) -> None:
        broken, repair = a_run(FIRST, status), by_hand(FIRST + 9 * HOUR, policy_id=policy_id)
        run = first(broken, repair)

        assert (run.task, run.repaired_by, run.is_met, run.is_judged) == (broken, repair, True, True)

    def test_it_repairs_a_run_that_is_missing(self) -> None:
        run = first(by_hand(FIRST + 9 * HOUR))

        assert (run.state, run.is_met) == (RunState.MISSING, True)

    def test_the_first_one_is_named(self) -> None:
        repairs = [by_hand(FIRST + 9 * HOUR), by_hand(FIRST + 8 * HOUR)]

        assert first(a_run(FIRST, "failed"), *repairs).repaired_by == repairs[1]

    @pytest.mark.parametrize("vault_id", ["vault-1", "vault-2", None])
    def test_it_may_lie_in_any_vault(self, vault_id: str | None) -> None:
        assert first(a_run(FIRST, "failed"), by_hand(FIRST + 9 * HOUR, vault_id=vault_id)).is_met

    def test_it_must_have_begun_in_the_period(self) -> None:
        begun = {
            FIRST - MINUTE: True,
            FIRST - MINUTE - TICK: False,
            DUE[1] - MINUTE - TICK: True,
            DUE[1] - MINUTE: False,
        }
        for began, met in begun.items():
            repair = by_hand(FIRST - HOUR, started_at=began, ended_at=DUE[1] + HOUR)
            assert first(a_run(FIRST, "failed"), repair).is_met is met

    def test_the_success_that_kept_a_run_waiting_does_not_repair_it(self) -> None:
        run = matched(a_run(FIRST, ended_at=DUE[1] + HOUR)).runs[1]

        assert (run.state, run.is_met) == (RunState.OVERLAP, False)

    def test_the_run_of_the_next_due_time_repairs_nothing(self) -> None:
        assert [run.is_met for run in matched(a_run(FIRST, "failed"), a_run(DUE[1])).runs] == [False, True, False]

    def test_one_may_repair_the_runs_of_several_policies(self) -> None:
        plans = [a_plan("a", DUE[:1]), a_plan("b", DUE[:1])]
        found = matched(by_hand(FIRST + 9 * HOUR), plans=plans)

        assert [run.is_met for run in found.runs] == [True, True]

    @pytest.mark.parametrize("status", ["failed", "skipped", "running"])
    def test_nothing_but_a_success_repairs(self, status: str) -> None:
        assert not first(a_run(FIRST, "failed"), by_hand(FIRST + 9 * HOUR, status)).is_met

    @pytest.mark.parametrize("status", ["success", "running"])
    def test_only_what_is_broken_is_repaired(self, status: str) -> None:
        assert first(a_run(FIRST, status), by_hand(FIRST + 9 * HOUR)).repaired_by is None

    def test_it_repairs_at_once(self) -> None:
        run = first(a_run(FIRST, "failed"), by_hand(FIRST + HOUR), now=FIRST + 2 * HOUR)

        assert (run.state, run.is_met) == (RunState.FAILED, True)


class TestNotJudged:
    @pytest.mark.parametrize(
        ("task", "state"),
        [([], "missing"), ([a_run(FIRST, "failed")], "failed"), ([a_run(FIRST, "skipped")], "skipped")],
    )
    def test_a_run_whose_grace_has_not_passed_is_pending(self, task: list[Task], state: str) -> None:
        over = first(*task, now=FIRST + 6 * HOUR, plans=[a_plan(due=DUE[:1])])
        not_over = first(*task, now=FIRST + 6 * HOUR - TICK, plans=[a_plan(due=DUE[:1])])

        assert (over.state.value, over.is_judged) == (state, True)
        assert (not_over.state, not_over.is_judged) == (RunState.PENDING, False)

    def test_a_success_is_judged_at_once(self) -> None:
        run = first(a_run(FIRST), now=FIRST + MINUTE, plans=[a_plan(due=DUE[:1])])

        assert (run.state, run.is_judged) == (RunState.ON_TIME, True)

    @pytest.mark.parametrize("tasks", [[], [a_run(FIRST, "failed")], [a_run(FIRST, "skipped")]])
    def test_a_log_with_gaps_holds_nothing_against_a_run(self, tasks: list[Task]) -> None:
        assert first(*tasks, clear_since=NEVER).state is RunState.UNKNOWN

    def test_a_log_with_gaps_hides_no_success(self) -> None:
        assert first(a_run(FIRST), clear_since=NEVER).state is RunState.ON_TIME
        assert first(a_run(FIRST, "failed"), by_hand(FIRST + HOUR), clear_since=NEVER).is_met

    def test_a_status_that_is_not_documented_may_be_the_repair(self) -> None:
        odd = by_hand(FIRST + 9 * HOUR, "paused")

        assert first(a_run(FIRST, "failed"), odd).state is RunState.UNKNOWN
        assert first(odd).state is RunState.UNKNOWN
        assert first(a_run(FIRST, "failed"), odd, by_hand(FIRST + 10 * HOUR)).is_met

    def test_an_excuse_says_why_and_keeps_the_task(self) -> None:
        def maintenance(due: datetime) -> str:
            return "maintenance" if due == FIRST else ""

        task = a_run(FIRST, "failed")
        found = matched(task, by_hand(FIRST + HOUR), plans=[a_plan(maintenance=maintenance)])

        assert states(found) == ["excused", "missing", "missing"]
        run = found.runs[0]
        assert (run.why, run.task, run.repaired_by, run.is_judged) == ("maintenance", task, None, False)
        assert {run.why for run in found.runs[1:]} == {""}

    @pytest.mark.parametrize("state", RunState)
    def test_what_is_judged_and_what_is_met(self, state: RunState) -> None:
        run = PlannedRun(due=FIRST, policy_id="daily", state=state)

        assert run.is_judged is (state.value in {"on_time", "late", "failed", "skipped", "overlap", "missing"})
        assert run.is_met is (state.value in {"on_time", "late"})


class TestUnscheduled:
    def test_it_is_what_answers_no_due_time(self) -> None:
        tasks = [a_run(FIRST), a_run(FIRST + HOUR), by_hand(FIRST + 9 * HOUR, "failed"), a_run(DUE[1])]

        assert matched(*tasks).unscheduled == (tasks[1], tasks[2])

    @pytest.mark.parametrize("policy_id", ["daily", None])
    def test_what_may_be_the_run_of_an_earlier_due_time_is_not(self, policy_id: str | None) -> None:
        task = by_hand(FIRST - MINUTE - TICK, policy_id=policy_id)

        assert matched(task).unscheduled == ()
        assert matched(task, plans=[a_plan(due=())]).unscheduled == ()

    def test_what_may_be_an_earlier_run_of_one_policy_of_several_is_not(self) -> None:
        task = by_hand(FIRST + 9 * HOUR)

        assert matched(task, plans=[a_plan(), a_plan("b", DUE[2:])]).unscheduled == ()
        assert matched(task, plans=[a_plan(), a_plan("b", DUE[:1])]).unscheduled == (task,)

    @pytest.mark.parametrize("changes", [{"policy_id": "gone"}, {"vault_id": "vault-2"}])
    def test_what_cannot_be_the_run_of_an_earlier_due_time_is(self, changes: dict[str, Any]) -> None:
        task = by_hand(FIRST - HOUR, **changes)

        assert matched(task).unscheduled == (task,)

    def test_everything_of_the_window_is_where_nothing_is_planned(self) -> None:
        tasks = [by_hand(NOW - 3 * DAY - TICK), by_hand(NOW - 3 * DAY), a_run(FIRST + 9 * HOUR)]

        assert matched(*tasks, plans=(), since=NOW - 3 * DAY).unscheduled == tuple(tasks[1:])


class TestMadeGood:
    def test_it_is_what_a_success_of_the_same_period_followed(self) -> None:
        broken = [
            a_run(FIRST + number * MINUTE, status) for number, status in enumerate(["failed", "timeout", "skipped"])
        ]

        assert matched(*broken, a_run(FIRST + HOUR)).recovered == {task.id for task in broken}
        assert matched(*broken, a_run(DUE[1])).recovered == frozenset()

    def test_a_success_before_it_is_not_enough(self) -> None:
        tasks = [a_run(FIRST), by_hand(FIRST + HOUR, "failed")]

        assert matched(*tasks).recovered == frozenset()
        same_time = by_hand(FIRST, "failed", task_id="failed")
        assert matched(same_time, tasks[0]).recovered == frozenset()

    @pytest.mark.parametrize("status", ["success", "running", "waiting", "paused"])
    def test_what_neither_broke_nor_was_skipped_is_not_recovered(self, status: str) -> None:
        assert matched(a_run(FIRST, status, ended_at=None), by_hand(FIRST + HOUR)).recovered == frozenset()

    def test_the_period_of_one_policy_is_enough(self) -> None:
        plans = [a_plan("a", DUE[:1]), a_plan("b", (FIRST + HOUR,))]
        tasks = [a_run(FIRST, "failed", policy_id="a"), a_run(FIRST + HOUR, policy_id="b")]

        assert matched(*tasks, plans=plans).recovered == {tasks[0].id}

    def test_nothing_is_where_nothing_is_planned(self) -> None:
        assert matched(a_run(FIRST, "failed"), a_run(FIRST + HOUR), plans=()).recovered == frozenset()
