from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_404_task_backup_agreement import judge
from audit.judging.findings import Outcome, Verdict
from audit.records import Backup, KeepingRule, Task
from audit.records.keys import key_of
from audit.subjects import PastRules, Terms
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_point,
    a_policy,
    a_policy_subject,
    a_protected,
    a_resource,
    a_vault,
    a_window,
    facts_of,
    limits,
)

MONTH = (a_policy_subject(a_policy(retention_days=30)),)


def ran(age: timedelta = 2 * DAY, status: str = "success", backup_id: str | None = "b-1", **changes: Any) -> Task:
    return a_backup(age, status, **{"backup_id": backup_id, **changes})


def kept(age: timedelta = 2 * DAY, point_id: str = "b-1", **changes: Any) -> Backup:
    return a_point(age, id=point_id, **changes)


def judged(points: list[Backup] | None, *tasks: Task, **changes: Any) -> Verdict:
    found = None if points is None else tuple(points)
    in_order = sorted(tasks, key=lambda task: task.created_at)
    return judge(a_resource(*in_order, **{"recovery_points": found, "policies": MONTH, **changes}), limits())


def test_a_success_and_its_backup_agree() -> None:
    verdict = judged([kept()], ran())

    assert (verdict.outcome, verdict.tasks) == (Outcome.PASS, ("backup-48h",))
    assert facts_of(verdict) == {"successes": 1, "gone": 0, "backups": 1, "without_task": 0}


