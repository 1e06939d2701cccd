from datetime import timedelta
from typing import Any, ClassVar

import pytest

from audit.collection import Kind
from audit.controls.cbr_111_destructive_operation import judge
from audit.judging.findings import Clue, Outcome, Verdict
from audit.records import Backup, KeepingRule, Task
from audit.subjects import PastRules, PolicySubject, Presence, Taken, Terms
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_collection,
    a_departure,
    a_point,
    a_policy,
    a_policy_subject,
    a_resource,
    a_taken,
    a_vault,
    a_vault_subject,
    facts_of,
    limits,
)


def a_deletion(age: timedelta, backup_id: str = "backup-1", **changes: Any) -> Task:
    return a_backup(
        age, **{"task_id": f"deletion of {backup_id}", "operation": "delete", "backup_id": backup_id, **changes}
    )


def keeping(**changes: Any) -> PolicySubject:
    return a_policy_subject(a_policy(**{"retention_days": None, "max_backups": None, **changes}))


@pytest.mark.parametrize(
    ("operation", "reason"),
    [("vault_delete", "the vault was deleted"), ("remove_resource", "resources were taken out of the vault")],
)
@pytest.mark.parametrize("log_complete", [True, False])
def test_a_removal_is_a_failure_whatever_else_is_missing(operation: str, reason: str, log_complete: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    removal = a_backup(3 * DAY, operation=operation, resource_id=None)
    verdict = judge(a_vault_subject(removal, vault=None, policies=None, log_complete=log_complete), limits())

    assert (verdict.outcome, verdict.reason, verdict.tasks) == (Outcome.FAIL, reason, (removal.id,))
    assert facts_of(verdict)["since"] == "2026-11-20T04:00:00Z"


@pytest.mark.parametrize("status", ["failed", "timeout", "running", "waiting", "skipped"])
@pytest.mark.parametrize("operation", ["vault_delete", "remove_resource", "delete"])
def test_what_did_not_succeed_took_nothing_away(operation: str, status: str) -> None:
    tasks = [a_backup(3 * DAY, backup_id="backup-1"), a_deletion(2 * DAY, operation=operation, status=status)]

    assert judge(a_vault_subject(*tasks), limits()).outcome is Outcome.PASS


def test_a_complete_log_without_any_removal_is_the_evidence() -> None:
    verdict = judge(a_vault_subject(), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.PASS, ())
    assert judge(a_vault_subject(log_complete=False), limits()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(("age", "outcome"), [(7 * DAY, Outcome.PASS), (7 * DAY - TICK, Outcome.FAIL)])
def test_a_backup_may_be_deleted_at_the_age_of_retention(age: timedelta, outcome: Outcome) -> None:
    made = a_backup(9 * DAY, backup_id="backup-1")
    deletion = a_deletion(9 * DAY - age)

    verdict = judge(a_vault_subject(made, deletion), limits())
    assert (verdict.outcome, verdict.tasks) == (outcome, (deletion.id,))


@pytest.mark.parametrize(("newer", "outcome"), [(2, Outcome.PASS), (1, Outcome.FAIL)])
def test_a_backup_may_be_deleted_when_enough_newer_ones_exist(newer: int, outcome: Outcome) -> None:
    later = [a_backup((8 - number) * DAY) for number in range(newer)]
    others = [
        a_backup(5 * DAY, "failed"),
        a_backup(5 * DAY + HOUR, resource_id="other"),
        a_backup(5 * DAY + 2 * HOUR, operation="replication"),
        a_backup(10 * DAY),
    ]
    tasks = [a_backup(9 * DAY, backup_id="backup-1"), *later, *others, a_deletion(4 * DAY), a_backup(3 * DAY)]
    subject = a_vault_subject(*tasks, policies=(keeping(max_backups=2),))

    assert judge(subject, limits()).outcome is outcome


def test_newer_backups_that_may_be_missing_excuse_a_deletion_but_do_not_pass_it() -> None:
    tasks = [a_backup(9 * DAY, backup_id="backup-1"), a_deletion(8 * DAY)]
    subject = a_vault_subject(*tasks, policies=(keeping(max_backups=2),), log_complete=False)

    assert judge(subject, limits()).outcome is Outcome.UNKNOWN


def test_an_early_deletion_by_age_is_a_failure_even_in_a_log_with_gaps() -> None:
    tasks = [a_backup(9 * DAY, backup_id="backup-1"), a_deletion(8 * DAY)]
    verdict = judge(a_vault_subject(*tasks, log_complete=False), limits())

    assert (verdict.outcome, verdict.reason) == (Outcome.FAIL, "backups were deleted before their retention ended")


@pytest.mark.parametrize(
    "policies",
    [
        (),
        (keeping(),),
        (keeping(retention_days=-1, max_backups=-1),),
        (keeping(retention_days=0, max_backups=0),),
        (keeping(retention_days=1, operation="replication"),),
    ],
)
def test_without_a_retention_nothing_explains_a_deletion(policies: tuple[PolicySubject, ...]) -> None:
    tasks = [a_backup(29 * DAY, backup_id="backup-1"), a_deletion(HOUR)]

    assert judge(a_vault_subject(*tasks, policies=policies), limits()).outcome is Outcome.FAIL


def test_the_remains_of_a_failed_backup_may_be_deleted_at_any_time() -> None:
    tasks = [a_backup(9 * DAY, "failed", backup_id="backup-1"), a_deletion(8 * DAY)]

    for policies in ((keeping(retention_days=7),), (keeping(retention_days=365),), ()):
        verdict = judge(a_vault_subject(*tasks, policies=policies), limits())
        assert (verdict.outcome, facts_of(verdict)["deletions_not_judged"]) == (Outcome.PASS, 0)


def test_the_retention_of_one_of_several_policies_is_enough() -> None:
    tasks = [a_backup(9 * DAY, backup_id="backup-1"), a_deletion(8 * DAY)]
    policies = (keeping(retention_days=30), keeping(retention_days=1, enabled=False))

    assert judge(a_vault_subject(*tasks, policies=policies), limits()).outcome is Outcome.PASS


@pytest.mark.parametrize(("age", "outcome"), [(23 * DAY, Outcome.PASS), (23 * DAY + TICK, Outcome.UNKNOWN)])
def test_a_backup_from_before_the_window_had_reached_a_retention_that_fits_into_it(
    age: timedelta, outcome: Outcome
) -> None:
    deletion = a_deletion(age)
    verdict = judge(a_vault_subject(deletion), limits())

    assert (verdict.outcome, verdict.tasks) == (outcome, (deletion.id,))
    assert facts_of(verdict)["deletions_not_judged"] == (outcome is Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("policies", "outcome"),
    [
        ((keeping(retention_days=7), keeping(retention_days=29)), Outcome.PASS),
        ((keeping(retention_days=7), keeping(retention_days=30)), Outcome.UNKNOWN),
        ((keeping(retention_days=7), keeping(retention_days=30, operation="replication")), Outcome.PASS),
        ((keeping(retention_days=7, operation="replication"),), Outcome.UNKNOWN),
        ((keeping(max_backups=1),), Outcome.UNKNOWN),
        ((keeping(retention_days=-1),), Outcome.UNKNOWN),
        ((), Outcome.UNKNOWN),
    ],
)
def test_the_longest_retention_by_age_explains_a_deletion_of_a_backup_from_before_the_window(
    policies: tuple[PolicySubject, ...], outcome: Outcome
) -> None:
    assert judge(a_vault_subject(a_deletion(DAY), policies=policies), limits()).outcome is outcome


def test_a_deletion_that_nothing_explains_is_counted_beside_one_that_was_judged() -> None:
    early, late = a_deletion(29 * DAY), a_deletion(DAY, "other")
    verdict = judge(a_vault_subject(early, late), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.PASS, (late.id,))
    assert facts_of(verdict) == {
        "removals": 0,
        "early_deletions": 0,
        "deletions": 2,
        "deletions_not_judged": 1,
        "gone_without_task": 0,
    }


def test_deletions_of_which_none_could_be_judged_are_unknown() -> None:
    deletions = [a_deletion(29 * DAY), a_deletion(28 * DAY, "other")]
    verdict = judge(a_vault_subject(*deletions), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, tuple(task.id for task in deletions))
    assert facts_of(verdict)["deletions_not_judged"] == 2


@pytest.mark.parametrize("others", [[], [a_backup(9 * DAY, backup_id="backup-1"), a_deletion(HOUR)]])
def test_a_deletion_that_names_no_backup_is_unknown_whatever_else_was_judged(others: list[Task]) -> None:
    nameless = a_backup(HOUR, operation="delete", task_id="deletion")
    verdict = judge(a_vault_subject(a_backup(2 * DAY), *others, nameless), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, ("deletion",))


@pytest.mark.parametrize("status", ["running", "paused"])
def test_a_deletion_of_a_backup_of_which_nobody_knows_how_it_went_is_unknown(status: str) -> None:
    tasks = [a_backup(9 * DAY, status, backup_id="backup-1"), a_deletion(8 * DAY)]

    assert judge(a_vault_subject(*tasks), limits()).outcome is Outcome.UNKNOWN


def test_a_deletion_is_unknown_when_the_policies_are() -> None:
    dated = [a_backup(9 * DAY, backup_id="backup-1"), a_deletion(8 * DAY)]
    verdict = judge(a_vault_subject(*dated, policies=None), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, ("deletion of backup-1",))
    assert judge(a_vault_subject(a_deletion(DAY), policies=None), limits()).outcome is Outcome.UNKNOWN


def test_a_failure_names_everything_that_was_done_and_the_worst_of_it() -> None:
    tasks = [
        a_backup(9 * DAY, backup_id="backup-1"),
        a_deletion(8 * DAY),
        a_backup(7 * DAY, operation="remove_resource", task_id="removal"),
    ]
    verdict = judge(a_vault_subject(*tasks), limits())

    assert (verdict.reason, verdict.tasks) == (
        "backups were deleted before their retention ended",
        ("deletion of backup-1", "removal"),
    )
    assert facts_of(verdict)["since"] == "2026-11-15T04:00:00Z"


def test_the_age_of_a_copy_in_a_replication_vault_is_not_judged() -> None:
    vault = a_vault_subject(a_deletion(29 * DAY), vault=a_vault(protect_type="replication"))
    verdict = judge(vault, limits())

    assert (verdict.outcome, facts_of(verdict)["deletions_not_judged"]) == (Outcome.PASS, 1)


def test_a_resource_that_left_and_that_no_task_names_is_unknown() -> None:
    gone = a_resource(presence=Presence.UNACCOUNTED, vaults=(), places=())

    assert judge(gone, limits()).outcome is Outcome.UNKNOWN


def early(age: timedelta = 8 * DAY, **changes: Any) -> Taken:
    """A backup that earlier runs saw, with an end that had not come."""
    return a_taken(age, 90 * DAY, **changes)


def test_a_backup_that_went_before_its_own_end_is_a_failure_whatever_its_policy_says_now() -> None:
    taken = early(gone=NOW - DAY)
    deletion = a_deletion(DAY, taken.id)
    verdict = judge(a_vault_subject(a_backup(8 * DAY, backup_id=taken.id), deletion, taken=(taken,)), limits())

    assert (verdict.outcome, verdict.reason, verdict.tasks) == (
        Outcome.FAIL,
        "backups were deleted before their retention ended",
        (deletion.id,),
    )
    assert (facts_of(verdict)["early_deletions"], facts_of(verdict)["gone_without_task"]) == (1, 0)


@pytest.mark.parametrize("log_complete", [True, False])
def test_a_backup_that_is_gone_before_its_end_is_missed_without_a_task(log_complete: bool) -> None:  # noqa: FBT001
    taken = (early(gone=NOW - HOUR), early(9 * DAY), a_taken(8 * DAY, 7 * DAY, id="due"))
    verdict = judge(a_vault_subject(taken=taken, log_complete=log_complete), limits())

    assert (verdict.outcome, verdict.reason, verdict.tasks) == (
        Outcome.FAIL,
        "backups are gone before their retention ended",
        (),
    )
    assert (facts_of(verdict)["since"], facts_of(verdict)["gone_without_task"]) == ("2026-11-23T03:00:00Z", 2)
    assert verdict.clues == tuple(Clue(each.id, each.gone) for each in taken[:2])


def test_a_backup_that_went_at_its_own_end_is_no_failure_whatever_its_policy_says_now() -> None:
    taken = a_taken(8 * DAY, 7 * DAY, gone=NOW - DAY)
    tasks = [a_backup(8 * DAY, backup_id=taken.id), a_deletion(DAY, taken.id)]
    subject = a_vault_subject(*tasks, taken=(taken,), policies=(keeping(retention_days=30),))

    assert judge(subject, limits()).outcome is Outcome.PASS
    assert judge(a_vault_subject(*tasks, policies=subject.policies), limits()).outcome is Outcome.FAIL


def test_what_belonged_to_a_vault_or_a_resource_that_was_taken_away_is_a_part_of_that() -> None:
    removal = a_backup(HOUR, operation="remove_resource", resource_id=None, removed=("server-1",))
    of_resource = judge(a_vault_subject(removal, taken=(early(),)), limits())
    of_vault = judge(a_vault_subject(taken=(early(),), vault=None, departure=a_departure()), limits())
    long_ago = a_backup(9 * DAY, operation="remove_resource", resource_id=None, removed=("server-1",))
    since_then = judge(a_vault_subject(long_ago, taken=(early(8 * DAY),)), limits())

    assert facts_of(since_then)["gone_without_task"] == 1
    assert (of_resource.outcome, facts_of(of_resource)["gone_without_task"]) == (Outcome.FAIL, 0)
    assert facts_of(of_vault)["gone_without_task"] == 0


def test_what_is_gone_is_unknown_where_only_unread_policies_could_explain_it() -> None:
    deletion = a_deletion(DAY, "point-192h")
    taken = (a_taken(8 * DAY, None),)
    silent = judge(a_vault_subject(taken=taken, policies=None), limits())
    told = judge(a_vault_subject(deletion, taken=taken, policies=None), limits())

    assert silent.outcome is told.outcome is Outcome.UNKNOWN
    assert facts_of(told)["deletions_not_judged"] == 1


def following(*terms: Terms, **changes: Any) -> PolicySubject:
    last = terms[-1]
    policy = a_policy(**{"retention_days": last.days, "max_backups": last.number, **changes})
    return a_policy_subject(policy, terms=terms)


@pytest.mark.parametrize(
    ("then", "now", "outcome"), [(90, 7, Outcome.FAIL), (7, 90, Outcome.PASS), (7, 7, Outcome.PASS)]
)
def test_a_backup_that_no_run_saw_is_held_to_the_rules_of_then(then: int, now: int, outcome: Outcome) -> None:
    tasks = [a_backup(9 * DAY, backup_id="backup-1"), a_deletion(DAY)]
    policy = following(Terms(NOW - 20 * DAY, NOW - 3 * DAY, then, None), Terms(NOW - 2 * DAY, NOW, now, None))

    assert judge(a_vault_subject(*tasks, policies=(policy,)), limits()).outcome is outcome


@pytest.mark.parametrize("then", [7, 90])
def test_of_rules_that_changed_around_the_backup_the_shorter_one_counts(then: int) -> None:
    tasks = [a_backup(9 * DAY, backup_id="backup-1"), a_deletion(DAY)]
    now = 97 - then
    policy = following(Terms(NOW - 20 * DAY, NOW - 9.5 * DAY, then, None), Terms(NOW - 8 * DAY, NOW, now, None))

    assert judge(a_vault_subject(*tasks, policies=(policy,)), limits()).outcome is Outcome.PASS


def test_a_number_that_was_kept_then_excuses_a_deletion() -> None:
    tasks = [a_backup(9 * DAY, backup_id="backup-1"), a_backup(8 * DAY), a_deletion(7 * DAY)]
    policy = following(Terms(NOW - 20 * DAY, NOW - 3 * DAY, None, 1), Terms(NOW - 2 * DAY, NOW, 90, None))

    assert judge(a_vault_subject(*tasks, policies=(policy,)), limits()).outcome is Outcome.PASS


def test_a_backup_from_before_the_window_is_held_to_the_rules_of_then() -> None:
    policy = following(Terms(NOW - 60 * DAY, NOW - 3 * DAY, 90, None), Terms(NOW - 2 * DAY, NOW, 7, None))

    assert judge(a_vault_subject(a_deletion(DAY), policies=(policy,)), limits()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("points", "outcome"),
    [
        ((a_point(8 * DAY, expired_at=NOW - DAY),), Outcome.UNKNOWN),
        ((a_point(8 * DAY, expired_at=NOW - TICK),), Outcome.FAIL),
        ((a_point(8 * DAY, expired_at=None),), Outcome.FAIL),
        ((a_point(8 * DAY, expired_at=NOW - DAY, by_policy=False),), Outcome.FAIL),
        ((a_point(8 * DAY, expired_at=NOW - DAY, resource_id="other"),), Outcome.FAIL),
        ((a_point(10 * DAY, expired_at=NOW - 3 * DAY),), Outcome.FAIL),
        ((a_point(8 * DAY, expired_at=NOW - DAY, parent_id="whole"),), Outcome.FAIL),
        ((), Outcome.FAIL),
        (None, Outcome.FAIL),
    ],
)
def test_on_a_first_run_the_end_of_the_next_backup_may_show_that_the_rule_was_another(
    points: tuple[Backup, ...] | None, outcome: Outcome
) -> None:
    tasks = [a_backup(9 * DAY, backup_id="backup-1"), a_deletion(2 * DAY)]
    first = following(Terms(NOW, NOW, 30, None))
    known = following(Terms(NOW - 10 * DAY, NOW, 30, None))
    verdict = judge(a_vault_subject(*tasks, policies=(first,), recovery_points=points), limits())

    assert verdict.outcome is outcome
    assert facts_of(verdict)["deletions_not_judged"] == (outcome is Outcome.UNKNOWN)
    assert judge(a_vault_subject(*tasks, policies=(known,), recovery_points=points), limits()).outcome is Outcome.FAIL


def first_seen(days: int | None = 7, number: int | None = None, **changes: Any) -> PolicySubject:
    """A policy that no run saw before."""
    return following(Terms(NOW, NOW, days, number), **changes)


class TestRulesThatNoRunSawThen:
    """The present rules allow the deletions, and what is left tells of longer lives."""

    LASTING = a_point(7 * DAY, expired_at=NOW + 83 * DAY)
    USUAL = a_point(7 * DAY, expired_at=NOW)

    @pytest.mark.parametrize(
        ("point", "outcome"), [(LASTING, Outcome.UNKNOWN), (USUAL, Outcome.PASS)], ids=["lasting", "usual"]
    )
    def test_a_deletion_at_the_age_of_now_is_unknown_where_others_are_kept_for_longer(
        self, point: Backup, outcome: Outcome
    ) -> None:
        tasks = [a_backup(9 * DAY, backup_id="backup-1"), a_deletion(DAY)]
        verdict = judge(a_vault_subject(*tasks, policies=(first_seen(),), recovery_points=(point,)), limits())
        seen = following(Terms(NOW - 10 * DAY, NOW, 7, None))

        assert (verdict.outcome, verdict.tasks) == (outcome, ("deletion of backup-1",))
        assert facts_of(verdict)["deletions_not_judged"] == (outcome is Outcome.UNKNOWN)
        assert facts_of(verdict).get("gone_in_doubt") == (1 if outcome is Outcome.UNKNOWN else None)
        assert (
            judge(a_vault_subject(*tasks, policies=(seen,), recovery_points=(point,)), limits()).outcome is Outcome.PASS
        )

    @pytest.mark.parametrize("point", [LASTING, a_point(20 * DAY, expired_at=None)], ids=["an end", "an older one"])
    def test_so_is_one_that_a_number_explains(self, point: Backup) -> None:
        tasks = [a_backup(9 * DAY, backup_id="backup-1"), a_backup(7 * DAY), a_deletion(DAY)]
        policies = (first_seen(None, 1),)

        assert judge(a_vault_subject(*tasks, policies=policies), limits()).outcome is Outcome.PASS
        subject = a_vault_subject(*tasks, policies=policies, recovery_points=(point,))
        assert judge(subject, limits()).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("resource_id", ["server-1", None])
    def test_so_is_one_of_a_backup_from_before_the_window(self, resource_id: str | None) -> None:
        deletion = a_deletion(DAY, resource_id=resource_id)

        def outcome(*points: Backup) -> Outcome:
            subject = a_vault_subject(deletion, policies=(first_seen(),), recovery_points=points)
            return judge(subject, limits()).outcome

        assert (outcome(), outcome(self.USUAL), outcome(self.LASTING)) == (Outcome.PASS, Outcome.PASS, Outcome.UNKNOWN)

    def test_a_deletion_that_nothing_allows_fails_beside_it(self) -> None:
        tasks = [
            a_backup(9 * DAY, backup_id="backup-1"),
            a_backup(3 * DAY, backup_id="backup-2"),
            a_deletion(DAY),
            a_deletion(DAY, "backup-2"),
        ]
        subject = a_vault_subject(*tasks, policies=(first_seen(),), recovery_points=(self.LASTING,))
        verdict = judge(subject, limits())

        assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("deletion of backup-2",))

    @pytest.mark.parametrize("with_task", [True, False])
    def test_what_an_earlier_run_saw_without_an_end_is_unknown_where_others_have_one(self, with_task: bool) -> None:  # noqa: FBT001
        taken = a_taken(9 * DAY, None)
        tasks = [a_deletion(HOUR, taken.id)] if with_task else []
        policy = following(Terms(NOW - 8 * DAY, NOW, 7, None))
        subject = a_vault_subject(*tasks, policies=(policy,), taken=(taken,), recovery_points=(self.USUAL,))
        verdict = judge(subject, limits())

        assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, tuple(task.id for task in tasks))
        assert facts_of(verdict)["gone_in_doubt"] == 1


