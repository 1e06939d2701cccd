from typing import Any

import pytest

from audit.collection import Kind
from audit.controls.cbr_406_backup_size import CONTROL, judge
from audit.judging.findings import Outcome, Verdict
from audit.records import Backup, Vault
from tests.builders import DAY, HOUR, TICK, a_point, a_protected, a_resource, a_vault, facts_of, limits

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


class TestADrop:
    """The backups usually took 1000 MB, and at least 40 % of that are demanded."""

    @pytest.mark.parametrize(("taken", "outcome"), [(1500, Outcome.PASS), (400, Outcome.PASS), (399, Outcome.FAIL)])
    def test_what_they_take_may_fall_to_the_limit(self, taken: int, outcome: Outcome) -> None:
        assert shrunk(taken).outcome is outcome
        assert judged([OLD], taken, taken_before=(900, 1000, 1100)).outcome is Outcome.PASS

    def test_it_is_told_how_much_they_took(self) -> None:
        assert facts_of(shrunk(9)) == {"taken_mb": 9, "limit_percent": 40, "days": 3, "usual_mb": 1000}

    @pytest.mark.parametrize(("before", "usual"), [((5, 1000, 1), 5), ((1, 900, 800, 2), 2), ((7, 7, 7, 1, 1), 7)])
    def test_the_median_is_what_is_usual_the_lower_one_of_two(self, before: tuple[int, ...], usual: int) -> None:
        assert facts_of(shrunk(9, before))["usual_mb"] == usual

    @pytest.mark.parametrize("before", [(), (1000,), (1000, 1000)])
    def test_fewer_than_three_days_say_nothing(self, before: tuple[int, ...]) -> None:
        assert shrunk(9, before).outcome is Outcome.UNKNOWN
        assert shrunk(0, before).outcome is Outcome.FAIL

    def test_a_vault_that_does_not_say_what_they_take_may_hold_the_rest(self) -> None:
        resource = a_resource(
            vaults=(sized("vault-1", 9), sized("vault-2", None)), recovery_points=(OLD,), taken_before=(1000,) * 3
        )

        assert judge(resource, limits(min_backup_size=40)).outcome is Outcome.UNKNOWN

    def test_a_vault_that_was_not_read_may_hold_the_rest(self) -> None:
        assert shrunk(9, vaults_complete=False).outcome is Outcome.UNKNOWN


def sized(vault_id: str, taken: int | None) -> Vault:
    return a_vault(vault_id, resources=(a_protected(backup_mb=taken, size_gb=40),))


def shrunk(taken: int, before: tuple[int, ...] = (900, 1100, 1000), **changes: Any) -> Verdict:
    values: dict[str, Any] = {"taken_before": before, "recovery_points": (OLD,), **changes}
    return judge(a_resource(vaults=(sized("vault-1", taken),), **values), limits(min_backup_size=40))


def test_it_needs_the_list_of_backups() -> None:
    assert CONTROL.needs == {Kind.BACKUPS}