class TestABackupThatIsGone:
    def test_it_fails_where_nothing_explains_it(self) -> None:
        verdict = judged([kept(DAY, "b-2")], ran(), ran(DAY, backup_id="b-2"))

        assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("backup-48h",))
        assert facts_of(verdict) == {
            "since": "2026-11-21T04:00:00Z",
            "backup": "b-1",
            "successes": 2,
            "gone": 1,
            "backups": 1,
            "without_task": 0,
        }

    @pytest.mark.parametrize(
        "there",
        [
            {"status": "error"},
            {"status": "deleting"},
            {"status": "protecting"},
            {"vault_id": "vault-9"},
            {"parent_id": "x"},
        ],
    )
    def test_it_is_there_in_whatever_state(self, there: dict[str, Any]) -> None:
        assert judged([kept(**there)], ran()).outcome is Outcome.PASS

    def test_a_copy_from_another_region_is_not_what_the_task_made(self) -> None:
        assert judged([kept(image_type="replication")], ran()).outcome is Outcome.FAIL

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [
            ("success", Outcome.PASS),
            ("running", Outcome.PASS),
            ("failed", Outcome.FAIL),
            ("timeout", Outcome.FAIL),
        ],
    )
    def test_a_deletion_explains_it_unless_it_failed(self, status: str, outcome: Outcome) -> None:
        deletion = ran(DAY, status, operation="delete")

        assert judged([], ran(), deletion).outcome is outcome

    def test_the_deletion_of_another_backup_explains_nothing(self) -> None:
        assert judged([], ran(), ran(DAY, operation="delete", backup_id="b-2")).outcome is Outcome.FAIL

    @pytest.mark.parametrize("operation", ["restore", "replication"])
    def test_no_other_task_that_names_it_explains_it(self, operation: str) -> None:
        assert judged([], ran(), ran(DAY, operation=operation)).outcome is Outcome.FAIL

    @pytest.mark.parametrize(("age", "outcome"), [(7 * DAY, Outcome.PASS), (7 * DAY - TICK, Outcome.FAIL)])
    def test_an_age_that_was_reached_explains_it(self, age: timedelta, outcome: Outcome) -> None:
        week = (a_policy_subject(a_policy(retention_days=7)),)

        assert judged([], ran(age), policies=week).outcome is outcome

    @pytest.mark.parametrize(("number", "outcome"), [(2, Outcome.PASS), (3, Outcome.FAIL)])
    def test_so_many_newer_ones_explain_it(self, number: int, outcome: Outcome) -> None:
        rule = (a_policy_subject(a_policy(retention_days=-1, max_backups=number)),)
        tasks = [ran(), ran(DAY, backup_id="b-2"), ran(5 * HOUR, backup_id="b-3"), ran(4 * HOUR, "failed", "b-4")]

        points = [kept(DAY, "b-2", expired_at=None), kept(5 * HOUR, "b-3", expired_at=None)]

        assert judged(points, *tasks, policies=rule).outcome is outcome

    @pytest.mark.parametrize(("then", "outcome"), [(2, Outcome.PASS), (3, Outcome.FAIL)])
    @pytest.mark.parametrize("now", [{"max_backups": 40}, {"retention_days": 60, "max_backups": -1}])
    def test_the_number_of_then_explains_it_although_more_are_kept_now(
        self, then: int, outcome: Outcome, now: dict[str, Any]
    ) -> None:
        terms = (Terms(NOW - 9 * DAY, NOW - HOUR, None, then), Terms(NOW, NOW, None, None))
        rule = (a_policy_subject(a_policy(**{"retention_days": -1, **now}), terms=terms),)
        tasks = [ran(), ran(DAY, backup_id="b-2"), ran(5 * HOUR, backup_id="b-3")]

        assert judged([kept(DAY, "b-2"), kept(5 * HOUR, "b-3")], *tasks, policies=rule).outcome is outcome

    def test_a_number_that_a_replaced_policy_kept_explains_what_was_made_under_it(self) -> None:
        age = (a_policy_subject(a_policy(retention_days=60), terms=(Terms(NOW - 9 * DAY, NOW, 60, None),)),)
        old = PastRules("old", (Terms(NOW - 9 * DAY, NOW - HOUR, None, 2),), NOW)
        long_off = PastRules("old", (Terms(NOW - 9 * DAY, NOW - 4 * DAY, None, 2),), NOW - 3 * DAY)
        tasks = [ran(), ran(DAY, backup_id="b-2"), ran(5 * HOUR, backup_id="b-3")]
        points = [kept(DAY, "b-2"), kept(5 * HOUR, "b-3")]

        assert judged(points, *tasks, policies=age, past_rules=(old,)).outcome is Outcome.PASS
        assert judged(points, *tasks, policies=age, past_rules=(long_off,)).outcome is Outcome.FAIL
        assert judged(points[:1], *tasks[:2], policies=age, past_rules=(old,)).outcome is Outcome.FAIL

    @pytest.mark.parametrize("filler", [None, -1, 0])
    def test_a_policy_that_deletes_nothing_explains_nothing(self, filler: int | None) -> None:
        rule = (a_policy_subject(a_policy(retention_days=filler, max_backups=filler)),)

        assert judged([], ran(29 * DAY), policies=rule).outcome is Outcome.FAIL

    def test_the_retention_of_copies_explains_nothing(self) -> None:
        rule = (a_policy_subject(a_policy(operation="replication", retention_days=1)),)

        assert judged([], ran(), policies=rule).outcome is Outcome.FAIL

    def test_a_disabled_policy_explains_it_too(self) -> None:
        rule = (a_policy_subject(a_policy(enabled=False, retention_days=1)),)

        assert judged([], ran(), policies=rule).outcome is Outcome.PASS

    @pytest.mark.parametrize(
        ("then", "now", "outcome"), [(1, 90, Outcome.PASS), (90, 1, Outcome.FAIL), (None, 1, Outcome.FAIL)]
    )
    def test_the_rule_of_the_time_when_it_was_made_counts(self, then: int | None, now: int, outcome: Outcome) -> None:
        terms = (Terms(NOW - 9 * DAY, NOW - HOUR, then, None), Terms(NOW, NOW, now, None))
        rule = (a_policy_subject(a_policy(retention_days=now), terms=terms),)

        assert judged([], ran(), policies=rule).outcome is outcome

    def test_the_vault_answers_for_one_that_an_earlier_run_saw(self) -> None:
        taken = frozenset({key_of("b-1")})

        assert judged([], ran(), missed=taken).outcome is Outcome.PASS
        assert judged([], ran(), ran(DAY, backup_id="b-2"), missed=taken).outcome is Outcome.FAIL

    @pytest.mark.parametrize(("life", "outcome"), [(5 * DAY, Outcome.PASS), (5 * DAY + TICK, Outcome.FAIL)])
    @pytest.mark.parametrize("between", [True, False])
    def test_the_end_of_the_next_backup_that_has_one_shows_a_rule_that_was_changed_since(
        self,
        life: timedelta,
        outcome: Outcome,
        between: bool,  # noqa: FBT001  # whether one without an end lies between
    ) -> None:
        points = [kept(4 * DAY, "b-2", expired_at=None, by_policy=False)] if between else []
        points += [kept(3 * DAY, "b-3", expired_at=NOW - 3 * DAY + life), kept(DAY, "b-4", expired_at=NOW)]
        tasks = [ran(5 * DAY), *(ran(NOW - point.created_at, backup_id=point.id) for point in points)]

        assert judged(points, *tasks).outcome is outcome

    def test_a_backup_beside_it_that_is_kept_for_longer_denies_a_rule_that_no_run_saw_then(self) -> None:
        week = a_policy(retention_days=7)
        first = (a_policy_subject(week, terms=(Terms(NOW, NOW, 7, None),)),)
        known = (a_policy_subject(week, terms=(Terms(NOW - 20 * DAY, NOW, 7, None),)),)
        tasks = [ran(9 * DAY), ran(6 * DAY, backup_id="b-2")]
        lasting, usual = (kept(6 * DAY, "b-2", expired_at=NOW - 6 * DAY + life * DAY) for life in (90, 7))
        verdict = judged([lasting], *tasks, policies=first)

        assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, (tasks[0].id,))
        assert (facts_of(verdict)["gone"], facts_of(verdict)["gone_in_doubt"]) == (0, 1)
        assert judged([usual], *tasks, policies=first).outcome is Outcome.PASS
        assert judged([lasting], *tasks, policies=known).outcome is Outcome.PASS
        assert judged([lasting], *tasks, ran(DAY, operation="delete"), policies=first).outcome is Outcome.PASS
        assert judged([lasting], *tasks, ran(8 * DAY, backup_id="b-3"), policies=first).outcome is Outcome.UNKNOWN
        assert judged([lasting], *tasks, ran(5 * DAY, backup_id="b-3"), policies=first).outcome is Outcome.FAIL

    def test_the_backups_of_another_vault_deny_nothing(self) -> None:
        first = (a_policy_subject(a_policy(retention_days=7), terms=(Terms(NOW, NOW, 7, None),)),)
        elsewhere = kept(6 * DAY, "b-2", vault_id="vault-9")

        assert judged([elsewhere], ran(9 * DAY), ran(6 * DAY, backup_id="b-2"), policies=first).outcome is Outcome.PASS

    @pytest.mark.parametrize(
        ("weekly", "left", "outcome"),
        [
            (4, (), Outcome.UNKNOWN),
            (4, (7, 14, 21), Outcome.PASS),
            (4, (7, 21), Outcome.UNKNOWN),
            (0, (), Outcome.PASS),
        ],
    )
    def test_a_number_takes_no_last_backup_of_a_week(
        self, weekly: int, left: tuple[int, ...], outcome: Outcome
    ) -> None:
        policy = a_policy(retention_days=None, max_backups=2, weekly_copies=weekly)
        tasks = [ran(day * DAY, backup_id=f"b-{day}") for day in range(28, 0, -1)]
        points = [kept(day * DAY, f"b-{day}", expired_at=None) for day in (*reversed(left), 2, 1)]
        verdict = judged(points, *tasks, policies=(a_policy_subject(policy, terms=(Terms(NOW, NOW, None, 2),)),))

        assert verdict.outcome is outcome, verdict.reason

    @pytest.mark.parametrize(
        "change", [{"status": "error"}, {"vault_id": "vault-9"}, {"by_policy": False}, {"status": "deleting"}]
    )
    def test_no_other_backup_of_a_week_stands_for_the_last_one(self, change: dict[str, Any]) -> None:
        policy = a_policy_subject(
            a_policy(retention_days=None, max_backups=2, weekly_copies=4), terms=(Terms(NOW, NOW, None, 2),)
        )
        tasks = [ran(day * DAY, backup_id=f"b-{day}") for day in range(28, 0, -1)]
        others = [kept(day * DAY, f"b-{day}", expired_at=None, **change) for day in (21, 14, 7)]
        newest = [kept(day * DAY, f"b-{day}", expired_at=None) for day in (2, 1)]

        assert judged([*others, *newest], *tasks, policies=(policy,)).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize(("left", "outcome"), [((21, 14, 7), Outcome.PASS), ((20, 13, 6), Outcome.UNKNOWN)])
    def test_an_advanced_rule_keeps_the_days_that_it_picks(self, left: tuple[int, ...], outcome: Outcome) -> None:
        mondays = KeepingRule(periods=4, weekdays=("MO",))
        rules = a_policy(retention_days=None, max_backups=2, weekly_rule=mondays, timezone="UTC+00:00")
        policy = a_policy_subject(rules, terms=(Terms(NOW, NOW, None, 2),))
        tasks = [ran(day * DAY, backup_id=f"b-{day}") for day in range(28, 0, -1)]
        points = [kept(day * DAY, f"b-{day}", expired_at=None) for day in (*left, 2, 1)]

        assert judged(points, *tasks, policies=(policy,)).outcome is outcome

    @pytest.mark.parametrize("since", [timedelta(0), 60 * DAY], ids=["first run", "seen"])
    @pytest.mark.parametrize("change", [{"by_policy": False}, {"vault_id": "vault-9"}, {"status": "error"}])
    def test_the_short_life_of_another_backup_explains_no_loss(self, change: dict[str, Any], since: timedelta) -> None:
        policy = a_policy_subject(a_policy(retention_days=30), terms=(Terms(NOW - since, NOW, 30, None),))
        short = kept(4 * DAY, "b-2", expired_at=NOW + HOUR, **change)
        tasks = [ran(5 * DAY, backup_id="b-1"), ran(4 * DAY, backup_id="b-2")]

        assert judged([short], *tasks, policies=(policy,)).outcome is Outcome.FAIL

    def test_a_number_takes_the_oldest_first_where_no_run_saw_it(self) -> None:
        policy = a_policy(retention_days=None, max_backups=1)
        seen = (Terms(NOW - 9 * DAY, NOW, None, 1),)
        first, known = ((a_policy_subject(policy, terms=terms),) for terms in ((Terms(NOW, NOW, None, 1),), seen))
        tasks = [ran(9 * DAY, backup_id="b-0"), ran(5 * DAY), ran(DAY, backup_id="b-2")]
        points = [kept(9 * DAY, "b-0", expired_at=None), kept(DAY, "b-2", expired_at=None)]

        assert judged(points, *tasks, policies=first).outcome is Outcome.UNKNOWN
        assert judged(points, *tasks, policies=known).outcome is Outcome.PASS
        assert judged(points[1:], *tasks, policies=first).outcome is Outcome.PASS

    def test_a_task_that_cannot_be_relied_on_is_no_better_explained(self) -> None:
        first = (a_policy_subject(a_policy(retention_days=7), terms=(Terms(NOW, NOW, 7, None),)),)
        tasks = [ran(9 * DAY, "odd"), ran(6 * DAY, backup_id="b-2")]

        for life, outcome in ((90, Outcome.UNKNOWN), (7, Outcome.PASS)):
            points = [kept(6 * DAY, "b-2", expired_at=NOW - 6 * DAY + life * DAY)]
            assert judged(points, *tasks, policies=first).outcome is outcome

    def test_an_older_backup_shows_nothing(self) -> None:
        older = kept(9 * DAY, "b-0", expired_at=NOW - 8 * DAY)

        assert judged([older], ran(9 * DAY, backup_id="b-0"), ran()).outcome is Outcome.FAIL

    def test_a_resource_that_was_taken_out_lost_what_was_made_before(self) -> None:
        removal = a_backup(DAY, operation="remove_resource")

        assert judged([], ran(), removal).outcome is Outcome.NOT_APPLICABLE

    def test_a_vault_that_does_not_hold_it_any_more_is_not_judged(self) -> None:
        assert judged([], ran(vault_id="vault-9")).outcome is Outcome.NOT_APPLICABLE

    def test_a_task_that_names_no_backup_is_not_judged(self) -> None:
        assert judged([], ran(backup_id=None)).outcome is Outcome.NOT_APPLICABLE

    @pytest.mark.parametrize(
        ("changes", "outcome"),
        [
            ({"ended_at": NOW - HOUR}, Outcome.FAIL),
            ({"ended_at": NOW - HOUR + TICK}, Outcome.NOT_APPLICABLE),
            ({"ended_at": None}, Outcome.FAIL),
        ],
    )
    def test_the_list_may_lag_behind_for_an_hour(self, changes: dict[str, Any], outcome: Outcome) -> None:
        assert judged([], ran(**changes)).outcome is outcome

    @pytest.mark.parametrize("status", ["failed", "timeout", "skipped", "running", "waiting"])
    def test_only_a_success_promises_a_backup(self, status: str) -> None:
        assert judged([], ran(status=status)).outcome is Outcome.NOT_APPLICABLE


