from datetime import timedelta
from typing import Any

import pytest

from audit.controls.cbr_114_protection_weakened import judge
from audit.judging.findings import Clue, Outcome
from audit.subjects import Aspect, Difference, Protection, Value, Weakening
from tests.builders import (
    DAY,
    NOW,
    TICK,
    a_collection,
    a_policy_subject,
    a_resource,
    a_vault_subject,
    facts_of,
    limits,
)


def weakening(what: str = "retention_days", age: timedelta = timedelta(0), **changes: Any) -> Weakening:
    aspect = Aspect(what, changes.pop("about", ""))
    return Weakening(**{"aspect": aspect, "before": 90, "after": 7, "since": NOW - age, **changes})


def protected(*weakened: Weakening, **changes: Any) -> Protection:
    return Protection(against="run-1", weakened=weakened, **changes)


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        (a_policy_subject(protection=protected(weakening())), "the policy protects less than in the run before"),
        (a_vault_subject(protection=protected(weakening())), "the vault protects less than in the run before"),
        (a_resource(protection=protected(weakening())), "the resource is protected less than in the run before"),
        (
            a_collection(protection=protected(weakening())),
            "the profile demands less than in the run before, or accepts more",
        ),
    ],
    ids=lambda part: getattr(part, "kind", None),
)
def test_what_became_weaker_is_a_failure_with_before_and_after(subject: Any, reason: str) -> None:
    verdict = judge(subject, limits())

    assert (verdict.outcome, verdict.reason) == (Outcome.FAIL, reason)
    assert facts_of(verdict) == {
        "since": "2026-11-23T04:00:00Z",
        "run_before": "run-1",
        "weakened": 1,
        "retention_days_before": 90,
        "retention_days_after": 7,
    }


@pytest.mark.parametrize(
    ("age", "days", "outcome"),
    [
        (7 * DAY, 7, Outcome.FAIL),
        (7 * DAY + TICK, 7, Outcome.PASS),
        (timedelta(0), 0, Outcome.FAIL),
        (TICK, 0, Outcome.PASS),
    ],
)
def test_it_fails_as_long_as_the_limit_says(age: timedelta, days: int, outcome: Outcome) -> None:
    subject = a_policy_subject(protection=protected(weakening(age=age)))

    assert judge(subject, limits(weakened_for=days * DAY)).outcome is outcome


def test_of_several_the_oldest_counts_and_the_first_of_each_aspect_is_told() -> None:
    subject = a_vault_subject(
        protection=protected(
            weakening("backup_end", DAY, about="a", before=None, after="2026-11-24T00:00:00Z", tasks=("move",)),
            weakening("backup_end", about="b", before=None, after="2026-11-25T00:00:00Z", tasks=("move",)),
            weakening("excluded_disks", before=(), after=("c", "d")),
            weakening("enabled", before=True, after=False),
        )
    )
    verdict = judge(subject, limits())

    assert verdict.tasks == ("move",)
    assert facts_of(verdict) == {
        "since": "2026-11-22T04:00:00Z",
        "run_before": "run-1",
        "weakened": 4,
        "backup_end_before": "no limit",
        "backup_end_after": "2026-11-24T00:00:00Z",
        "backup_end_of": "a",
        "excluded_disks_before": "none",
        "excluded_disks_after": "c, d",
        "enabled_before": True,
        "enabled_after": False,
    }


def test_each_weakening_says_what_it_is_about_and_when_it_was_seen() -> None:
    moved = weakening("backup_end", about="point-1", age=DAY)
    verdict = judge(a_vault_subject(protection=protected(weakening(), moved)), limits())

    assert verdict.clues == (Clue("", NOW), Clue("point-1", NOW - DAY))


def test_a_failure_counts_more_than_a_doubt_and_a_doubt_more_than_nothing() -> None:
    doubt = "this run could not read all backups"
    failing = a_vault_subject(protection=protected(weakening(), doubt=doubt))
    doubtful = a_vault_subject(protection=protected(doubt=doubt, is_new=True))

    assert judge(failing, limits()).outcome is Outcome.FAIL
    verdict = judge(doubtful, limits())
    assert (verdict.outcome, verdict.reason) == (
        Outcome.UNKNOWN,
        "nothing is known to have become weaker, and this run could not read all backups",
    )


def test_a_pass_names_the_run_before() -> None:
    stronger = (Difference(Aspect("retention_days"), 7, 90),)
    verdict = judge(a_policy_subject(protection=protected(strengthened=stronger)), limits())

    assert verdict.outcome is Outcome.PASS
    assert facts_of(verdict) == {"run_before": "run-1", "strengthened": 1}


@pytest.mark.parametrize(
    ("protection", "reason"),
    [(None, "there is no run before"), (protected(is_new=True), "the run before did not have it")],
)
def test_what_nothing_can_be_compared_with_is_not_judged(protection: Protection | None, reason: str) -> None:
    verdict = judge(a_resource(protection=protection), limits())

    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_APPLICABLE, reason)


@pytest.mark.parametrize("value", [None, (), True, 0, "2026-11-24T00:00:00Z"])
def test_every_value_can_be_told(value: Value) -> None:
    verdict = judge(a_policy_subject(protection=protected(weakening(before=value))), limits())

    assert facts_of(verdict)["retention_days_before"] is not None
