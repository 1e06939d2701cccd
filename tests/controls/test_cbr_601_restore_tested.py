from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_601_restore_tested import judge
from audit.judging.findings import Outcome
from audit.records import Protected, Task
from audit.subjects import Drill, VaultSubject
from tests.builders import DAY, NOW, TICK, a_backup, a_vault, a_vault_subject, a_window, facts_of, limits

PERIOD = 20 * DAY


def a_restore(age: timedelta, status: str = "success", **changes: Any) -> Task:
    return a_backup(age, status, **{"task_id": "restore", "operation": "restore", **changes})


@pytest.mark.parametrize(
    ("age", "outcome"), [(DAY, Outcome.PASS), (PERIOD, Outcome.PASS), (PERIOD + TICK, Outcome.FAIL)]
)
def test_a_restore_must_have_succeeded_within_the_period(age: timedelta, outcome: Outcome) -> None:
    verdict = judge(a_vault_subject(a_restore(age)), limits())

    assert (verdict.outcome, verdict.tasks) == (outcome, ("restore",))


def test_the_newest_restore_counts() -> None:
    subject = a_vault_subject(a_restore(25 * DAY, task_id="old"), a_restore(DAY), a_backup(DAY))
    verdict = judge(subject, limits())

    assert verdict.tasks == ("restore",)
    assert facts_of(verdict) == {"restored": "2026-11-22T04:00:00Z", "limit_days": 20}


@pytest.mark.parametrize("status", ["failed", "timeout", "running", "skipped"])
def test_only_a_success_counts(status: str) -> None:
    assert judge(a_vault_subject(a_restore(DAY, status)), limits()).outcome is Outcome.FAIL


def test_silence_in_a_complete_log_is_a_failure_since_the_period_began() -> None:
    verdict = judge(a_vault_subject(), limits())

    assert (verdict.outcome, verdict.tasks) == (Outcome.FAIL, ())
    assert facts_of(verdict)["since"] == "2026-11-03T04:00:00Z"


def test_silence_in_a_log_with_gaps_is_unknown_and_a_restore_is_enough() -> None:
    assert judge(a_vault_subject(log_complete=False), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_vault_subject(a_restore(DAY), log_complete=False), limits()).outcome is Outcome.PASS


@pytest.mark.parametrize(("days", "outcome"), [(20, Outcome.FAIL), (19, Outcome.UNKNOWN)])
def test_silence_says_nothing_when_the_log_does_not_reach_back(days: int, outcome: Outcome) -> None:
    assert judge(a_vault_subject(window=a_window(days)), limits()).outcome is outcome


def test_a_restore_from_the_history_counts_even_if_the_log_does_not_reach_back() -> None:
    assert judge(a_vault_subject(a_restore(19 * DAY), window=a_window(1)), limits()).outcome is Outcome.PASS


@pytest.mark.parametrize("vault", [a_vault(protect_type="replication"), a_vault(resources=()), None])
def test_it_does_not_apply_where_nothing_can_be_restored(vault: object) -> None:
    assert judge(a_vault_subject(vault=vault), limits()).outcome is Outcome.NOT_APPLICABLE


def test_a_vault_that_may_still_be_there_is_unknown() -> None:
    assert judge(a_vault_subject(vault=None, vaults_complete=False), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_vault_subject(vaults_complete=False), limits()).outcome is Outcome.FAIL


@pytest.mark.parametrize(("age", "outcome"), [(PERIOD - TICK, Outcome.NOT_APPLICABLE), (PERIOD, Outcome.FAIL)])
def test_it_does_not_apply_to_a_vault_that_is_younger_than_the_period(age: timedelta, outcome: Outcome) -> None:
    young = a_vault(created_at=NOW - age)

    assert judge(a_vault_subject(vault=young), limits()).outcome is outcome
    assert judge(a_vault_subject(a_restore(DAY), vault=young), limits()).outcome is Outcome.PASS


def test_a_vault_that_does_not_say_since_when_it_is_there_is_judged() -> None:
    assert judge(a_vault_subject(vault=a_vault(created_at=None)), limits()).outcome is Outcome.FAIL