class TestABackupWithoutATask:
    def test_it_fails(self) -> None:
        verdict = judged([kept(), kept(DAY, "b-2")], ran())

        assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ())
        assert facts_of(verdict) == {
            "since": "2026-11-22T04:00:00Z",
            "backup": "b-2",
            "successes": 1,
            "gone": 0,
            "backups": 2,
            "without_task": 1,
        }

    @pytest.mark.parametrize("status", ["success", "failed", "running", "waiting", "odd"])
    def test_any_backup_task_will_do(self, status: str) -> None:
        assert judged([kept()], ran(status=status)).outcome is Outcome.PASS

    def test_a_task_of_another_kind_made_none(self) -> None:
        assert judged([kept()], ran(operation="restore")).outcome is Outcome.FAIL

    @pytest.mark.parametrize(
        "changes",
        [
            {"image_type": "replication"},
            {"parent_id": "whole"},
            {"status": "protecting"},
            {"status": "deleting"},
            {"status": "error"},
            {"vault_id": "vault-9"},
        ],
    )
    def test_copies_parts_and_what_is_made_deleted_or_in_error_need_none(self, changes: dict[str, Any]) -> None:
        assert judged([kept(**changes)]).outcome is Outcome.NOT_APPLICABLE

    def test_what_was_synchronised_into_a_hybrid_vault_needs_none(self) -> None:
        hybrid = (a_vault(protect_type="hybrid"),)

        assert judged([kept()], vaults=hybrid).outcome is Outcome.NOT_APPLICABLE

    @pytest.mark.parametrize(
        ("age", "outcome"),
        [
            (29 * DAY + TICK, Outcome.NOT_APPLICABLE),
            (29 * DAY, Outcome.FAIL),
            (HOUR, Outcome.FAIL),
            (HOUR - TICK, Outcome.NOT_APPLICABLE),
            (-HOUR, Outcome.NOT_APPLICABLE),
        ],
    )
    def test_it_counts_from_the_second_day_of_the_log_to_its_last_hour(self, age: timedelta, outcome: Outcome) -> None:
        assert judged([kept(age)], window=a_window(30)).outcome is outcome
        assert judged([kept(age)], window=a_window(90), covered_since=NOW - 30 * DAY).outcome is outcome

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [
            ("success", Outcome.UNKNOWN),
            ("running", Outcome.UNKNOWN),
            ("odd", Outcome.UNKNOWN),
            ("failed", Outcome.FAIL),
            ("timeout", Outcome.FAIL),
            ("skipped", Outcome.FAIL),
            ("waiting", Outcome.FAIL),
        ],
    )
    def test_a_task_that_names_no_backup_may_have_made_it(self, status: str, outcome: Outcome) -> None:
        assert judged([kept()], ran(status=status, backup_id=None)).outcome is outcome

    @pytest.mark.parametrize(
        ("began", "ended", "outcome"),
        [
            (2 * DAY - HOUR, None, Outcome.UNKNOWN),
            (2 * DAY - HOUR - TICK, None, Outcome.FAIL),
            (9 * DAY, None, Outcome.UNKNOWN),
            (9 * DAY, 2 * DAY + HOUR, Outcome.UNKNOWN),
            (9 * DAY, 2 * DAY + HOUR + TICK, Outcome.FAIL),
        ],
    )
    def test_it_may_have_made_one_only_while_it_went_on_give_or_take_an_hour(
        self, began: timedelta, ended: timedelta | None, outcome: Outcome
    ) -> None:
        task = ran(began, backup_id=None, ended_at=ended and NOW - ended)

        assert judged([kept(2 * DAY)], task).outcome is outcome

    def test_one_that_nothing_can_have_made_is_certain_beside_one_that_is_not(self) -> None:
        task = ran(backup_id=None, ended_at=NOW - 2 * DAY)

        assert judged([kept(2 * DAY), kept(20 * DAY, "b-2")], task).outcome is Outcome.FAIL

    def test_a_backup_that_is_gone_is_certain_all_the_same(self) -> None:
        tasks = [ran(backup_id=None, task_id="nameless"), ran(backup_id="b-2")]

        assert judged([kept()], *tasks).outcome is Outcome.FAIL