@pytest.mark.parametrize(("until", "outcome"), [(9 * DAY, Outcome.PASS), (9 * DAY + TICK, Outcome.FAIL)])
def test_a_policy_that_was_taken_off_dates_what_was_made_until_then(until: timedelta, outcome: Outcome) -> None:
    tasks = [a_backup(9 * DAY, backup_id="backup-1"), a_deletion(2 * DAY)]
    past = PastRules("old", (Terms(NOW - 60 * DAY, NOW - 10 * DAY, 7, None),), NOW - until)
    policies = (following(Terms(NOW - 60 * DAY, NOW, 90, None)),)

    assert judge(a_vault_subject(*tasks, policies=policies, past_rules=(past,)), limits()).outcome is outcome


@pytest.mark.parametrize(("until", "outcome"), [(9 * DAY, Outcome.PASS), (9 * DAY + TICK, Outcome.FAIL)])
def test_a_number_that_was_kept_only_before_a_backup_was_made_excuses_nothing(
    until: timedelta, outcome: Outcome
) -> None:
    tasks = [a_backup(9 * DAY, backup_id="backup-1"), a_backup(8 * DAY), a_deletion(7 * DAY)]
    policy = following(Terms(NOW - 20 * DAY, NOW - until, None, 1), Terms(NOW - 9 * DAY, NOW, 90, None))

    assert judge(a_vault_subject(*tasks, policies=(policy,)), limits()).outcome is outcome


