from datetime import timedelta
from typing import Any

import pytest

from audit.collection import Kind
from audit.controls.cbr_101_recent_backup import CONTROL, judge
from audit.judging.findings import Outcome
from audit.records import Backup, Task
from audit.subjects import Resource
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
    points_of,
)

LIMIT = 30 * HOUR


def backed_up(*tasks: Task, **changes: Any) -> Resource:
    """A resource whose successes made the backups that they name."""
    return a_resource(*tasks, **{"recovery_points": points_of(tasks), **changes})


@pytest.mark.parametrize(
    ("age", "outcome"),
    [(HOUR, Outcome.PASS), (LIMIT, Outcome.PASS), (LIMIT + TICK, Outcome.FAIL), (20 * DAY, Outcome.FAIL)],
)
def test_the_newest_success_may_be_as_old_as_the_limit(age: timedelta, outcome: Outcome) -> None:
    last = a_backup(age)
    verdict = judge(backed_up(a_backup(25 * DAY), last), limits())

    assert (verdict.outcome, verdict.tasks) == (outcome, (last.id,))


def test_the_facts_give_whole_hours() -> None:
    verdict = judge(backed_up(a_backup(31 * HOUR - TICK)), limits())

    assert facts_of(verdict) == {"since": "2026-11-21T21:00:00Z", "age_hours": 30, "limit_hours": 30}


def test_the_age_counts_from_when_the_work_began() -> None:
    queued = a_backup(LIMIT + HOUR, started_at=NOW - LIMIT)

    assert judge(backed_up(queued), limits()).outcome is Outcome.PASS


@pytest.mark.parametrize("status", ["failed", "timeout", "skipped", "running", "waiting"])
def test_only_a_success_counts(status: str) -> None:
    tried = a_backup(HOUR, status)
    verdict = judge(backed_up(tried), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, (tried.id,))
    assert facts_of(verdict)["since"] == "2026-10-24T04:00:00Z"


@pytest.mark.parametrize("operation", ["restore", "replication", "copy", "sync", "delete"])
def test_only_a_backup_counts(operation: str) -> None:
    assert judge(backed_up(a_backup(HOUR, operation=operation)), limits()).outcome is Outcome.FAIL


def test_silence_in_a_complete_log_is_a_failure() -> None:
    assert judge(backed_up(), limits()).outcome is Outcome.FAIL


def test_silence_in_a_log_with_gaps_is_unknown() -> None:
    assert judge(backed_up(log_complete=False), limits()).outcome is Outcome.UNKNOWN


def test_an_old_success_in_a_log_with_gaps_is_unknown() -> None:
    assert judge(backed_up(a_backup(9 * DAY), log_complete=False), limits()).outcome is Outcome.UNKNOWN


def test_a_recent_success_is_enough_whatever_else_is_missing() -> None:
    assert judge(backed_up(a_backup(HOUR), log_complete=False), limits()).outcome is Outcome.PASS


@pytest.mark.parametrize(("limit", "outcome"), [(3 * DAY, Outcome.FAIL), (3 * DAY + TICK, Outcome.UNKNOWN)])
def test_silence_says_nothing_when_the_log_does_not_reach_back(limit: timedelta, outcome: Outcome) -> None:
    assert judge(backed_up(window=a_window(3)), limits(max_backup_age=limit)).outcome is outcome


@pytest.mark.parametrize(("age", "outcome"), [(LIMIT, Outcome.NOT_APPLICABLE), (LIMIT + TICK, Outcome.FAIL)])
def test_the_first_backup_of_a_new_vault_is_not_due(age: timedelta, outcome: Outcome) -> None:
    assert judge(backed_up(held_since=NOW - age), limits()).outcome is outcome


@pytest.mark.parametrize(("age", "outcome"), [(-TICK, Outcome.UNKNOWN), (timedelta(0), Outcome.NOT_APPLICABLE)])
def test_a_vault_from_after_the_time_of_judgement_is_unknown(age: timedelta, outcome: Outcome) -> None:
    assert judge(backed_up(held_since=NOW - age), limits()).outcome is outcome


def test_a_vault_from_after_the_time_of_judgement_takes_nothing_from_a_success() -> None:
    assert judge(backed_up(a_backup(HOUR), held_since=NOW + DAY), limits()).outcome is Outcome.PASS


@pytest.mark.parametrize(("late", "outcome"), [(timedelta(0), Outcome.PASS), (TICK, Outcome.FAIL)])
def test_a_success_that_began_after_the_window_is_no_evidence(late: timedelta, outcome: Outcome) -> None:
    resource = backed_up(a_backup(HOUR, started_at=NOW + late))

    assert judge(resource, limits()).outcome is outcome
    assert judge(backed_up(a_backup(9 * DAY), *resource.tasks), limits()).outcome is outcome