class TestASuccessThatMadeNothing:
    @pytest.mark.parametrize("backup_id", ["b-1", None])
    def test_it_fails(self, backup_id: str | None) -> None:
        verdict = judged([kept()], ran(), ran(DAY, task_id="again", backup_id=backup_id), kind_is_listed=True)

        assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("again",))
        assert verdict.reason == "a success made no backup of its own"
        assert facts_of(verdict)["since"] == "2026-11-22T04:00:00Z"

    def test_both_kinds_are_counted_and_named_in_order(self) -> None:
        tasks = [ran(), ran(30 * HOUR, task_id="again"), ran(DAY, task_id="lost", backup_id="b-9")]
        verdict = judged([kept()], *tasks)

        assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("again", "lost"))
        assert verdict.reason == "a backup is gone, and nothing explains it"
        assert (facts_of(verdict)["gone"], facts_of(verdict)["hollow"]) == (1, 1)

    def test_it_is_certain_without_policies(self) -> None:
        assert judged([kept()], ran(), ran(DAY, task_id="again"), policies=None).outcome is Outcome.FAIL

    def test_it_is_unknown_where_the_log_has_gaps(self) -> None:
        assert judged([kept()], ran(), ran(DAY, task_id="again"), log_complete=False).outcome is Outcome.UNKNOWN


