"""Vaults that the log speaks of and no list shows: those that hide are named, and no others."""

import re

import pytest

from audit.records import Backup, Policy, Task, Vault
from audit.simulator import add_unlisted_vaults, build_estate
from tests.builders import NOW, arranged

pytestmark = pytest.mark.no_cover  # other tests reach every line, and tracing takes as long as the test
_VAULT = re.compile(r"([0-9a-f-]{36}) \(")


@pytest.mark.parametrize("seed", range(1, 31))
def test_those_that_hide_keep_the_collection_from_being_complete(seed: int) -> None:
    estate = add_unlisted_vaults(build_estate("healthy", seed=seed, resources=3, days=4, as_of=NOW), seed=seed)
    subjects = arranged(
        map(Task.from_row, estate.tasks),
        [Policy.from_row(row) for row in estate.policies],
        [Vault.from_row(row) for row in estate.vaults],
        backups=[Backup.from_row(row) for row in estate.backups],
    )

    (gap,) = subjects.collection.gaps
    assert sorted(_VAULT.findall(gap)) == estate.truth()["hidden"]
    departed = {vault.id for vault in subjects.vaults if vault.departure}
    assert len(departed) == 3, "two that were deleted as they should be, and the one whose name another has"
    assert departed.isdisjoint(estate.truth()["hidden"])
