"""What the simulator says was weakened between two runs, and what the second one finds."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.collection import shown
from audit.orders import order
from audit.simulator import Estate, Simulator, build_estate, serve, tamper
from audit.wiring import carry_out
from tests.edges.pretend import AS_OF, variables, without_waiting

Failed = tuple[str, str, str]


def audited(estate: Estate, folder: Path) -> Any:
    simulator = Simulator(estate, clock=lambda: estate.as_of)
    with serve(simulator) as served, without_waiting():
        settings = variables(simulator, served.url, folder)
        done = carry_out(order(settings, as_of=shown(estate.as_of)), lambda _progress: None)
    return orjson.loads((folder / done.prefix / "report.json").read_bytes())


def failing(report: Any) -> set[Failed]:
    return {
        (each["control"], each["subject"]["kind"], each["subject"]["id"])
        for each in report["findings"]
        if each["outcome"] == "fail"
    }


def expected(estate: Estate) -> set[Failed]:
    found = estate.truth()["expected"]
    return {(each["control"], each["subject"]["kind"], each["subject"]["id"]) for each in found}


@pytest.mark.parametrize(
    ("scenario", "seed"), [("healthy", 1), ("healthy", 2), ("healthy", 3), ("mixed", 4), ("failing", 5)]
)
def test_a_run_after_the_tampering_finds_all_of_it_and_no_more(scenario: str, seed: int, tmp_path: Path) -> None:
    before = build_estate(scenario, seed=seed, resources=14, days=30, as_of=AS_OF)
    after = tamper(before, seed=seed)
    first, second = audited(before, tmp_path), audited(after, tmp_path)

    assert failing(first) == expected(before)
    assert failing(second) == expected(after)
    assert second["conclusion"] == after.truth()["conclusion"] == "non_compliant"
    assert "CBR-114" in {control for control, _kind, _id in expected(after) - expected(before)}
