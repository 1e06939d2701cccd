from typing import Any

import pytest

from audit.controls.cbr_112_full_backup_interval import judge
from audit.judging.findings import Outcome
from audit.records import Task
from audit.subjects import PolicySubject, Resource
from tests.builders import (
    DAY,
    HOUR,
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

KINDS = {"F": False, "i": True, "?": None}


def runs(kinds: str, **changes: Any) -> list[Task]:
    """Daily backups up to today, each full (F), incremental (i) or silent about it (?)."""
    ages = range(len(kinds) - 1, -1, -1)
    named = {"policy_id": "policy-1", **changes}
    return [
        a_backup(age * DAY + 2 * HOUR, incremental=KINDS[kind], task_id=f"run-{age}", **named)
        for age, kind in zip(ages, kinds, strict=True)
    ]


def asking(interval: int | None = 3, **changes: Any) -> PolicySubject:
    return a_policy_subject(a_policy(full_backup_interval=interval, **changes))


def kept(*tasks: Task, **changes: Any) -> Resource:
    return a_resource(*sorted(tasks, key=lambda task: task.created_at), **{"policies": (asking(),), **changes})


@pytest.mark.parametrize(
    ("kinds", "outcome", "chain"),
    [
        ("F", Outcome.PASS, 0),
        ("Fiii", Outcome.PASS, 3),
        ("Fiiii", Outcome.FAIL, 4),
        ("iiiiii", Outcome.FAIL, 6),
        ("iiiiiiF", Outcome.PASS, 0),
        ("FiiiFii", Outcome.PASS, 2),
        ("FiiiiFi", Outcome.PASS, 1),
        ("iii", Outcome.UNKNOWN, 3),
        ("", Outcome.NOT_APPLICABLE, 0),
        ("F?ii", Outcome.UNKNOWN, 2),
        ("F?iiii", Outcome.FAIL, 4),
        ("Fii?", Outcome.UNKNOWN, 0),
        ("?F", Outcome.PASS, 0),
    ],
)
def test_the_incremental_backups_since_the_last_full_one_are_counted(kinds: str, outcome: Outcome, chain: int) -> None:
    verdict = judge(kept(*runs(kinds)), limits())

    assert (verdict.outcome, facts_of(verdict)["incremental"]) == (outcome, chain)


def test_a_failure_names_the_chain_and_when_it_became_too_long() -> None:
    verdict = judge(kept(*runs("Fiiiii")), limits())

    assert verdict.tasks == ("run-4", "run-3", "run-2", "run-1", "run-0")
    assert facts_of(verdict) == {
        "since": "2026-11-22T02:00:00Z",
        "policy": "policy-1",
        "incremental": 5,
        "limit": 3,
    }


def test_a_pass_names_the_full_backup() -> None:
    assert judge(kept(*runs("iFii")), limits()).tasks == ("run-2",)


def test_a_doubt_names_the_backup_that_does_not_say() -> None:
    assert judge(kept(*runs("F?ii")), limits()).tasks == ("run-2",)


def test_only_successes_count() -> None:
    broken = [a_backup(DAY + number * HOUR, "failed", incremental=True, policy_id="policy-1") for number in range(5)]

    assert judge(kept(*runs("Fiii"), *broken), limits()).outcome is Outcome.PASS
    failed_full = a_backup(HOUR, "failed", incremental=False, policy_id="policy-1")
    assert judge(kept(*runs("Fiiii"), failed_full), limits()).outcome is Outcome.FAIL


def test_backups_without_policy_count_where_they_answer_a_planned_run() -> None:
    assert judge(kept(*runs("Fiiii", policy_id=None)), limits()).outcome is Outcome.FAIL


@pytest.mark.parametrize("policy_id", [None, "gone"])
def test_incremental_backups_of_others_do_not_count(policy_id: str | None) -> None:
    by_hand = [a_backup(9 * HOUR + number * TICK, incremental=True, policy_id=policy_id) for number in range(9)]

    assert judge(kept(*runs("Fiii"), *by_hand), limits()).outcome is Outcome.PASS


@pytest.mark.parametrize("policy_id", [None, "gone"])
def test_a_full_backup_of_others_counts(policy_id: str | None) -> None:
    full = a_backup(9 * HOUR, incremental=False, policy_id=policy_id, task_id="full")

    assert judge(kept(*runs("Fiiii"), full), limits()).tasks == ("full",)


def test_backups_before_the_window_do_not_count() -> None:
    assert judge(kept(*runs("iiiii"), window=a_window(4)), limits()).outcome is Outcome.FAIL
    assert judge(kept(*runs("iiiii"), window=a_window(3)), limits()).outcome is Outcome.UNKNOWN


def test_the_policy_that_allows_the_fewest_is_judged() -> None:
    policies = (asking(9), asking(2, policy_id="policy-2", patterns=("FREQ=DAILY;BYHOUR=3;BYMINUTE=0",)))
    verdict = judge(kept(*runs("Fiii", policy_id="policy-2"), policies=policies), limits())

    assert (verdict.outcome, facts_of(verdict)["policy"]) == (Outcome.FAIL, "policy-2")


@pytest.mark.parametrize(
    "changes",
    [
        {"policies": ()},
        {"policies": (asking(None),)},
        {"policies": (asking(-1),)},
        {"policies": (asking(0),)},
        {"policies": (asking(enabled=False),)},
        {"policies": (asking(operation="replication"),)},
        {"vaults": (a_vault(resources=(a_protected(auto_protect=False),)),)},
    ],
)
def test_it_does_not_apply_where_no_policy_asks(changes: dict[str, Any]) -> None:
    assert judge(kept(*runs("iiiiiiii"), **changes), limits()).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("kinds", ["", "Fi", "iiiiiii"])
def test_a_log_with_gaps_is_unknown(kinds: str) -> None:
    assert judge(kept(*runs(kinds), log_complete=False), limits()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("policies", [None, (a_policy_subject(schedule=None, unreadable="no"),)])
def test_nobody_knows_where_the_plan_is_not_known(policies: Any) -> None:
    verdict = judge(kept(*runs("Fi"), policies=policies), limits())

    assert (verdict.outcome, list(facts_of(verdict))) == (Outcome.UNKNOWN, ["problem"])