def test_a_restore_that_may_be_of_another_vault_does_not_count() -> None:
    assert judge(a_vault_subject(a_restore(DAY), shared=frozenset({"restore"})), limits()).outcome is Outcome.FAIL
    subject = a_vault_subject(a_restore(2 * DAY), a_restore(DAY, task_id="other"), shared=frozenset({"other"}))
    assert judge(subject, limits()).tasks == ("restore",)


@pytest.mark.parametrize(("late", "outcome"), [(timedelta(0), Outcome.PASS), (TICK, Outcome.FAIL)])
def test_a_restore_that_began_after_the_time_of_judgement_does_not_count(late: timedelta, outcome: Outcome) -> None:
    assert judge(a_vault_subject(a_restore(DAY, started_at=NOW + late)), limits()).outcome is outcome


def test_a_restore_counts_from_when_it_began() -> None:
    assert judge(a_vault_subject(a_restore(25 * DAY, started_at=NOW - PERIOD)), limits()).outcome is Outcome.PASS


def a_drill(age: timedelta = 5 * DAY, **changes: Any) -> Drill:
    values = {"resource": "web-*", "held": NOW - age, "until": NOW + DAY, "by": "Ana", "checked": "it boots"}
    return Drill(**{**values, **changes})


def holding(name: str = "web-1", **changes: Any) -> VaultSubject:
    return a_vault_subject(
        vault=a_vault(resources=(Protected(id="s1", name=name, type="OS::Nova::Server"),)), **changes
    )


@pytest.mark.parametrize(("age", "outcome"), [(PERIOD, Outcome.PASS), (PERIOD + TICK, Outcome.FAIL)])
def test_a_signed_drill_counts_as_long_as_a_restore_would(age: timedelta, outcome: Outcome) -> None:
    assert judge(holding(), limits(drills=(a_drill(age),))).outcome is outcome


@pytest.mark.parametrize(("left", "outcome"), [(TICK, Outcome.PASS), (timedelta(0), Outcome.FAIL)])
def test_a_drill_counts_to_the_end_of_its_last_day(left: timedelta, outcome: Outcome) -> None:
    assert judge(holding(), limits(drills=(a_drill(until=NOW + left),))).outcome is outcome


def test_a_drill_that_lies_in_the_future_counts_for_nothing() -> None:
    assert judge(holding(), limits(drills=(a_drill(-TICK),))).outcome is Outcome.FAIL


def test_a_drill_of_what_another_vault_holds_counts_for_nothing() -> None:
    assert judge(holding("db-1"), limits(drills=(a_drill(),))).outcome is Outcome.FAIL
    assert judge(holding("db-1"), limits(drills=(a_drill(resource="s1"),))).outcome is Outcome.PASS


def test_the_finding_says_that_a_person_signed_and_names_the_newest_record() -> None:
    drills = (a_drill(6 * DAY, by="Ben"), a_drill(evidence="OPS-1"))
    verdict = judge(holding(), limits(drills=drills))

    assert (verdict.reason, verdict.tasks) == ("somebody signed for a restore drill", ())
    assert facts_of(verdict) == {
        "drilled": "2026-11-18T04:00:00Z",
        "resource": "web-*",
        "signed_by": "Ana",
        "checked": "it boots",
        "record": "OPS-1",
        "counts_until": "2026-11-24T04:00:00Z",
        "limit_days": 20,
    }


def test_a_restore_that_the_log_shows_goes_before_a_drill() -> None:
    held = a_vault(resources=(Protected(id="s1", name="web-1", type="OS::Nova::Server"),))
    verdict = judge(a_vault_subject(a_restore(DAY), vault=held), limits(drills=(a_drill(),)))

    assert verdict.reason == "a restore succeeded"


def test_a_drill_is_enough_where_the_log_has_gaps() -> None:
    assert judge(holding(log_complete=False), limits(drills=(a_drill(),))).outcome is Outcome.PASS


def test_a_vault_of_which_nobody_knows_what_it_holds_has_no_drill() -> None:
    subject = a_vault_subject(vault=None, vaults_complete=False)

    assert judge(subject, limits(drills=(a_drill(),))).outcome is Outcome.UNKNOWN