def test_a_vault_that_does_not_say_since_when_it_is_there_excuses_nothing() -> None:
    assert judge(backed_up(held_since=None), limits()).outcome is Outcome.FAIL


WEEKLY = a_policy_subject(a_policy(patterns=("FREQ=WEEKLY;BYDAY=MO;BYHOUR=1;BYMINUTE=0",)))


@pytest.mark.parametrize(
    ("age", "outcome"), [(7 * DAY + 6 * HOUR, Outcome.PASS), (7 * DAY + 6 * HOUR + TICK, Outcome.FAIL)]
)
def test_without_a_limit_the_interval_of_the_policy_and_grace_is_the_limit(age: timedelta, outcome: Outcome) -> None:
    resource = backed_up(a_backup(age), policies=(WEEKLY,))

    assert judge(resource, limits(max_backup_age=None)).outcome is outcome


@pytest.mark.parametrize(
    ("age", "outcome"), [(31 * DAY + 6 * HOUR, Outcome.PASS), (31 * DAY + 6 * HOUR + TICK, Outcome.FAIL)]
)
def test_a_policy_that_hardly_ever_runs_gives_a_limit_of_31_days_and_grace(age: timedelta, outcome: Outcome) -> None:
    rare = a_policy_subject(a_policy(patterns=("FREQ=DAILY;INTERVAL=40",), start_time=NOW))
    resource = backed_up(a_backup(age), policies=(rare,), window=a_window(60))

    assert judge(resource, limits(max_backup_age=None)).outcome is outcome


def test_without_a_limit_and_a_policy_one_day_and_grace_is_the_limit() -> None:
    assert judge(backed_up(a_backup(30 * HOUR), policies=()), limits(max_backup_age=None)).outcome is Outcome.PASS
    assert judge(backed_up(a_backup(31 * HOUR), policies=()), limits(max_backup_age=None)).outcome is Outcome.FAIL


@pytest.mark.parametrize("policies", [None, (a_policy_subject(schedule=None),)])
def test_without_any_limit_it_is_unknown(policies: object) -> None:
    resource = backed_up(a_backup(HOUR), policies=policies)

    assert judge(resource, limits(max_backup_age=None)).outcome is Outcome.UNKNOWN
    assert judge(resource, limits()).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("tasks", "seen"),
    [
        ([], "the task log shows no backup at all"),
        ([a_backup(2 * DAY, "failed")], "the task log shows no successful backup"),
        ([a_backup(9 * DAY)], "no successful backup within the limit"),
    ],
)
def test_the_reason_names_the_cause_where_it_is_plain(tasks: list[Task], seen: str) -> None:
    planless = judge(backed_up(*tasks, policies=()), limits())

    assert judge(backed_up(*tasks), limits()).reason == seen
    assert planless.reason == f"{seen}, and no enabled policy makes any"


def test_where_no_success_was_ever_seen_the_problem_may_be_older_than_the_log() -> None:
    never = facts_of(judge(backed_up(window=a_window(90), covered_since=NOW - 31 * DAY), limits()))
    once = facts_of(judge(backed_up(a_backup(9 * DAY)), limits()))

    assert (never["since"], never["or_earlier"]) == ("2026-10-23T04:00:00Z", True)
    assert "or_earlier" not in once


def old(age: timedelta = 9 * DAY, **changes: Any) -> Backup:
    return a_point(age, **{"id": "old", **changes})


