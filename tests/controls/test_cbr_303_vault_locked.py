from typing import Any

import pytest

from audit.controls.cbr_303_vault_locked import judge
from audit.judging.findings import Outcome, Verdict
from audit.records import Backup
from tests.builders import DAY, a_point, a_policy, a_policy_subject, a_vault, a_vault_subject, facts_of, limits

BY_AGE = a_policy_subject(a_policy(retention_days=30))
BY_HAND = a_point(2 * DAY, by_policy=False, expired_at=None)


def judged(*points: Backup, locked: bool | None = True, **changes: Any) -> Verdict:
    values: dict[str, Any] = {"recovery_points": points or (a_point(),), "policies": (BY_AGE,)}
    vault = a_vault(locked=locked, protect_type=changes.pop("protect_type", "backup"))
    return judge(a_vault_subject(**{**values, "vault": vault, **changes}), limits())


def test_backups_must_be_locked() -> None:
    assert judged().outcome is Outcome.PASS
    assert facts_of(judged()) == {"locked": True, "backups": 1, "made_by_hand": 0}
    assert judged(locked=False).outcome is Outcome.FAIL
    assert judged(locked=None).outcome is Outcome.UNKNOWN


def test_a_vault_that_is_being_enlarged_is_not_locked() -> None:
    assert judge(a_vault_subject(vault=a_vault(locked=False, status="lock")), limits()).outcome is Outcome.FAIL


def test_a_vault_that_may_still_be_there_is_unknown_and_one_that_is_gone_is_not_judged() -> None:
    assert judge(a_vault_subject(vault=None, vaults_complete=False), limits()).outcome is Outcome.UNKNOWN
    assert judge(a_vault_subject(vault=None), limits()).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"retention_days": 30, "max_backups": -1}, Outcome.PASS),
        ({"retention_days": -1, "max_backups": -1}, Outcome.PASS),  # for ever
        ({"retention_days": None, "max_backups": 30}, Outcome.FAIL),
        ({"retention_days": 30, "max_backups": 30}, Outcome.FAIL),
        ({"retention_days": None, "max_backups": 30, "enabled": False}, Outcome.FAIL),  # what it made is there
        ({"retention_days": None, "max_backups": 30, "operation": "replication"}, Outcome.PASS),  # it keeps copies
    ],
)
def test_no_lock_gives_a_time_to_what_is_kept_by_number(changes: dict[str, Any], outcome: Outcome) -> None:
    verdict = judged(policies=(a_policy_subject(a_policy(**changes)),))

    assert verdict.outcome is outcome
    if outcome is Outcome.FAIL:
        assert facts_of(verdict) == {"locked": True, "policy": "policy-1", "max_backups": 30}


def test_backups_made_by_hand_are_counted_as_not_locked() -> None:
    verdict = judged(a_point(), BY_HAND)

    assert verdict.outcome is Outcome.PASS
    assert "made by hand is not" in verdict.reason
    assert facts_of(verdict) == {"locked": True, "backups": 2, "made_by_hand": 1}


def test_the_lock_protects_nothing_of_a_resource_whose_backups_were_all_made_by_hand() -> None:
    other = a_point(3 * DAY, resource_id="server-2", by_policy=False, expired_at=None)
    verdict = judged(a_point(), BY_HAND, other)

    assert verdict.outcome is Outcome.FAIL
    assert (facts_of(verdict)["resource"], facts_of(verdict)["made_by_hand"]) == ("server-2", 2)


@pytest.mark.parametrize(
    ("points", "outcome"),
    [
        ((a_point(by_policy=None, expired_at=None),), Outcome.UNKNOWN),
        ((a_point(by_policy=None, expired_at=None), BY_HAND), Outcome.UNKNOWN),
        ((a_point(by_policy=None, expired_at=None), a_point(DAY)), Outcome.PASS),
        ((a_point(by_policy=None), BY_HAND), Outcome.PASS),  # it has an end
    ],
)
def test_nobody_knows_whether_a_backup_is_locked_that_does_not_say_who_made_it(
    points: tuple[Backup, ...], outcome: Outcome
) -> None:
    assert judged(*points).outcome is outcome


@pytest.mark.parametrize("change", [{"parent_id": "whole"}, {"status": "error"}, {"status": "deleting"}])
def test_parts_and_what_cannot_be_restored_are_left_out(change: dict[str, Any]) -> None:
    odd = a_point(DAY, resource_id="server-2", by_policy=False, **change)

    assert facts_of(judged(a_point(), odd))["backups"] == 1


def test_what_a_lock_protects_is_unknown_where_policies_or_backups_are() -> None:
    assert judged(policies=None).outcome is Outcome.UNKNOWN
    assert judged(recovery_points=None).outcome is Outcome.UNKNOWN
    assert judged(locked=False, policies=None, recovery_points=None).outcome is Outcome.FAIL


def test_an_empty_vault_is_locked_for_what_its_policy_will_make() -> None:
    assert judged(recovery_points=()).outcome is Outcome.PASS
    assert judged(recovery_points=(), policies=()).outcome is Outcome.NOT_APPLICABLE


def test_copies_that_policies_made_are_locked_too() -> None:
    copy = a_point(image_type="replication")

    assert judged(copy, policies=(), protect_type="replication").outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("locked", "outcome"),
    [(True, Outcome.UNKNOWN), (False, Outcome.NOT_APPLICABLE), (None, Outcome.NOT_APPLICABLE)],
)
def test_no_lock_is_documented_for_what_is_synchronised(locked: bool | None, outcome: Outcome) -> None:  # noqa: FBT001  # the field in question
    assert judged(locked=locked, protect_type="hybrid").outcome is outcome