class TestWhatVaultsCount:
    @pytest.mark.parametrize(
        ("count", "points", "outcome"),
        [
            (1, [kept()], Outcome.PASS),
            (9, [kept()], Outcome.PASS),
            (None, [kept()], Outcome.PASS),
            (0, [kept()], Outcome.UNKNOWN),
            (0, [], Outcome.NOT_APPLICABLE),
            (3, [], Outcome.UNKNOWN),
        ],
    )
    def test_only_none_against_some_is_a_contradiction(
        self, count: int | None, points: list[Backup], outcome: Outcome
    ) -> None:
        vaults = (a_vault(resources=(a_protected(backup_count=count),)),)

        assert judged(points, *[ran() for _point in points], vaults=vaults).outcome is outcome

    def test_what_was_synchronised_into_a_hybrid_vault_need_not_be_listed(self) -> None:
        vaults = (a_vault(resources=(a_protected(backup_count=3),), protect_type="hybrid"),)

        assert judged([], vaults=vaults).outcome is Outcome.NOT_APPLICABLE

    def test_both_numbers_are_named(self) -> None:
        vaults = (a_vault(resources=(a_protected(backup_count=0),)),)
        verdict = judged([kept()], ran(), vaults=vaults)

        assert (facts_of(verdict)["vault_counts"], facts_of(verdict)["listed"]) == (0, 1)

    @pytest.mark.parametrize(("age", "outcome"), [(HOUR, Outcome.UNKNOWN), (HOUR - TICK, Outcome.NOT_APPLICABLE)])
    def test_a_vault_may_lag_behind_for_an_hour(self, age: timedelta, outcome: Outcome) -> None:
        vaults = (a_vault(resources=(a_protected(backup_count=0),)),)

        assert judged([kept(age)], ran(age, ended_at=None), vaults=vaults).outcome is outcome

    @pytest.mark.parametrize("changes", [{"vault_id": "vault-9"}, {"status": "error"}, {"image_type": "replication"}])
    def test_what_a_vault_need_not_count_contradicts_nothing(self, changes: dict[str, Any]) -> None:
        vaults = (a_vault(resources=(a_protected(backup_count=0),)),)

        assert judged([kept(**changes)], vaults=vaults).outcome is Outcome.NOT_APPLICABLE


