"""Whether backups that are gone had come to their end."""

from datetime import timedelta
from typing import Any

import pytest

from audit.records import Task
from audit.subjects import Fate, Fates, PastRules, PolicySubject, Taken, Terms, VaultSubject
from tests.builders import (
    DAY,
    HOUR,
    NOW,
    TICK,
    a_backup,
    a_point,
    a_policy,
    a_policy_subject,
    a_taken,
    a_vault_subject,
)

SEEN = NOW - 60 * DAY


def keeping(days: int | None = None, number: int | None = None, *past: Terms, **changes: Any) -> PolicySubject:
    policy = a_policy(**{"policy_id": "policy-1", "retention_days": days, "max_backups": number, **changes})
    return a_policy_subject(policy, terms=(*past, Terms(NOW - HOUR if past else SEEN, NOW, days, number)))


def was(days: int | None = None, number: int | None = None) -> Terms:
    """The rules of a policy up to two hours ago."""
    return Terms(SEEN, NOW - 2 * HOUR, days, number)


def fate(taken: Taken, *policies: PolicySubject, **changes: Any) -> Fate:
    return Fates(a_vault_subject(policies=policies, taken=(taken,), **changes)).of(taken)


@pytest.mark.parametrize(
    ("life", "is_due"),
    [(8 * DAY, True), (8 * DAY + HOUR, True), (8 * DAY + HOUR + TICK, False), (90 * DAY, False)],
)
@pytest.mark.parametrize("by_policy", [True, False, None])
def test_its_own_end_decides_give_or_take_an_hour(life: timedelta, is_due: bool, by_policy: bool | None) -> None:  # noqa: FBT001
    taken = a_taken(8 * DAY, life, by_policy=by_policy)

    assert fate(taken, keeping(7)) is (Fate.DUE if is_due else Fate.EARLY)
    assert fate(taken, keeping(365)) is (Fate.DUE if is_due else Fate.EARLY)


@pytest.mark.parametrize(("gone", "expected"), [(NOW - 2 * HOUR, Fate.EARLY), (NOW - HOUR, Fate.DUE)])
def test_the_task_that_deleted_it_says_when_it_went(gone: Any, expected: Fate) -> None:
    assert fate(a_taken(8 * DAY, 8 * DAY, gone=gone)) is expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (keeping(7), Fate.DUE),
        (keeping(9), Fate.EARLY),
        (keeping(), Fate.EARLY),
        (keeping(7, None, was(90)), Fate.EARLY),
        (keeping(90, None, was(7)), Fate.DUE),
        (keeping(7, operation="replication"), Fate.EARLY),
    ],
)
def test_without_an_end_the_rules_of_then_decide(policy: PolicySubject, expected: Fate) -> None:
    assert fate(a_taken(8 * DAY, None), policy) is expected


def test_a_policy_that_is_not_applied_any_more_counts_as_it_was() -> None:
    off = (PastRules("other", (was(7),), NOW - 7 * DAY),)

    assert fate(a_taken(8 * DAY, None), past_rules=off) is Fate.DUE
    assert fate(a_taken(7 * DAY, None), past_rules=off) is Fate.DUE
    assert fate(a_taken(7 * DAY - TICK, None), past_rules=off) is Fate.EARLY
    assert fate(a_taken(8 * DAY, None), keeping(90, policy_id="other"), past_rules=off) is Fate.EARLY


@pytest.mark.parametrize(("number", "expected"), [(2, Fate.DUE), (3, Fate.EARLY)])
@pytest.mark.parametrize("past", [(), (was(None, 90),)], ids=["then", "now"])
def test_a_number_of_newer_backups_excuses_one_without_an_end(number: int, expected: Fate, past: Any) -> None:
    newer = (a_point(3 * DAY), a_point(2 * DAY))
    others = (a_point(10 * DAY), a_point(DAY, resource_id="other"), a_point(5 * DAY, status="error"))
    points = (*newer, *others, a_point(4 * DAY, parent_id="whole"))

    assert fate(a_taken(8 * DAY, None), keeping(None, number, *past), recovery_points=points) is expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [(keeping(None, 1, was(None, 1)), Fate.DUE), (keeping(None, 1, was(90)), Fate.EARLY), (keeping(90), Fate.EARLY)],
)
def test_a_number_excuses_one_with_an_end_only_if_it_was_kept_then(policy: PolicySubject, expected: Fate) -> None:
    assert fate(a_taken(8 * DAY, 90 * DAY), policy, recovery_points=(a_point(DAY),)) is expected


def test_newer_backups_that_are_gone_as_well_were_there() -> None:
    taken, newer = a_taken(8 * DAY, None), a_taken(5 * DAY, None)
    subject = a_vault_subject(policies=(keeping(None, 1),), taken=(taken, newer))

    assert Fates(subject).of(taken) is Fate.DUE
    assert Fates(subject).of(newer) is Fate.EARLY


def test_newer_backups_that_came_and_went_between_two_runs_were_there() -> None:
    taken = a_taken(8 * DAY, None, gone=NOW - 6 * DAY)
    there = a_backup(DAY, backup_id=taken.id)

    def fate_of(*tasks: Task) -> Fate:
        return Fates(a_vault_subject(*tasks, policies=(keeping(None, 1),), taken=(taken,))).of(taken)

    assert fate_of(a_backup(7 * DAY)) is Fate.DUE
    assert fate_of(a_backup(7 * DAY, backup_id=None)) is Fate.DUE
    for no_newer_one in (
        a_backup(7 * DAY, "failed"),
        a_backup(5 * DAY),
        a_backup(7 * DAY, resource_id="other"),
        a_backup(7 * DAY, operation="replication"),
        a_backup(7 * DAY, backup_id=taken.id),
    ):
        assert fate_of(no_newer_one, there) is Fate.EARLY


