"""What the simulator says nobody can know, held against whole audits: all of it is unknown, and nothing fails."""

from pathlib import Path

import orjson
import pytest

from audit.simulator import Simulator, build_estate, riddle
from tests.edges.pretend import AS_OF, audit


@pytest.mark.parametrize("seed", range(1, 9))
def test_an_audit_leaves_open_what_nobody_understands(seed: int, tmp_path: Path) -> None:
    estate = riddle(build_estate("healthy", seed=seed, resources=8, days=30, as_of=AS_OF), seed=seed)

    done = audit(Simulator(estate), tmp_path)

    report = orjson.loads((tmp_path / done.prefix / "report.json").read_bytes())
    found = {
        (each["control"], each["subject"]["kind"], each["subject"]["id"]): each["outcome"]
        for each in report["findings"]
    }
    planted = {
        (each["control"], each["subject"]["kind"], each["subject"]["id"]): each["outcome"]
        for each in estate.truth()["unknown"]
    }
    assert {key: found[key] for key in planted} == planted
    assert [key for key, outcome in found.items() if outcome == "fail"] == []
    assert report["conclusion"] == estate.truth()["conclusion"]