class TestGaps:
    def test_backups_that_were_not_read_completely_are_unknown(self) -> None:
        assert judged(None, ran()).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("points", [[], [kept()], [kept(), kept(DAY, "b-2")]])
    def test_a_log_with_gaps_is_unknown(self, points: list[Backup]) -> None:
        assert judged(points, ran(), log_complete=False).outcome is Outcome.UNKNOWN

    def test_policies_that_were_not_read_may_explain_a_loss(self) -> None:
        assert judged([], ran(), policies=None).outcome is Outcome.UNKNOWN
        assert judged([kept()], ran(), policies=None).outcome is Outcome.PASS

    def test_no_policy_explains_a_backup_without_a_task(self) -> None:
        assert judged([kept(), kept(DAY, "b-2")], ran(), policies=None).outcome is Outcome.FAIL

    def test_vaults_that_were_not_read_may_hold_more(self) -> None:
        assert judged([kept()], ran(), vaults_complete=False).outcome is Outcome.UNKNOWN
        assert judged([], vaults_complete=False).outcome is Outcome.UNKNOWN
        assert judged([], ran(), vaults_complete=False).outcome is Outcome.FAIL


def test_it_does_not_apply_where_there_is_nothing_to_compare() -> None:
    assert judged([]).outcome is Outcome.NOT_APPLICABLE
