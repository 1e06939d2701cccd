"""What policies plan for a resource, and what is judged of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from audit.records import Policy
from audit.schedule.rules import Schedule
from audit.subjects import PolicySubject, Resource, RunState
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
    arranged,
    limits,
)

DUE = NOW.replace(hour=2)  # today; the daily policy plans it two hours before NOW
MINUTE = timedelta(minutes=1)
NO_GRACE = limits(grace=timedelta(0))


def states(resource: Resource, **changes: Any) -> list[str]:
    found = resource.planned_runs(limits(**{"grace": timedelta(0), **changes}))
    assert found is not None
    return [run.state.value for run in found.runs]


def reasons(resource: Resource, **changes: Any) -> list[str]:
    found = resource.planned_runs(limits(**changes))
    assert found is not None
    return [run.why for run in found.runs]


def a_daily(**changes: Any) -> PolicySubject:
    return a_policy_subject(a_policy(**changes))


class TestWhichRunsArePlanned:
    def test_every_due_time_of_the_window_is_there(self) -> None:
        found = a_resource(window=a_window(3)).planned_runs(limits())

        assert found is not None
        assert [run.due for run in found.runs] == [DUE - 2 * DAY, DUE - DAY, DUE]
        assert {run.policy_id for run in found.runs} == {"policy-1"}

    def test_none_is_planned_after_the_time_of_judgement(self) -> None:
        found = a_resource(window=a_window(1)).planned_runs(limits(now=DUE - TICK))

        assert found is not None
        assert found.runs == ()

    @pytest.mark.parametrize("policies", [None, (a_policy_subject(schedule=None, unreadable="no"),)])
    def test_it_is_not_known_where_a_schedule_is_not(self, policies: tuple[PolicySubject, ...] | None) -> None:
        resource = a_resource(policies=policies)

        assert (resource.planned_runs(limits()), resource.harmless(limits())) == (None, None)

    @pytest.mark.parametrize("changes", [{"enabled": False}, {"operation": "replication"}])
    def test_only_an_enabled_backup_policy_plans(self, changes: dict[str, Any]) -> None:
        assert states(a_resource(policies=(a_daily(**changes),))) == []

    @pytest.mark.parametrize(("auto_protect", "runs"), [(True, 3), (None, 3), (False, 0)])
    def test_nothing_is_planned_for_one_that_its_vault_exempts(self, auto_protect: bool | None, runs: int) -> None:  # noqa: FBT001  # the field
        vault = a_vault(resources=(a_protected(auto_protect=auto_protect),))

        assert len(states(a_resource(vaults=(vault,), window=a_window(3)))) == runs

    def test_nothing_is_planned_into_a_vault_for_copies(self) -> None:
        assert states(a_resource(vaults=(a_vault(protect_type="replication"),))) == []

    def test_one_vault_that_does_not_exempt_it_is_enough(self) -> None:
        exempt = a_vault("vault-2", resources=(a_protected(auto_protect=False),))
        both = a_daily(vault_ids=frozenset({"vault-1", "vault-2"}))
        other = a_daily(vault_ids=frozenset({"vault-2"}))

        assert len(states(a_resource(vaults=(a_vault(), exempt), policies=(both,), window=a_window(1)))) == 1
        assert states(a_resource(vaults=(a_vault(), exempt), policies=(other,))) == []

    def test_every_policy_plans_for_itself(self) -> None:
        policies = (a_daily(), a_policy_subject(a_policy("policy-2", patterns=("FREQ=DAILY;BYHOUR=3;BYMINUTE=0",))))
        found = a_resource(policies=policies, window=a_window(1)).planned_runs(limits())

        assert found is not None
        assert [(run.policy_id, run.due) for run in found.runs] == [("policy-1", DUE), ("policy-2", DUE + HOUR)]

    def test_a_task_without_policy_answers_for_the_vaults_of_the_policy_alone(self) -> None:
        run = a_backup(2 * HOUR)

        assert states(a_resource(run, window=a_window(1))) == ["on_time"]
        assert states(a_resource(structs.replace(run, vault_id="vault-2"), window=a_window(1))) == ["missing"]

    @pytest.mark.parametrize(
        ("late", "state"),
        [(HOUR, "on_time"), (HOUR + 30 * MINUTE, "on_time"), (HOUR + 30 * MINUTE + TICK, "late")],
    )
    def test_the_start_window_of_the_policy_counts_as_grace(self, late: timedelta, state: str) -> None:
        policy = a_daily(start_window=timedelta(minutes=30))
        run = a_backup(2 * HOUR, policy_id="policy-1", started_at=DUE + late)

        assert states(a_resource(run, policies=(policy,), window=a_window(1)), grace=HOUR) == [state]

    def test_a_run_within_its_start_window_is_pending(self) -> None:
        resource = a_resource(policies=(a_daily(start_window=2 * HOUR + TICK),), window=a_window(1))

        assert states(resource) == ["pending"]

    def test_other_operations_answer_nothing(self) -> None:
        assert states(a_resource(a_backup(2 * HOUR, operation="restore"), window=a_window(1))) == ["missing"]

    def test_it_is_worked_out_once_for_the_same_limits(self) -> None:
        resource, given = a_resource(), limits()

        assert resource.planned_runs(given) is resource.planned_runs(given)
        assert resource.planned_runs(limits(grace=HOUR)) is not resource.planned_runs(given)

    def test_it_is_worked_out_anew_for_a_changed_resource(self) -> None:
        silent = a_resource(window=a_window(1))
        assert states(silent) == ["missing"]

        assert states(replace(silent, tasks=(a_backup(2 * HOUR),))) == ["on_time"]

    def test_a_log_with_gaps_holds_nothing_against_it(self) -> None:
        assert states(a_resource(log_complete=False, window=a_window(1))) == ["unknown"]


class TestWhatIsNotJudged:
    KNOWN = "before the resource was known as it is now"

    @pytest.mark.parametrize("field", ["held_since", "known_since"])
    def test_runs_before_the_resource_was_known(self, field: str) -> None:
        known: dict[str, Any] = {"window": a_window(2)}

        assert reasons(a_resource(**known, **{field: DUE - DAY})) == ["", ""]
        assert reasons(a_resource(**known, **{field: DUE - DAY + TICK})) == [self.KNOWN, ""]
        assert reasons(a_resource(**known, **{field: None})) == ["", ""]

    def test_runs_before_the_policy_was_known_as_it_is_now(self) -> None:
        policies = [replace(a_daily(), known_since=DUE - DAY + late) for late in (timedelta(0), TICK)]

        assert reasons(a_resource(policies=(policies[0],), window=a_window(2))) == ["", ""]
        assert reasons(a_resource(policies=(policies[1],), window=a_window(2))) == [
            "before the policy was known as it is now",
            "",
        ]

    def test_a_changed_policy_excuses_no_run_of_another(self) -> None:
        changed = replace(a_daily(), known_since=NOW)
        other = a_policy_subject(a_policy("policy-2", patterns=("FREQ=DAILY;BYHOUR=3;BYMINUTE=0",)))
        why = "before the policy was known as it is now"

        assert reasons(a_resource(policies=(changed, other), window=a_window(1))) == [why, ""]

    def test_runs_before_the_log_can_be_trusted(self) -> None:
        resource = a_resource(covered_since=DUE - DAY + TICK, window=a_window(2))

        assert reasons(resource) == ["the log does not reach back so far", ""]

    def test_runs_in_a_maintenance_window(self) -> None:
        def maintenance(moment: Any) -> str:
            return "moving house" if moment == DUE - DAY else ""

        assert reasons(a_resource(window=a_window(2)), maintenance=maintenance) == ["moving house", ""]

    @pytest.mark.parametrize("field", ["held_since", "known_since"])
    def test_a_run_that_left_a_task_shows_that_the_resource_was_known(self, field: str) -> None:
        failed = a_backup(26 * HOUR, "failed")

        assert states(a_resource(failed, window=a_window(2), **{field: DUE - DAY + TICK})) == ["failed", "missing"]
        assert states(a_resource(failed, window=a_window(2), **{field: DUE + TICK})) == ["failed", "excused"]

    @pytest.mark.parametrize("status", ["success", "failed", "skipped", "running", "paused"])
    def test_before_a_policy_was_changed_a_run_is_excused_whatever_became_of_it(self, status: str) -> None:
        changed = replace(a_daily(), known_since=NOW)

        assert states(a_resource(a_backup(2 * HOUR, status), policies=(changed,), window=a_window(1))) == ["excused"]
        assert states(a_resource(a_backup(2 * HOUR, status), covered_since=NOW, window=a_window(1))) == ["excused"]


class TestHarmless:
    def test_what_a_success_of_the_same_period_made_good_is(self) -> None:
        broken = [a_backup(26 * HOUR, "failed"), a_backup(25 * HOUR, "skipped")]

        assert a_resource(*broken, a_backup(20 * HOUR)).harmless(NO_GRACE) == frozenset(task.id for task in broken)
        assert a_resource(*broken, a_backup(2 * HOUR)).harmless(NO_GRACE) == frozenset()

    def test_what_was_planned_in_a_maintenance_window_is(self) -> None:
        planned, by_hand = a_backup(26 * HOUR, "failed"), a_backup(9 * HOUR, "failed")
        resource = a_resource(planned, by_hand)

        assert resource.harmless(limits(maintenance=lambda due: "moving" * (due == DUE - DAY))) == frozenset(
            {planned.id}
        )
        assert resource.harmless(limits(maintenance=lambda _due: "")) == frozenset()


class TestPlannedInterval:
    def test_the_start_window_belongs_to_it(self) -> None:
        slow = a_daily(start_window=2 * HOUR)

        assert a_resource(policies=(slow,)).planned_interval(limits()) == 32 * HOUR

    def test_a_disabled_policy_sets_none(self) -> None:
        weekly = a_policy_subject(schedule=Schedule(["FREQ=WEEKLY;BYDAY=MO;BYHOUR=1;BYMINUTE=0"], None))
        policies = (a_daily(enabled=False), weekly)

        assert a_resource(policies=policies).planned_interval(limits()) == 7 * DAY + 6 * HOUR


class TestFromInventory:
    """The same through arrange, as a run does it."""

    @staticmethod
    def planned(policy: Policy) -> list[RunState] | None:
        (resource,) = arranged([a_backup(29 * DAY), a_backup(2 * HOUR)], [policy], [a_vault()]).resources
        found = resource.planned_runs(NO_GRACE)
        return None if found is None else [run.state for run in found.runs][-2:]

    @pytest.mark.parametrize(
        "pattern",
        [
            "FREQ=DAILY;BYHOUR=2;BYMINUTE=00",
            "BYMINUTE=0;BYHOUR=02;FREQ=DAILY",
            "FREQ=WEEKLY;BYHOUR=2;BYDAY=SU,MO;BYMINUTE=00",
            "FREQ=DAILY;BYHOUR=2;BYMINUTE=0;INTERVAL=1",
        ],
    )
    def test_every_way_to_write_a_pattern_plans_the_same(self, pattern: str) -> None:
        policy = a_policy(patterns=(pattern,), start_time=NOW - 90 * DAY)

        assert self.planned(policy) == [RunState.MISSING, RunState.ON_TIME]

    @pytest.mark.parametrize(
        "pattern",
        ["FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=DAILY;BYSECOND=0,1,2", "FREQ=DAILY;BYHOUR=*", "FREQ=DAILY;COUNT=9"],
    )
    def test_a_hostile_pattern_leaves_the_plan_unknown(self, pattern: str) -> None:
        assert self.planned(a_policy(patterns=(pattern,), start_time=NOW - 90 * DAY)) is None

    def test_days_are_counted_from_the_start_time(self) -> None:
        every_other_day = [
            a_policy(patterns=("FREQ=DAILY;INTERVAL=2;BYHOUR=2;BYMINUTE=0",), start_time=NOW - days * DAY)
            for days in (60, 61)
        ]

        assert [self.planned(policy) for policy in every_other_day] == [
            [RunState.MISSING, RunState.ON_TIME],
            [RunState.MISSING, RunState.MISSING],
        ]


def test_nobody_knows_when_a_first_backup_is_due_where_the_policies_are_not_known() -> None:
    assert a_resource(policies=None).first_backup_by(NOW, limits(max_backup_age=None)) is None