def test_one_that_was_made_by_hand_and_has_no_end_has_no_time_to_go() -> None:
    assert fate(a_taken(300 * DAY, None, by_policy=False), keeping(7)) is Fate.EARLY


def test_a_copy_without_an_end_is_not_judged() -> None:
    for by_policy in (True, False, None):
        assert fate(a_taken(8 * DAY, None, is_copy=True, by_policy=by_policy)) is Fate.UNJUDGED
    assert fate(a_taken(8 * DAY, 90 * DAY, is_copy=True)) is Fate.EARLY


def test_without_policies_nobody_knows_of_one_without_an_end() -> None:
    def fate_of(taken: Taken) -> Fate:
        return Fates(a_vault_subject(policies=None, taken=(taken,))).of(taken)

    assert fate_of(a_taken(8 * DAY, None)) is Fate.UNKNOWN
    assert fate_of(a_taken(8 * DAY, 90 * DAY)) is Fate.EARLY


def first_seen(days: int | None = None, number: int | None = None, **changes: Any) -> PolicySubject:
    """A policy that no run saw when the backups were made."""
    policy = a_policy(retention_days=days, max_backups=number, **changes)
    return a_policy_subject(policy, terms=(Terms(NOW - HOUR, NOW, days, number),))


def test_one_without_an_end_denies_a_rule_in_days_itself_where_others_have_one() -> None:
    shown = (a_point(DAY, expired_at=NOW + 6 * DAY),)

    for by_policy in (True, None):
        assert fate(a_taken(8 * DAY, None, by_policy=by_policy), first_seen(7), recovery_points=shown) is Fate.UNKNOWN
    assert fate(a_taken(8 * DAY, None), keeping(7), recovery_points=shown) is Fate.DUE
    assert fate(a_taken(8 * DAY, None), first_seen(7), recovery_points=(a_point(DAY, expired_at=None),)) is Fate.DUE
    assert fate(a_taken(8 * DAY, None), first_seen(7, weekly_copies=4), recovery_points=shown) is Fate.DUE


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (first_seen(None, 1), Fate.UNKNOWN),
        (first_seen(90, 1), Fate.DUE),
        (keeping(None, 1), Fate.DUE),
        (first_seen(90), Fate.EARLY),
    ],
)
def test_an_end_shows_that_no_number_was_kept_then(policy: PolicySubject, expected: Fate) -> None:
    assert fate(a_taken(8 * DAY, 90 * DAY), policy, recovery_points=(a_point(DAY),)) is expected


def test_a_number_does_not_explain_one_whose_elder_is_left() -> None:
    points = (a_point(20 * DAY, expired_at=None), a_point(DAY, expired_at=None))

    assert fate(a_taken(8 * DAY, None), first_seen(None, 1), recovery_points=points) is Fate.UNKNOWN
    assert fate(a_taken(8 * DAY, None), first_seen(None, 1), recovery_points=points[1:]) is Fate.DUE
    assert fate(a_taken(8 * DAY, None), keeping(None, 1), recovery_points=points) is Fate.DUE


def test_only_what_the_rules_do_not_say_is_worth_remembering() -> None:
    regular = a_taken(8 * DAY, 7 * DAY)
    own_end = a_taken(2 * DAY, DAY, by_policy=False)
    early = a_taken(3 * DAY, 90 * DAY)
    copy = a_taken(4 * DAY, None, is_copy=True)
    by_number = a_taken(9 * DAY, None)
    taken = (regular, own_end, early, copy, by_number)

    def remembered(**changes: Any) -> list[Taken]:
        subject: VaultSubject = a_vault_subject(**{"policies": (keeping(7),), "taken": taken, **changes})
        return list(Fates(subject).worth_remembering())

    assert remembered() == [own_end, early]
    assert remembered(policies=None) == [regular, own_end, early, by_number]


@pytest.mark.parametrize(
    ("rule", "age", "left", "expected"),
    [
        ({"weekly_copies": 4}, 15, (1, 2, 3), Fate.LAST),
        ({"weekly_copies": 4}, 15, (1, 2, 3, 16), Fate.DUE),  # another one of its week is left
        ({"weekly_copies": 2}, 15, (1, 2, 3), Fate.DUE),  # when weeks begin, nobody knows
        ({"daily_copies": 7}, 5, (1, 2, 3), Fate.LAST),
        ({"daily_copies": 7}, 5, (1, 2, 3, 4), Fate.LAST),
        ({"daily_copies": 3}, 5, (1, 2, 3), Fate.DUE),
        ({"monthly_copies": 3}, 40, (1, 2, 3), Fate.LAST),
        ({"yearly_copies": 3}, 400, (1, 2, 3), Fate.LAST),
        ({"yearly_copies": 3}, 30, (1, 2, 3), Fate.DUE),
        ({}, 15, (1, 2, 3), Fate.DUE),
    ],
)
def test_a_number_does_not_take_the_last_copy_of_a_week_that_the_policy_keeps(
    rule: dict[str, int], age: int, left: tuple[int, ...], expected: Fate
) -> None:
    older = [age + 7, age + 14]
    points = tuple(a_point(day * DAY, expired_at=None) for day in left)
    others = tuple(a_taken(day * DAY, None, id=f"other-{day}") for day in older)
    taken = a_taken(age * DAY, None)
    vault = a_vault_subject(policies=(keeping(None, 3, **rule),), taken=(taken, *others), recovery_points=points)

    assert Fates(vault).of(taken) is expected
