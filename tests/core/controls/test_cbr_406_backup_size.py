from typing import Any

import pytest

from audit.collection import Kind
from audit.controls.cbr_406_backup_size import CONTROL, judge
from audit.findings import Outcome, Verdict
from audit.records import Backup
from tests.core.builders import DAY, HOUR, TICK, a_point, a_protected, a_resource, a_vault, facts_of, limits

OLD, NEW = a_point(3 * DAY, id="old"), a_point(HOUR, id="new")


def judged(points: list[Backup] | None, *sizes: int | None, size_gb: int | None = 40, **changes: Any) -> Verdict:
    """A resource in as many vaults as sizes are given."""
    vaults = tuple(
        a_vault(f"vault-{number}", resources=(a_protected(backup_mb=taken, size_gb=size_gb),))
        for number, taken in enumerate(sizes, start=1)
    )
    found = None if points is None else tuple(points)
    return judge(a_resource(vaults=vaults, recovery_points=found, **changes), limits())


def test_backups_that_take_space_pass() -> None:
    verdict = judged([OLD, NEW], 17_048)

    assert verdict.outcome is Outcome.PASS
    assert facts_of(verdict) == {"backups": 2, "taken_mb": 17_048}


def test_backups_that_take_none_fail_since_the_oldest_of_them() -> None:
    verdict = judged([OLD, NEW], 0)

    assert verdict.outcome is Outcome.FAIL
    assert facts_of(verdict) == {"since": "2026-11-20T04:00:00Z", "backups": 2, "taken_mb": 0, "size_gb": 40}


@pytest.mark.parametrize(
    ("age", "outcome"), [(DAY, Outcome.FAIL), (DAY - TICK, Outcome.UNKNOWN), (HOUR, Outcome.UNKNOWN)]
)
def test_a_vault_has_a_day_to_count_its_first_backup(age: Any, outcome: Outcome) -> None:
    assert judged([a_point(age)], 0).outcome is outcome


@pytest.mark.parametrize("taken", [(1, 0), (0, 1), (1, None)])
def test_space_in_one_of_several_vaults_is_enough(taken: tuple[int | None, ...]) -> None:
    assert judged([OLD], *taken).outcome is Outcome.PASS


@pytest.mark.parametrize("taken", [(None,), (0, None), (None, 0)])
def test_where_no_size_is_stated_it_is_unknown(taken: tuple[int | None, ...]) -> None:
    assert judged([OLD], *taken).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(("size_gb", "outcome"), [(0, Outcome.NOT_APPLICABLE), (None, Outcome.UNKNOWN)])
def test_nothing_is_demanded_of_a_resource_without_a_size(size_gb: int | None, outcome: Outcome) -> None:
    assert judged([OLD], 0, size_gb=size_gb).outcome is outcome


@pytest.mark.parametrize(
    "changes",
    [{"status": "error"}, {"status": "protecting"}, {"image_type": "replication"}, {"parent_id": "whole"}],
)
def test_it_does_not_apply_where_nothing_can_be_restored(changes: dict[str, Any]) -> None:
    assert judged([a_point(3 * DAY, **changes)], 0).outcome is Outcome.NOT_APPLICABLE
    assert judged([], 0).outcome is Outcome.NOT_APPLICABLE


def test_a_backup_in_a_vault_that_does_not_hold_it_any_more_is_not_weighed() -> None:
    assert judged([a_point(3 * DAY, vault_id="vault-9")], 0).outcome is Outcome.NOT_APPLICABLE


class TestGaps:
    def test_backups_that_were_not_read_completely_are_unknown(self) -> None:
        assert judged(None, 0).outcome is Outcome.UNKNOWN
        assert judged(None, 9).outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize(
        ("points", "taken", "outcome"),
        [([OLD], 0, Outcome.UNKNOWN), ([], 0, Outcome.UNKNOWN), ([OLD], 9, Outcome.PASS)],
    )
    def test_another_vault_may_say_that_they_take_space(
        self, points: list[Backup], taken: int, outcome: Outcome
    ) -> None:
        assert judged(points, taken, vaults_complete=False).outcome is outcome


def test_it_needs_the_list_of_backups() -> None:
    assert CONTROL.needs == {Kind.BACKUPS}
