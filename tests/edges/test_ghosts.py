"""Vaults that the log speaks of and no list shows: those that hide are named, and no others."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.collection import Window
from audit.records import Backup, Policy, Task, Vault
from audit.simulator import Simulator, build_estate, haunt
from tests.core.builders import DAY, a_collection, arranged
from tests.edges.pretend import AS_OF, audit

_VAULT = re.compile(r"([0-9a-f-]{36}) \(")


@pytest.mark.parametrize("seed", range(1, 31))
def test_those_that_hide_keep_the_collection_from_being_complete(seed: int) -> None:
    estate = haunt(build_estate("healthy", seed=seed, resources=3, days=4, as_of=AS_OF), seed=seed)
    subjects = arranged(
        map(Task.from_row, estate.tasks),
        [Policy.from_row(row) for row in estate.policies],
        [Vault.from_row(row) for row in estate.vaults],
        a_collection(window=Window(since=AS_OF - 30 * DAY, until=AS_OF)),
        backups=[Backup.from_row(row) for row in estate.backups],
    )

    (gap,) = subjects.collection.gaps
    assert sorted(_VAULT.findall(gap)) == estate.truth()["hidden"]
    departed = {vault.id for vault in subjects.vaults if vault.departure}
    assert len(departed) == 3, "two that were deleted as they should be, and the one whose name another has"
    assert departed.isdisjoint(estate.truth()["hidden"])


def test_a_whole_audit_fails_what_was_planted_and_nothing_else(tmp_path: Path) -> None:
    estate = haunt(build_estate("healthy", resources=8, days=10, as_of=AS_OF))
    truth = estate.truth()

    done = audit(Simulator(estate), tmp_path)

    report = orjson.loads((tmp_path / done.prefix / "report.json").read_bytes())
    failed, unknown = (
        {_key(each) for each in report["findings"] if each["outcome"] == outcome} for outcome in ("fail", "unknown")
    )
    (gap,) = report["collection"]["gaps"]
    assert sorted(_VAULT.findall(gap)) == truth["hidden"]
    assert failed == set(map(_key, truth["expected"]))
    assert unknown >= set(map(_key, truth["unknown"]))
    assert report["conclusion"] == truth["conclusion"]


def _key(finding: Any) -> tuple[str, str, str]:
    return finding["control"], finding["subject"]["kind"], finding["subject"]["id"]