class TestResources:
    def test_one_that_left_without_a_task_is_open_whoever_asks(self) -> None:
        last = a_backup(3 * DAY)
        verdict = judge(a_resource(a_backup(4 * DAY), last, presence=Presence.UNACCOUNTED, vaults=()), limits())

        assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, (last.id,))
        assert facts_of(verdict) == {"last_task": "2026-11-20T04:00:00Z"}

    @pytest.mark.parametrize("presence", [each for each in Presence if each is not Presence.UNACCOUNTED])
    def test_of_any_other_the_vault_answers(self, presence: Presence) -> None:
        outcome = judge(a_resource(presence=presence), limits()).outcome

        assert outcome is (Outcome.UNKNOWN if presence is Presence.UNKNOWN else Outcome.NOT_APPLICABLE)


class TestWhatNamesNothing:
    BARE: ClassVar[dict[str, Any]] = {"resource_id": None, "vault_id": None, "vault_name": None}

    def test_deletions_are_judged_once_and_left_open(self) -> None:
        deletions = tuple(a_deletion(age * DAY, f"backup-{age}", **self.BARE) for age in (3, 2, 1))
        verdict = judge(a_collection(tasks=deletions), limits())

        assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, tuple(task.id for task in deletions))
        assert facts_of(verdict) == {"deletions": 3}

    @pytest.mark.parametrize("kinds", [(), (Kind.TASKS,)])
    def test_a_removal_is_a_failure(self, kinds: tuple[Kind, ...]) -> None:
        removal = a_deletion(DAY, operation="vault_delete", **self.BARE)

        assert judge(a_collection(*kinds, tasks=(removal,)), limits()).outcome is Outcome.FAIL

    @pytest.mark.parametrize("changes", [{"status": "gone"}, {"operation": "batch_delete"}])
    def test_what_nobody_understands_is_left_open(self, changes: dict[str, Any]) -> None:
        odd = a_deletion(DAY, **{**self.BARE, **changes})

        assert judge(a_collection(tasks=(odd,)), limits()).outcome is Outcome.UNKNOWN

    def test_other_tasks_are_no_matter(self) -> None:
        task = a_deletion(DAY, operation="sync", **self.BARE)

        assert judge(a_collection(tasks=(task,)), limits()).outcome is Outcome.NOT_APPLICABLE
        assert judge(a_collection(Kind.TASKS, tasks=(task,)), limits()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("by_task", [True, False])
def test_the_last_copy_of_a_week_that_the_policy_keeps_is_never_gone_in_silence(by_task: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    rules = a_policy(retention_days=None, max_backups=3, weekly_copies=4)
    policy = a_policy_subject(rules, terms=(Terms(NOW - 60 * DAY, NOW, None, 3),))
    copy = a_taken(15 * DAY, None)
    points = tuple(a_point(day * DAY, expired_at=None) for day in (1, 2, 3))
    tasks = [a_deletion(3 * HOUR, copy.id)] if by_task else []
    verdict = judge(a_vault_subject(*tasks, policies=(policy,), taken=(copy,), recovery_points=points), limits())

    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.reason == "a backup is gone that the policy may keep as the one of its day, week, month or year"
    assert (facts_of(verdict)["gone_in_doubt"], verdict.tasks) == (1, tuple(task.id for task in tasks))


def test_the_last_copies_that_an_advanced_rule_picks_are_told_from_those_that_it_does_not() -> None:
    mondays = KeepingRule(periods=4, weekdays=("MO",))
    rules = a_policy(retention_days=None, max_backups=3, weekly_rule=mondays, timezone="UTC+00:00")
    policy = a_policy_subject(rules, terms=(Terms(NOW - 60 * DAY, NOW, None, 3),))
    picked, others = (tuple(a_taken(day * DAY, None) for day in days) for days in ((7, 14), (6, 9)))
    points = tuple(a_point(day * DAY, expired_at=None) for day in (1, 2, 3))

    def judged(*taken: Taken) -> Verdict:
        return judge(a_vault_subject(policies=(policy,), taken=taken, recovery_points=points), limits())

    assert judged(*others).outcome is Outcome.PASS
    verdict = judged(*others, *picked)
    assert (verdict.outcome, facts_of(verdict)["gone_in_doubt"]) == (Outcome.UNKNOWN, len(picked))


COPIES = [{"weekly_copies": 4}, {"weekly_copies": 3}, {"daily_copies": 6}, {"daily_copies": 5, "monthly_copies": 2}]
UNITS = {"daily_copies": "%j", "weekly_copies": "%G-%V", "monthly_copies": "%m"}


def a_month(copies: dict[str, int]) -> tuple[list[Task], list[int]]:
    """Thirty daily backups, and the deletions by a policy that keeps three and some copies; also the days left."""
    tasks, there = [], list[int]()
    for day in range(30, 0, -1):
        tasks.append(a_backup(day * DAY, task_id=f"run-{day}", backup_id=f"b-{day}"))
        there.append(day)
        kept = set(there[-3:])
        for name, number in copies.items():
            newest = {(NOW - each * DAY).strftime(UNITS[name]): each for each in there}
            kept |= set(sorted(newest.values())[:number])
        tasks += [a_deletion(day * DAY - HOUR, f"b-{each}") for each in there if each not in kept]
        there = [each for each in there if each in kept]
    return tasks, there


@pytest.mark.parametrize("since", [timedelta(0), 60 * DAY], ids=["first run", "seen"])
@pytest.mark.parametrize("copies", COPIES, ids=str)
def test_a_deletion_of_the_last_copy_is_told_from_regular_ones_in_the_log(
    copies: dict[str, Any], since: timedelta
) -> None:
    rules = a_policy(retention_days=None, max_backups=3, **copies)
    policy = a_policy_subject(rules, terms=(Terms(NOW - since, NOW, None, 3),))
    tasks, left = a_month(copies)

    def judged(*more: Task, of: list[int]) -> Verdict:
        points = tuple(a_point(day * DAY, id=f"b-{day}", expired_at=None) for day in sorted(of, reverse=True))
        return judge(a_vault_subject(*tasks, *more, policies=(policy,), recovery_points=points), limits())

    assert judged(of=left).outcome is Outcome.PASS
    copy = left[-4]
    by_hand = a_deletion(2 * HOUR, f"b-{copy}")
    verdict = judged(by_hand, of=[day for day in left if day != copy])
    assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, (by_hand.id,))
    assert verdict.reason == "a backup is gone that the policy may keep as the one of its day, week, month or year"


def test_a_policy_whose_retention_cannot_be_read_accuses_nobody_of_one_without_an_end() -> None:
    unread = a_policy_subject(a_policy(limits_known=False, retention_days=None), terms=(Terms(NOW, NOW, None, None),))
    verdict = judge(a_vault_subject(policies=(unread,), taken=(a_taken(8 * DAY, None),)), limits())

    assert (verdict.outcome, verdict.reason) == (
        Outcome.UNKNOWN,
        "backups are gone, and the policies could not be read",
    )