class TestASuccessThatMadeNothing:
    """Every task says success within the limit, and the newest backup that is there is nine days old."""

    @pytest.mark.parametrize(
        "claims",
        [
            pytest.param({"backup_id": "old"}, id="it names a backup older than itself"),
            pytest.param({"backup_id": "nowhere"}, id="the list does not have what it names"),
            pytest.param({"backup_id": None}, id="it names none"),
        ],
    )
    def test_the_newest_recovery_point_counts(self, claims: dict[str, Any]) -> None:
        tasks = [a_backup(9 * DAY, backup_id="old"), a_backup(DAY, **claims)]
        verdict = judge(a_resource(*tasks, recovery_points=(old(),), kind_is_listed=True), limits())

        assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ("backup-24h",))
        assert verdict.reason == "tasks say success, and none within the limit left a backup that is still there"
        assert facts_of(verdict) == {
            "since": "2026-11-14T04:00:00Z",
            "last_success": "2026-11-14T04:00:00Z",
            "age_hours": 216,
            "limit_hours": 30,
            "last_claim": "2026-11-22T04:00:00Z",
        }

    def test_where_none_is_there_at_all_it_may_be_older_than_the_log(self) -> None:
        verdict = judge(a_resource(a_backup(DAY), recovery_points=()), limits())

        assert verdict.outcome is Outcome.FAIL
        assert facts_of(verdict) == {
            "since": "2026-10-24T04:00:00Z",
            "or_earlier": True,
            "last_success": None,
            "limit_hours": 30,
            "last_claim": "2026-11-22T04:00:00Z",
        }

    def test_one_within_the_limit_is_enough(self) -> None:
        tasks = [a_backup(LIMIT, backup_id="old"), a_backup(HOUR * 2, backup_id="old")]
        verdict = judge(a_resource(*tasks, recovery_points=(old(LIMIT),)), limits())

        assert (verdict.outcome, verdict.tasks) == (Outcome.PASS, ("backup-30h",))

    def test_what_was_deleted_is_no_recovery_point_even_if_that_was_lawful(self) -> None:
        deletion = a_backup(HOUR * 2, operation="delete", backup_id="gone")
        tasks = [a_backup(DAY, backup_id="gone"), deletion]

        assert judge(a_resource(*tasks, recovery_points=(old(),)), limits()).outcome is Outcome.FAIL

    def test_one_in_error_was_made_and_is_left_to_another_control(self) -> None:
        resource = a_resource(a_backup(DAY, backup_id="old"), recovery_points=(old(DAY, status="error"),))

        assert judge(resource, limits()).outcome is Outcome.PASS

    @pytest.mark.parametrize(("age", "outcome"), [(HOUR - TICK, Outcome.UNKNOWN), (HOUR, Outcome.FAIL)])
    def test_the_list_may_lag_behind_for_an_hour(self, age: timedelta, outcome: Outcome) -> None:
        assert judge(a_resource(a_backup(age), recovery_points=(old(),)), limits()).outcome is outcome

    def test_a_fresh_success_does_not_excuse_those_that_surely_made_nothing(self) -> None:
        tasks = [a_backup(DAY, backup_id="nowhere"), a_backup(HOUR / 2)]
        resource = a_resource(*tasks, recovery_points=(old(),), kind_is_listed=True)

        assert judge(resource, limits()).outcome is Outcome.FAIL
        assert judge(a_resource(tasks[1], recovery_points=(old(),)), limits()).outcome is Outcome.UNKNOWN

    def test_a_fresh_success_whose_backup_may_still_come_does_not_hide_one_that_is_there(self) -> None:
        tasks = [a_backup(DAY, backup_id="old"), a_backup(HOUR / 2)]

        assert judge(a_resource(*tasks, recovery_points=(old(DAY),)), limits()).tasks == ("backup-24h",)

    @pytest.mark.parametrize(("age", "outcome"), [(DAY, Outcome.UNKNOWN), (9 * DAY, Outcome.FAIL)])
    def test_a_kind_of_resource_that_has_no_backups_in_the_list_is_in_doubt(
        self, age: timedelta, outcome: Outcome
    ) -> None:
        tasks = [a_backup(age, backup_id=None), a_backup(2 * HOUR, backup_id="nowhere")]

        assert judge(a_resource(*tasks, recovery_points=()), limits()).outcome is outcome

    def test_a_log_with_gaps_may_lack_the_one_that_made_something(self) -> None:
        resource = a_resource(a_backup(DAY), recovery_points=(old(),), log_complete=False)

        assert judge(resource, limits()).outcome is Outcome.UNKNOWN


class TestBackupsThatWereNotRead:
    def test_a_success_alone_is_unknown(self) -> None:
        verdict = judge(a_resource(a_backup(DAY)), limits())

        assert (verdict.outcome, verdict.tasks) == (Outcome.UNKNOWN, ("backup-24h",))
        assert facts_of(verdict) == {"last_success": "2026-11-22T04:00:00Z"}

    @pytest.mark.parametrize(("counts", "told"), [((0,), 0), ((2, 1), 3), ((0, None), None), ((None,), None)])
    def test_what_its_vaults_count_is_told(self, counts: tuple[int | None, ...], told: int | None) -> None:
        vaults = tuple(
            a_vault(f"vault-{number}", resources=(a_protected(backup_count=count),))
            for number, count in enumerate(counts)
        )
        verdict = judge(a_resource(a_backup(DAY), vaults=vaults), limits())

        assert (verdict.outcome, facts_of(verdict).get("vault_counts")) == (Outcome.UNKNOWN, told)

    def test_the_log_alone_shows_a_failure(self) -> None:
        assert judge(a_resource(a_backup(9 * DAY)), limits()).outcome is Outcome.FAIL
        assert judge(a_resource(a_backup(HOUR, "failed")), limits()).outcome is Outcome.FAIL


def test_the_list_of_backups_is_read_and_not_needed() -> None:
    assert CONTROL.reads == {Kind.BACKUPS}
    assert not CONTROL.needs
